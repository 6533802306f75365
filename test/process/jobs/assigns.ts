import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  let sum = 0;
  await ctx.range(10).foreach(x => {
    sum += x;
  });
  console.log(sum);
}
