import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(1e9).mapPartitions(function* (all) {
    const kept: number[][] = [];
    for (const row of all) {
      kept.push([row, row, row, row]);
      yield row;
    }
  });
  console.log(await rows.count());
}
