/** Every action beside a plain-array twin, over every kind of rows and several partition counts. */
import type { SuiteTools } from "../suite.ts";
import { conformanceCases } from "./conformance-cases.ts";

const concat = (a: unknown, b: unknown) => [...(a as unknown[]), ...(b as unknown[])];
const append = (list: unknown[], item: unknown) => [...list, item];

export default function conformanceActions(tools: SuiteTools): void {
  const { ctx, same, sameRows, sameGroups, group, order, sorted } = tools;
  const { over, gives } = conformanceCases(tools);

  // ---- actions
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
  over("toLocalIterator", async ({ rdd, rows }) => {
    const seen: unknown[] = [];
    for await (const row of rdd) seen.push(row);
    same(seen, rows);
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
  over("statistics of numbers", async ({ rdd, rows }) => {
    const lengths = rows.map(row => (typeof row === "number" ? row : String(typeof row).length));
    const numbers = rdd.map(row => (typeof row === "number" ? row : String(typeof row).length));
    tools.closeTo(await numbers.stats(), tools.statsOf(lengths));
    same(
      await numbers.map(x => (x === x && Math.abs(x) < 100 ? Math.floor(x) : 1)).sum(),
      lengths.reduce((sum, x) => sum + (x === x && Math.abs(x) < 100 ? Math.floor(x) : 1), 0),
    );
  });
}
