import { describe, expect, test } from "bun:test";
import { zeroMetrics } from "../../src/base/events.ts";
import type { WireError } from "../../src/base/errors.ts";
import type { ExecutorId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import type { TaskRun } from "../../src/exec/observer.ts";
import { jobPage } from "../../src/ui/job-pages.ts";
import { jobData } from "../../src/ui/monitoring-data.ts";
import { html } from "../../src/ui/html.ts";
import { quantileColumns } from "../../src/ui/status-records.ts";
import { nowMs } from "./cluster-states.ts";
import { SampleEngine } from "./sample-application.ts";

const wrong = { kind: "user", name: "Error", message: "wrong" } as const;

describe("what is kept of an application", () => {
  test("counts the tasks of stages, jobs and executors", () => {
    const engine = new SampleEngine();
    engine.executor(0, "a");
    engine.executor(1, "b");
    engine.job(0, [
      { name: "map", partitions: 4 },
      { name: "collect", partitions: 2 },
    ]);
    const first = engine.stage(0, "map", 4, nowMs);
    const tasks = [0, 1, 2, 3].map(i => engine.task(first, i, i % 2, nowMs));
    tasks[0]!.succeed(10, { inputRows: 100, kernelRows: 70, jsRows: 30, peakMemoryBytes: 9 });
    tasks[1]!.succeed(30, { inputRows: 200, kernelRows: 200, shuffleWriteBytes: 5, peakMemoryBytes: 7 });
    tasks[2]!.fail(5, wrong);
    const { status } = engine;
    const [stage, job] = [status.stage(0, 0)!, status.job(0)!];
    expect(stage).toMatchObject({ state: "running", done: 2, running: 1, failed: 1, runMs: 40 });
    expect(stage.metrics).toMatchObject({
      inputRows: 300,
      kernelRows: 270,
      jsRows: 30,
      shuffleWriteBytes: 5,
      peakMemoryBytes: 9,
    });
    expect(job).toMatchObject({ state: "running", tasks: 6, done: 2, running: 1, failed: 1 });
    expect(status.executors.map(each => [each.running, each.done, each.failed])).toEqual([
      [0, 1, 1],
      [1, 1, 0],
    ]);
    tasks[3]!.fail(5, { kind: "cancelled", name: "Error", message: "not needed" });
    expect(stage).toMatchObject({ running: 0, failed: 1, killed: 1 });
  });

  test("tells how jobs and stages ended, and which were skipped", () => {
    const engine = new SampleEngine();
    engine.job(0, [
      { name: "map", partitions: 4 },
      { name: "collect", partitions: 2 },
    ]);
    const { status } = engine;
    const skipped = engine.skipStage(0, "map", 4);
    const stage = engine.stage(0, "collect", 2, nowMs);
    engine.endStage(stage.stage, nowMs + 1, wrong);
    engine.endJob(0, nowMs + 2, wrong);
    expect(status.job(0)).toMatchObject({
      state: "failed",
      tasks: 2,
      tasksSkipped: 4,
      stagesSkipped: 1,
      stagesFailed: 1,
    });
    expect(status.stage(1, 0)).toMatchObject({ state: "failed", error: { message: "wrong" } });
    expect(status.skippedStages).toEqual([{ job: 0, stage: skipped, name: "map", tasks: 4 }] as never);
  });

  test("a skipped stage whose output was lost is one that ran; one that another job ran meanwhile is skipped", () => {
    const engine = new SampleEngine();
    const { status } = engine;
    const outline = [
      { name: "map", partitions: 4 },
      { name: "map", partitions: 6 },
      { name: "collect", partitions: 2 },
    ];
    engine.job(0, outline);
    const stage = engine.skipStage(0, "map", 6);
    expect(status.job(0)).toMatchObject({ tasks: 6, tasksSkipped: 6, stagesSkipped: 1 });
    engine.stage(0, "map", 1, nowMs, { stage, attempt: 0 });
    expect(status.job(0)).toMatchObject({ tasks: 12, tasksSkipped: 0, stagesSkipped: 0 });
    engine.endStage(stage, nowMs + 1);
    engine.endStage(engine.stage(0, "collect", 2, nowMs + 2).stage, nowMs + 3);
    engine.endJob(0, nowMs + 4);
    expect(status.job(0)).toMatchObject({ tasks: 8, tasksSkipped: 4, stagesSkipped: 1 });
    expect(status.skippedStages).toEqual([]);
  });

  test("a stage that ran again after a loss is one stage, completed once", () => {
    const engine = new SampleEngine();
    const { status } = engine;
    engine.job(0, [
      { name: "map", partitions: 4 },
      { name: "collect", partitions: 2 },
    ]);
    const counts = () => {
      const { numActiveStages, numCompletedStages, numFailedStages } = jobData(status.job(0)!);
      return [numActiveStages, numCompletedStages, numFailedStages];
    };
    const map = engine.stage(0, "map", 4, nowMs);
    expect(counts()).toEqual([1, 0, 0]);
    engine.endStage(map.stage, nowMs);
    const collect = engine.stage(0, "collect", 2, nowMs);
    expect(counts()).toEqual([1, 1, 0]);
    engine.endStage(collect.stage, nowMs, { kind: "fetchFailed", name: "FiresteelError", message: "gone" });
    engine.stage(0, "map", 1, nowMs, { stage: map.stage, attempt: 1 });
    expect(counts()).toEqual([1, 0, 1]);
    engine.endStage(map.stage, nowMs);
    engine.stage(0, "collect", 2, nowMs, { stage: collect.stage, attempt: 1 });
    engine.endStage(collect.stage, nowMs);
    engine.endJob(0, nowMs);
    expect(counts()).toEqual([0, 2, 1]);
    expect(html`${jobPage(status, 0, nowMs).body}`.text).toContain("2/2");
  });

  test("errors call kept Rdds by their names, and say what users wrote as it is", () => {
    const engine = new SampleEngine();
    engine.job(0, [{ name: "collect", partitions: 2 }], { persisted: "links" });
    const { stage, attempt } = engine.stage(0, "collect", 2, nowMs);
    const refused = (holder: string) =>
      `sort needs 1 MiB; cached data holds 3.0 MiB (${holder} 3.0 MiB), nothing is free`;
    const error: WireError = { kind: "resource", name: "FiresteelError", message: refused("Rdd 7") };
    engine.task({ stage, attempt }, 0, 0, nowMs).fail(5, error);
    engine.task({ stage, attempt }, 1, 0, nowMs).fail(5, { ...error, message: "no Rdd 7 1 here" });
    engine.endStage(stage, nowMs, error);
    engine.endJob(0, nowMs, error);
    const { status } = engine;
    expect(status.job(0)!.error!.message).toBe(refused("links"));
    expect(status.stage(stage, attempt)!.error!.message).toBe(refused("links"));
    const errors = status
      .stage(stage, attempt)!
      .table!.rows("partition", false, 0, 2)
      .map(row => row.error);
    expect(errors).toEqual([refused("links"), "no Rdd 7 1 here"]);
  });

  test("a stage whose job was cancelled is cancelled, and counted apart from failed ones on the page", () => {
    const engine = new SampleEngine();
    engine.job(0, [{ name: "collect", partitions: 2 }]);
    const stage = engine.stage(0, "collect", 2, nowMs);
    const cancelled = { kind: "cancelled", name: "FiresteelError", message: "enough" } as const;
    engine.endStage(stage.stage, nowMs + 1, cancelled);
    engine.endJob(0, nowMs + 2, cancelled);
    expect(engine.status.stage(0, 0)!.state).toBe("cancelled");
    expect(engine.status.job(0)).toMatchObject({ state: "cancelled", stagesFailed: 1, stagesCancelled: 1 });
    const { text } = html`${jobPage(engine.status, 0, nowMs).body}`;
    expect(text).toContain('0/1<div class="soft">1 cancelled</div>');
  });

  test("tells attempts of a stage apart", () => {
    const engine = new SampleEngine();
    engine.job(0, [{ name: "collect", partitions: 2 }]);
    const first = engine.stage(0, "collect", 2, nowMs);
    const late = engine.task(first, 0, 0, nowMs);
    engine.endStage(first.stage, nowMs, wrong);
    const second = engine.stage(0, "collect", 1, nowMs, { stage: first.stage, attempt: 1 });
    engine.task(second, 1, 0, nowMs).succeed(1);
    late.succeed(5);
    engine.endStage(first.stage, nowMs + 9);
    const states = engine.status.attemptsOf(0).map(each => [each.attempt, each.state, each.done]);
    expect(states).toEqual([
      [0, "failed", 1],
      [1, "completed", 1],
    ]);
  });

  test("gives the tasks of a stage sorted and by the page, and their quantiles", () => {
    const engine = new SampleEngine();
    engine.job(0, [{ name: "collect", partitions: 100 }]);
    const stage = engine.stage(0, "collect", 100, nowMs);
    for (let i = 0; i < 100; i++) engine.task(stage, i, 0, nowMs + i).succeed(((i * 37) % 100) + 1, { inputRows: i });
    engine.task(stage, 7, 0, nowMs, 1).fail(1, wrong);
    engine.task(stage, 8, 0, nowMs, 1);
    const table = engine.status.stage(0, 0)!.table!;
    const slowest = table.rows("runMs", true, 2, 3);
    expect(slowest.map(row => [row.runMs, row.partition])).toEqual([
      [98, 81],
      [97, 8],
      [96, 35],
    ]);
    expect(table.rows("state", true, 0, 1)).toMatchObject([{ state: "failed", error: "wrong", attemptNumber: 1 }]);
    expect(table.rows("state", false, 0, 1)).toMatchObject([{ state: "running", partition: 8 }]);
    expect(table.rows("partition", false, 500, 10)).toEqual([]);
    expect(table.quantiles(["runMs", "inputRows"], [0, 0.25, 0.5, 1])).toEqual([
      [1, 26, 51, 100],
      [0, 25, 50, 99],
    ]);
  });

  test("names the Rdds that jobs keep", () => {
    const engine = new SampleEngine();
    engine.job(0, [{ name: "count", partitions: 1 }], { persisted: "links" });
    engine.job(1, [{ name: "count", partitions: 1 }], { persisted: "links" });
    expect(engine.status.persistedRdds.map(rdd => [rdd.name, rdd.level])).toEqual([["links", "MEMORY_ONLY"]]);
  });
});

describe("bounds", () => {
  test("of jobs and stages: the oldest that ended goes first", () => {
    const engine = new SampleEngine({ jobsMax: 3, stagesMax: 3 });
    for (let i = 0; i < 6; i++) {
      engine.job(i, [{ name: "count", partitions: 1 }]);
      const stage = engine.stage(i, "count", 1, nowMs);
      if (i === 0) continue;
      engine.endStage(stage.stage, nowMs);
      engine.endJob(i, nowMs);
    }
    const { status } = engine;
    expect(status.jobs.map(job => job.job as number)).toEqual([0, 4, 5]);
    expect(status.stages.map(stage => stage.stage as number)).toEqual([0, 4, 5]);
    expect([status.jobsDropped, status.stagesDropped]).toEqual([3, 3]);
  });

  test("also when nothing has ended", () => {
    const engine = new SampleEngine({ jobsMax: 3, stagesMax: 3 });
    for (let i = 0; i < 5; i++) {
      engine.job(i, [{ name: "count", partitions: 1 }]);
      engine.stage(i, "count", 1, nowMs);
    }
    expect(engine.status.jobs.map(job => job.job as number)).toEqual([2, 3, 4]);
    expect(engine.status.stages.map(stage => stage.stage as number)).toEqual([2, 3, 4]);
  });

  test("of a stage's tasks: the latest are kept, and totals count all", () => {
    const engine = new SampleEngine({ stageTasksMax: 50 });
    engine.job(0, [{ name: "count", partitions: 200 }]);
    const stage = engine.stage(0, "count", 200, nowMs);
    const old = engine.task(stage, 0, 0, nowMs);
    for (let i = 1; i < 200; i++) {
      const task = engine.task(stage, i, 0, nowMs);
      if (i % 10 === 0) task.fail(1, wrong);
      else task.succeed(1, { inputRows: 1 });
    }
    old.succeed(1, { inputRows: 1 });
    const kept = engine.status.stage(0, 0)!;
    expect(kept).toMatchObject({ done: 181, failed: 19, running: 0 });
    expect(kept.metrics.inputRows).toBe(181);
    expect(kept.table).toMatchObject({ kept: 50, dropped: 150, rowsAllocated: 50 });
    expect(kept.table!.rows("partition", false, 0, 100).map(row => row.partition)).toEqual(
      Array.from({ length: 50 }, (_, i) => 150 + i),
    );
    expect(kept.table!.rows("partition", false, 0, 1)[0]!.state).toBe("failed");
    expect(kept.table!.rows("partition", false, 1, 1)[0]).toMatchObject({ state: "success", error: undefined });
  });

  test("of all tasks: ended stages lose their tables and keep their quantiles", () => {
    const engine = new SampleEngine({ stageTasksMax: 100, tasksMax: 300 });
    for (let i = 0; i < 6; i++) {
      engine.job(i, [{ name: "count", partitions: 100 }]);
      const stage = engine.stage(i, "count", 100, nowMs);
      for (let task = 0; task < 100; task++) engine.task(stage, task, 0, nowMs).succeed(task);
      engine.endStage(stage.stage, nowMs);
    }
    const { stages } = engine.status;
    expect(stages.reduce((rows, stage) => rows + stage.rowsAllocated, 0)).toBeLessThanOrEqual(300);
    expect(stages.map(stage => stage.table !== undefined)).toEqual([false, false, false, true, true, true]);
    expect(stages[0]!.quantiles![quantileColumns.indexOf("runMs")]).toEqual([0, 25, 50, 75, 99]);
  });

  test("of lost executors", () => {
    const engine = new SampleEngine({ lostExecutorsMax: 2 });
    for (let i = 0; i < 5; i++) {
      engine.executor(i, "a");
      if (i > 0) engine.status.executorLost(i as ExecutorId, "killed", nowMs);
    }
    expect(engine.status.executors.map(each => each.executor as number)).toEqual([0, 3, 4]);
  });

  test("a task costs little time and no object", () => {
    const engine = new SampleEngine();
    const tasks = 100_000;
    for (let i = 0; i < 8; i++) engine.executor(i, "a");
    engine.job(0, [{ name: "count", partitions: tasks }]);
    const metrics = { ...zeroMetrics, inputRows: 10, kernelRows: 10 };
    const best = Math.min(
      ...[0, 1, 2].map(() => {
        const { stage, attempt } = engine.stage(0, "count", tasks, nowMs);
        const runs: TaskRun[] = Array.from({ length: tasks }, (_, i) => ({
          attempt: (stage * tasks + i) as TaskAttemptId,
          attemptNumber: 0,
          task: { stage, stageAttempt: attempt, partition: i },
          executor: (i % 8) as ExecutorId,
          launchedMs: nowMs,
          locality: "noPref",
        }));
        const end = { endedMs: nowMs, runMs: 1, metrics, error: undefined };
        const startedMs = performance.now();
        for (const run of runs) {
          engine.status.taskStarted(run);
          engine.status.taskEnded(run, end);
        }
        return performance.now() - startedMs;
      }),
    );
    if (process.env["FIRESTEEL_TEST_TIMES"] !== undefined)
      console.log(`${((best * 1e6) / tasks).toFixed(0)} ns a task`);
    // far above what it takes, for machines with other work
    expect((best * 1000) / tasks).toBeLessThan(10);
    expect(engine.status.stage(0, 0)!.done).toBe(tasks);
    expect(engine.status.stages.map(stage => stage.rowsAllocated)).toEqual([5000, 5000, 5000]);
  });
});
