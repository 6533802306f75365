/** The order of rows by a key column: their ids (gather-parts.ts), equal keys in row order. */
import type { Batch, Column } from "../data/column.ts";
import { encodeKeys } from "../data/keys.ts";
import { concat } from "../data/move.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { iota } from "../kernel/move.ts";
import { indexesOfWords, integerRange, orderKeys, orderWordsF64 } from "../kernel/normalize.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { withScratch } from "../kernel/scratch.ts";
import { sortBytes, sortU64, sortWords } from "../kernel/sort.ts";
import type { Parts } from "./gather-parts.ts";

/** What `sortedIds` takes for a row for a while, beside its result and, twice, the bytes of keys that are not numbers. */
export const sortBytesPerRow = 28;

type Numbers = Extract<Column, { values: Ptr }>;

/** An allocation of 4 bytes a row. */
export function sortedIds(
  kernels: Kernels,
  allocator: Allocator,
  parts: Parts,
  keysOf: (batch: Batch) => Column,
  ascending: boolean,
  between: () => void,
): Ptr {
  const { rows } = parts;
  const keys = parts.batches.map(keysOf);
  const ids = allocator.alloc(Math.max(16, rows * 4));
  try {
    if (keys.every(isNumbers)) sortNumbers(kernels, allocator, keys, parts.firstIds(), ids, rows, ascending, between);
    else {
      inOneColumn(kernels, allocator, keys, column => sortColumn(kernels, allocator, column, ids, ascending, between));
      parts.toIds(ids, rows);
    }
    return ids;
  } catch (thrown) {
    allocator.free(ids, Math.max(16, rows * 4));
    throw thrown;
  }
}

function isNumbers(column: Column): column is Numbers {
  return column.kind === "f64";
}

/** Whether a column's bytes order as its values do. */
export function isText(column: Column): column is Column & { kind: "utf8" } {
  return column.kind === "utf8";
}

function sortNumbers(
  kernels: Kernels,
  allocator: Allocator,
  keys: readonly Numbers[],
  firstIds: readonly number[],
  ids: Ptr,
  rows: number,
  ascending: boolean,
  between: () => void,
): void {
  withScratch(allocator, [Math.max(16, rows * 8)], ([words]) => {
    const range = integerRange(kernels, keys, words!);
    let at = 0;
    for (const [part, column] of keys.entries()) {
      const to = offset(words!, at * 8);
      if (range !== undefined) {
        orderWordsF64(kernels, column.values, column.rows, firstIds[part]!, range, to, !ascending);
      } else {
        orderKeys(kernels, "f64", column.values, column.rows, to, !ascending);
        iota(kernels, offset(ids, at * 4), column.rows, firstIds[part]);
      }
      at += column.rows;
    }
    if (range === undefined) return sortU64(kernels, allocator, words!, ids, rows, { between });
    sortWords(kernels, allocator, words!, rows, { between });
    indexesOfWords(kernels, words!, rows, ids);
  });
}

function inOneColumn(
  kernels: Kernels,
  allocator: Allocator,
  keys: readonly Column[],
  use: (column: Column) => void,
): void {
  if (keys.length === 1) return use(keys[0]!);
  const joined = concat(
    kernels,
    allocator,
    keys.map(root => ({ rows: root.rows, root })),
  );
  try {
    use(joined.root);
  } finally {
    joined.free();
  }
}

function sortColumn(
  kernels: Kernels,
  allocator: Allocator,
  keys: Column,
  order: Ptr,
  ascending: boolean,
  between: () => void,
): void {
  if (isText(keys))
    return sortStrings(kernels, allocator, keys.offsets, keys.bytes, order, keys.rows, ascending, between);
  const { offsets, offsetsBytes, bytes, bytesLength } = encodeKeys(kernels, allocator, keys);
  try {
    sortStrings(kernels, allocator, offsets, bytes, order, keys.rows, ascending, between);
  } finally {
    allocator.free(offsets, offsetsBytes);
    allocator.free(bytes, bytesLength);
  }
}

function sortStrings(
  kernels: Kernels,
  allocator: Allocator,
  offsets: Ptr,
  bytes: Ptr,
  order: Ptr,
  rows: number,
  ascending: boolean,
  between: () => void,
): void {
  const view = kernels.u32.subarray(order / 4, order / 4 + rows);
  iota(kernels, order, rows);
  // descending: rows backwards, sorted, backwards again, which leaves equal keys in row order
  if (!ascending) view.reverse();
  sortBytes(kernels, allocator, offsets, bytes, order, rows, { between });
  if (!ascending) view.reverse();
}
