/** The order of a column's rows by value: u32 row numbers, equal rows in row order. */
import type { Column } from "../data/column.ts";
import { encodeKeys } from "../data/keys.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { orderKeys } from "../kernel/normalize.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { withScratch } from "../kernel/scratch.ts";
import { sortBytes, sortU64 } from "../kernel/sort.ts";

/** An allocation of `rows` × 4 bytes. Up to 24 bytes more a row, and the keys' bytes when they are not numbers, are taken for a while. */
export function sortOrder(
  kernels: Kernels,
  allocator: Allocator,
  keys: Column,
  ascending: boolean,
  between: () => void,
): Ptr {
  const { rows } = keys;
  const order = allocator.alloc(rows * 4);
  try {
    if (keys.kind === "f64") sortNumbers(kernels, allocator, keys.values, order, rows, ascending, between);
    else sortByKeyBytes(kernels, allocator, keys, order, ascending, between);
    return order;
  } catch (thrown) {
    allocator.free(order, rows * 4);
    throw thrown;
  }
}

function sortNumbers(
  kernels: Kernels,
  allocator: Allocator,
  values: Ptr,
  order: Ptr,
  rows: number,
  ascending: boolean,
  between: () => void,
): void {
  withScratch(allocator, [rows * 8], ([words]) => {
    kernels.run.iota(order, rows, 0);
    orderKeys(kernels, "f64", values, rows, words!, !ascending);
    sortU64(kernels, allocator, words!, order, rows, { between });
  });
}

function sortByKeyBytes(
  kernels: Kernels,
  allocator: Allocator,
  keys: Column,
  order: Ptr,
  ascending: boolean,
  between: () => void,
): void {
  const { rows } = keys;
  const view = kernels.u32.subarray(order / 4, order / 4 + rows);
  const { offsets, offsetsBytes, bytes, bytesLength } = encodeKeys(kernels, allocator, keys);
  try {
    // descending: rows backwards, sorted, backwards again, which leaves equal keys in row order
    for (let i = 0; i < rows; i++) view[i] = ascending ? i : rows - 1 - i;
    sortBytes(kernels, allocator, offsets, bytes, order, rows, { between });
    if (!ascending) view.reverse();
  } finally {
    allocator.free(offsets, offsetsBytes);
    allocator.free(bytes, bytesLength);
  }
}
