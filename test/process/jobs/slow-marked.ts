import { existsSync, renameSync, writeFileSync } from "node:fs";
import type { Context } from "firesteel";

/** As slow.ts; the first task that runs leaves its process's id in a file. */
export default async function main(ctx: Context, [milliseconds, started]: string[]): Promise<void> {
  const wait = Number(milliseconds);
  const file = started!;
  console.log("before");
  const pairs = ctx.range(0, 8, 1, 8).map(x => {
    if (!existsSync(file)) {
      writeFileSync(`${file}.${process.pid}`, `${process.pid}`);
      renameSync(`${file}.${process.pid}`, file);
    }
    const until = performance.now() + wait;
    while (performance.now() < until);
    return [x % 2, 1];
  });
  console.log(JSON.stringify(await pairs.reduceByKey((a, b) => a + b, 2).collect()));
  console.log("after");
}
