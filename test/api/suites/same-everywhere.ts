/** Jobs whose results could depend on threads, timing or memory, if the engine let them. */
import type { Context, Rdd } from "firesteel";

export type Jobs = Readonly<Record<string, (ctx: Context) => Promise<unknown>>>;

const rows = (ctx: Context): Rdd<[number, number]> =>
  ctx.range(0, 8_000, 1, 6).map(i => [(i * 48271) % 997, Math.sin(i) * 10 ** (i % 9)]);
const mixed = (ctx: Context): Rdd<[unknown, number]> =>
  ctx
    .range(0, 1_000, 1, 5)
    .map(
      i =>
        [[i % 40, String(i % 30), null, { k: i % 20 }, [i % 10, "x"], BigInt(i % 15)][i % 6], i / 7] as [
          unknown,
          number,
        ],
    );

const jobs: Jobs = {
  "sums by key": ctx =>
    rows(ctx)
      .reduceByKey((a, b) => a + b)
      .glom()
      .collect(),
  "sums by mixed keys": ctx =>
    mixed(ctx)
      .reduceByKey((a, b) => a + b, 3)
      .collect(),
  "records by key": ctx =>
    rows(ctx)
      .mapValues(v => ({ n: 1, sum: v, large: v > 1e7 }))
      .reduceByKey((a, b) => ({ n: a.n + b.n, sum: a.sum + b.sum, large: a.large || b.large }), 4)
      .collect(),
  "means by key": ctx =>
    rows(ctx)
      .aggregateByKey(
        [0, 0],
        ([sum, n], v) => [sum! * 0.999 + v, n! + 1],
        (a, b) => [a[0]! + b[0]!, a[1]! + b[1]!],
      )
      .mapValues(([sum, n]) => sum! / n!)
      .collect(),
  "points by key": ctx =>
    rows(ctx)
      .mapValues((v): number[] => [v, v / 3, -v])
      .combineByKey(
        point => ({ sum: point, n: 1 }),
        (a, point) => ({ sum: a.sum.map((x, i) => x + point[i]!), n: a.n + 1 }),
        (a, b) => ({ sum: a.sum.map((x, i) => x + b.sum[i]!), n: a.n + b.n }),
      )
      .collect(),
  "numbers by key, some of them text": ctx =>
    rows(ctx)
      .mapValues((v): unknown => (v > 9.99e7 ? `${v}` : v))
      .reduceByKey((a, b) => (a as number) + (b as number))
      .collect(),
  "text by key": ctx =>
    mixed(ctx)
      .mapValues(v => v.toFixed(1))
      .foldByKey("", (a, b) => `${a},${b}`)
      .collect(),
  groups: ctx => rows(ctx).groupByKey(5).glom().collect(),
  "groups of mixed keys": ctx => mixed(ctx).groupByKey().collect(),
  distinct: ctx => mixed(ctx).keys().distinct(4).glom().collect(),
  join: ctx =>
    rows(ctx)
      .filter(([k]) => k < 40)
      .join(
        rows(ctx).filter(([, v]) => v > 9e7),
        3,
      )
      .collect(),
  "left outer join": ctx =>
    mixed(ctx)
      .leftOuterJoin(mixed(ctx).filter(([, v]) => v < 20))
      .collect(),
  "full outer join": ctx =>
    mixed(ctx)
      .filter(([, v]) => v > 9)
      .fullOuterJoin(mixed(ctx).filter(([, v]) => v < 20))
      .collect(),
  "right outer join": ctx =>
    rows(ctx)
      .filter(([k]) => k < 40)
      .rightOuterJoin(
        rows(ctx).filter(([, v]) => v > 9e7),
        3,
      )
      .collect(),
  subtracted: ctx =>
    mixed(ctx)
      .subtractByKey(mixed(ctx).filter(([, v]) => v < 20))
      .collect(),
  "in common": ctx =>
    mixed(ctx)
      .keys()
      .intersection(
        mixed(ctx)
          .filter(([, v]) => v % 3 === 0)
          .keys(),
        4,
      )
      .glom()
      .collect(),
  "each with each": ctx =>
    mixed(ctx)
      .filter(([, v]) => v < 50)
      .cartesian(mixed(ctx).filter(([, v]) => v < 9))
      .zipWithUniqueId()
      .collect(),
  "side by side": ctx =>
    rows(ctx)
      .zip(rows(ctx).mapValues(v => v + 1))
      .map(([[, a], [, b]]) => b - a)
      .sum(),
  "placed and sorted": ctx => rows(ctx).repartitionAndSortWithinPartitions(3).filterByRange(5, 90).glom().collect(),
  "reduced locally": ctx => mixed(ctx).reduceByKeyLocallyEntries((a, b) => a * 0.5 + b),
  cogroup: ctx =>
    mixed(ctx)
      .cogroup(
        rows(ctx).filter(([k]) => k < 50),
        4,
      )
      .collect(),
  sorted: ctx => rows(ctx).sortByKey(false, 4).glom().collect(),
  "sorted mixed": ctx =>
    mixed(ctx)
      .sortBy(([key]) => key, true, 3)
      .collect(),
  repartitioned: ctx => rows(ctx).repartition(7).glom().collect(),
  counts: ctx => mixed(ctx).countByKeyEntries(),
  stats: ctx => rows(ctx).values().stats(),
  fold: ctx =>
    rows(ctx)
      .values()
      .fold(0, (a, b) => a + b),
  aggregate: ctx =>
    rows(ctx).aggregate(
      0,
      (sum, [, v]) => sum + v,
      (a, b) => a + b,
    ),
  top: ctx => rows(ctx).top(50, (a, b) => a[0] - b[0]),
  indexed: ctx =>
    rows(ctx)
      .filter(([k]) => k % 3 === 0)
      .zipWithIndex()
      .keys()
      .values()
      .sum(),
  "float accumulator": async ctx => {
    const sum = ctx.doubleAccumulator();
    await rows(ctx).foreach(([, v]) => sum.add(v));
    return sum.value;
  },
};

export default jobs;
