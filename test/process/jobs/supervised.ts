import { appendFileSync, readFileSync } from "node:fs";
import type { Context } from "firesteel";

/** Notes its start; the first never ends. */
export default async function main(ctx: Context, [starts]: string[]): Promise<void> {
  const rows = await ctx.range(0, 100, 1, 4).count();
  appendFileSync(starts!, `${process.pid}\n`);
  if (readFileSync(starts!, "utf8").split("\n").length === 2) await new Promise(resolve => setTimeout(resolve, 60_000));
  console.log(`counted ${rows}`);
}
