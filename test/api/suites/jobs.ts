/** Jobs side by side, cancelled, cached, streamed; output directories; and what a Context refuses. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Context, type Rdd, StorageLevel } from "firesteel";
import type { SuiteTools } from "../suite.ts";

export default function jobs(tools: SuiteTools): void {
  const { ctx, test, expect, same, failure, takeEvents, nextEvent, newFolder, file } = tools;

  /** Runs until it is cancelled: rows are made as they are read. */
  const endless = () => ctx.range(0, Number.MAX_SAFE_INTEGER, 1, 2).map(i => i + 1);
  const cancelled = async (job: Promise<unknown>) => {
    const error = await failure(() => job);
    expect(error.kind).toBe("cancelled");
    return error;
  };

  test("several jobs run at once", async () => {
    const squares = (n: number) => ctx.range(0, n, 1, 3).map(i => i * i);
    const sums = await Promise.all([10, 20, 30, 40].map(n => squares(n).sum()));
    same(sums, [285, 2470, 8555, 20540]);
  });

  test("jobs that share a shuffle run it once", async () => {
    const calls = ctx.longAccumulator();
    const grouped = ctx
      .range(0, 30, 1, 3)
      .map(i => {
        calls.add(1);
        return [i % 3, i];
      })
      .groupByKey();
    const [count, keys] = await Promise.all([grouped.count(), grouped.keys().collect()]);
    expect([count, keys.length, calls.value]).toEqual([3, 3, 30]);
  });

  test("an AbortSignal cancels its action, which names its line", async () => {
    const controller = new AbortController();
    const started = nextEvent("taskStarted");
    const job = endless().count({ signal: controller.signal });
    await started;
    controller.abort();
    const error = await cancelled(job);
    expect(error.at?.file).toBe(file);
    expect(error.message).toContain("AbortSignal");
    expect(await ctx.range(5).count()).toBe(5);
  });

  test("an action whose signal is aborted already does not start", async () => {
    takeEvents();
    await cancelled(ctx.range(5).collect({ signal: AbortSignal.abort() }));
    expect(takeEvents().some(event => event.type === "taskStarted")).toBe(false);
  });

  test("a group is cancelled together, others go on", async () => {
    ctx.setJobGroup("nightly", "the nightly jobs");
    const started = nextEvent("taskStarted");
    const nightly = [endless().count(), endless().reduce((a, b) => a + b)];
    ctx.setLocalProperty("firesteel.jobGroup.id", null);
    const other = ctx.range(0, 100, 1, 4).count();
    await started;
    ctx.cancelJobGroup("nightly");
    for (const job of nightly) expect((await cancelled(job)).message).toContain('cancelJobGroup("nightly")');
    expect(await other).toBe(100);
  });

  test("a job is cancelled by its id, and by the id of its stage", async () => {
    for (const by of ["job", "stage"] as const) {
      const submitted = nextEvent("stageSubmitted");
      const job = endless().count();
      const event = await submitted;
      if (by === "job") ctx.cancelJob(event.job);
      else ctx.cancelStage(event.stage);
      expect((await cancelled(job)).message).toContain(
        by === "job" ? `cancelJob(${event.job})` : `cancelStage(${event.stage})`,
      );
    }
    expect(await ctx.range(5).count()).toBe(5);
  });

  test("all jobs are cancelled, also those called a moment ago", async () => {
    const running = [endless().count(), endless().foreach(() => {})];
    ctx.cancelAllJobs();
    for (const job of running) expect((await cancelled(job)).message).toContain("cancelAllJobs()");
    expect(await ctx.range(5).count()).toBe(5);
  });

  test("a cancelled shuffle leaves nothing that later jobs trip over", async () => {
    const controller = new AbortController();
    const pairs = ctx.range(0, 2_000_000, 1, 8).map(i => [i % 1000, 1]);
    // keeps the job from its end until it is cancelled, however late that is
    const open = join(folder, "open");
    const held = ctx.range(0, 1, 1, 1).mapAsync(async i => {
      while (!existsSync(open)) await new Promise(resolve => setTimeout(resolve, 5));
      return [i, 1];
    });
    const counts = pairs.union(held).reduceByKey((a, b) => a + b);
    const started = nextEvent("taskEnded");
    const job = counts.count({ signal: controller.signal });
    await started;
    controller.abort();
    await cancelled(job);
    writeFileSync(open, "");
    expect(await counts.count()).toBe(1000);
  });

  test("an iterator computes a partition at a time and stops when its reader does", async () => {
    const made = ctx.longAccumulator();
    const rows = ctx.range(0, 10, 1, 5).map(i => {
      made.add(1);
      return i;
    });
    const seen: number[] = [];
    for await (const row of rows) {
      seen.push(row);
      if (row === 4) break;
    }
    same(seen, [0, 1, 2, 3, 4]);
    expect(made.value).toBe(6);
  });

  test("take looks at no more partitions than it needs", async () => {
    const made = ctx.longAccumulator();
    const rows = ctx.range(0, 100, 1, 50).map(i => {
      made.add(1);
      return i;
    });
    same(await rows.take(1), [0]);
    expect(made.value).toBe(1);
    same(await rows.take(3), [0, 1, 2]);
    same(await rows.filter(i => i === 97).take(1), [97]);
    same(await rows.take(0), []);
    for (const wrong of [-1, 1.5, NaN])
      expect((await failure(() => rows.take(wrong))).message).toBe(
        `take needs a number of rows, 0 or more, but got ${wrong}`,
      );
  });

  test("a generator's clean-up runs when nobody wants more rows", async () => {
    const closed = ctx.longAccumulator();
    const rows = ctx.range(0, 3, 1, 1).mapPartitions(function* (numbers) {
      try {
        yield* numbers;
      } finally {
        closed.add(1);
      }
    });
    same(await rows.take(1), [0]);
    expect(closed.value).toBe(1);
  });

  const counted = (rows: number, partitions: number): { calls: { value: number }; rdd: Rdd<number> } => {
    const calls = ctx.longAccumulator();
    const rdd = ctx.range(0, rows, 1, partitions).map(i => {
      calls.add(1);
      return i * 2;
    });
    return { calls, rdd };
  };

  test("a cached Rdd is computed once", async () => {
    const { calls, rdd } = counted(100, 4);
    rdd.cache();
    expect(rdd.storageLevel).toBe(StorageLevel.MEMORY_ONLY);
    expect(await rdd.count()).toBe(100);
    expect(await rdd.sum()).toBe(9900);
    same(await rdd.map(x => x + 1).take(2), [1, 3]);
    expect(calls.value).toBe(100);
    await rdd.unpersist();
    expect(rdd.storageLevel).toBe(StorageLevel.NONE);
    await rdd.count();
    expect(calls.value).toBe(200);
  });

  test("only the partitions that were read are cached", async () => {
    const { calls, rdd } = counted(100, 4);
    await rdd.cache().first();
    await rdd.first();
    const first = calls.value;
    await rdd.count();
    expect([first <= 25, calls.value - first <= 100]).toEqual([true, true]);
    await rdd.count();
    expect(calls.value - first).toBeLessThanOrEqual(100);
    await rdd.unpersist();
  });

  test("a persisted Rdd keeps its level until unpersist", async () => {
    const { rdd } = counted(4, 2);
    rdd.persist().persist(StorageLevel.MEMORY_ONLY);
    const error = await failure(() => rdd.persist(StorageLevel.NONE));
    expect(error.message).toBe("this Rdd is already persisted as MEMORY_ONLY");
    await rdd.unpersist();
  });

  test("an Rdd that is to be held twice is held once where there is one executor", async () => {
    const { calls, rdd } = counted(10, 2);
    rdd.persist(StorageLevel.MEMORY_ONLY_2);
    expect([await rdd.sum(), await rdd.sum(), calls.value]).toEqual([90, 90, 10]);
    expect([rdd.storageLevel.name, rdd.storageLevel.replicas]).toEqual(["MEMORY_ONLY_2", 2]);
    await rdd.unpersist();
  });

  test("what does not fit in memory is computed again", async () => {
    // more than two executors of a cluster have together
    const n = 6e6;
    const { calls, rdd } = counted(n, 12);
    rdd.cache();
    const sums = [await rdd.sum(), await rdd.sum()];
    same(sums, [n * (n - 1), n * (n - 1)]);
    expect(calls.value).toBeGreaterThan(n);
    await rdd.unpersist();
    expect(
      await ctx
        .range(0, 1000, 1, 4)
        .map(i => [i % 10, i])
        .groupByKey()
        .count(),
    ).toBe(10);
  });

  test("shuffle files and memory of plans that nothing refers to are freed", async () => {
    takeEvents();
    const shuffle = () =>
      ctx
        .range(0, 40_000, 1, 2)
        .map(i => [i, i])
        .partitionBy(2)
        .mapValues(v => v)
        .count();
    for (let round = 0; round < 60; round++) {
      expect(await shuffle()).toBe(40_000);
      if (round % 4 === 3) Bun.gc(true);
    }
    // twice as much as there is memory was shuffled
    const ended = takeEvents().flatMap(event =>
      event.type === "taskEnded" && event.metrics !== undefined ? [event.metrics] : [],
    );
    expect(ended.reduce((sum, metrics) => sum + (metrics.shuffleWriteBytes ?? 0), 0)).toBeGreaterThan(35e6);
    expect(ended.reduce((sum, metrics) => sum + (metrics.spilledBytes ?? 0), 0)).toBe(0);
  });

  test("plans in use keep their shuffles", async () => {
    const placed = ctx
      .range(0, 1000, 1, 2)
      .map(i => [i, i])
      .partitionBy(2);
    expect(await placed.count()).toBe(1000);
    Bun.gc(true);
    takeEvents();
    expect(await placed.mapValues(v => v).count()).toBe(1000);
    expect(takeEvents().some(event => event.type === "stageSkipped")).toBe(true);
  });

  const folder = newFolder();

  test("text files are written whole, and read back", async () => {
    const path = join(folder, "a/b/out");
    await ctx.parallelize(["x", "y", "z"], 2).saveAsTextFile(path);
    same(readdirSync(path).sort(), ["_SUCCESS", "part-00000", "part-00001"]);
    expect(readFileSync(join(path, "part-00001"), "utf8")).toBe("y\nz\n");
    same(await ctx.textFile(path).collect(), ["x", "y", "z"]);
    await ctx.parallelize([[1, "a"], { x: [null] }, 5n, new Date(0)], 1).saveAsTextFile(join(folder, "rows"));
    expect(readFileSync(join(folder, "rows/part-00000"), "utf8")).toBe(
      '[1,"a"]\n{"x":[null]}\n5\n1970-01-01T00:00:00.000Z\n',
    );
  });

  test("an existing directory is refused before the job runs", async () => {
    writeFileSync(join(folder, "mine"), "keep");
    takeEvents();
    const error = await failure(() => ctx.range(3).saveAsTextFile(join(folder, "mine")));
    expect([error.kind, error.hint, error.at?.file]).toEqual(["user", "remove it, or write to another path", file]);
    expect(takeEvents().length).toBe(0);
    expect(readFileSync(join(folder, "mine"), "utf8")).toBe("keep");
  });

  test("a failed save leaves nothing", async () => {
    const path = join(folder, "new/deep");
    const rows = ctx.range(0, 10, 1, 4).map(i => {
      if (i === 9) throw new Error("late");
      return String(i);
    });
    expect((await failure(() => rows.saveAsTextFile(path))).message).toContain("late");
    expect(existsSync(join(folder, "new"))).toBe(false);
  });

  test("a second Context is refused, naming where the first was made", async () => {
    const error = await failure(() => Context.create());
    expect(error.message).toMatch(/^a Context is already active: created at /);
    expect([error.hint, error.at?.file]).toEqual(["stop() it first, or use Context.getOrCreate()", file]);
    expect(await Context.getOrCreate()).toBe(ctx);
  });

  test("only Rdds can be joined with, and their partitions exist", async () => {
    const pairs = ctx.range(3).keyBy(i => i);
    const rows = [[1, 2]] as unknown as typeof pairs;
    for (const use of [
      () => pairs.join(rows),
      () => pairs.leftOuterJoin(rows),
      () => pairs.cogroup(rows),
      () => pairs.union(rows),
      () => ctx.union([rows]),
    ]) {
      const error = await failure(use);
      expect(error.message).toMatch(/^(join|leftOuterJoin|cogroup|union) needs an Rdd, but got an array$/);
      expect([error.hint, error.at?.file]).toEqual(["ctx.parallelize makes an Rdd of an array", file]);
    }
    expect((await failure(() => pairs.union(undefined as never))).message).toBe(
      "union needs an Rdd, but got undefined",
    );
    same(await ctx.runJob(ctx.range(0, 6, 1, 3), rows => [...rows], [2, 0]), [
      [4, 5],
      [0, 1],
    ]);
    expect((await failure(() => ctx.runJob(pairs, rows => [...rows], [7]))).message).toMatch(
      /^partition 7 given to runJob does not exist: there are \d+$/,
    );
    expect((await failure(() => ctx.runJob(pairs, rows => [...rows], [0, 0]))).message).toBe(
      "partition 0 given to runJob is named twice",
    );
  });

  test("mapAsync keeps order and holds to its concurrency", async () => {
    const peaks = await ctx
      .range(0, 20, 1, 2)
      .mapAsync(
        (() => {
          const state = { running: 0 };
          return async (i: number) => {
            const now = ++state.running;
            for (let turns = (i * 7) % 5; turns >= 0; turns--) await Promise.resolve();
            state.running--;
            return [i, now];
          };
        })(),
        { concurrency: 3 },
      )
      .collect();
    same(
      peaks.map(([i]) => i),
      Array.from({ length: 20 }, (_, i) => i),
    );
    expect(Math.max(...peaks.map(([, now]) => now))).toBe(3);
    for (const concurrency of [0, 1.5, NaN]) {
      expect((await failure(() => ctx.range(1).mapAsync(async i => i, { concurrency }))).message).toBe(
        `mapAsync's concurrency must be a positive integer, but is ${concurrency}`,
      );
    }
  });

  test("operators above asynchronous ones get rows, not promises", async () => {
    const slow = ctx.range(0, 6, 1, 2).mapAsync(async i => i);
    same(await slow.mapPartitions(rows => [[...rows]]).collect(), [
      [0, 1, 2],
      [3, 4, 5],
    ]);
    const some = ctx.parallelize([10, 11], 1).union(slow);
    same(
      await some
        .coalesce(1)
        .mapPartitions(rows => [[...rows]])
        .collect(),
      [[10, 11, 0, 1, 2, 3, 4, 5]],
    );
    same(await ctx.runJob(some.coalesce(1), rows => [...rows].length), [8]);
    same(
      await some
        .coalesce(2)
        .zipWithIndex()
        .mapPartitions(rows => rows)
        .values()
        .collect(),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
    const sorted = some
      .coalesce(1)
      .sortBy(i => -i, true, 1)
      .mapPartitions(rows => rows.take(2));
    same(await sorted.collect(), [11, 10]);
  });
}
