import { writeFileSync } from "node:fs";
import type { Context } from "firesteel";

export default async function main(ctx: Context, [started]: string[]): Promise<void> {
  writeFileSync(started!, "");
  for (;;) {
    await ctx
      .range(1e12)
      .map(x => x + 1)
      .count()
      .catch(() => undefined);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
