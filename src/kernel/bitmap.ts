/**
 * Bitmaps (Arrow's: bit i of a run of bytes, least significant first) and byte masks (0 or 1 a row), and both as index vectors.
 * `andBytes`, `orBytes` and `andNotBytes` work on either.
 */
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

/** Rows of a mask or bitmap that one kernel call takes; a multiple of 64. */
const rowsPerCall = 1 << 21;

/** Bytes of a bitmap of n rows. */
export function bitmapBytes(n: number): number {
  return Math.ceil(n / 8);
}

/** bits[i] = mask[i] ≠ 0; bits beyond row n in the last byte become 0. */
export function packBits(kernels: Kernels, mask: Ptr, n: number, bits: Ptr): void {
  eachPart(n, (from, rows) => kernels.run.packBits(offset(mask, from), rows, offset(bits, from / 8)));
}

/** mask[i] = bit i, as 0 or 1 */
export function unpackBits(kernels: Kernels, bits: Ptr, n: number, mask: Ptr): void {
  eachPart(n, (from, rows) => kernels.run.unpackBits(offset(bits, from / 8), rows, offset(mask, from)));
}

/** dst = a & b, byte by byte; dst may be either. */
export function andBytes(kernels: Kernels, a: Ptr, b: Ptr, bytes: number, dst: Ptr): void {
  eachPart(bytes, (from, part) => kernels.run.andBytes(offset(a, from), offset(b, from), part, offset(dst, from)));
}

export function orBytes(kernels: Kernels, a: Ptr, b: Ptr, bytes: number, dst: Ptr): void {
  eachPart(bytes, (from, part) => kernels.run.orBytes(offset(a, from), offset(b, from), part, offset(dst, from)));
}

/** dst = a & ~b */
export function andNotBytes(kernels: Kernels, a: Ptr, b: Ptr, bytes: number, dst: Ptr): void {
  eachPart(bytes, (from, part) => kernels.run.andNotBytes(offset(a, from), offset(b, from), part, offset(dst, from)));
}

/** Negates a bitmap of whole bytes. */
export function notBits(kernels: Kernels, bits: Ptr, bytes: number, dst: Ptr): void {
  eachPart(bytes, (from, part) => kernels.run.xorBytes(offset(bits, from), part, 0xff, offset(dst, from)));
}

/** Negates a mask of zeros and ones. */
export function notMask(kernels: Kernels, mask: Ptr, n: number, dst: Ptr): void {
  eachPart(n, (from, part) => kernels.run.xorBytes(offset(mask, from), part, 1, offset(dst, from)));
}

export function countBits(kernels: Kernels, bits: Ptr, n: number): number {
  let count = 0;
  eachPart(n, (from, rows) => (count += kernels.run.countBits(offset(bits, from / 8), rows)));
  return count;
}

/** Non-zero bytes of a mask. */
export function countMask(kernels: Kernels, mask: Ptr, n: number): number {
  let count = 0;
  eachPart(n, (from, rows) => (count += kernels.run.countMask(offset(mask, from), rows)));
  return count;
}

/** The rows with mask ≠ 0, ascending, into `out` (u32), which has room for all of them. Returns how many. */
export function selectMask(kernels: Kernels, mask: Ptr, n: number, out: Ptr): number {
  let count = 0;
  eachPart(
    n,
    (from, rows) => (count += kernels.run.selectMask(offset(mask, from), rows, from, offset(out, count * 4))),
  );
  return count;
}

export function selectBits(kernels: Kernels, bits: Ptr, n: number, out: Ptr): number {
  let count = 0;
  eachPart(n, (from, rows) => {
    count += kernels.run.selectBits(offset(bits, from / 8), rows, from, offset(out, count * 4));
  });
  return count;
}

function eachPart(n: number, part: (from: number, rows: number) => unknown): void {
  for (let from = 0; from < n; from += rowsPerCall) part(from, Math.min(rowsPerCall, n - from));
}
