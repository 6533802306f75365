import type { Context } from "firesteel";

export default async function main(ctx: Context, [path]: string[]): Promise<void> {
  ctx.setCheckpointDir(path!);
  const sizes = ctx
    .range(0, 5000, 1, 4)
    .map(x => [x % 500, `row ${x}`])
    .groupByKey(3)
    .mapValues(rows => rows.length);
  sizes.checkpoint();
  console.log(await sizes.values().sum(), await sizes.count(), sizes.isCheckpointed);
}
