/** More rows than a batch or a chunk holds, of layouts that change on the way: what small inputs cannot show. */
import type { Rdd } from "firesteel";
import type { SuiteTools } from "../suite.ts";

const rowsCount = 30_000;

/** Numbers, then texts, then tuples, objects and what is missing: columns change their layout between batches and inside one. */
function rowAt(i: number): unknown {
  const k = (i * 7919) % 4001;
  if (i < 12_000) return k % 50 === 0 ? -0 : k / 4;
  if (i < 18_000) return `t${k % 3000}${k % 11 === 0 ? "é" : ""}`;
  switch (i % 6) {
    case 0:
      return [k % 100, `x${k % 7}`];
    case 1:
      return { id: k % 500, tag: k % 2 === 0 ? null : "odd" };
    case 2:
      return k % 3 === 0 ? undefined : null;
    case 3:
      return BigInt(k) * 10n ** BigInt(k % 30);
    case 4:
      return Array.from({ length: k % 40 }, (_, j) => j);
    default:
      return k;
  }
}

export default function manyRows(tools: SuiteTools): void {
  const { ctx, test, same, sameRows, sameGroups, group, order, sorted, identity } = tools;
  const rows = Array.from({ length: rowsCount }, (_, i) => rowAt(i));
  const pairs = rows.map((row, i): [unknown, unknown] => [row, i % 5 === 0 ? `v${i}` : i]);
  const rdd: Rdd<unknown> = ctx.parallelize(rows, 3);
  const keyed: Rdd<[unknown, unknown]> = ctx.parallelize(pairs, 4);
  const concat = (a: unknown, b: unknown) => `${String(a)},${String(b)}`;
  const joinedValues = (values: readonly unknown[]) => values.reduce(concat);

  test("rows come back as they were", async () => {
    same(await rdd.collect(), rows);
    same(
      await rdd.map(row => [row]).collect(),
      rows.map(row => [row]),
    );
    same(await rdd.take(20_000), rows.slice(0, 20_000));
    same(
      await rdd.zipWithIndex().collect(),
      rows.map((row, i) => [row, i]),
    );
    same(await keyed.mapAsync(async pair => pair, { concurrency: 50 }).collect(), pairs);
  });

  test("cached rows come back as they were", async () => {
    const cached = keyed.filter(() => true).cache();
    for (let round = 0; round < 2; round++) same(await cached.collect(), pairs);
    same(
      await cached.values().collect(),
      pairs.map(([, value]) => value),
    );
    await cached.unpersist();
  });

  test("groups", async () => {
    const groups = group(pairs);
    sameGroups(await keyed.groupByKey().collect(), groups);
    sameGroups(
      await keyed.reduceByKey(concat).collect(),
      groups.map(([key, values]) => [key, joinedValues(values)]),
    );
    sameGroups(
      await keyed
        .mapValues(() => 1)
        .reduceByKey((a, b) => a + b, 2)
        .collect(),
      groups.map(([key, values]) => [key, values.length]),
    );
    sameGroups(
      await keyed
        .aggregateByKey(
          "",
          (text, v) => text + String(v),
          (a, b) => a + b,
        )
        .collect(),
      groups.map(([key, values]) => [key, values.join("")]),
    );
    sameGroups(
      await rdd
        .distinct()
        .map(row => [row, 0])
        .collect(),
      groups.map(([key]) => [key, 0]),
    );
    sameGroups(
      await rdd.countByValueEntries(),
      groups.map(([key, values]) => [key, values.length]),
    );
  });

  test("joins", async () => {
    const right = pairs.filter((_, i) => i % 17 === 0).map(([key], i): [unknown, number] => [key, i]);
    const other = ctx.parallelize(right, 2);
    const matches = new Map(group(right).map(([key, values]) => [identity(key), values]));
    const found = (key: unknown) => matches.get(identity(key));
    const left = pairs.filter((_, i) => i % 3 === 0);
    const few = ctx.parallelize(left, 3);
    sameGroups(
      await few.join(other).collect(),
      left.flatMap(([key, v]) => (found(key) ?? []).map(w => [key, [v, w]])),
    );
    sameGroups(
      await few.leftOuterJoin(other).collect(),
      left.flatMap(([key, v]) => (found(key) ?? [undefined]).map(w => [key, [v, w]])),
    );
    const both = new Map(group(left).map(([key, values]) => [identity(key), values]));
    sameGroups(
      await few.cogroup(other).collect(),
      group([...left, ...right]).map(([key]) => [key, [both.get(identity(key)) ?? [], found(key) ?? []]]),
    );
  });

  test("sorts", async () => {
    same(
      await keyed.sortByKey(true, 5).collect(),
      sorted(pairs, (a, b) => order(a[0], b[0])),
    );
    same(
      await keyed.sortByKey(false).collect(),
      sorted(pairs, (a, b) => order(b[0], a[0])),
    );
    const inOrder = sorted(pairs, (a, b) => order(a[0], b[0]));
    same(
      await keyed.sortByKey(true, 5).values().collect(),
      inOrder.map(([, value]) => value),
    );
    same(
      await keyed
        .mapValues(value => [value, 1] as [typeof value, number])
        .sortByKey(true, 5)
        .values()
        .keys()
        .collect(),
      inOrder.map(([, value]) => value),
    );
    const numbers = rows.slice(0, 12_000) as number[];
    same(
      await ctx
        .parallelize(numbers, 3)
        .sortBy(x => x, false)
        .collect(),
      sorted(numbers, (a, b) => b - a),
    );
    same(await rdd.takeOrdered(500), sorted(rows, order).slice(0, 500));
    same(await rdd.top(500), sorted(rows, (a, b) => order(b, a)).slice(0, 500));
  });

  test("partitions", async () => {
    const parts = await rdd.repartition(7).glom().collect();
    sameRows(parts.flat(1), rows);
    sameGroups(
      (await keyed.partitionBy(5).glom().collect()).flatMap(part => group(part)),
      group(pairs),
    );
    same(
      await rdd
        .coalesce(1)
        .mapPartitions(all => [all.toArray().length])
        .collect(),
      [rowsCount],
    );
    same(await rdd.union(keyed).count(), 2 * rowsCount);
  });

  test("folds", async () => {
    same(await rdd.map(row => typeof row).reduce((a, b) => (a.length > b.length ? a : b)), "undefined");
    same(
      await rdd.aggregate(
        0,
        n => n + 1,
        (a, b) => a + b,
      ),
      rowsCount,
    );
    same(await keyed.map((_, i = 1) => i).sum(), rowsCount);
    same(
      await ctx
        .range(0, 1_000_000, 1, 3)
        .map(i => i % 1000)
        .stats()
        .then(({ count, sum, min, max }) => [count, sum, min, max]),
      [1e6, 499_500_000, 0, 999],
    );
  });
}
