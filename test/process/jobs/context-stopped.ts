import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(10);
  await ctx.stop();
  console.log(await rows.count());
}
