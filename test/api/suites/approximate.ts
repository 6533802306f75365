/** Approximate actions: exact when there is time, estimates with bounds when there is not, sketches that depend on values alone. */
import type { Estimate, Rdd } from "firesteel";
import type { SuiteTools } from "../suite.ts";

export default function approximate({ ctx, test, expect, same, failure, takeEvents, nextEvent }: SuiteTools): void {
  const enough = 600_000;
  const exactly = (value: number) => ({ mean: value, low: value, high: value, confidence: 1, isFinal: true });

  /** Of four partitions the last two never end. */
  const halfEndless = () =>
    ctx.range(0, 4000, 1, 4).mapPartitionsWithIndex(function* (index, rows) {
      for (const row of rows) if (index < 2) yield row;
      for (let i = 0; index >= 2; i++) yield i;
    });

  test("with time enough, they are the exact answers", async () => {
    const rows = ctx.range(0, 1000, 1, 5);
    same(await rows.countApprox(enough), exactly(1000));
    same(await rows.sumApprox(enough, 0.5), exactly(499_500));
    same(await rows.meanApprox(enough), exactly(499.5));
    const byKey = await rows.map(i => [[i % 3], i]).countByKeyApprox(enough);
    same(
      [...byKey].toSorted(([a], [b]) => a[0]! - b[0]!),
      [
        [[0], exactly(334)],
        [[1], exactly(333)],
        [[2], exactly(333)],
      ],
    );
    same((await rows.map(i => `${i % 2}`).countByValueApprox(enough)).get("1"), exactly(500));
    same(await ctx.parallelize<number>([]).countApprox(enough), exactly(0));
    same(await ctx.parallelize<number>([], 2).meanApprox(enough), exactly(NaN));
    same([...(await ctx.parallelize<[number, number]>([], 2).countByKeyApprox(enough))], []);
  });

  test("after the time there are estimates from what was read, and the job's tasks are killed", async () => {
    let timeoutMs = 200;
    let estimate = await halfEndless().countApprox(timeoutMs);
    // a slow machine needs more time for the partitions that end
    for (; estimate.confidence === 0 && timeoutMs < enough; timeoutMs *= 2)
      estimate = await halfEndless().countApprox(timeoutMs);
    expect(estimate).toMatchObject({ mean: 4000, confidence: 0.95, isFinal: false });
    expect(estimate.low).toBeGreaterThan(3000);
    expect(estimate.low).toBeLessThan(4000);
    expect(estimate.high).toBeGreaterThan(4000);
    expect(estimate.high).toBeLessThan(5000);
    // tasks that nobody kills run for ever
    const tracker = ctx.statusTracker();
    const idle = async () => {
      while (tracker.getExecutorInfos().some(each => each.numRunningTasks > 0)) await ctx.range(1).count();
    };
    const pairs = halfEndless().map(row => [row % 2, row]);
    let counts = new Map<number, Estimate>();
    let killed = 0;
    // nor need any have begun in time
    for (; killed === 0 && timeoutMs < enough; timeoutMs *= 2) {
      await idle();
      takeEvents();
      counts = await pairs.countByKeyApprox(timeoutMs, 0.9);
      await idle();
      killed = takeEvents().filter(event => event.type === "taskEnded" && !event.ok).length;
    }
    expect(killed).toBeGreaterThan(0);
    if (counts.size > 0) expect(counts.get(0)).toMatchObject({ mean: 2000, confidence: 0.9, isFinal: false });
  });

  test("without any time nothing is known", async () => {
    const nothing = (low: number) => ({ mean: 0, low, high: Infinity, confidence: 0, isFinal: false });
    const endless = ctx.range(0, Number.MAX_SAFE_INTEGER, 1, 2).map(i => i + 1);
    same(await endless.countApprox(0), nothing(0));
    same(await endless.sumApprox(0), nothing(-Infinity));
    same(await endless.meanApprox(0), nothing(-Infinity));
    same((await endless.countByValueApprox(0)).size, 0);
    same(await ctx.range(5).count(), 5);
  });

  test("a failure within the time is the job's", async () => {
    const failing = ctx.range(3).map(i => {
      if (i === 1) throw new Error("no luck");
      return i;
    });
    expect((await failure(() => failing.countApprox(enough))).message).toContain("no luck");
  });

  test("distinct values are counted about as precisely as asked for, whatever their layout", async () => {
    const values = 30_000;
    const rows = ctx.range(0, 3 * values, 1, 5).map(i => i % values);
    for (const relativeSd of [0.2, 0.05, 0.01, 0.002, 0.0005, 0.00002]) {
      const count = await rows.countApproxDistinct(relativeSd);
      expect(Math.abs(count / values - 1)).toBeLessThan(4 * relativeSd);
      const boxed = rows.mapPartitions(function* (all) {
        for (const row of all) yield row;
      });
      same(await boxed.union(ctx.parallelize([5, 6])).countApproxDistinct(relativeSd), count);
    }
    const mixed = ctx.parallelize([1, 1n, "1", null, undefined, [1], { a: 1 }, NaN, NaN, 0, -0, true, "1"], 3);
    same(await mixed.countApproxDistinct(0.01), 10);
    same(await ctx.parallelize<number>([]).countApproxDistinct(), 0);
    same(await ctx.range(0, 100, 1, 3).countApproxDistinct(), await ctx.range(0, 100, 1, 50).countApproxDistinct());
    same(
      await rows.map(i => `w${i}`).countApproxDistinct(),
      await rows
        .map(i => `w${i}`)
        .repartition(3)
        .countApproxDistinct(),
    );
    const numbers = await ctx.range(0, 5000, 1, 3).countApproxDistinct();
    same(
      await ctx
        .range(0, 5000, 1, 3)
        .map(i => i)
        .cache()
        .countApproxDistinct(),
      numbers,
    );
  });

  test("distinct values of keys, where a partitioner puts them", async () => {
    const pairs = ctx.range(0, 60_000, 1, 6).map(i => [`k${i % 5}`, [i % (5 + 995 * (i % 5))]] as [string, number[]]);
    const expected = await pairs.distinct().countByKey();
    const counts = pairs.countApproxDistinctByKey(0.01);
    same(counts.partitioner, { kind: "hash", numPartitions: 6 });
    const found = await counts.collectAsMap();
    same([...found.keys()].toSorted(), [...expected.keys()].toSorted());
    for (const [key, count] of found) expect(Math.abs(count / expected.get(key)! - 1)).toBeLessThan(0.04);
    const placed = pairs.partitionBy(2).countApproxDistinctByKey(0.01);
    same(placed.numPartitions, 2);
    same(new Map(await placed.collect()), new Map(found));
    const own = pairs.countApproxDistinctByKey(0.01, {
      numPartitions: 3,
      partition: (key: string) => Number(key[1]) % 3,
    });
    same(
      (await own.glom().collect()).map(part => part.map(([key]) => key).toSorted()),
      [["k0", "k3"], ["k1", "k4"], ["k2"]],
    );
    // keys are known to be in place, and were shuffled above: only the other side is
    takeEvents();
    const joined = await counts.join(pairs.mapValues(() => 1).reduceByKey((a, b) => a + b, 6)).collect();
    same(joined.length, 5);
    same(takeEvents().filter(event => event.type === "stageCompleted").length, 2);
    same(await ctx.parallelize<[number, number]>([]).countApproxDistinctByKey().collect(), []);
    const notPairs = ctx.range(3) as never as Rdd<[number, number]>;
    expect((await failure(() => notPairs.countApproxDistinctByKey().collect())).message).toContain(
      "countApproxDistinctByKey needs pairs, but a row is",
    );
  });

  test("an aborted approximation is cancelled, not answered", async () => {
    const controller = new AbortController();
    const started = nextEvent("taskStarted");
    const job = failure(() => halfEndless().sumApprox(enough, 0.95, { signal: controller.signal }));
    await started;
    controller.abort(new Error("seen enough"));
    expect(await job).toMatchObject({
      kind: "cancelled",
      message: "sumApprox was cancelled by its AbortSignal: seen enough",
      cause: controller.signal.reason,
    });
  });

  test("what cannot be approximated is refused", async () => {
    const rdd = ctx.range(5);
    const pairs = rdd.map(i => [i, i]);
    const cases: [() => unknown, string][] = [
      [() => rdd.countApprox(-1), "countApprox needs a time in ms, 0 or more, but got -1"],
      [() => rdd.countApprox(NaN), "countApprox needs a time in ms, 0 or more, but got NaN"],
      [() => rdd.sumApprox("1s" as never), 'sumApprox needs a time in ms, 0 or more, but got "1s"'],
      [() => rdd.meanApprox(5, 1), "meanApprox needs a confidence between 0 and 1, both excluded, but got 1"],
      [
        () => pairs.countByKeyApprox(5, 0),
        "countByKeyApprox needs a confidence between 0 and 1, both excluded, but got 0",
      ],
      [
        () => rdd.countByValueApprox(5, 95),
        "countByValueApprox needs a confidence between 0 and 1, both excluded, but got 95",
      ],
      [
        () => rdd.countApproxDistinct(0.000017),
        "countApproxDistinct needs a relative standard deviation above 0.000017, but got 0.000017",
      ],
      [
        () => pairs.countApproxDistinctByKey(-1),
        "countApproxDistinctByKey needs a relative standard deviation above 0.000017, but got -1",
      ],
    ];
    for (const [run, message] of cases) {
      const error = await failure(run);
      expect(error.message).toBe(message);
      expect(error.at?.file).toBe("test/api/suites/approximate.ts");
    }
  });
}
