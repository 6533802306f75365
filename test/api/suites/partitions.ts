/** Partition counts, partitioners, and the shuffles that a known partitioner saves. */
import { HashPartitioner, RangePartitioner, type Rdd } from "firesteel";
import type { SuiteTools } from "../suite.ts";

export default function partitions(tools: SuiteTools): void {
  const { ctx, test, expect, same, sameRows, failure, takeEvents } = tools;

  /** Stages that ran and stages whose output was there already. */
  const stages = async (run: () => Promise<unknown>): Promise<{ ran: number; skipped: number }> => {
    takeEvents();
    await run();
    const events = takeEvents();
    return {
      ran: events.filter(event => event.type === "stageSubmitted").length,
      skipped: events.filter(event => event.type === "stageSkipped").length,
    };
  };
  const pairs = (n: number, partitions: number) =>
    ctx.parallelize(
      Array.from({ length: n }, (_, i): [number, number] => [i % 10, i]),
      partitions,
    );
  const even = { numPartitions: 2, partition: (key: number) => key % 2 };

  test("parallelize cuts at i·rows/n, and has as many partitions as asked for", async () => {
    same(await ctx.parallelize([1, 2, 3, 4, 5, 6, 7], 3).glom().collect(), [
      [1, 2],
      [3, 4],
      [5, 6, 7],
    ]);
    same(await ctx.parallelize([1], 3).glom().collect(), [[], [], [1]]);
    same(await ctx.parallelize(new Set("ab"), 2).glom().collect(), [["a"], ["b"]]);
    expect(ctx.parallelize([1, 2, 3]).numPartitions).toBe(ctx.defaultParallelism);
    expect(ctx.defaultParallelism).toBe(2);
  });

  test("parallelize copies its rows", async () => {
    const row = { x: 1 };
    const rdd = ctx.parallelize([row], 1);
    row.x = 2;
    same(await rdd.collect(), [{ x: 1 }]);
  });

  test("range counts up and down, and cuts as parallelize does", async () => {
    same(await ctx.range(5).collect(), [0, 1, 2, 3, 4]);
    same(await ctx.range(2, 12, 3, 3).glom().collect(), [[2], [5], [8, 11]]);
    same(await ctx.range(3, -3, -2, 1).collect(), [3, 1, -1]);
    same(await ctx.range(0, 1, 0.25).collect(), [0, 0.25, 0.5, 0.75]);
    same(await ctx.range(5, 5).collect(), []);
    same(await ctx.range(5, 1, 1, 2).glom().collect(), [[], []]);
    expect(await ctx.range(0, 1e6, 1, 7).count()).toBe(1e6);
    expect((await failure(() => ctx.range(0, 5, 0))).message).toBe("range's step must not be 0");
    expect((await failure(() => ctx.range(0, Infinity))).message).toBe(
      "range's end must be a finite number, but is Infinity",
    );
  });

  test("an empty Rdd has no partitions", async () => {
    const none = ctx.emptyRdd<number>();
    expect(none.numPartitions).toBe(0);
    same(await none.collect(), []);
    same(await none.glom().collect(), []);
    same(await none.repartition(3).glom().collect(), [[], [], []]);
    same(
      await none
        .map(x => [x, x])
        .reduceByKey((a, b) => a + b)
        .collect(),
      [],
    );
    same(
      await none
        .sortBy(x => x)
        .zipWithIndex()
        .collect(),
      [],
    );
    expect(await none.coalesce(2).fold(7, (a, b) => a + b)).toBe(7);
    expect(await none.isEmpty()).toBe(true);
    same(
      await pairs(3, 1)
        .join(none.map(x => [x, x]))
        .collect(),
      [],
    );
  });

  test("a union has all partitions, one Rdd after the other", async () => {
    const [a, b] = [ctx.parallelize([1, 2], 2), ctx.parallelize([3], 1)];
    same(await ctx.union([a, b, a]).glom().collect(), [[1], [2], [3], [1], [2]]);
    expect(ctx.union([]).numPartitions).toBe(0);
    expect(a.union(b).partitioner).toBeUndefined();
  });

  test("a union of Rdds with one partitioner keeps it", async () => {
    const by = new HashPartitioner(3);
    const [a, b] = [pairs(20, 2).partitionBy(by), pairs(10, 4).partitionBy(by)];
    const both = a.union(b);
    same(both.partitioner, { kind: "hash", numPartitions: 3 });
    expect(both.numPartitions).toBe(3);
    const [left, right] = [await a.glom().collect(), await b.glom().collect()];
    same(
      await both.glom().collect(),
      left.map((part, i) => [...part, ...right[i]!]),
    );
    expect(await stages(() => both.groupByKey().collect())).toEqual({ ran: 1, skipped: 2 });
    expect(a.union(pairs(5, 1)).numPartitions).toBe(4);
  });

  test("coalesce joins neighbours, never makes more, and has no shuffle", async () => {
    const seven = ctx.range(0, 7, 1, 7);
    same(await seven.coalesce(3).glom().collect(), [
      [0, 1],
      [2, 3],
      [4, 5, 6],
    ]);
    expect(seven.coalesce(10).numPartitions).toBe(7);
    expect(seven.coalesce(10, true).numPartitions).toBe(10);
    expect(await stages(() => seven.coalesce(3).collect())).toEqual({ ran: 1, skipped: 0 });
    expect(await stages(() => seven.coalesce(3, true).collect())).toEqual({ ran: 2, skipped: 0 });
  });

  test("a repartition spreads rows evenly, the same way every time", async () => {
    const rows = ctx.range(0, 1000, 1, 3).repartition(4);
    const parts = await rows.glom().collect();
    for (const part of parts) expect(Math.abs(part.length - 250)).toBeLessThanOrEqual(3);
    same(await ctx.range(0, 1000, 1, 3).repartition(4).glom().collect(), parts);
  });

  test("zipWithIndex counts partitions first, all but the last, unless there is only one", async () => {
    const computed = ctx.collectionAccumulator<string>();
    const three = ctx.parallelize(["a", "b", "c"], 3).map(row => {
      computed.add(row);
      return row;
    });
    expect(await stages(() => three.zipWithIndex().collect())).toEqual({ ran: 2, skipped: 0 });
    expect(computed.value.sort()).toEqual(["a", "a", "b", "b", "c"]);
    expect(three.zipWithIndex().explain()).toContain("Stage 0, 2 tasks\n");
    expect(await stages(() => three.coalesce(1).zipWithIndex().collect())).toEqual({ ran: 1, skipped: 0 });
  });

  test("a partitioner is known after operators that place rows, and as long as keys stay", async () => {
    const placed = pairs(20, 2).partitionBy(4);
    const hash4 = { kind: "hash", numPartitions: 4 };
    const known = (rdd: Rdd<never>) => rdd.partitioner;
    same(known(pairs(20, 2) as Rdd<never>), undefined);
    const keeping = [
      placed,
      placed.mapValues(v => v),
      placed.filter(([k]) => k > 3),
      placed.flatMapValues(v => [v, v]),
      placed.distinct(),
      placed.groupByKey(),
      placed.reduceByKey((a, b) => a + b),
      placed.join(pairs(5, 2)),
      placed.leftOuterJoin(pairs(5, 2)),
      placed.cogroup(pairs(5, 2)),
      pairs(20, 2).reduceByKey((a, b) => a + b, 4),
      pairs(20, 2).groupByKey(new HashPartitioner(4)),
    ];
    for (const rdd of keeping) same(known(rdd as Rdd<never>), hash4);
    const losing = [
      placed.map(pair => pair),
      placed.keys(),
      placed.glom(),
      placed.repartition(4),
      placed.coalesce(2),
      placed.zipWithIndex(),
    ];
    for (const rdd of losing) same(known(rdd as Rdd<never>), undefined);
    same(known(pairs(20, 2).sortByKey(true, 3) as Rdd<never>), { kind: "range", numPartitions: 3 });
    same(known(pairs(20, 2).partitionBy(even) as Rdd<never>), { kind: "custom", numPartitions: 2 });
    same(known(pairs(20, 2).distinct() as Rdd<never>), undefined);
  });

  test("a known partitioner saves the shuffle", async () => {
    const saved = async (make: () => Rdd<unknown>, ran: number) =>
      expect((await stages(() => make().collect())).ran).toBe(ran);
    await saved(
      () =>
        pairs(20, 2)
          .partitionBy(4)
          .reduceByKey((a, b) => a + b),
      2,
    );
    await saved(
      () =>
        pairs(20, 2)
          .partitionBy(4)
          .reduceByKey((a, b) => a + b, 5),
      3,
    );
    await saved(
      () =>
        pairs(20, 2)
          .groupByKey(4)
          .mapValues(v => v.length)
          .join(pairs(20, 3)),
      3,
    );
    await saved(() => pairs(20, 2).partitionBy(4).join(pairs(20, 3).partitionBy(4)), 3);
    await saved(() => pairs(20, 2).partitionBy(4).join(pairs(20, 3).partitionBy(5)), 4);
    await saved(() => pairs(20, 2).partitionBy(even).cogroup(pairs(9, 3).partitionBy(even)), 3);
    await saved(() => pairs(20, 2).partitionBy(even).distinct(), 2);
    await saved(() => pairs(20, 2).partitionBy(4).partitionBy(4), 2);
    const ranges = new RangePartitioner(3);
    // one sample of the first Rdd decides for both
    await saved(() => pairs(20, 2).partitionBy(ranges).join(pairs(20, 3).partitionBy(ranges)), 4);
  });

  test("countByKey needs no shuffle where keys are in place", async () => {
    const placed = pairs(20, 2).partitionBy(even);
    await placed.count();
    expect(await stages(() => placed.countByKey())).toEqual({ ran: 1, skipped: 1 });
    sameRows(
      [...(await placed.countByValue())].map(([, n]) => n),
      Array.from({ length: 20 }, () => 1),
    );
  });

  test("the default partitioner is the largest known one, unless a parent has ten times its partitions", async () => {
    const by = (n: number) => pairs(5, 1).partitionBy(n);
    const count = (left: Rdd<[number, number]>, right: Rdd<[number, number]>) => left.join(right).numPartitions;
    expect(count(pairs(5, 3), pairs(5, 7))).toBe(7);
    expect(count(by(4), pairs(5, 7))).toBe(4);
    expect(count(pairs(5, 39), by(4))).toBe(4);
    expect(count(pairs(5, 40), by(4))).toBe(40);
    expect(count(by(3), by(6))).toBe(6);
    expect(pairs(5, 3).groupByKey().numPartitions).toBe(3);
    expect(pairs(5, 3).distinct().numPartitions).toBe(3);
    expect(pairs(5, 3).sortByKey().numPartitions).toBe(3);
  });

  test("shuffle output is used again by later jobs", async () => {
    const calls = ctx.longAccumulator();
    const counts = pairs(20, 2)
      .map(pair => {
        calls.add(1);
        return pair;
      })
      .reduceByKey((a, b) => a + b);
    expect(await stages(() => counts.collect())).toEqual({ ran: 2, skipped: 0 });
    expect(await stages(() => counts.mapValues(v => v + 1).collect())).toEqual({ ran: 1, skipped: 1 });
    expect(await stages(() => counts.count())).toEqual({ ran: 1, skipped: 1 });
    expect(calls.value).toBe(20);
  });

  test("one shuffle serves both sides of a join with itself", async () => {
    const placed = pairs(6, 2).partitionBy(3);
    expect(await stages(() => placed.join(placed).collect())).toEqual({ ran: 2, skipped: 0 });
    expect(await placed.join(placed).count()).toBe(6);
  });

  test("a partitioner of one's own may use its fields", async () => {
    const byLimit = {
      numPartitions: 3,
      limits: [2, 5],
      partition(key: number) {
        const at = this.limits.findIndex(limit => key < limit);
        return at < 0 ? 2 : at;
      },
    };
    const parts = await pairs(10, 2).partitionBy(byLimit).keys().glom().collect();
    same(parts, [
      [0, 1],
      [2, 3, 4],
      [5, 6, 7, 8, 9],
    ]);
    same(await pairs(10, 2).partitionBy(byLimit).lookup(6), [6]);
  });

  test("lookup reads the key's partition alone, where that is known", async () => {
    const read = ctx.longAccumulator();
    const looked = async (rdd: Rdd<[number, number]>, key: number) => {
      read.reset();
      const seen = rdd.mapValues(v => {
        read.add(1);
        return v;
      });
      return [(await seen.lookup(key)).length, read.value];
    };
    const [hashed, custom, ranges] = [
      pairs(100, 2).partitionBy(5),
      pairs(100, 2).partitionBy(even),
      pairs(100, 2).sortByKey(true, 5),
    ];
    expect((await looked(hashed, 3))[1]).toBeLessThan(100);
    expect(await looked(custom, 3)).toEqual([10, 50]);
    expect(await looked(custom, 11)).toEqual([0, 50]);
    expect(await looked(ranges, 3)).toEqual([10, 100]);
    expect(await looked(pairs(100, 2), 3)).toEqual([10, 100]);
  });

  test("a partitioner out of range is named with the key", async () => {
    const wrong = { numPartitions: 2, partition: (key: number) => key };
    const error = await failure(() => pairs(10, 1).partitionBy(wrong).collect());
    expect(error.kind).toBe("user");
    expect(error.message).toContain(
      "the partitioner given to partitionBy returned 2 for the key 2, but there are 2 partitions",
    );
    expect(error.hint).toBe("return an integer from 0 to 1");
  });

  test("numbers of partitions are checked wherever one is taken", async () => {
    const two = pairs(4, 2);
    const wrong = [0, -1, 1.5, NaN, 1_000_001, "3"] as number[];
    const uses: Readonly<Record<string, (n: number) => unknown>> = {
      parallelize: n => ctx.parallelize([1], n),
      range: n => ctx.range(0, 5, 1, n),
      textFile: n => ctx.textFile("/dev/null", n),
      coalesce: n => two.coalesce(n),
      repartition: n => two.repartition(n),
      groupByKey: n => two.groupByKey(n),
      groupBy: n => two.groupBy(x => x, n),
      reduceByKey: n => two.reduceByKey((a, b) => a + b, n),
      foldByKey: n => two.foldByKey(0, (a, b) => a + b, n),
      aggregateByKey: n =>
        two.aggregateByKey(
          0,
          (a, b) => a + b,
          (a, b) => a + b,
          n,
        ),
      combineByKey: n =>
        two.combineByKey(
          v => v,
          (a, b) => a + b,
          (a, b) => a + b,
          n,
        ),
      join: n => two.join(two, n),
      leftOuterJoin: n => two.leftOuterJoin(two, n),
      cogroup: n => two.cogroup(two, n),
      sortByKey: n => two.sortByKey(true, n),
      sortBy: n => two.sortBy(x => x, true, n),
      partitionBy: n => two.partitionBy(n),
      distinct: n => two.distinct(n),
      HashPartitioner: n => new HashPartitioner(n),
      RangePartitioner: n => new RangePartitioner(n),
    };
    for (const [name, use] of Object.entries(uses)) {
      for (const n of wrong) {
        const error = await failure(() => use(n));
        const got = typeof n === "string" ? JSON.stringify(n) : String(n);
        expect(error.message).toBe(`${name} needs a number of partitions from 1 to 1,000,000, but got ${got}`);
        expect(error.kind).toBe("user");
      }
    }
    const many = ctx.range(0, 1, 1, 600_000);
    expect((await failure(() => many.union(many))).message).toContain(
      "union needs a number of partitions from 1 to 1,000,000, but got 1200000",
    );
    const custom = { numPartitions: 0, partition: () => 0 };
    expect((await failure(() => two.partitionBy(custom))).message).toContain("but got 0");
    expect((await failure(() => two.partitionBy({} as HashPartitioner))).message).toBe(
      "partitionBy needs a number of partitions or a partitioner",
    );
  });
}
