/**
 * Nodes of the plan whose partitions come of one partition of their parent each, and are neither functions of single rows nor ways to
 * put Rdds together: samples, sketches, folds of partitions, commands. Part of `NarrowPlan` in nodes.ts.
 */
import type { NodeBase, Plan, PlanFunction, ProbePlan } from "./nodes.ts";

/** Some of the rows, in their order. Which ones is decided by the seed, the number of the partition and the order of its rows. */
export interface SamplePlan extends NodeBase {
  readonly op: "sample";
  readonly parent: Plan;
  readonly seed: number;
  readonly withReplacement: boolean;
  readonly sample:
    /** Each row whose number, drawn from 0 to 1, is in [from, to); with replacement, `to` times on average. */
    | { readonly kind: "rows"; readonly from: number; readonly to: number }
    /** Of pairs, by key: encoded `[key, fraction]` pairs. */
    | { readonly kind: "keys"; readonly fractions: Uint8Array }
    /** As many, of all partitions together. */
    | { readonly kind: "exact"; readonly rows: number; readonly counts: ProbePlan }
    /** Of each key's pairs exactly the fraction, rounded up. */
    | { readonly kind: "exactKeys"; readonly fractions: Uint8Array; readonly counts: ProbePlan };
}

/** Where rows, or the values of pairs, fall in a HyperLogLog sketch of 2^precision registers: see operators/registers.ts. */
export interface RegistersPlan extends NodeBase {
  readonly op: "registers";
  readonly parent: Plan;
  readonly precision: number;
  readonly of: "rows" | "pairs";
}

/**
 * One row a partition, or none: `[group, value]`, its rows folded from a copy of an encoded zero value or from the first. Neighbouring
 * partitions are of one of so many groups.
 */
export interface FoldPartitionPlan extends NodeBase {
  readonly op: "foldPartition";
  readonly parent: Plan;
  readonly fn: PlanFunction;
  readonly zero: Uint8Array | undefined;
  readonly groups: number;
}

/** Rows as lines to a command, its lines as rows. */
export interface PipePlan extends NodeBase {
  readonly op: "pipe";
  readonly parent: Plan;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Beside what the executor's process has. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly encoding: "utf8" | "latin1" | "utf16le";
}
