import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const pairs = ctx.range(10).map(x => [x, x]);
  const placed = pairs.partitionBy({ numPartitions: 3, partition: key => key });
  console.log(await placed.glom().collect());
}
