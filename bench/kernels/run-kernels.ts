/** Times the cases of some families, one after the other, each beside its loop and C. */
import type { KernelResult } from "../results.ts";
import type { Scratch } from "../scratch.ts";
import { families } from "./families.ts";
import { runCase } from "./harness.ts";

export interface KernelOptions {
  readonly quick: boolean;
  readonly scratch: Scratch;
  readonly families: readonly string[];
  /** Names of cases; undefined for all. */
  readonly cases?: ReadonlySet<string>;
}

export async function runKernels(options: KernelOptions, onResult: (result: KernelResult) => void): Promise<void> {
  for (const family of options.families) {
    const { cases } = await families[family]!();
    for (const benchCase of cases) {
      if (options.cases?.has(benchCase.name) === false) continue;
      onResult(await runCase(benchCase, options));
    }
  }
}
