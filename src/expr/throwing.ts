/**
 * Code that gives up where JavaScript throws an error. An array that is never made (`mapped`) may be read in part, or not at
 * all, while JavaScript has called its function for every item: that is the same only where nothing throws.
 */
import type { Lowering } from "./lowering.ts";

const counts = new WeakMap<Lowering, number>();

/** What has just been written gives up for an error. */
export function noteThrowing(lowering: Lowering): void {
  counts.set(lowering, countOf(lowering) + 1);
}

/** Whether what `write` writes does. */
export function mayThrow(lowering: Lowering, write: () => void): boolean {
  const before = countOf(lowering);
  write();
  return countOf(lowering) > before;
}

function countOf(lowering: Lowering): number {
  return counts.get(lowering) ?? 0;
}
