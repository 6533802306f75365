/** Jobs whose tables, sorts and joins do not fit little memory. Each gives a digest of every partition's rows, in order. */
import { createHash } from "node:crypto";
import type { Context, Rdd } from "firesteel";

export type SpilledJobs = Readonly<Record<string, (ctx: Context) => Rdd<unknown>>>;

const partitions = 2;
const padding = "p".repeat(200);

/** Pairs of `keys` keys in an order that is neither theirs nor sorted. */
const texts = (ctx: Context, rows: number, keys: number): Rdd<[string, string]> =>
  ctx.range(0, rows, 1, partitions).map(i => [`key ${(i * 48271) % keys}`, `${i}${padding}`]);

const jobs: SpilledJobs = {
  "reduceByKey of numbers": ctx =>
    ctx
      .range(0, 600_000, 1, partitions)
      .map(i => [(i * 48271) % 590_009, i / 3])
      .reduceByKey((a, b) => a * 0.5 + b),
  "reduceByKey of strings": ctx =>
    texts(ctx, 60_000, 40_009)
      .mapValues(v => v.slice(0, 8))
      .map(([k, v]) => [k + padding, v])
      .reduceByKey((a, b) => a + b),
  "aggregateByKey of objects": ctx =>
    texts(ctx, 60_000, 40_009)
      .map(([k, v]) => [k + padding, v])
      .aggregateByKey(
        { n: 0, last: "" },
        (acc, v) => ({ n: acc.n + 1, last: v.slice(0, 9) }),
        (a, b) => ({ n: a.n + b.n, last: b.last }),
      ),
  "aggregateByKey into arrays, by short keys": ctx =>
    texts(ctx, 60_000, 60_000)
      .map(([k, v]) => [k.length * 1000 + ((v.charCodeAt(3) * 31 + v.charCodeAt(2) * 7) % 997), v] as const)
      .aggregateByKey(
        [] as string[],
        (all, v) => [...all, v],
        (a, b) => [...a, ...b],
      ),
  distinct: ctx =>
    texts(ctx, 60_000, 50_021)
      .map(([k]) => k + padding)
      .distinct(partitions),
  groupByKey: ctx => texts(ctx, 60_000, 7_001).groupByKey(partitions),
  "groupByKey of one huge group": ctx =>
    texts(ctx, 60_000, 60_000)
      .map(([k, v]) => [v.length % 2 === 0 ? k : "hot", v] as const)
      .groupByKey(partitions),
  sortByKey: ctx => texts(ctx, 60_000, 30_011).sortByKey(true, partitions),
  "sortByKey descending": ctx =>
    ctx
      .range(0, 400_000, 1, partitions)
      .map(i => [(i * 48271) % 100_003, i])
      .sortByKey(false, partitions),
  join: ctx => texts(ctx, 40_000, 30_011).join(texts(ctx, 55_000, 30_011), partitions),
  leftOuterJoin: ctx => texts(ctx, 40_000, 60_013).leftOuterJoin(texts(ctx, 55_000, 30_011), partitions),
  fullOuterJoin: ctx => texts(ctx, 40_000, 60_013).fullOuterJoin(texts(ctx, 55_000, 30_011), partitions),
  subtract: ctx =>
    texts(ctx, 60_000, 50_021)
      .keys()
      .map(key => key + padding)
      .subtract(texts(ctx, 30_000, 30_011).map(([key]) => key + padding)),
  cartesian: ctx => ctx.range(0, 2, 1, 1).cartesian(texts(ctx, 50_000, 50_000).values()),
  cogroup: ctx => texts(ctx, 30_000, 9_001).cogroup(texts(ctx, 40_000, 12_007), partitions),
};

export default {
  names: Object.keys(jobs),
  digest: (ctx: Context, name: string): Promise<string[]> =>
    jobs[name]!(ctx)
      .mapPartitions(rows => {
        const hash = createHash("sha256");
        for (const row of rows) hash.update(JSON.stringify(row));
        return [hash.digest("hex")];
      })
      .collect(),
  /** A shuffle whose outputs stay for a second action. */
  shuffled: (ctx: Context): Rdd<[string, string]> => texts(ctx, 60_000, 9_001).partitionBy(3),
};
