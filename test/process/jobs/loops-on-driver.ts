import { writeFileSync } from "node:fs";
import type { Context } from "firesteel";

export default async function main(ctx: Context, [started]: string[]): Promise<void> {
  await ctx.range(1).count();
  writeFileSync(started!, "");
  for (;;);
}
