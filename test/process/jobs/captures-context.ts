import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(10).map(x => ctx.range(x).numPartitions);
  console.log(await rows.collect());
}
