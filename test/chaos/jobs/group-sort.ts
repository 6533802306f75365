/** Groups values by key, whose order within a group tells the order of map outputs, and sorts the groups. */
import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  console.log("at groups");
  const groups = ctx
    .range(0, 3_000_000, 1, 12)
    .map(i => [(i * 48_271) % 60_013, i])
    .groupByKey(8)
    .mapValues(values => values.reduce((hash, value) => (hash * 31 + value) % 4_294_967_291, values.length));
  const sorted = groups.sortBy(([, hash]) => hash, false, 6);
  console.log("at sorted");
  const rows = await sorted.collect();
  console.log("at again");
  const least = await groups
    .map(([key, hash]) => [hash % 1000, key])
    .sortByKey(true, 5)
    .take(2000);
  console.log("at end");
  console.log(JSON.stringify(rows));
  console.log(JSON.stringify(least));
}
