/**
 * Moving column values in kernel memory: gather, scatter, concatenation of offsets, fills. Index vectors are u32.
 *
 * Every function cuts its work into kernel calls of a few milliseconds, so a thread that is told to stop does so between two.
 * Source and target must not overlap unless said otherwise.
 */
import { FiresteelError } from "../base/errors.ts";
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

/** Bytes of one value. */
export type ValueWidth = 1 | 4 | 8;

/** Rows that one kernel call takes when each may miss the cache. */
const rowsPerCall = 1 << 18;
const bytesPerCall = 16 << 20;

/** Most bytes of one column of variable length: its offsets are i32. */
export const columnBytesMax = 0x7fffffff;

/** dst[i] = src[indexes[i]] */
export function gather(kernels: Kernels, width: ValueWidth, src: Ptr, indexes: Ptr, n: number, dst: Ptr): void {
  const { run } = kernels;
  const move = width === 8 ? run.gather8 : width === 4 ? run.gather4 : run.gather1;
  for (let from = 0; from < n; from += rowsPerCall) {
    move(src, offset(indexes, from * 4), Math.min(rowsPerCall, n - from), offset(dst, from * width));
  }
}

/** dst[positions[i]] = src[i] */
export function scatter(kernels: Kernels, width: ValueWidth, src: Ptr, positions: Ptr, n: number, dst: Ptr): void {
  const { run } = kernels;
  const move = width === 8 ? run.scatter8 : width === 4 ? run.scatter4 : run.scatter1;
  for (let from = 0; from < n; from += rowsPerCall) {
    move(offset(src, from * width), offset(positions, from * 4), Math.min(rowsPerCall, n - from), dst);
  }
}

/** Bytes (of strings) or items (of lists) that the rows `indexes` have together: what gatherBytes and gatherListItems write. */
export function gatheredLength(kernels: Kernels, offsets: Ptr, indexes: Ptr, n: number): number {
  let total = 0;
  for (let from = 0; from < n; from += rowsPerCall) {
    total += kernels.run.gatheredLength(offsets, offset(indexes, from * 4), Math.min(rowsPerCall, n - from));
  }
  return total;
}

/**
 * Gathers rows of variable length into dstOffsets[0 … n] (from 0) and dstBytes. `length` is what gatheredLength said, at most
 * columnBytesMax, and dstBytes has room for it.
 */
export function gatherBytes(
  kernels: Kernels,
  offsets: Ptr,
  bytes: Ptr,
  indexes: Ptr,
  n: number,
  dstOffsets: Ptr,
  dstBytes: Ptr,
  length: number,
): void {
  checkLength(length);
  inParts(kernels, n, dstOffsets, (row, rows, end) =>
    kernels.run.gatherBytes(
      offsets,
      bytes,
      offset(indexes, row * 4),
      rows,
      offset(dstOffsets, row * 4),
      dstBytes,
      end,
      length,
    ),
  );
}

/** Gathers lists: the new offsets, and for every item the index of its source item, for a gather of the items' column. */
export function gatherListItems(
  kernels: Kernels,
  offsets: Ptr,
  indexes: Ptr,
  n: number,
  dstOffsets: Ptr,
  dstItems: Ptr,
): void {
  inParts(kernels, n, dstOffsets, (row, rows, end) =>
    kernels.run.gatherListItems(offsets, offset(indexes, row * 4), rows, offset(dstOffsets, row * 4), dstItems, end),
  );
}

/** Sum of ends[i] − starts[i]. */
export function rangesLength(kernels: Kernels, starts: Ptr, ends: Ptr, n: number): number {
  let total = 0;
  for (let from = 0; from < n; from += bytesPerCall) {
    total += kernels.run.rangesLength(
      offset(starts, from * 4),
      offset(ends, from * 4),
      Math.min(bytesPerCall, n - from),
    );
  }
  return total;
}

