/**
 * Stable sorts in kernel memory: of u64 keys, of i32 values, of byte strings. The result is a permutation: row indexes in order.
 *
 * All are radix sorts that look only at the bits which differ (kernels/sort.ts) and only read what is in order already. A sort is
 * a sequence of kernel calls of a few milliseconds; `between` is called after each and may throw to give up.
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { nullPtr, type Ptr } from "./ptr.ts";
import { withScratch } from "./scratch.ts";

export interface SortOptions {
  /** Called between kernel calls: the place to notice a cancellation. */
  readonly between?: () => void;
}

/** Row moves of one kernel call. */
const budgetPerCall = 1 << 19;
const stateBytes = 128 + 7 * 512 * 4;

function stackBytes(n: number): number {
  return (Math.ceil(n / 24) + 1) * 16;
}

/** Sorts keys (u64) and the indexes (u32) beside them, in place. For descending order normalise with `descending`. */
export function sortU64(
  kernels: Kernels,
  allocator: Allocator,
  keys: Ptr,
  indexes: Ptr,
  n: number,
  options: SortOptions = {},
): void {
  if (n < 2) return;
  withScratch(allocator, [n * 8, n * 4], ([otherKeys, otherIndexes]) =>
    runSort(kernels, allocator, [keys, indexes, otherKeys!, otherIndexes!, n, nullPtr, nullPtr], options),
  );
}

/**
 * Sorts words in place by their high halves: a word is a u32 key × 2³² + a u32 index (`orderWordsI32` makes them). Half the
 * memory traffic of sortU64.
 */
export function sortWords(
  kernels: Kernels,
  allocator: Allocator,
  words: Ptr,
  n: number,
  options: SortOptions = {},
): void {
  if (n < 2) return;
  withScratch(allocator, [n * 8], ([other]) =>
    runSort(kernels, allocator, [words, nullPtr, other!, nullPtr, n, nullPtr, nullPtr], options),
  );
}

/**
 * Puts `indexes` (u32 row numbers of the byte strings `offsets`, `bytes`; n of them, in any order) in memcmp order of their
 * strings, shorter first.
 */
export function sortBytes(
  kernels: Kernels,
  allocator: Allocator,
  offsets: Ptr,
  bytes: Ptr,
  indexes: Ptr,
  n: number,
  options: SortOptions = {},
): void {
  if (n < 2) return;
  withScratch(allocator, [n * 8, n * 8, n * 4], ([keys, otherKeys, otherIndexes]) =>
    runSort(kernels, allocator, [keys!, indexes, otherKeys!, otherIndexes!, n, offsets, bytes], options),
  );
}

type SortArguments = [keys: Ptr, indexes: Ptr, otherKeys: Ptr, otherIndexes: Ptr, n: number, offsets: Ptr, bytes: Ptr];

function runSort(kernels: Kernels, allocator: Allocator, args: SortArguments, options: SortOptions): void {
  withScratch(allocator, [stateBytes, stackBytes(args[4])], ([state, stack]) => {
    kernels.run.sortBegin(state!, ...args, stack!);
    while (kernels.run.sortStep(state!, budgetPerCall) === 0) options.between?.();
  });
}
