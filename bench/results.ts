/** What the benchmarks find, as plain data: the console, the report and the guard read it. */
import type { Machine, Timing } from "./measure.ts";

export interface ContenderResult {
  /** Who: `firesteel`, `script`, `c`, `sort`, `spark`. */
  readonly label: string;
  readonly timing: Timing;
  /** Unknown for those that are not our own children. */
  readonly peakBytes: number | undefined;
}

export interface JobResult {
  readonly name: string;
  readonly title: string;
  /** What all of them gave. */
  readonly answer: string;
  /** Firesteel first. */
  readonly contenders: readonly ContenderResult[];
}

export interface KernelResult {
  /** Family, shape, size; the key in limits.json. */
  readonly name: string;
  readonly kernel: Timing;
  readonly jsLoop: Timing;
  readonly c: number | undefined;
}

/** A loop that the engine generated, beside C's of the same loop. */
export interface GeneratedResult {
  readonly name: string;
  readonly generated: Timing;
  readonly jsLoop: Timing;
  readonly c: Timing | undefined;
  /** C that may reorder additions: another answer, for information. */
  readonly fastMathC: Timing | undefined;
}

/** Something that takes a time of its own, with nothing beside it. */
export interface FigureResult {
  readonly name: string;
  readonly timing: Timing;
}

export interface ScalingPoint {
  readonly rows: number;
  readonly threads: number;
  readonly timing: Timing;
}

export interface ScalingResult {
  readonly name: string;
  readonly byRows: readonly ScalingPoint[];
  readonly byThreads: readonly ScalingPoint[];
}

export interface BenchResults {
  readonly machine: Machine;
  /** Name → version of everything that was compared. */
  readonly versions: Readonly<Record<string, string>>;
  readonly threads: number;
  readonly startup: readonly FigureResult[];
  readonly jobs: readonly JobResult[];
  readonly kernels: readonly KernelResult[];
  readonly generated: readonly GeneratedResult[];
  readonly compiling: readonly FigureResult[];
  readonly scaling: readonly ScalingResult[];
}

export function findContender(job: JobResult, label: string): ContenderResult | undefined {
  return job.contenders.find(each => each.label === label);
}
