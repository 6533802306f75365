import { writeFileSync } from "node:fs";
import type { Context } from "firesteel";

export default async function main(ctx: Context, [started]: string[]): Promise<void> {
  const file = started!;
  const rows = ctx.range(1).map(x => {
    writeFileSync(file, "");
    for (;;) x++;
  });
  try {
    await rows.count();
  } finally {
    console.log("finally");
  }
}
