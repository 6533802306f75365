/**
 * Rows of a batch that lies in several pieces, taken without putting the pieces together. A row's id is its part × 2^shift + its
 * number there; tables tell where a column's values are in each part: u32[parts] addresses or, for columns of variable length,
 * u32[2 × parts] addresses of offsets and bytes.
 */
import type { Kernels } from "./kernels.ts";
import { type ValueWidth } from "./move.ts";
import { offset, type Ptr } from "./ptr.ts";

const rowsPerCall = 1 << 18;

/** Rows that one entry of `hints` stands for. */
export const hintRows = 1024;

/** The shift of ids for parts of at most so many rows; undefined when 32 bits do not hold the ids. */
export function partShift(parts: number, partRowsMax: number): number | undefined {
  const shift = Math.max(1, 32 - Math.clz32(Math.max(1, partRowsMax) - 1));
  return shift < 32 && parts <= 2 ** (32 - shift) ? shift : undefined;
}

/** Row numbers to ids; `starts` is u32[parts + 1], and `hints` the part of each `hintRows`-th row. `ids` may be `rows`. */
export function partIds(
  kernels: Kernels,
  rows: Ptr,
  n: number,
  starts: Ptr,
  hints: Ptr,
  shift: number,
  ids: Ptr,
): void {
  eachPart(n, (from, some) =>
    kernels.run.partIds(offset(rows, from * 4), some, starts, hints, shift, offset(ids, from * 4)),
  );
}

/** dst[i] = the value of row ids[i] */
export function gatherParts(
  kernels: Kernels,
  width: ValueWidth,
  table: Ptr,
  shift: number,
  ids: Ptr,
  n: number,
  dst: Ptr,
): void {
  const { run } = kernels;
  const move = width === 8 ? run.gatherParts8 : width === 4 ? run.gatherParts4 : run.gatherParts1;
  eachPart(n, (from, some) => move(table, shift, offset(ids, from * 4), some, offset(dst, from * width)));
}

/** Bytes that the rows have together: what `gatherPartsBytes` writes. */
export function gatheredPartsLength(kernels: Kernels, table: Ptr, shift: number, ids: Ptr, n: number): number {
  let total = 0;
  eachPart(n, (from, some) => {
    total += kernels.run.gatheredPartsLength(table, shift, offset(ids, from * 4), some);
  });
  return total;
}

/** Rows of variable length into dstOffsets[0 … n] (from 0) and dstBytes, which has room for `length`, below 2 GiB. */
export function gatherPartsBytes(
  kernels: Kernels,
  table: Ptr,
  shift: number,
  ids: Ptr,
  n: number,
  dstOffsets: Ptr,
  dstBytes: Ptr,
  length: number,
): void {
  const { run, u32 } = kernels;
  u32[dstOffsets >>> 2] = 0;
  for (let row = 0; row < n;) {
    const end = u32[(dstOffsets >>> 2) + row]!;
    const [at, to] = [offset(ids, row * 4), offset(dstOffsets, row * 4)];
    row += run.gatherPartsBytes(table, shift, at, Math.min(rowsPerCall, n - row), to, dstBytes, end, length) >>> 0;
  }
}

function eachPart(n: number, part: (from: number, rows: number) => void): void {
  for (let from = 0; from < n; from += rowsPerCall) part(from, Math.min(rowsPerCall, n - from));
}
