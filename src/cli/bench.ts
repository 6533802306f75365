/**
 * `firesteel bench`. The benchmarks lie outside src/, beside the tests, because they measure the layers from above; this is the one
 * file that imports them, when the command is given. The compiled binary holds them.
 */
import { UsageError } from "../base/usage-error.ts";
import type { Invocation } from "./command-line.ts";

export async function bench(invocation: Invocation): Promise<number> {
  if (process.versions.bun === undefined)
    throw new UsageError("the benchmarks need Bun", { hint: "run the compiled program: dist/firesteel bench" });
  const { runBench } = await import("../../bench/main.ts");
  return runBench(invocation);
}
