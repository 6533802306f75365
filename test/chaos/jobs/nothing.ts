/** For the cleaning at a start. */
import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  await ctx.range(0, 1, 1, 1).count();
}
