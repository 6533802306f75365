/** Prints how many functions had compiled code before and after a thread gave back what it held, and what the last one answers then. */
import { heapStats } from "bun:jsc";
import { releaseIdleMemory } from "../../src/platform/idle-memory.ts";

function codeBlocks(): number {
  return (heapStats().objectTypeCounts as Record<string, number>)["FunctionCodeBlock"] ?? 0;
}

const functions = Array.from({ length: 500 }, (_, i) => new Function("n", `return n + ${i};`) as (n: number) => number);
for (const each of functions) each(1);
const before = codeBlocks();
releaseIdleMemory();
// the runtime does it when no code runs
for (let turn = 0; turn < 1000 && codeBlocks() > before - 400; turn++)
  await new Promise(resolve => setImmediate(resolve));
console.log(JSON.stringify({ before, after: codeBlocks(), last: functions.map((each, i) => each(i)).at(-1) }));
