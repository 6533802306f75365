import { readFileSync } from "node:fs";
import type { Context } from "firesteel";

/** Compiled code of all threads that is in memory: the process's one region of pages that are written and run. */
function codeBytes(): number {
  const mapping = /^\S+ rwxp (?:.*\n)(?:[A-Z]\w+: .*\n)*?Rss: +(\d+) kB/gm;
  return [...readFileSync("/proc/self/smaps", "latin1").matchAll(mapping)].reduce(
    (sum, [, kB]) => sum + Number(kB) * 1024,
    0,
  );
}

/** Works, rests until a fifth of the compiled code is gone, and works again. */
export default async function main(ctx: Context): Promise<void> {
  const job = () => ctx.range(0, 2000, 1, 8).distinct().count();
  for (let i = 0; i < 60; i++) await job();
  const busy = codeBytes();
  const deadline = performance.now() + 20_000;
  while (codeBytes() > busy * 0.8 && performance.now() < deadline)
    await new Promise(resolve => setTimeout(resolve, 50));
  console.log(JSON.stringify({ busy, rested: codeBytes(), count: await job() }));
}
