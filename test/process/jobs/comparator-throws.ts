import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = await ctx.range(10).takeOrdered(3, (a, b) => {
    if (a === 7 || b === 7) throw new Error("no sevens");
    return b - a;
  });
  console.log(rows);
}
