/** A broadcast of some chunks, and accumulators of actions: each task's part has to count once, whatever is run again. */
import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const size = 400_000;
  const table = ctx.broadcast(Float64Array.from({ length: size }, (_, i) => (i * 2_654_435_761) % 1009));
  const rows = ctx.longAccumulator("rows");
  const sum = ctx.doubleAccumulator("sum");
  const rare = ctx.collectionAccumulator<number>("rare");
  for (const round of [1, 2, 3]) {
    console.log(`at round ${round}`);
    await ctx
      .range(0, 1_200_000, 1, 24)
      .map(i => [i % 5003, table.value[(i * round) % size]!])
      .reduceByKey((a, b) => a + b, 16)
      .foreach(([key, value]) => {
        rows.add(1);
        sum.add(value);
        if (key % 1000 === 0) rare.add(key + value);
      });
    // parts are merged in the order in which tasks end
    console.log(rows.value, sum.value, JSON.stringify(rare.value.toSorted((a, b) => a - b)));
  }
  console.log("at end");
}
