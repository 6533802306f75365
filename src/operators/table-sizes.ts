/**
 * How large an operator's table became in the thread's last task, for the next task's to start at: growing one costs what
 * a million rows cost. A guess, and sizes decide nothing but time; without the memory for it a table starts small.
 */
import { MemoryRefused } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";

export interface TableSize {
  readonly groups: number;
  readonly keyBytes: number;
}

export const unknownSize: TableSize = { groups: 0, keyBytes: 0 };

/** Larger tables than this start at it: one that turns out too large has been cleared for nothing. */
const groupsMax = 1 << 17;
const keyBytesMax = 4 << 20;
const operatorsMax = 256;

const known = new WeakMap<Kernels, Map<string, TableSize>>();

export function sizeOfLastTable(kernels: Kernels, operator: string): TableSize {
  return known.get(kernels)?.get(operator) ?? unknownSize;
}

export function noteTableSize(kernels: Kernels, operator: string, { groups, keyBytes }: TableSize): void {
  let sizes = known.get(kernels);
  if (sizes === undefined) known.set(kernels, (sizes = new Map()));
  sizes.delete(operator);
  sizes.set(operator, { groups: Math.min(groups, groupsMax), keyBytes: Math.min(keyBytes, keyBytesMax) });
  if (sizes.size > operatorsMax) sizes.delete(sizes.keys().next().value!);
}

/** What `make` makes for the size, or for none when that is refused. */
export function madeForSize<T>(size: TableSize, make: (size: TableSize) => T): T {
  try {
    return make(size);
  } catch (thrown) {
    if (!(thrown instanceof MemoryRefused) || size === unknownSize) throw thrown;
    return make(unknownSize);
  }
}
