import type { Context } from "firesteel";

const down = (n: number): number => 1 + down(n + 1);

export default async function main(ctx: Context): Promise<void> {
  console.log(
    await ctx
      .range(10)
      .map(x => down(x))
      .sum(),
  );
}
