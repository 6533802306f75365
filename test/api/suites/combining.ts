/** What users read when Rdds cannot be combined, what is not read or moved, and what stays known of the result. */
import { HashPartitioner, RangePartitioner, type Rdd } from "firesteel";
import type { SuiteTools } from "../suite.ts";

export default function combining(tools: SuiteTools): void {
  const { ctx, test, expect, same, failure, file, lineOf, takeEvents } = tools;
  const pairs = (n: number, partitions: number): Rdd<[number, number]> =>
    ctx.range(0, n, 1, partitions).map(i => [i % 10, i]);
  const even = { numPartitions: 2, partition: (key: number) => key % 2 };
  const notPairs = ctx.range(5, 8, 1, 1) as unknown as Rdd<[number, number]>;

  const refuses = (
    name: string,
    run: () => unknown,
    wanted: { readonly says: string; readonly hint?: string; readonly operator?: string },
  ) =>
    test(name, async () => {
      const error = await failure(run);
      expect(error.kind).toBe("user");
      // a task's failure says first which task it was
      expect(error.message.replace(/^task .* failed: /, "")).toBe(wanted.says);
      if (wanted.hint !== undefined) expect(error.hint).toBe(wanted.hint);
      expect([error.at?.file, error.at?.line]).toEqual([file, lineOf(wanted.operator ?? name.split(" ")[0]!, name)]);
    });

  // ---- misuse
  refuses("zip of unequal partitions", () => ctx.range(0, 9, 1, 3).zip(ctx.range(0, 9, 1, 2)), {
    says: "zip needs Rdds with equally many partitions, but they have 3 and 2",
    hint: "make both with the same number of partitions; repartition places rows anew",
  });
  refuses(
    "zipPartitions of unequal partitions",
    () => ctx.range(0, 9, 1, 3).zipPartitions(pairs(9, 2), (a, b) => [...a, ...b]),
    {
      says: "zipPartitions needs Rdds with equally many partitions, but they have 3 and 2",
    },
  );
  const zipHint = "zip what was made of the same Rdd row by row, or join both by zipWithIndex()";
  const longer = ctx.range(0, 20_001, 1, 2);
  refuses("zip with too few rows", () => ctx.range(0, 20_000, 1, 2).zip(longer).count(), {
    says: "zip needs equally many rows in each partition, but partition 1 has 10000 on the left and 10001 on the right",
    hint: zipHint,
  });
  refuses("zip with too many rows", () => longer.zip(ctx.range(0, 20_000, 1, 2).map(i => [i])).count(), {
    says: "zip needs equally many rows in each partition, but partition 1 has 10001 on the left and 10000 on the right",
    hint: zipHint,
  });
  refuses("zip with nothing", () => ctx.parallelize(["a"], 1).zip(ctx.parallelize([], 1)).collect(), {
    says: "zip needs equally many rows in each partition, but partition 0 has 1 on the left and 0 on the right",
  });
  refuses("cartesian of too many", () => ctx.range(0, 1, 1, 2000).cartesian(ctx.range(0, 1, 1, 2000)), {
    says: "cartesian would make 4,000,000 partitions of 2,000 and 2,000, but an Rdd has at most 1,000,000",
    hint: "coalesce both to fewer partitions first",
  });
  refuses("zipPartitions without rows", () => longer.zipPartitions(longer, () => 5 as never).collect(), {
    says: "the function given to zipPartitions must return an iterable of rows, but returned 5",
  });
  refuses("zipPartitions promised", () => longer.zipPartitions(longer, () => Promise.resolve([1]) as never).collect(), {
    says: "the function given to zipPartitions returned a Promise",
    hint: "use mapAsync for asynchronous functions",
  });
  test("zipPartitions of an asynchronous function", async () => {
    const error = await failure(() => longer.zipPartitions(longer, (async () => [1]) as never));
    expect(error.message).toContain("zipPartitions");
    expect(error.message).toContain("async");
    expect([error.kind, error.at?.file]).toEqual(["user", file]);
  });
  refuses(
    "repartitionAndSortWithinPartitions by nothing",
    () => pairs(9, 2).repartitionAndSortWithinPartitions(undefined as never),
    {
      says: "repartitionAndSortWithinPartitions needs a number of partitions or a partitioner",
      hint: "give new HashPartitioner(n), or { numPartitions, partition(key) }",
    },
  );

  const needPairs: Record<string, () => Promise<unknown>> = {
    rightOuterJoin: () => pairs(9, 2).rightOuterJoin(notPairs).collect(),
    fullOuterJoin: () => notPairs.fullOuterJoin(pairs(9, 2)).collect(),
    subtractByKey: () => pairs(9, 2).subtractByKey(notPairs).collect(),
    groupWith: () => pairs(9, 2).groupWith(pairs(9, 2), notPairs).collect(),
    filterByRange: () => notPairs.filterByRange(1, 2).collect(),
    repartitionAndSortWithinPartitions: () => notPairs.repartitionAndSortWithinPartitions(2).collect(),
    reduceByKeyLocally: () => notPairs.reduceByKeyLocally((a, b) => a + b),
    reduceByKeyLocallyEntries: () => notPairs.reduceByKeyLocallyEntries((a, b) => a + b),
  };
  for (const [operator, run] of Object.entries(needPairs)) {
    test(`${operator} of what is no pair`, async () => {
      const error = await failure(run);
      expect(error.message).toContain(`${operator} needs pairs, but a row is 5`);
      expect(error.hint).toBe("make each row a tuple [key, value], with keyBy or map");
      expect([error.kind, error.at?.file]).toEqual(["user", file]);
    });
  }

  test("only Rdds can be combined", async () => {
    const rdd = pairs(9, 2);
    const rows = [[1, 2]] as unknown as typeof rdd;
    const uses: Record<string, (other: typeof rdd) => unknown> = {
      zip: other => rdd.zip(other),
      zipPartitions: other => rdd.zipPartitions(other, () => []),
      cartesian: other => rdd.cartesian(other),
      intersection: other => rdd.intersection(other),
      subtract: other => rdd.subtract(other),
      subtractByKey: other => rdd.subtractByKey(other),
      rightOuterJoin: other => rdd.rightOuterJoin(other),
      fullOuterJoin: other => rdd.fullOuterJoin(other),
      cogroup: other => rdd.cogroup(rdd, other),
      groupWith: other => rdd.groupWith(other, rdd),
    };
    for (const [operator, use] of Object.entries(uses)) {
      const error = await failure(() => use(rows));
      expect([error.message, error.hint]).toEqual([
        `${operator} needs an Rdd, but got an array`,
        "ctx.parallelize makes an Rdd of an array",
      ]);
      expect(error.at?.file).toBe(file);
      const none = await failure(() =>
        operator === "cogroup" ? rdd.cogroup(undefined as never) : use(undefined as never),
      );
      expect(none.message).toBe(`${operator} needs an Rdd, but got undefined`);
    }
  });

  test("a failed function of reduceByKeyLocally is named, in tasks and on the driver", async () => {
    const boom = (a: number, b: number): number => {
      if (b > 3) throw new Error(`boom ${b}`); // thrown here
      return a + b;
    };
    for (const rdd of [pairs(20, 1), pairs(20, 2)]) {
      const error = await failure(() => rdd.reduceByKeyLocally(boom));
      expect(error.message).toContain("the function given to reduceByKeyLocally");
      expect([error.at?.file, error.at?.line]).toEqual([file, lineOf("thrown here")]);
    }
  });

  // ---- what is moved and read
  const stagesRun = async (run: () => Promise<unknown>): Promise<number> => {
    takeEvents();
    await run();
    return takeEvents().filter(event => event.type === "stageSubmitted").length;
  };

  test("a known partitioner saves the shuffle of joins, of what is subtracted and of a sort", async () => {
    const placed = (n = 20) => pairs(n, 2).partitionBy(even);
    expect(await stagesRun(() => placed().rightOuterJoin(placed()).collect())).toBe(3);
    expect(await stagesRun(() => placed().fullOuterJoin(pairs(9, 3)).collect())).toBe(3);
    expect(await stagesRun(() => placed().subtractByKey(placed()).collect())).toBe(3);
    expect(await stagesRun(() => placed().subtractByKey(pairs(5, 3)).collect())).toBe(3);
    expect(await stagesRun(() => placed().subtract(placed()).collect())).toBe(3);
    expect(await stagesRun(() => placed().intersection(placed()).collect())).toBe(3);
    expect(await stagesRun(() => placed().groupWith(placed(), placed(), placed()).collect())).toBe(5);
    expect(await stagesRun(() => placed().repartitionAndSortWithinPartitions(even).collect())).toBe(2);
    expect(
      await stagesRun(() => pairs(20, 2).zip(pairs(20, 2)).zipWithUniqueId().cartesian(pairs(3, 1)).collect()),
    ).toBe(1);
    expect(await stagesRun(() => pairs(20, 2).reduceByKeyLocally((a, b) => a + b))).toBe(1);
  });

  test("partition counts and known partitioners are Spark's", async () => {
    const placed = pairs(20, 2).partitionBy(4);
    const hash = (numPartitions: number) => ({ kind: "hash", numPartitions });
    const shape = (rdd: Rdd<never>) => [rdd.numPartitions, rdd.partitioner];
    const shapes: [Rdd<unknown>, unknown[]][] = [
      [placed.zip(pairs(20, 4)), [4, undefined]],
      [placed.zipPartitions(pairs(20, 4), a => a), [4, undefined]],
      [placed.zipWithUniqueId(), [4, undefined]],
      [placed.cartesian(pairs(20, 3)), [12, undefined]],
      [placed.rightOuterJoin(pairs(5, 2)), [4, hash(4)]],
      [placed.fullOuterJoin(pairs(5, 2)), [4, hash(4)]],
      [placed.groupWith(pairs(5, 2), pairs(5, 3)), [4, hash(4)]],
      [placed.subtractByKey(pairs(5, 9)), [4, hash(4)]],
      [pairs(20, 2).subtractByKey(pairs(5, 9)), [2, hash(2)]],
      [pairs(20, 2).subtract(pairs(5, 9)), [2, undefined]],
      [pairs(20, 2).intersection(pairs(5, 9)), [9, undefined]],
      [pairs(20, 2).intersection(pairs(5, 9), 3), [3, undefined]],
      [pairs(20, 2).cogroup(pairs(5, 9), pairs(5, 2), 3), [3, hash(3)]],
      [pairs(20, 2).cogroup(pairs(5, 9), pairs(5, 2), pairs(5, 2), new HashPartitioner(5)), [5, hash(5)]],
      [pairs(20, 2).cogroup(pairs(5, 3), undefined), [3, hash(3)]],
      [placed.filterByRange(1, 2), [4, hash(4)]],
      [pairs(20, 2).sortByKey(true, 3).filterByRange(1, 2), [3, { kind: "range", numPartitions: 3 }]],
      [pairs(20, 2).repartitionAndSortWithinPartitions(3), [3, hash(3)]],
      [ctx.union([placed]), [4, hash(4)]],
    ];
    for (const [rdd, expected] of shapes) same(shape(rdd as Rdd<never>), expected);
  });

  test("one range partitioner serves several Rdds, and a filter by range then skips partitions", async () => {
    const read = ctx.longAccumulator();
    const ranges = new RangePartitioner(10);
    const rdd = pairs(1000, 4).repartitionAndSortWithinPartitions(ranges);
    expect(await rdd.filterByRange(3, 3).count()).toBe(100);
    const kept = rdd.flatMapValues(v => {
      read.add(1);
      return [v];
    });
    const before = read.value;
    expect(await kept.filterByRange(2, 3).count()).toBe(200);
    // partitions of other keys are not computed at all
    const passed = read.value - before;
    expect(passed).toBeGreaterThanOrEqual(200);
    expect(passed).toBeLessThan(500);
    expect(await kept.join(pairs(10, 1).partitionBy(ranges)).filterByRange(9, 20).keys().distinct().collect()).toEqual([
      9,
    ]);
  });

  test("zipPartitions reads no more than is asked for", async () => {
    const read = ctx.longAccumulator();
    const rows = ctx.range(0, 200_000, 1, 1).map(i => {
      read.add(1);
      return i;
    });
    const firsts = rows.zipPartitions(rows, (a, b) => [a.next().value, b.next().value]);
    same(await firsts.collect(), [0, 0]);
    expect(read.value).toBeLessThan(200_000);
  });

  test("the right side of a cartesian is computed once a task", async () => {
    const computed = ctx.longAccumulator();
    const right = ctx.range(0, 50, 1, 2).map(i => {
      computed.add(1);
      return i;
    });
    expect(await ctx.range(0, 40, 1, 2).cartesian(right).count()).toBe(2000);
    expect(computed.value).toBe(100);
  });

  test("persisted Rdds on either side", async () => {
    const left = ctx.range(0, 9, 1, 3).cache();
    const right = left.map(i => `${i}`).cache();
    for (let round = 0; round < 2; round++) {
      same(
        await left
          .zip(right)
          .map(([a, b]) => `${a}` === b)
          .distinct()
          .collect(),
        [true],
      );
      expect(
        await left
          .cartesian(right)
          .filter(([a, b]) => `${a}` === b)
          .count(),
      ).toBe(9);
      same(await left.zipPartitions(right, (a, b) => [[...a].length, [...b].length]).collect(), [3, 3, 3, 3, 3, 3]);
    }
    await left.unpersist();
    await right.unpersist();
  });
}
