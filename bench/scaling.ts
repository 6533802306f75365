/** How some jobs' times grow with rows, and shrink with threads: this program alone. */
import { availableParallelism } from "node:os";
import { openOurs } from "./jobs/contenders.ts";
import type { JobSpec, Sizes } from "./jobs/specs.ts";
import { timing } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { ScalingPoint, ScalingResult } from "./results.ts";
import type { Scratch } from "./scratch.ts";

const scaledJobs = ["map-filter-sum", "reduce-by-key", "sort-by-key", "join"];
const shares = [0.1, 0.25, 0.5, 1];

export async function runScaling(
  scratch: Scratch,
  specs: readonly JobSpec[],
  options: BenchOptions,
  print: (line: string) => void,
): Promise<ScalingResult[]> {
  const results: ScalingResult[] = [];
  for (const spec of specs.filter(({ name }) => scaledJobs.includes(name))) {
    print(`scaling of ${spec.name}`);
    const point = async (share: number, threads: number): Promise<ScalingPoint> => {
      const sizes: Sizes = { ...options.sizes, rows: Math.ceil(options.sizes.rows * share) };
      const program = openOurs(scratch, spec, { sizes, threads });
      await program.once();
      const seconds: number[] = [];
      for (let i = 0; i < options.runs; i++) seconds.push((await program.once()).seconds);
      await program.end();
      return { rows: spec.count(sizes), threads, timing: timing(seconds) };
    };
    const byRows: ScalingPoint[] = [];
    const byThreads: ScalingPoint[] = [];
    for (const share of shares) byRows.push(await point(share, options.threads));
    for (const threads of threadCounts()) byThreads.push(await point(1, threads));
    results.push({ name: spec.name, byRows, byThreads });
  }
  return results;
}

/** 1, 2, 4 … and all of the machine's. */
function threadCounts(): number[] {
  const all = availableParallelism();
  const counts: number[] = [];
  for (let threads = 1; threads < all; threads *= 2) counts.push(threads);
  return [...counts, all];
}
