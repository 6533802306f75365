import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(1).map(x => [x, "0123456789abcdef".repeat(4 << 20)]);
  console.log(await rows.groupByKey().count());
}
