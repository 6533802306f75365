/** The options of `firesteel bench`, from the command line's words to checked values. */
import { nearest } from "../src/base/nearest.ts";
import { UsageError } from "../src/base/usage-error.ts";
import { families } from "./kernels/families.ts";
import { heavyJobs } from "./memory/run-memory.ts";
import { fullSizes, jobSpecs, quickSizes, type Sizes } from "./jobs/specs.ts";

export const parts = ["kernels", "jobs", "startup", "memory"] as const;
export type Part = (typeof parts)[number];
/** Without being named: what memory costs takes a while to find. */
const usualParts: readonly Part[] = ["kernels", "jobs", "startup"];

export interface BenchOptions {
  readonly parts: readonly Part[];
  /** Small sizes, few runs; kernels without C. */
  readonly quick: boolean;
  readonly runs: number;
  readonly threads: number;
  readonly sizes: Sizes;
  /** Names of jobs and kernel families; undefined for all. */
  readonly only: ReadonlySet<string> | undefined;
  readonly sparkHome: string | undefined;
  readonly scratchParent: string | undefined;
  /** Hold what is measured against limits: "" for those that came with the program, or a file. */
  readonly limitsFile: string | undefined;
  readonly reportFile: string | undefined;
  readonly markdown: boolean;
}

const defaultReport = "firesteel-bench.html";
const fullRuns = 5;
const quickRuns = 3;
const runsMax = 1000;
const rowsMax = 1e9;
const megabytesMax = 1e6;
const threadsMax = 1024;

/** `values`: by option name; a flag that was given has one empty value. */
export function readBenchOptions(
  operands: readonly string[],
  values: ReadonlyMap<string, readonly string[]>,
): BenchOptions {
  const guard = values.has("guard");
  const quick = values.has("quick") || guard;
  const wanted = operands.length > 0 ? [readPart(operands[0]!)] : guard ? (["kernels", "jobs"] as const) : usualParts;
  const base = quick ? quickSizes : fullSizes;
  const number = (name: string, max: number) => readNumber(name, values.get(name)?.[0], max);
  const megabytes = number("megabytes", megabytesMax);
  const sizes: Sizes = {
    rows: number("rows", rowsMax) ?? base.rows,
    textBytes: megabytes === undefined ? base.textBytes : megabytes * 1e6,
    sortBytes: megabytes === undefined ? base.sortBytes : megabytes * 1e6,
  };
  const report = values.get("report")?.[0];
  return {
    parts: wanted,
    quick,
    runs: number("runs", runsMax) ?? (quick ? quickRuns : fullRuns),
    threads: number("threads", threadsMax) ?? 2,
    sizes,
    only: readOnly(values.get("only")?.[0], wanted),
    sparkHome: values.get("spark")?.[0],
    scratchParent: values.get("scratch")?.[0],
    limitsFile: guard ? (values.get("limits")?.[0] ?? "") : undefined,
    reportFile: report === "" ? defaultReport : report,
    markdown: values.has("markdown"),
  };
}

function readPart(word: string): Part {
  if ((parts as readonly string[]).includes(word)) return word as Part;
  const best = nearest(word, parts);
  throw new UsageError(`there is no benchmark "${word}"`, {
    hint: best === undefined ? `there are ${parts.join(", ")}` : `did you mean ${best}?`,
  });
}

function readNumber(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text.replaceAll("_", ""));
  if (Number.isInteger(value) && value >= 1 && value <= max && text.trim() !== "") return value;
  throw new UsageError(`--${name} is "${text}"`, { hint: `give a whole number from 1 to ${max}` });
}

function readOnly(text: string | undefined, wanted: readonly Part[]): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  const known = [
    ...(wanted.includes("jobs") ? jobSpecs.map(spec => spec.name) : []),
    ...(wanted.includes("memory") ? [...heavyJobs, "matrix"] : []),
    ...(wanted.includes("kernels") ? [...Object.keys(families), "generated"] : []),
  ];
  const names = text.split(",").map(name => name.trim());
  for (const name of names) {
    if (known.includes(name)) continue;
    const best = nearest(name, known);
    throw new UsageError(`nothing that is measured is named "${name}"`, {
      hint: best === undefined ? `there are ${known.join(", ")}` : `did you mean ${best}?`,
    });
  }
  return new Set(names);
}
