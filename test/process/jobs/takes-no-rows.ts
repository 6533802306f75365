import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(3).collect() as unknown as number[];
  console.log(rows.map(x => x + 1));
}
