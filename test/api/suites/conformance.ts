/** Every transformation beside a plain-array twin, over every kind of rows and several partition counts. */
import type { SuiteTools } from "../suite.ts";
import { conformanceCases, type Input, type Pairs } from "./conformance-cases.ts";
import { slices } from "./rows.ts";

const concat = (a: unknown, b: unknown) => [...(a as unknown[]), ...(b as unknown[])];
const append = (list: unknown[], item: unknown) => [...list, item];

export default function conformance(tools: SuiteTools): void {
  const { ctx, sameRows, sameGroups, group, order, sorted } = tools;
  const { over, exact, grouped } = conformanceCases(tools);

  // ---- narrow
  exact(
    "collect",
    ({ rdd }) => rdd,
    ({ rows }) => rows,
  );
  exact(
    "map",
    ({ rdd }) => rdd.map(row => [row, 1]),
    ({ rows }) => rows.map(row => [row, 1]),
  );
  exact(
    "filter",
    ({ rdd }) => rdd.filter(row => row),
    ({ rows }) => rows.filter(row => row),
  );
  exact(
    "flatMap of arrays",
    ({ rdd }) => rdd.flatMap(row => [row, [row]]),
    ({ rows }) => rows.flatMap(row => [row, [row]]),
  );
  exact(
    "flatMap of generators",
    ({ rdd }) =>
      rdd.flatMap(function* (row) {
        if (typeof row === "string") yield row.length;
        yield row;
      }),
    ({ rows }) => rows.flatMap(row => (typeof row === "string" ? [row.length, row] : [row])),
  );
  exact(
    "mapPartitions",
    ({ rdd }) => rdd.mapPartitions(rows => [...rows].reverse()),
    ({ parts }) => parts.flatMap(part => [...part].reverse()),
  );
  exact(
    "mapPartitionsWithIndex",
    ({ rdd }) => rdd.mapPartitionsWithIndex((i, rows) => rows.map(row => [i, row])),
    ({ parts }) => parts.flatMap((part, i) => part.map(row => [i, row])),
  );
  exact(
    "mapAsync",
    ({ rdd }) => rdd.mapAsync(async row => [row]),
    ({ rows }) => rows.map(row => [row]),
  );
  exact(
    "glom",
    ({ rdd }) => rdd.glom(),
    ({ parts }) => parts,
  );
  exact(
    "union",
    ({ rdd, pairs }) => rdd.union(pairs, rdd),
    ({ rows, pairRows }) => [...rows, ...pairRows, ...rows],
  );
  exact(
    "keyBy",
    ({ rdd }) => rdd.keyBy(row => [row]),
    ({ rows }) => rows.map(row => [[row], row]),
  );
  exact(
    "keys",
    ({ pairs }) => pairs.keys(),
    ({ pairRows }) => pairRows.map(pair => pair[0]),
  );
  exact(
    "values",
    ({ pairs }) => pairs.values(),
    ({ pairRows }) => pairRows.map(pair => pair[1]),
  );
  exact(
    "mapValues",
    ({ pairs }) => pairs.mapValues(value => [value, null]),
    ({ pairRows }) => pairRows.map(([k, v]) => [k, [v, null]]),
  );
  exact(
    "flatMapValues",
    ({ pairs }) => pairs.flatMapValues(v => [v, 1]),
    ({ pairRows }) =>
      pairRows.flatMap(([k, v]) => [
        [k, v],
        [k, 1],
      ]),
  );
  exact(
    "zipWithIndex",
    ({ rdd }) => rdd.zipWithIndex(),
    ({ rows }) => rows.map((row, i) => [row, i]),
  );
  exact(
    "coalesce",
    ({ rdd }) => rdd.coalesce(3).glom(),
    ({ parts }) => slices(parts, Math.min(3, parts.length)).map(group => group.flat(1)),
  );
  over("coalesce with a shuffle", async ({ rdd, rows }) => {
    const parts = await rdd.coalesce(5, true).glom().collect();
    tools.expect(parts.length).toBe(5);
    sameRows(parts.flat(1), rows);
  });
  over("repartition", async ({ rdd, rows, parts: before }) => {
    const parts = await rdd.repartition(3).glom().collect();
    tools.expect(parts.length).toBe(3);
    sameRows(parts.flat(1), rows);
    for (const part of parts) tools.expect(Math.abs(part.length - rows.length / 3)).toBeLessThanOrEqual(before.length);
  });
  exact(
    "operators in a row",
    ({ rdd }) =>
      rdd
        .filter(r => r !== null)
        .flatMap(r => [r, r])
        .keyBy(r => r)
        .mapValues(v => [v])
        .values(),
    ({ rows }) => rows.filter(r => r !== null).flatMap(r => [[r], [r]]),
  );

  // ---- by key
  grouped(
    "distinct",
    ({ rdd }) => rdd.distinct().map(row => [row, 0]),
    ({ rows }) => group(rows.map(row => [row, 0])).map(([key]) => [key, 0]),
  );
  grouped(
    "groupBy",
    ({ rdd }) => rdd.groupBy(row => typeof row),
    ({ rows }) => group(rows.map(row => [typeof row, row])),
  );
  grouped(
    "groupBy a row",
    ({ rdd }) => rdd.groupBy(row => row, 3),
    ({ rows }) => group(rows.map(row => [row, row])),
  );
  grouped(
    "groupByKey",
    ({ pairs }) => pairs.groupByKey(),
    ({ pairRows }) => group(pairRows),
  );
  grouped(
    "groupByKey into 3",
    ({ pairs }) => pairs.groupByKey(3),
    ({ pairRows }) => group(pairRows),
  );
  grouped(
    "reduceByKey",
    ({ pairs }) => pairs.mapValues(value => [value] as unknown).reduceByKey(concat),
    ({ pairRows }) => group(pairRows),
  );
  grouped(
    "reduceByKey of numbers",
    ({ pairs }) => pairs.mapValues(() => 1).reduceByKey((a, b) => a + b),
    ({ pairRows }) => group(pairRows).map(([key, values]) => [key, values.length]),
  );
  grouped(
    "foldByKey",
    ({ pairs }) => pairs.mapValues(value => [value] as unknown).foldByKey([] as unknown, concat, 3),
    ({ pairRows }) => group(pairRows),
  );
  grouped(
    "aggregateByKey",
    ({ pairs }) => pairs.aggregateByKey(["zero"] as unknown[], append, (a, b) => [...a, "+", ...b]),
    ({ pairParts }) => {
      const perTask = pairParts.flatMap(part =>
        group(part).map(([key, values]): [unknown, unknown] => [key, ["zero", ...values]]),
      );
      return group(perTask).map(([key, lists]) => [
        key,
        lists.reduce((a, b) => [...(a as unknown[]), "+", ...(b as unknown[])]),
      ]);
    },
  );
  grouped(
    "combineByKey",
    ({ pairs }) =>
      pairs.combineByKey(
        v => [v] as unknown[],
        append,
        (a, b) => [...a, ...b],
        2,
      ),
    ({ pairRows }) => group(pairRows),
  );
  const other = ({ pairRows, parts }: Input): Pairs => {
    const values = parts.length === 2 ? [null] : parts.length === 7 ? [undefined, 1] : [1, "two", [3]];
    return pairRows.slice(0, Math.ceil(pairRows.length / 2)).map(([k], i) => [k, values[i % values.length]]);
  };
  grouped(
    "join",
    input => input.pairs.join(ctx.parallelize(other(input), 3)),
    input =>
      input.pairRows.flatMap(([key, v]) =>
        other(input)
          .filter(([k]) => order(k, key) === 0)
          .map(([, w]): [unknown, unknown] => [key, [v, w]]),
      ),
  );
  grouped(
    "leftOuterJoin",
    input => input.pairs.leftOuterJoin(ctx.parallelize(other(input), 3), 4),
    input =>
      input.pairRows.flatMap(([key, v]) => {
        const found = other(input).filter(([k]) => order(k, key) === 0);
        return (found.length === 0 ? [[key, undefined]] : found).map(([, w]): [unknown, unknown] => [key, [v, w]]);
      }),
  );
  grouped(
    "cogroup",
    input => input.pairs.cogroup(ctx.parallelize(other(input), 2)),
    input => {
      const [left, right] = [group(input.pairRows), group(other(input))];
      const valuesIn = (groups: [unknown, unknown[]][], key: unknown) =>
        groups.find(([k]) => order(k, key) === 0)?.[1] ?? [];
      return group([...input.pairRows, ...other(input)]).map(([key]) => [
        key,
        [valuesIn(left, key), valuesIn(right, key)],
      ]);
    },
  );
  over("partitionBy", async ({ pairs, pairRows }) => {
    const parts = await pairs.partitionBy(3).glom().collect();
    tools.expect(parts.length).toBe(3);
    sameRows(parts.flat(1), pairRows);
    // the values of a key are in one partition, in their order
    sameGroups(
      parts.flatMap(part => group(part)),
      group(pairRows),
    );
  });

  // ---- sorted
  const byKey = (rows: Pairs, descending = false) =>
    sorted(rows, (a, b) => (descending ? order(b[0], a[0]) : order(a[0], b[0])));
  exact(
    "sortByKey",
    ({ pairs }) => pairs.sortByKey(),
    ({ pairRows }) => byKey(pairRows),
  );
  exact(
    "sortByKey descending",
    ({ pairs }) => pairs.sortByKey(false, 3),
    ({ pairRows }) => byKey(pairRows, true),
  );
  exact(
    "sortBy",
    ({ rdd }) => rdd.sortBy(row => row, true, 4),
    ({ rows }) => sorted(rows, order),
  );
  exact(
    "sortBy descending",
    ({ rdd }) => rdd.sortBy(row => row, false),
    ({ rows }) => sorted(rows, (a, b) => order(b, a)),
  );
  exact(
    "sortBy with ties",
    ({ rdd }) => rdd.sortBy(row => typeof row, false),
    ({ rows }) => sorted(rows, (a, b) => order(typeof b, typeof a)),
  );
}
