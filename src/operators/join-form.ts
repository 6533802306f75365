/**
 * What a join gives of its two sides: the probe side, whose rows are looked up one after the other and in whose order the result
 * leaves, and the build side, which they are looked up in.
 */
import type { Column } from "../data/column.ts";
import { pairBatch } from "./pair-buffer.ts";

export interface JoinForm {
  /** Probe rows without a match leave too, with nothing of the build side. */
  readonly keepsProbe: boolean;
  /** Build rows without a match leave too, after all others, by their keys' hashes, with nothing of the probe side. */
  readonly keepsBuild: boolean;
  /** The probe side is the right one. */
  readonly isSwapped: boolean;
  /** Present: nothing is joined. The probe rows leave, as they are, that have a match or that have none. */
  readonly tests?: "matched" | "unmatched";
}

const joins = { keepsProbe: false, keepsBuild: false, isSwapped: false };

export const joinForms = {
  inner: joins,
  left: { ...joins, keepsProbe: true },
  right: { ...joins, keepsProbe: true, isSwapped: true },
  full: { ...joins, keepsProbe: true, keepsBuild: true },
  matched: { ...joins, tests: "matched" },
  unmatched: { ...joins, tests: "unmatched" },
} as const satisfies Record<string, JoinForm>;

/** `[left value, right value]` */
export function valuesOfJoin({ isSwapped }: JoinForm, probe: Column, build: Column): Column {
  return (isSwapped ? pairBatch(build, probe) : pairBatch(probe, build)).root;
}
