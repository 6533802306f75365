/** Operators that combine Rdds, beside plain-array twins, over every kind of rows and several partition counts. */
import type { SuiteTools } from "../suite.ts";
import { columns, conformanceCases, type Input, type Pairs } from "./conformance-cases.ts";
import { slices } from "./rows.ts";

export default function conformanceCombining(tools: SuiteTools): void {
  const { ctx, sameRows, same, group, identity, order, sorted } = tools;
  const { over, exact, grouped } = conformanceCases(tools);

  // ---- side by side
  const beside = ({ rows, pairRows }: Input) => rows.map((row, i) => [row, pairRows[i]]);
  exact("zip", ({ rdd, pairs }) => rdd.zip(pairs), beside);
  exact("zip of columns", ({ rdd, pairs }) => columns(rdd).zip(columns(pairs)), beside);
  exact("zip of columns and rows", ({ rdd, pairs }) => columns(rdd).zip(pairs), beside);
  exact("zip of rows and columns", ({ rdd, pairs }) => rdd.zip(columns(pairs)), beside);
  exact(
    "zip with a range",
    ({ rdd, rows, parts }) => columns(rdd).zip(ctx.range(0, rows.length, 1, parts.length)),
    ({ rows }) => rows.map((row, i) => [row, i]),
  );
  exact(
    "zip of what waits",
    ({ rdd }) => rdd.mapAsync(async row => row).zip(rdd.mapAsync(async row => [row])),
    ({ rows }) => rows.map(row => [row, [row]]),
  );
  exact(
    "zipPartitions",
    ({ rdd, pairs }) =>
      rdd.zipPartitions(
        pairs.filter(([key]) => key),
        (a, b) => [[...b].length, ...a],
      ),
    ({ parts, pairParts }) => parts.flatMap((part, i) => [pairParts[i]!.filter(([key]) => key).length, ...part]),
  );
  exact(
    "zipPartitions of what waits, read in turn",
    ({ rdd, pairs }) =>
      columns(rdd).zipPartitions(
        pairs.mapAsync(async pair => pair),
        function* (a, b) {
          for (const row of a) yield [row, b.next().value] as unknown;
        },
      ),
    beside,
  );
  const uniqueIds = ({ parts }: Input) => parts.flatMap((part, i) => part.map((row, k) => [row, i + k * parts.length]));
  exact("zipWithUniqueId", ({ rdd }) => rdd.zipWithUniqueId(), uniqueIds);
  exact("zipWithUniqueId of columns", ({ rdd }) => columns(rdd).zipWithUniqueId(), uniqueIds);
  exact(
    "zipWithIndex of columns",
    ({ rdd }) => columns(rdd).zipWithIndex(),
    ({ rows }) => rows.map((row, i) => [row, i]),
  );

  // ---- each with each
  const few = ({ pairRows }: Input): Pairs => pairRows.slice(0, 5);
  const product = (input: Input) => {
    const rights = slices(few(input), 2);
    return input.parts.flatMap(part => rights.map(right => part.flatMap(a => right.map(b => [a, b]))));
  };
  exact("cartesian", input => input.rdd.cartesian(ctx.parallelize(few(input), 2)).glom(), product);
  exact(
    "cartesian of columns",
    input =>
      columns(input.rdd)
        .cartesian(columns(ctx.parallelize(few(input), 2)))
        .glom(),
    product,
  );
  exact(
    "cartesian with what waits",
    input =>
      input.rdd
        .mapAsync(async row => row)
        .cartesian(ctx.parallelize(few(input), 2).mapAsync(async row => row))
        .glom(),
    product,
  );

  // ---- sets
  const half = (rows: readonly unknown[]) => rows.filter((_, i) => i % 2 === 0);
  const has = (rows: readonly unknown[]) => {
    const known = new Set(rows.map(identity));
    return (row: unknown) => known.has(identity(row));
  };
  grouped(
    "intersection",
    ({ rdd, rows }) => rdd.intersection(ctx.parallelize(half(rows), 2)).map(row => [row, 0]),
    ({ rows }) => group(rows.filter(has(half(rows))).map(row => [row, 0])).map(([row]) => [row, 0]),
  );
  over("subtract", async ({ rdd, rows }) => {
    const other = half(rows).slice(1);
    sameRows(
      await rdd.subtract(ctx.parallelize(other, 3)).collect(),
      rows.filter(row => !has(other)(row)),
    );
    // in one partition rows stay in their order
    same(
      await rdd.subtract(ctx.parallelize(other, 3), 1).collect(),
      rows.filter(row => !has(other)(row)),
    );
  });
  over("subtract of pairs in place", async ({ pairs, pairRows }) => {
    const other = half(pairRows) as Pairs;
    const expected = pairRows.filter(pair => !has(other)(pair));
    const placed = pairs.partitionBy(3);
    sameRows(await placed.subtract(ctx.parallelize(other, 2)).collect(), expected);
    sameRows(await placed.subtract(ctx.parallelize(other, 2).partitionBy(3), 3).collect(), expected);
  });
  over("subtractByKey", async ({ pairs, pairRows }) => {
    const other = (half(pairRows) as Pairs).slice(1);
    const expected = pairRows.filter(([key]) => !has(other.map(([k]) => k))(key));
    sameRows(await pairs.subtractByKey(ctx.parallelize(other, 2)).collect(), expected);
    same(await pairs.subtractByKey(ctx.parallelize(other, 2), 1).collect(), expected);
    sameRows(await pairs.partitionBy(2).subtractByKey(ctx.parallelize(other, 2).partitionBy(2)).collect(), expected);
  });

  // ---- joins
  const other = ({ pairRows, parts }: Input): Pairs => {
    const values = parts.length === 2 ? [null] : parts.length === 7 ? [undefined, 1] : [1, "two", [3]];
    const known = pairRows.slice(0, Math.ceil(pairRows.length / 2)).map(([k]) => k);
    return [...known, ["only", "right"], ["only", "right"]].map((k, i) => [k, values[i % values.length]]);
  };
  const joined = (left: Pairs, right: Pairs, keepsLeft: boolean): [unknown, [unknown, unknown]][] =>
    left.flatMap(([key, v]) => {
      const found = right.filter(([k]) => order(k, key) === 0);
      const partners = found.length === 0 && keepsLeft ? [[key, undefined]] : found;
      return partners.map(([, w]): [unknown, [unknown, unknown]] => [key, [v, w]]);
    });
  const swapped = (rows: [unknown, [unknown, unknown]][]): Pairs => rows.map(([key, [v, w]]) => [key, [w, v]]);
  grouped(
    "rightOuterJoin",
    input => input.pairs.rightOuterJoin(ctx.parallelize(other(input), 3), 4),
    input => swapped(joined(other(input), input.pairRows, true)),
  );
  const full = (input: Input): Pairs => [
    ...joined(input.pairRows, other(input), true),
    ...other(input)
      .filter(([key]) => !has(input.pairRows.map(([k]) => k))(key))
      .map(([key, w]): [unknown, unknown] => [key, [undefined, w]]),
  ];
  grouped("fullOuterJoin", input => input.pairs.fullOuterJoin(ctx.parallelize(other(input), 3)), full);
  over("joins keep the order of the side that is looked up", async input => {
    const right = ctx.parallelize(other(input), 3);
    // keys are equal by value: −0 may be 0
    const shown = (rows: readonly (readonly unknown[])[]) => rows.map(([key, value]) => [identity(key), value]);
    const left = joined(input.pairRows, other(input), true);
    same(shown(await input.pairs.leftOuterJoin(right, 1).collect()), shown(left));
    same(
      shown(await input.pairs.rightOuterJoin(right, 1).collect()),
      shown(swapped(joined(other(input), input.pairRows, true))),
    );
    same(shown((await input.pairs.fullOuterJoin(right, 1).collect()).slice(0, left.length)), shown(left));
  });
  const valuesIn = (groups: [unknown, unknown[]][], key: unknown) =>
    groups.find(([k]) => order(k, key) === 0)?.[1] ?? [];
  const cogroups = (sides: Pairs[]): Pairs => {
    const groups = sides.map(side => group(side));
    return group(sides.flat(1)).map(([key]) => [key, groups.map(side => valuesIn(side, key))]);
  };
  grouped(
    "cogroup and groupWith of three and four",
    input => {
      const b = ctx.parallelize(other(input), 2);
      const three = input.pairs.cogroup(b, input.pairs).mapValues(lists => [...lists] as unknown[]);
      return three.join(input.pairs.groupWith(b, input.pairs, b)).mapValues(([x, y]) => [x, y] as unknown);
    },
    input => {
      const [a, b] = [input.pairRows, other(input)];
      return cogroups([a, b, a]).map(([key, lists], i) => [key, [lists, cogroups([a, b, a, b])[i]![1]]]);
    },
  );

  // ---- ordered
  const byKey = (rows: Pairs) => sorted(rows, (a, b) => order(a[0], b[0]));
  const bounds = (rows: Pairs): [unknown, unknown] => {
    const keys = byKey(rows).map(([key]) => key);
    return [keys[Math.floor(keys.length / 4)], keys[Math.floor(keys.length / 2)]];
  };
  const within = (rows: Pairs) => {
    const [lower, upper] = bounds(rows);
    return rows.filter(([key]) => order(lower, key) <= 0 && order(key, upper) <= 0);
  };
  exact(
    "filterByRange",
    ({ pairs, pairRows }) => pairs.filterByRange(...bounds(pairRows)),
    ({ pairRows }) => within(pairRows),
  );
  exact(
    "filterByRange of columns",
    ({ pairs, pairRows }) => columns(pairs).filterByRange(...bounds(pairRows)),
    ({ pairRows }) => within(pairRows),
  );
  exact(
    "filterByRange of ranges",
    ({ pairs, pairRows }) => pairs.sortByKey(true, 4).filterByRange(...bounds(pairRows)),
    ({ pairRows }) => byKey(within(pairRows)),
  );
  over("filterByRange of descending ranges, and of none", async ({ pairs, pairRows }) => {
    const [lower, upper] = bounds(pairRows);
    const placed = pairs.sortByKey(false, 4);
    sameRows(await placed.filterByRange(lower, upper).collect(), within(pairRows));
    const nothing = order(lower, upper) < 0 ? await placed.filterByRange(upper, lower).collect() : [];
    tools.expect(nothing).toEqual([]);
  });
  over("repartitionAndSortWithinPartitions", async ({ pairs, pairRows }) => {
    const parts = await pairs.repartitionAndSortWithinPartitions(3).glom().collect();
    tools.expect(parts.length).toBe(3);
    for (const part of parts) same(part, byKey(part));
    const placed = await pairs.partitionBy(3).glom().collect();
    same(parts, placed.map(byKey));
    tools.expect(parts.flat(1).length).toBe(pairRows.length);
  });
  over("reduceByKeyLocally and reduceByKeyLocallyEntries", async ({ pairs, pairRows }) => {
    const lists = pairs.mapValues(value => [value] as unknown[]);
    const reduced = await lists.reduceByKeyLocallyEntries((a, b) => [...a, ...b]);
    tools.sameGroups(reduced, group(pairRows));
    const counts = await pairs.map(([key]) => [typeof key, 1]).reduceByKeyLocally((a, b) => a + b);
    const expected = group(pairRows.map(([key]) => [typeof key, 1]));
    tools
      .expect([...counts].sort())
      .toEqual(expected.map(([key, ones]) => [key as string, ones.length] as [string, number]).sort());
  });
}
