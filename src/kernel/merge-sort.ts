/**
 * A stable bottom-up merge sort of byte strings. It compares where sort.ts distributes, so it takes fewer moves on rows that are
 * nearly in order and more on all others.
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { copyBytes } from "./move.ts";
import { asPtr, type Ptr } from "./ptr.ts";
import { withScratch } from "./scratch.ts";
import type { SortOptions } from "./sort.ts";

const budgetPerCall = 1 << 17;
const stateBytes = 48;

/** Puts `indexes` (row numbers of the byte strings) in memcmp order of their strings: what sortBytes does. */
export function mergeSortBytes(
  kernels: Kernels,
  allocator: Allocator,
  offsets: Ptr,
  bytes: Ptr,
  indexes: Ptr,
  n: number,
  options: SortOptions = {},
): void {
  if (n < 2) return;
  withScratch(allocator, [stateBytes, n * 8, n * 8, n * 4], ([state, keys, otherKeys, otherIndexes]) => {
    kernels.run.mergeSortBegin(state!, keys!, indexes, otherKeys!, otherIndexes!, n, offsets, bytes);
    while (kernels.run.mergeSortStep(state!, budgetPerCall) === 0) options.between?.();
    const result = asPtr(kernels.u32[(state! >>> 2) + 1]!);
    if (result !== indexes) copyBytes(kernels, result, n * 4, indexes);
  });
}
