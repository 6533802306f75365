import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(0, 1e6, 1, 4).map(x => `row ${(x * 48271) % 1000003}`);
  console.log(await rows.repartition(4).count());
}
