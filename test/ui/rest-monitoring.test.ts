import { describe, expect, test } from "bun:test";
import { createApplicationPages } from "../../src/ui/application-pages.ts";
import { ManualClock } from "../deploy/manual-clock.ts";
import { nowMs } from "./cluster-states.ts";
import { jsonAt, textAt } from "./reading.ts";
import { pageRank, SampleEngine, viewOf } from "./sample-application.ts";

const options = { guard: undefined, clock: new ManualClock() };
const app = createApplicationPages(pageRank().status, viewOf(), options);
const own = "/api/v1/applications/app-20261121065028-0001";
type Json = Readonly<Record<string, unknown>>;

describe("/api/v1", () => {
  test("names the application", async () => {
    const [application] = (await jsonAt(app, "/api/v1/applications")) as Json[];
    expect(application).toMatchObject({
      id: "app-20261121065028-0001",
      name: "page-rank",
      attempts: [{ sparkUser: "ada", completed: false, startTime: "2026-11-21T06:40:18.000GMT", duration: 610_000 }],
    });
    expect(await jsonAt(app, own)).toEqual(application!);
    expect(await jsonAt(app, "/api/v1/version")).toEqual({ spark: expect.any(String) });
  });

  test("lists jobs, the latest first, also by state", async () => {
    const jobs = (await jsonAt(app, `${own}/jobs`)) as Json[];
    expect(jobs.map(job => [job["jobId"], job["status"]])).toEqual([
      [2, "RUNNING"],
      [1, "FAILED"],
      [0, "SUCCEEDED"],
    ]);
    expect(jobs[0]).toMatchObject({
      ...{ name: "take at page-rank.ts:41:4", submissionTime: "2026-11-21T06:47:28.000GMT", stageIds: [2, 3, 4] },
      ...{ jobGroup: "ranks", numTasks: 960, numActiveTasks: 9, numCompletedTasks: 611, numFailedTasks: 10 },
      ...{ numActiveStages: 1, numCompletedStages: 2, numSkippedStages: 0, numFailedStages: 0, killedTasksSummary: {} },
    });
    expect(jobs[0]).not.toHaveProperty("completionTime");
    expect((await jsonAt(app, `${own}/jobs?status=failed&status=running`)) as Json[]).toHaveLength(2);
    expect(await jsonAt(app, `${own}/jobs/1`)).toMatchObject({
      description: "A look at the links",
      completionTime: "2026-11-21T06:45:29.010GMT",
    });
  });

  test("lists stages and their attempts", async () => {
    const stages = (await jsonAt(app, `${own}/stages?status=active`)) as Json[];
    expect(stages).toHaveLength(1);
    expect(stages[0]).toMatchObject({
      ...{
        status: "ACTIVE",
        stageId: 4,
        attemptId: 0,
        numTasks: 240,
        numActiveTasks: 9,
        numCompleteTasks: 131,
        numFailedTasks: 2,
      },
      ...{ name: "sortBy at page-rank.ts:40:6", firstTaskLaunchedTime: "2026-11-21T06:49:29.000GMT" },
    });
    expect(await jsonAt(app, `${own}/stages/1`)).toMatchObject([
      { status: "FAILED", failureReason: expect.stringContaining("undefined") },
    ]);
    expect(await jsonAt(app, `${own}/stages/4/0`)).toEqual(stages[0]!);
  });

  test("lists skipped stages, and counts them in their job", async () => {
    const engine = new SampleEngine();
    engine.job(0, [
      { name: "map", partitions: 40 },
      { name: "map", partitions: 30 },
      { name: "collect", partitions: 2 },
    ]);
    const ran = engine.stage(0, "map", 40, nowMs);
    engine
      .task(ran, 0, 0, nowMs)
      .succeed(1, { inputRows: 3, inputBytes: 4, shuffleWriteRows: 5, shuffleWriteBytes: 6 });
    engine.task(ran, 1, 0, nowMs).succeed(1, { outputRows: 7, outputBytes: 8, shuffleReadRows: 9 });
    engine.task(ran, 2, 0, nowMs).succeed(1, { shuffleReadBytes: 10, remoteReadBytes: 4, fetchWaitMs: 2 });
    engine.skipStage(0, "map", 30);
    engine.job(1, [{ name: "map", partitions: 40 }]);
    engine.status.event({ type: "stageSkipped", job: 1 as never, stage: ran.stage, name: "map", tasks: 40 });
    const some = createApplicationPages(engine.status, viewOf(), options);
    const stages = (await jsonAt(some, `${own}/stages`)) as Json[];
    expect(stages.map(each => [each["stageId"], each["status"], each["numTasks"]])).toEqual([
      [1, "SKIPPED", 30],
      [0, "ACTIVE", 40],
    ]);
    expect(stages[1]).toMatchObject({
      ...{ inputRecords: 3, inputBytes: 4, shuffleWriteRecords: 5, shuffleWriteBytes: 6, outputRecords: 7 },
      ...{ outputBytes: 8, shuffleReadRecords: 9, shuffleReadBytes: 10, shuffleRemoteBytesRead: 4 },
      ...{ shuffleLocalBytesRead: 6, shuffleFetchWaitTime: 2 },
    });
    expect(await jsonAt(some, `${own}/stages?status=skipped`)).toEqual([stages[0]!]);
    expect(await jsonAt(some, `${own}/stages/1`)).toEqual([stages[0]!]);
    expect(await jsonAt(some, `${own}/jobs/0`)).toMatchObject({
      ...{ stageIds: [0, 1], numTasks: 72, numSkippedTasks: 30, numSkippedStages: 1, numCompletedTasks: 3 },
    });
    expect(await jsonAt(some, `${own}/stages/0/0/taskList`)).toMatchObject([
      {
        taskMetrics: {
          ...{ inputMetrics: { recordsRead: 3, bytesRead: 4 } },
          ...{ shuffleWriteMetrics: { recordsWritten: 5, bytesWritten: 6 } },
        },
      },
      {
        taskMetrics: {
          ...{ outputMetrics: { recordsWritten: 7, bytesWritten: 8 }, shuffleReadMetrics: { recordsRead: 9 } },
        },
      },
      { taskMetrics: { shuffleReadMetrics: { remoteBytesRead: 4, localBytesRead: 6, fetchWaitTime: 2 } } },
    ]);
  });

  test("lists the tasks of a stage by the page, and their quantiles", async () => {
    const engine = new SampleEngine();
    engine.executor(3, "h");
    engine.job(0, [{ name: "count", partitions: 50 }]);
    const stage = engine.stage(0, "count", 50, nowMs);
    for (let i = 0; i < 50; i++) engine.task(stage, i, 3, nowMs).succeed(i + 1, { inputRows: i, shuffleWriteBytes: 2 });
    engine.task(stage, 0, 3, nowMs, 1).fail(3, { kind: "user", name: "Error", message: "wrong" });
    const some = createApplicationPages(engine.status, viewOf(), options);
    const slow = (await jsonAt(
      some,
      `${own}/stages/0/0/taskList?sortBy=DECREASING_RUNTIME&offset=1&length=2`,
    )) as Json[];
    expect(slow).toMatchObject([
      {
        taskId: 48,
        index: 48,
        attempt: 0,
        duration: 49,
        executorId: "3",
        host: "h",
        status: "SUCCESS",
        taskLocality: "NODE_LOCAL",
        taskMetrics: { executorRunTime: 49 },
      },
      { taskId: 47 },
    ]);
    expect((await jsonAt(some, `${own}/stages/0/0/taskList`)) as Json[]).toHaveLength(20);
    const failed = (await jsonAt(some, `${own}/stages/0/0/taskList?offset=50`)) as Json[];
    expect(failed).toMatchObject([{ status: "FAILED", errorMessage: "wrong", attempt: 1, duration: 3 }]);
    const summary = await jsonAt(some, `${own}/stages/0/0/taskSummary?quantiles=0,0.5,1.0`);
    expect(summary).toMatchObject({
      ...{ quantiles: [0, 0.5, 1], executorRunTime: [1, 26, 50], inputMetrics: { recordsRead: [0, 25, 49] } },
      shuffleWriteMetrics: { writeBytes: [2, 2, 2] },
    });
  });

  test("lists executors that are there, and all", async () => {
    const here = (await jsonAt(app, `${own}/executors`)) as Json[];
    expect(here.map(each => each["id"])).toEqual(["0", "1"]);
    expect(here[0]).toMatchObject({
      ...{
        hostPort: "10.0.0.1:40100",
        isActive: true,
        totalCores: 4,
        activeTasks: 4,
        rddBlocks: 16,
        maxMemory: 8 * 2 ** 30,
      },
      ...{ addTime: "2026-11-21T06:40:28.000GMT", peakMemoryMetrics: { ProcessTreeResidentMemory: 4.4 * 2 ** 30 } },
    });
    const all = (await jsonAt(app, `${own}/allexecutors`)) as Json[];
    expect(all[2]).toMatchObject({
      id: "2",
      isActive: false,
      removeReason: expect.stringContaining("killed"),
      activeTasks: 0,
    });
  });

  test("gives settings without secrets", async () => {
    const environment = (await jsonAt(app, `${own}/environment`)) as { readonly sparkProperties: unknown };
    expect(JSON.stringify(environment)).not.toContain("open-sesame");
    expect(environment.sparkProperties).toContainEqual(["firesteel.app.name", "page-rank"]);
  });

  test("says as JSON what is wrong or not there", async () => {
    const expectations: readonly (readonly [string, number])[] = [
      ["/api/v1/applications/other/jobs", 404],
      ["/api/v1/nothing", 404],
      [`${own}/jobs/99`, 404],
      [`${own}/jobs/x`, 404],
      [`${own}/stages/99`, 404],
      [`${own}/stages/4/7`, 404],
      [`${own}/stages/1/0/taskSummary`, 404],
      [`${own}/stages/4/0/taskSummary?quantiles=2`, 400],
      [`${own}/stages/4/0/taskSummary?quantiles=`, 400],
      [`${own}/stages/4/0/taskList?sortBy=constructor`, 400],
      [`${own}/stages/4/0/taskList?length=1e9`, 400],
      [`${own}/stages/4/0/taskList?offset=-1`, 400],
    ];
    for (const [path, status] of expectations) {
      const answer = JSON.parse(await textAt(app, path, status)) as { readonly message: string };
      expect(answer.message).not.toBe("");
    }
  });
});
