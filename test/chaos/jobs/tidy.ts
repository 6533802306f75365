/** Runs until what others left in the temporary folder is gone, which is soon after a start, or for half a minute. */
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  await ctx.range(0, 1, 1, 1).count();
  const isOwn = (name: string) => name.startsWith(`firesteel-${process.pid}-`);
  for (let i = 0; i < 3000 && !readdirSync(tmpdir()).every(isOwn); i++)
    await new Promise(resolve => setTimeout(resolve, 10));
}
