import { existsSync, writeFileSync } from "node:fs";
import type { Context } from "firesteel";

/** As slow.ts; the first task that runs leaves its process's id in the file, if one is named, and stops its process. */
export default async function main(ctx: Context, [milliseconds, stopped]: string[]): Promise<void> {
  const wait = Number(milliseconds);
  const file = stopped;
  console.log("before");
  const pairs = ctx.range(0, 8, 1, 8).map(x => {
    if (x === 0 && file !== undefined && !existsSync(file)) {
      writeFileSync(file, `${process.pid}`);
      process.kill(process.pid, "SIGSTOP");
    }
    const until = performance.now() + wait;
    while (performance.now() < until);
    return [x % 2, 1];
  });
  console.log(JSON.stringify(await pairs.reduceByKey((a, b) => a + b, 2).collect()));
  console.log("after");
}
