/** Jobs side by side: pools and their shares, local properties of flows, cancellation, what the status tracker says. */
import { taskContext } from "firesteel";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Suite } from "../suite.ts";

const suite: Suite = ({ ctx, test, expect, failure, takeEvents, nextEvent }) => {
  const inPool = <R>(pool: string, body: () => Promise<R>) =>
    ctx.withLocalProperties({ "firesteel.scheduler.pool": pool }, body);

  /** Tasks of 10 ms, long enough to be one a core. */
  const busy = (tasks: number) =>
    ctx.range(0, tasks, 1, tasks).map(i => {
      const until = performance.now() + 10;
      while (performance.now() < until);
      return i;
    });

  const coresNow = () => {
    const executors = ctx.statusTracker().getExecutorInfos();
    const sum = (of: "cores" | "numRunningTasks") => executors.reduce((total, each) => total + each[of], 0);
    return { cores: sum("cores"), running: sum("numRunningTasks") };
  };

  test("running tasks of pools follow their weights", async () => {
    // to executors that are all there, and taken until both jobs are submitted
    while (coresNow().cores < ctx.defaultParallelism) await busy(3).count();
    const folder = mkdtempSync(join(tmpdir(), "firesteel-shares-"));
    const open = join(folder, "open");
    const held = ctx.range(0, 3, 1, 3).mapAsync(async i => {
      while (!existsSync(open)) await new Promise(resolve => setTimeout(resolve, 2));
      return i;
    });
    takeEvents();
    const jobs = [held.count(), ...["production", "research"].map(pool => inPool(pool, () => busy(60).count()))];
    while (ctx.statusTracker().getActiveStageIds().length < jobs.length) await nextEvent("stageSubmitted");
    writeFileSync(open, "");
    await Promise.all(jobs);
    rmSync(folder, { recursive: true });
    const poolOf = new Map<number, string>();
    const running: Record<string, number> = { production: 0, research: 0 };
    const started: Record<string, number> = { production: 0, research: 0 };
    const shares = new Map<string, number>();
    for (const event of takeEvents()) {
      if (event.type === "stageSubmitted") poolOf.set(event.stage, ctx.statusTracker().getJobInfo(event.job)!.pool);
      if (event.type === "taskEnded") running[poolOf.get(event.stage)!]!--;
      if (event.type !== "taskStarted") continue;
      const pool = poolOf.get(event.stage)!;
      running[pool]!++;
      started[pool]!++;
      const { production = 0, research = 0 } = running;
      // from when both run to when one has no more to start, and all cores are taken
      if (production + research < 3 || Object.values(started).some(count => count === 0 || count === 60)) continue;
      const share = `${production} to ${research}`;
      shares.set(share, (shares.get(share) ?? 0) + 1);
    }
    expect([...shares.keys()]).toEqual(["2 to 1"]);
    expect(shares.get("2 to 1")).toBeGreaterThan(30);
  });

  test("long tasks do not queue at executors, however short those of other pools are", async () => {
    takeEvents();
    // enough that some jobs of the other pool end before it, however slow the machine is
    const tasks = 5_000;
    let isDone = false;
    const long = failure(() => inPool("production", () => busy(tasks).count())).finally(() => (isDone = true));
    await nextEvent("taskStarted");
    for (let jobs = 0; jobs < 3; jobs++) {
      await inPool("research", () => ctx.range(0, 100, 1, 100).count());
      expect(isDone).toBe(false);
    }
    ctx.cancelAllJobs();
    expect((await long).kind).toBe("cancelled");
    while (coresNow().running > 0) await ctx.range(1).count();
    const events = takeEvents();
    const stages = events.flatMap(event =>
      event.type === "stageSubmitted" && event.tasks === tasks ? [event.stage] : [],
    );
    expect(stages).toHaveLength(1);
    let [running, most] = [0, 0];
    for (const event of events) {
      if ((event.type !== "taskStarted" && event.type !== "taskEnded") || event.stage !== stages[0]) continue;
      running += event.type === "taskStarted" ? 1 : -1;
      most = Math.max(most, running);
    }
    expect([running, most <= ctx.defaultParallelism]).toEqual([0, true]);
  });

  test("a minimum share is met first", async () => {
    takeEvents();
    const long = inPool("production", () => busy(60).count());
    await nextEvent("taskStarted");
    // its minimum share is all cores: no task of the other pool starts until it has none to start
    await inPool("urgent", () => busy(20).count());
    const events = takeEvents();
    await long;
    const urgent = events.flatMap(event =>
      event.type === "stageSubmitted" && ctx.statusTracker().getJobInfo(event.job)!.pool === "urgent"
        ? [event.stage]
        : [],
    );
    const after = events.slice(events.findIndex(event => event.type === "taskStarted" && event.stage === urgent[0]));
    const started = after.flatMap(event => (event.type === "taskStarted" ? [event.stage === urgent[0]] : []));
    expect(started.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => true));
  });

  test("pools are known by name", async () => {
    expect(ctx.getSchedulingMode()).toBe("FAIR");
    await inPool("named by a job", () => ctx.range(3).count());
    const pool = { numRunningTasks: 0, minShare: 0, weight: 1, schedulingMode: "FIFO" };
    expect(ctx.getPoolForName("production")).toEqual({ ...pool, name: "production", weight: 2 } as never);
    expect(ctx.getPoolForName("named by a job")).toEqual({ ...pool, name: "named by a job" } as never);
    expect(ctx.getPoolForName("none")).toBeUndefined();
    expect(ctx.getAllPools().map(each => each.name)).toEqual([
      "default",
      "production",
      "research",
      "urgent",
      "named by a job",
    ]);
  });

  test("flows side by side have properties of their own", async () => {
    const seen = (key: string) =>
      ctx
        .range(1)
        .map(() => taskContext().localProperty(key) ?? "none")
        .first();
    ctx.setLocalProperty("who", "all");
    const flow = (name: string) =>
      ctx.withLocalProperties({ who: name }, async () => {
        const first = await seen("who");
        ctx.setLocalProperty("extra", `${name}'s`);
        return [first, await seen("extra"), ctx.getLocalProperty("who")];
      });
    expect(await Promise.all([flow("a"), flow("b"), seen("who")])).toEqual([
      ["a", "a's", "a"],
      ["b", "b's", "b"],
      "all",
    ]);
    expect(ctx.getLocalProperty("extra")).toBeUndefined();
    expect(ctx.withLocalProperties({ who: null }, () => ctx.getLocalProperty("who"))).toBeUndefined();
    ctx.setLocalProperty("who", null);
    expect(await seen("who")).toBe("none");
    const wrong = 'a local property is a string, but "who" was given 5';
    expect(() => ctx.setLocalProperty("who", 5 as never)).toThrow(wrong);
    expect(() => ctx.withLocalProperties({ who: 5 as never }, () => {})).toThrow(wrong);
  });

  const endless = () => ctx.range(0, Number.MAX_SAFE_INTEGER, 1, 2).map(i => (i % 3) + 1);

  const cancelledBy = async (start: () => Promise<unknown>, cancel: () => void) => {
    const ended = failure(start);
    await nextEvent("taskStarted");
    cancel();
    const { kind, message } = await ended;
    return [kind, message.replace(/\d+/g, "N")];
  };

  test("jobs are cancelled by tag, group, id and stage, and the others go on", async () => {
    const tracker = ctx.statusTracker();
    const tagged = () =>
      ctx.withLocalProperties({}, () => {
        ctx.addJobTag("nightly");
        ctx.addJobTag("big");
        return endless().count();
      });
    expect(await cancelledBy(tagged, () => ctx.cancelJobsWithTag("big"))).toEqual([
      "cancelled",
      'job N was cancelled: cancelJobsWithTag("big")',
    ]);
    expect(ctx.getJobTags()).toEqual([]);
    const grouped = () =>
      ctx.withLocalProperties({}, () => {
        ctx.setJobGroup("g", "in vain");
        return endless().count();
      });
    expect(await cancelledBy(grouped, () => ctx.cancelJobGroup("g"))).toEqual([
      "cancelled",
      'job N was cancelled: cancelJobGroup("g")',
    ]);
    const [job] = tracker.getJobIdsForGroup("g");
    expect(tracker.getJobInfo(job!)).toMatchObject({ status: "cancelled", group: "g", pool: "default" });
    const run = () => endless().count();
    expect(await cancelledBy(run, () => ctx.cancelJob(tracker.getActiveJobIds()[0]!))).toEqual([
      "cancelled",
      "job N was cancelled: cancelJob(N)",
    ]);
    expect((await cancelledBy(run, () => ctx.cancelStage(tracker.getActiveStageIds()[0]!)))[0]).toBe("cancelled");
    expect(await cancelledBy(run, () => ctx.cancelAllJobs())).toEqual([
      "cancelled",
      "job N was cancelled: cancelAllJobs()",
    ]);
    expect(await ctx.range(10).sum()).toBe(45);
  });

  test("the status tracker counts jobs, stages and tasks", async () => {
    const tracker = ctx.statusTracker();
    const running = busy(12)
      .map(i => [i % 3, 1])
      .reduceByKey((a, b) => a + b, 2)
      .collect();
    await nextEvent("taskStarted");
    const [jobId] = tracker.getActiveJobIds();
    expect(tracker.getJobInfo(jobId!)).toMatchObject({ jobId, status: "running", group: undefined });
    const [stageId] = tracker.getActiveStageIds();
    const { numTasks, numActiveTasks, status } = tracker.getStageInfo(stageId!)!;
    expect([numTasks, status]).toEqual([12, "running"]);
    expect(numActiveTasks).toBeGreaterThan(0);
    await running;
    const { stageIds, status: ended } = tracker.getJobInfo(jobId!)!;
    expect([stageIds.length, ended]).toEqual([2, "succeeded"]);
    expect(stageIds.map(id => tracker.getStageInfo(id))).toMatchObject([
      { stageId, attemptNumber: 0, status: "completed", numActiveTasks: 0, numCompletedTasks: 12, numFailedTasks: 0 },
      { attemptNumber: 0, status: "completed", numTasks: 2, numCompletedTasks: 2 },
    ]);
    expect(tracker.getActiveJobIds()).toEqual([]);
    expect(tracker.getJobInfo(1e9)).toBeUndefined();
    expect(tracker.getStageInfo(1e9)).toBeUndefined();
    // cancelled tasks may still run, and threads that did not stop are started anew
    const all = { cores: ctx.defaultParallelism, running: 0 };
    while (JSON.stringify(coresNow()) !== JSON.stringify(all)) await busy(3).count();
    expect(coresNow()).toEqual(all);
  });

  test("the status tracker tells cancelled stages from failed ones, and counts skipped ones", async () => {
    const tracker = ctx.statusTracker();
    const started = nextEvent("stageSubmitted");
    const endless = ctx
      .range(0, Number.MAX_SAFE_INTEGER, 1, 2)
      .map(i => i + 1)
      .count();
    const { stage } = await started;
    ctx.cancelStage(stage);
    expect((await failure(() => endless)).kind).toBe("cancelled");
    expect(tracker.getStageInfo(stage)!.status).toBe("cancelled");
    const failing = ctx.range(0, 1, 1, 1).map((): number => {
      throw new TypeError("not this one");
    });
    const failed = nextEvent("stageSubmitted");
    await failure(() => failing.count());
    expect(tracker.getStageInfo((await failed).stage)!.status).toBe("failed");

    const counts = ctx
      .range(0, 40, 1, 4)
      .map(i => [i % 3, 1] as [number, number])
      .reduceByKey((a, b) => a + b, 2)
      .mapValues(n => n + 1);
    ctx.setJobGroup("twice");
    await counts.count();
    await counts.collect();
    ctx.setLocalProperty("firesteel.jobGroup.id", null);
    const infos = tracker.getJobIdsForGroup("twice").map(id => tracker.getJobInfo(id)!);
    expect(infos).toMatchObject([
      { numSkippedStages: 0, numSkippedTasks: 0 },
      { numSkippedStages: 1, numSkippedTasks: 4 },
    ]);
    expect(infos.map(info => info.stageIds.length)).toEqual([2, 1]);
  });

  test("properties without a function to run are refused", async () => {
    for (const given of [[{ who: "x" }], [null, () => 1]] as never[][]) {
      const { message, hint } = await failure(() =>
        ctx.withLocalProperties(...(given as unknown as [{}, () => number])),
      );
      expect([message, hint]).toEqual([
        "withLocalProperties needs an object of properties, and a function to run",
        "withLocalProperties({ key: value }, async () => …)",
      ]);
    }
  });

  test("tags that are none are refused", async () => {
    const { message } = await failure(() => ctx.addJobTag("a,b"));
    expect(message).toBe('"a,b" is no tag of a job: a tag is text without commas');
  });
};

export default suite;
