/** All that was asked for, one part after the other, and what was compared with what. */
import { firesteelVersion } from "./versions.ts";
import { loops } from "./generated/loops.ts";
import { runCompiling, runGenerated } from "./generated/run-generated.ts";
import type { Held } from "./guard.ts";
import { hasSort, sortVersion } from "./jobs/contenders.ts";
import { runJob } from "./jobs/run-jobs.ts";
import { jobSpecs } from "./jobs/specs.ts";
import { families } from "./kernels/families.ts";
import { runKernels } from "./kernels/run-kernels.ts";
import { thisMachine } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { figureLine, generatedHeading, generatedLine, heading, jobLines, kernelHeading, kernelLine } from "./print.ts";
import type { BenchResults } from "./results.ts";
import { runScaling } from "./scaling.ts";
import { findCompiler, type Scratch } from "./scratch.ts";
import { addSpark, runSpark } from "./spark.ts";
import { runStartup } from "./startup.ts";

type Print = (line: string) => void;
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

const startupRuns = 21;
const loopRuns = 25;
const quickLoopRuns = 9;

export async function measureAll(scratch: Scratch, options: BenchOptions, print: Print): Promise<BenchResults> {
  const results = noResults(options);
  if (options.parts.includes("startup")) {
    print(heading("startup"));
    results.startup = await runStartup(scratch, {
      runs: options.quick ? options.runs : startupRuns,
      threads: options.threads,
    });
    for (const each of results.startup) print(figureLine(each));
  }
  if (options.parts.includes("jobs")) await measureJobs(scratch, options, results, print);
  if (options.parts.includes("kernels")) await measureKernels(scratch, options, results, print);
  return results;
}

/** What exceeded its limit, alone. */
export async function measureAgain(
  scratch: Scratch,
  options: BenchOptions,
  over: readonly Held[],
  print: Print,
): Promise<BenchResults> {
  const results = noResults(options);
  const names = new Set(over.map(each => each.name));
  const again: BenchOptions = { ...options, only: names, reportFile: undefined, sparkHome: undefined };
  if (over.some(each => each.part === "jobs")) await measureJobs(scratch, again, results, print);
  if (over.some(each => each.part === "kernels")) {
    await measureKernels(scratch, { ...again, only: options.only }, results, print, names);
  }
  return results;
}

async function measureJobs(
  scratch: Scratch,
  options: BenchOptions,
  results: Mutable<BenchResults>,
  print: Print,
): Promise<void> {
  print(heading(`jobs, local[${options.threads}]`));
  const specs = jobSpecs.filter(({ name }) => options.only?.has(name) ?? true);
  const spark = options.sparkHome === undefined ? undefined : runSpark(scratch, options.sparkHome, specs, options);
  if (spark !== undefined) results.versions = { ...results.versions, spark: spark.version };
  for (const spec of specs) {
    const result = addSpark(await runJob(scratch, spec, options), spark);
    results.jobs.push(result);
    print(jobLines(result));
  }
  if (options.reportFile !== undefined) results.scaling = await runScaling(scratch, specs, options, print);
}

async function measureKernels(
  scratch: Scratch,
  options: BenchOptions,
  results: Mutable<BenchResults>,
  print: Print,
  cases?: ReadonlySet<string>,
): Promise<void> {
  const named = Object.keys(families).filter(name => options.only?.has(name) ?? true);
  if (named.length > 0) {
    print(heading("kernels"));
    print(kernelHeading());
    await runKernels(
      { quick: options.quick, scratch, families: named, ...(cases !== undefined && { cases }) },
      result => {
        results.kernels.push(result);
        print(kernelLine(result));
      },
    );
  }
  const wanted = (options.only?.has("generated") ?? true) && (cases?.has("generated") ?? true);
  if (wanted) await measureGenerated(scratch, options, results, print);
}

async function measureGenerated(
  scratch: Scratch,
  options: BenchOptions,
  results: Mutable<BenchResults>,
  print: Print,
): Promise<void> {
  const generated = { runs: options.quick ? quickLoopRuns : loopRuns, scratch };
  print(heading("generated code"));
  print(generatedHeading());
  for (const loop of loops) {
    const result = await runGenerated(loop, generated);
    results.generated.push(result);
    print(generatedLine(result));
  }
  results.compiling = await runCompiling(generated);
  for (const each of results.compiling) print(figureLine(each));
}

function noResults(options: BenchOptions): Mutable<BenchResults> {
  const compiler = findCompiler();
  return {
    machine: thisMachine(),
    versions: {
      firesteel: firesteelVersion(),
      bun: `Bun ${Bun.version}`,
      ...(compiler !== undefined && { c: compiler.version }),
      ...(hasSort() && { sort: sortVersion()! }),
    },
    threads: options.threads,
    ...{ startup: [], jobs: [], kernels: [], generated: [], compiling: [], scaling: [] },
  };
}