/** The spans [starts[i], ends[i]) of `bytes` as a column of their own; `length` is what rangesLength said. */
export function copyRanges(
  kernels: Kernels,
  bytes: Ptr,
  starts: Ptr,
  ends: Ptr,
  n: number,
  dstOffsets: Ptr,
  dstBytes: Ptr,
  length: number,
): void {
  checkLength(length);
  inParts(kernels, n, dstOffsets, (row, rows, end) =>
    kernels.run.copyRanges(
      bytes,
      offset(starts, row * 4),
      offset(ends, row * 4),
      rows,
      offset(dstOffsets, row * 4),
      dstBytes,
      end,
      length,
    ),
  );
}

/** Calls `part` for the rows not yet done, with where the last one ended, until all are. */
function inParts(
  kernels: Kernels,
  n: number,
  dstOffsets: Ptr,
  part: (row: number, rows: number, end: number) => number,
): void {
  kernels.u32[dstOffsets >>> 2] = 0;
  for (let row = 0; row < n;) row += part(row, Math.min(rowsPerCall, n - row), kernels.u32[(dstOffsets >>> 2) + row]!);
}

function checkLength(length: number): void {
  if (length <= columnBytesMax) return;
  throw new FiresteelError(
    "resource",
    `a column would hold ${length} bytes in one batch; the most is ${columnBytesMax}`,
    {
      hint: "use more partitions, so that each holds less",
    },
  );
}

/** dst[i] = src[i] + delta for i32 values: rebases offsets. dst may be src. */
export function addI32(kernels: Kernels, src: Ptr, n: number, delta: number, dst: Ptr): void {
  for (let from = 0; from < n; from += bytesPerCall / 4) {
    kernels.run.addI32(offset(src, from * 4), Math.min(bytesPerCall / 4, n - from), delta, offset(dst, from * 4));
  }
}

/** dst[i] = first + i, as u32 */
export function iota(kernels: Kernels, dst: Ptr, n: number, first = 0): void {
  for (let from = 0; from < n; from += bytesPerCall / 4) {
    kernels.run.iota(offset(dst, from * 4), Math.min(bytesPerCall / 4, n - from), first + from);
  }
}

/** n values alike; 1: a byte, 4: an i32, 8: an f64. */
export function fill(kernels: Kernels, width: ValueWidth, dst: Ptr, n: number, value: number): void {
  const { run } = kernels;
  const write = width === 8 ? run.fill8 : width === 4 ? run.fill4 : run.fill1;
  const step = bytesPerCall / width;
  for (let from = 0; from < n; from += step) write(offset(dst, from * width), Math.min(step, n - from), value);
}

/** Copies bytes; the ranges may overlap only within 16 MiB. */
export function copyBytes(kernels: Kernels, src: Ptr, n: number, dst: Ptr): void {
  for (let from = 0; from < n; from += bytesPerCall) {
    kernels.run.copyBytes(offset(src, from), Math.min(bytesPerCall, n - from), offset(dst, from));
  }
}

/**
 * Rows of variable length as lines, each ended by a newline: as many of the first n as have room in `room` bytes. Lone surrogates
 * become U+FFFD. Returns the rows done; each takes its bytes and one more.
 */
export function joinLines(kernels: Kernels, offsets: Ptr, bytes: Ptr, n: number, dst: Ptr, room: number): number {
  return kernels.run.joinLines(offsets, bytes, n, dst, Math.min(room, bytesPerCall)) >>> 0;
}

/** offsets[0] = from, offsets[i + 1] = offsets[i] + lengths[i] (u32). Returns the last, which may be beyond 32 bits: check it. */
export function prefixSum(kernels: Kernels, lengths: Ptr, n: number, offsets: Ptr, from = 0): number {
  let sum = from;
  kernels.u32[offsets >>> 2] = from;
  for (let row = 0; row < n; row += bytesPerCall / 8) {
    const rows = Math.min(bytesPerCall / 8, n - row);
    sum = kernels.run.prefixSum(offset(lengths, row * 4), rows, sum, offset(offsets, row * 4));
  }
  return sum;
}

/** How many of the first n rows (at least one) of a column of variable length are within `bytesMax`, about. */
export function rowsWithin(kernels: Kernels, offsets: Ptr, n: number, bytesMax: number): number {
  const { u32 } = kernels;
  const first = offsets >>> 2;
  let rows = n;
  while (rows > 1 && u32[first + rows]! - u32[first]! > bytesMax) rows = Math.ceil(rows / 2);
  return rows;
}
