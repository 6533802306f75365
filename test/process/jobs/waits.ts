import { existsSync, writeFileSync } from "node:fs";
import type { Context } from "firesteel";

/** As slow.ts; the first task says by a file that it runs, and all wait for another one. */
export default async function main(ctx: Context, [waits]: string[]): Promise<void> {
  const file = waits!;
  console.log("before");
  const pairs = ctx.range(0, 8, 1, 8).map(x => {
    if (x === 0) writeFileSync(`${file}.begun`, "");
    const cell = new Int32Array(new SharedArrayBuffer(4));
    // whoever was to say so may have been killed
    for (let tries = 0; !existsSync(`${file}.go`); tries++) {
      if (tries === 20_000) throw new Error("nobody said go");
      Atomics.wait(cell, 0, 0, 5);
    }
    return [x % 2, 1];
  });
  console.log(JSON.stringify(await pairs.reduceByKey((a, b) => a + b, 2).collect()));
  console.log("after");
}
