import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  console.log(
    await ctx
      .range(10)
      .map(async x => x)
      .count(),
  );
}
