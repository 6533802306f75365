/**
 * `firesteel bench`: start-up, jobs and kernels of this program beside what one would write without it, in one run. Answers are
 * compared before times are shown. Holds ratios against limits, and writes a report.
 */
import { writeFileSync } from "node:fs";
import { measureAgain, measureAll } from "./measure-all.ts";
import { machineLine } from "./measure.ts";
import { readBenchOptions, type BenchOptions } from "./options.ts";
import { describeExcess, exceeds, heldFigures, readLimits, type Held } from "./guard.ts";
import { runMemory } from "./memory/run-memory.ts";
import { markdownOf } from "./report/markdown.ts";
import { reportPage } from "./report/page.ts";
import type { BenchResults } from "./results.ts";
import { openScratch, type Scratch } from "./scratch.ts";

export interface BenchInvocation {
  readonly operands: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** Of what exceeds its limit, before it counts. */
const moreTries = 2;

/** The exit code: 1 when a limit does not hold. */
export async function runBench({ operands, options }: BenchInvocation): Promise<number> {
  const chosen = readBenchOptions(operands, options);
  const limits = chosen.limitsFile === undefined ? undefined : readLimits(chosen.limitsFile);
  // with --markdown, stdout is the table alone
  const print = (line: string) => (chosen.markdown ? process.stderr.write(`${line}\n`) : console.log(line));
  const scratch = openScratch(chosen.scratchParent);
  try {
    if (chosen.parts.includes("memory")) return (await runMemory(scratch, chosen, print)) ? 0 : 1;
    const results = await measureAll(scratch, chosen, print);
    print(`\n${machineLine(results.machine)}`);
    print(Object.values(results.versions).join("; "));
    if (chosen.markdown) console.log(markdownOf(results));
    if (chosen.reportFile !== undefined) {
      writeFileSync(chosen.reportFile, reportPage(results));
      print(`wrote ${chosen.reportFile}`);
    }
    if (limits === undefined) return 0;
    const holds = await holdLimits(scratch, chosen, results, figures => heldFigures(figures, limits), print);
    return holds ? 0 : 1;
  } finally {
    scratch.remove();
  }
}

async function holdLimits(
  scratch: Scratch,
  chosen: BenchOptions,
  results: BenchResults,
  held: (results: BenchResults) => readonly Held[],
  print: (line: string) => void,
): Promise<boolean> {
  const figures = held(results);
  let over = figures.filter(exceeds);
  if (over.length === 0) {
    print(`${figures.length} ratios hold their limits`);
    return true;
  }
  for (let turn = 0; turn < moreTries && over.length > 0; turn++) {
    print(`\n${over.length} of ${figures.length} ratios exceed their limits; measuring those once more`);
    const names = new Set(over.map(each => each.figure));
    const again = await measureAgain(scratch, chosen, over, print);
    over = held(again).filter(each => names.has(each.figure) && exceeds(each));
  }
  for (const each of over) process.stderr.write(`too slow: ${describeExcess(each)}\n`);
  if (over.length === 0) print("all have held their limits at one try");
  return over.length === 0;
}
