/** Many distinct keys, more than a small executor holds: what lies in which block of a map output depends on its memory. */
import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const sums = ctx
    .range(0, 1_800_000, 1, 6)
    .map(i => [`key ${(i * 48_271) % 900_001}`, i % 7])
    .reduceByKey((a, b) => (a * 31 + b) % 1_000_003, 5);
  console.log("at sums");
  const groups = await sums
    .map(([key, sum]) => [key.slice(0, 7), sum])
    .groupByKey(6)
    .mapValues(values => values.reduce((hash, value) => (hash * 31 + value) % 1_000_003, values.length))
    .collect();
  console.log("at distinct");
  const names = await ctx
    .range(0, 1_500_000, 1, 6)
    .map(i => `d ${(i * 48_271) % 700_001}`)
    .distinct(5)
    .map(name => [name.slice(-3), name])
    .groupByKey(4)
    .mapValues(all =>
      all.reduce((hash, name) => (hash * 31 + name.charCodeAt(3) + name.length) % 1_000_003, all.length),
    )
    .collect();
  console.log("at end");
  console.log(JSON.stringify([groups, names]));
}
