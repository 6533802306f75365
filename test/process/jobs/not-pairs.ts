import type { Context, Rdd } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(10) as unknown as Rdd<[number, number]>;
  console.log(await rows.reduceByKey((a, b) => a + b).collect());
}
