/** Every action beside a plain-array twin, over every kind of rows and several partition counts. */
import type { SuiteTools } from "../suite.ts";
import { conformanceCases } from "./conformance-cases.ts";
import { slices } from "./rows.ts";

const concat = (a: unknown, b: unknown) => [...(a as unknown[]), ...(b as unknown[])];
const append = (list: unknown[], item: unknown) => [...list, item];

export default function conformanceActions(tools: SuiteTools): void {
  const { ctx, same, sameRows, sameGroups, group, order, sorted } = tools;
  const { over, gives } = conformanceCases(tools);

  // ---- where rows begin
  over("parallelize", async ({ rows, parts }) =>
    same(await ctx.parallelize(rows, parts.length).glom().collect(), parts),
  );
  over("range", async ({ rows, parts }) => {
    const numbers = rows.map((_, i) => 7 - 3 * i);
    const range = ctx.range(7, 7 - 3 * rows.length, -3, parts.length);
    same(await range.glom().collect(), slices(numbers, parts.length));
  });

  // ---- actions
  gives(
    "collect",
    ({ rdd }) => rdd.collect(),
    ({ rows }) => rows,
  );
  gives(
    "count",
    ({ rdd }) => rdd.count(),
    ({ rows }) => rows.length,
  );
  gives(
    "isEmpty",
    ({ rdd }) => rdd.isEmpty(),
    ({ rows }) => rows.length === 0,
  );
  gives(
    "take",
    ({ rdd }) => rdd.take(5),
    ({ rows }) => rows.slice(0, 5),
  );
  gives(
    "take more than there are",
    ({ pairs }) => pairs.take(1000),
    ({ pairRows }) => pairRows,
  );
  gives(
    "first",
    async ({ rdd, rows }) => (rows.length === 0 ? [] : [await rdd.first()]),
    ({ rows }) => rows.slice(0, 1),
  );
  gives(
    "takeOrdered",
    ({ rdd }) => rdd.takeOrdered(4),
    ({ rows }) => sorted(rows, order).slice(0, 4),
  );
  gives(
    "top",
    ({ rdd }) => rdd.top(4),
    ({ rows }) => sorted(rows, (a, b) => order(b, a)).slice(0, 4),
  );
  gives(
    "takeOrdered by a comparator",
    ({ rdd }) => rdd.takeOrdered(6, (a, b) => (typeof a).length - (typeof b).length),
    ({ rows }) => sorted(rows, (a, b) => (typeof a).length - (typeof b).length).slice(0, 6),
  );
  gives(
    "min",
    async ({ rdd, rows }) => (rows.length === 0 ? [] : [await rdd.min()]),
    ({ rows }) => sorted(rows, order).slice(0, 1),
  );
  gives(
    "max",
    async ({ rdd, rows }) => (rows.length === 0 ? [] : [await rdd.max()]),
    ({ rows }) => sorted(rows, (a, b) => order(b, a)).slice(0, 1),
  );
  gives(
    "reduce",
    async ({ rdd, rows }) => (rows.length === 0 ? [] : rdd.map(row => [row] as unknown).reduce(concat)),
    ({ rows }) => rows,
  );
  gives(
    "fold",
    ({ rdd }) => rdd.map(row => [row] as unknown).fold(["z"], concat),
    ({ parts }) => ["z", ...parts.flatMap(part => ["z", ...part])],
  );
  gives(
    "aggregate",
    ({ rdd }) =>
      rdd.aggregate(
        [] as unknown[],
        (list, row) => append(list, [row]),
        (a, b) => [...a, "|", ...b],
      ),
    ({ parts }) => parts.flatMap(part => ["|", ...part.map(row => [row])]),
  );
  gives(
    "treeReduce",
    async ({ rdd, rows }) => (rows.length === 0 ? [] : rdd.map(row => [row] as unknown).treeReduce(concat)),
    ({ rows }) => rows,
  );
  gives(
    "treeAggregate",
    ({ rdd }) => rdd.treeAggregate([] as unknown[], append, (a, b) => [...a, ...b], 3),
    ({ rows }) => rows,
  );
  over("countByKeyEntries", async ({ pairs, pairRows }) =>
    sameGroups(
      await pairs.countByKeyEntries(),
      group(pairRows).map(([key, values]) => [key, values.length]),
    ),
  );
  over("countByValueEntries", async ({ rdd, rows }) =>
    sameGroups(
      await rdd.countByValueEntries(),
      group(rows.map(row => [row, 0])).map(([key, values]) => [key, values.length]),
    ),
  );
  over("countByKey", async ({ rdd, rows }) => {
    const keyed = await rdd.map(row => [typeof row, row]).countByKey();
    sameRows(
      [...keyed],
      group(rows.map(row => [typeof row, row])).map(([key, values]) => [key, values.length]),
    );
  });
  over("countByValue of primitives", async ({ rdd, rows }) => {
    const types = rows.map(row => typeof row);
    sameRows(
      [...(await rdd.map(row => typeof row).countByValue())],
      group(types.map(type => [type, 0])).map(([k, v]) => [k, v.length]),
    );
  });
  over("collectAsMap", async ({ pairs, pairRows }) =>
    sameGroups(
      [...(await pairs.collectAsMap())],
      group(pairRows).map(([key, values]) => [key, values.at(-1)]),
    ),
  );
  over("collectAsMapEntries", async ({ pairs, pairRows }) =>
    same(
      await pairs.collectAsMapEntries(),
      group(pairRows).map(([key, values]) => [key, values.at(-1)]),
    ),
  );
  over("lookup", async ({ pairs, pairRows }) => {
    const placed = pairs.partitionBy(3);
    for (const [key] of pairRows.slice(0, 3)) {
      const expected = pairRows.filter(([k]) => order(k, key) === 0).map(([, v]) => v);
      same(await pairs.lookup(key), expected);
      same(await placed.lookup(key), expected);
    }
  });
  over("foreach and foreachPartition", async ({ rdd, rows, parts }) => {
    const seen = ctx.collectionAccumulator<unknown>();
    await rdd.foreach(row => seen.add(row));
    same(seen.value, rows);
    seen.reset();
    await rdd.foreachPartition(part => seen.add([...part]));
    same(seen.value, parts);
  });
  over("toLocalIterator and [Symbol.asyncIterator]", async ({ rdd, rows }) => {
    for (const iterable of [rdd, rdd.toLocalIterator()]) {
      const seen: unknown[] = [];
      for await (const row of iterable) seen.push(row);
      same(seen, rows);
    }
  });
  over("runJob", async ({ rdd, parts }) =>
    same(
      await ctx.runJob(rdd, part => [...part].length),
      parts.map(part => part.length),
    ),
  );
  over("cache", async ({ pairs, pairRows, rows }) => {
    const cached = pairs.cache();
    same(await cached.values().collect(), rows);
    same(await cached.collect(), pairRows);
    same(
      await cached
        .glom()
        .map(part => part.length)
        .reduce((a, b) => a + b),
      pairRows.length,
    );
    await cached.unpersist();
  });
  const number = (row: unknown) => (typeof row === "number" ? row : String(typeof row).length);
  over("stats", async ({ rdd, rows }) => tools.closeTo(await rdd.map(number).stats(), tools.statsOf(rows.map(number))));
  over("mean", async ({ rdd, rows }) => {
    const stats = tools.statsOf(rows.map(number));
    tools.closeTo({ ...stats, mean: await rdd.map(number).mean() }, stats);
  });
  over("variance and stdev", async ({ rdd, rows }) => {
    const [stats, numbers] = [tools.statsOf(rows.map(number)), rdd.map(number)];
    tools.closeTo({ ...stats, variance: await numbers.variance(), stdev: await numbers.stdev() }, stats);
  });
  over("sampleVariance and sampleStdev", async ({ rdd, rows }) => {
    const [stats, numbers] = [tools.statsOf(rows.map(number)), rdd.map(number)];
    const [sampleVariance, sampleStdev] = [await numbers.sampleVariance(), await numbers.sampleStdev()];
    tools.closeTo({ ...stats, sampleVariance, sampleStdev }, stats);
  });
  gives(
    "histogram",
    ({ rdd }) => rdd.map(number).histogram([-10, 0, 3, 9]),
    ({ rows }) => {
      const counts = [0, 0, 0];
      for (const n of rows.map(number)) if (n >= -10 && n <= 9) counts[n < 0 ? 0 : n < 3 ? 1 : 2]!++;
      return [[-10, 0, 3, 9], counts];
    },
  );
  gives(
    "sum",
    ({ rdd }) => rdd.map(row => (Math.abs(number(row)) < 100 ? Math.floor(number(row)) : 1)).sum(),
    ({ rows }) =>
      rows.reduce<number>((sum, row) => sum + (Math.abs(number(row)) < 100 ? Math.floor(number(row)) : 1), 0),
  );
}
