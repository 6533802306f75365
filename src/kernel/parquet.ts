/**
 * Decoding of Parquet's encodings into columns: levels and dictionary codes (the RLE and bit-packing hybrid), plain numbers, times,
 * booleans and byte arrays. What does not fit its bytes gives `undefined` or false; callers know what to say about it.
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { nullPtr, offset, type Ptr } from "./ptr.ts";

const valuesPerCall = 1 << 18;
const cursorBytes = 32;
const damaged = 0xffffffff;

/** A place in a run of hybrid-encoded values, which are taken some at a time. */
export class HybridCursor {
  private readonly at: Ptr;
  private src: Ptr = nullPtr;
  private bytes = 0;
  private width = 0;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {
    this.at = allocator.alloc(cursorBytes);
  }

  /** Goes to the first of the values of `width` ≤ 32 bits in the n bytes at `src`. */
  start(src: Ptr, n: number, width: number): void {
    this.src = src;
    this.bytes = n;
    this.width = width;
    this.kernels.u8.fill(0, this.at, this.at + cursorBytes);
  }

  /** The next n dictionary codes as u32; false when there are fewer, or when one is not below `limit`. */
  codes(n: number, limit: number, dst: Ptr): boolean {
    // values of no bits are zeros, of which nothing is written
    if (this.width === 0) this.kernels.u8.fill(0, dst, dst + n * 4);
    if (this.width === 0) return n === 0 || limit > 0;
    for (let from = 0; from < n; from += valuesPerCall) {
      const count = Math.min(valuesPerCall, n - from);
      const to = offset(dst, from * 4);
      const done = this.kernels.run.parquetCodes(this.src, this.bytes, this.width, this.at, count, limit, to);
      if (done !== count) return false;
    }
    return true;
  }

  /** The next n one-bit levels as bytes 0 or 1. How many are 1; undefined when there are fewer than n. */
  levels(n: number, dst: Ptr): number | undefined {
    let present = 0;
    for (let from = 0; from < n; from += valuesPerCall) {
      const count = Math.min(valuesPerCall, n - from);
      const ones = this.kernels.run.parquetLevels(this.src, this.bytes, this.at, count, offset(dst, from)) >>> 0;
      if (ones === damaged) return undefined;
      present += ones;
    }
    return present;
  }

  free(): void {
    this.allocator.free(this.at, cursorBytes);
  }
}

/** Plain values of a Parquet type, as they are stored and as they become numbers of a column. */
export type PlainNumbers =
  | { readonly kind: "i32" | "u32" | "i64" | "u64" | "f32" | "f64" | "days" }
  /** i64 times over 1, 1,000 or 1,000,000. */
  | { readonly kind: "times"; readonly units: number }
  | { readonly kind: "decimals"; readonly width: 4 | 8; readonly divisor: number };

/** Bytes of a value in the file. */
export function plainWidth(type: PlainNumbers): 4 | 8 {
  switch (type.kind) {
    case "decimals":
      return type.width;
    case "i32":
    case "u32":
    case "f32":
    case "days":
      return 4;
    default:
      return 8;
  }
}

/** Bytes of a value in the column: i32 and f32 stay as they are, all else becomes f64. */
export function columnWidth(type: PlainNumbers): 4 | 8 {
  return type.kind === "i32" || type.kind === "f32" ? 4 : 8;
}

/** n plain values from `src` as a column's at `dst`; false when one is a bigint. */
export function readNumbers(kernels: Kernels, type: PlainNumbers, src: Ptr, n: number, dst: Ptr): boolean {
  const [from, to] = [plainWidth(type), columnWidth(type)];
  for (let at = 0; at < n; at += valuesPerCall) {
    const count = Math.min(valuesPerCall, n - at);
    if (!readSome(kernels, type, offset(src, at * from), count, offset(dst, at * to))) return false;
  }
  return true;
}

function readSome({ run }: Kernels, type: PlainNumbers, src: Ptr, n: number, dst: Ptr): boolean {
  switch (type.kind) {
    case "i32":
    case "f32":
      run.copyBytes(src, n * 4, dst);
      return true;
    case "f64":
      run.copyBytes(src, n * 8, dst);
      return true;
    case "u32":
      run.parquetU32(src, n, dst);
      return true;
    case "i64":
      return run.parquetI64(src, n, dst) === 1;
    case "u64":
      return run.parquetU64(src, n, dst) === 1;
    case "days":
      run.parquetDays(src, n, dst);
      return true;
    case "times":
      run.parquetTimes(src, n, type.units, dst);
      return true;
    case "decimals":
      run.parquetDecimals(src, n, type.width, type.divisor, dst);
      return true;
  }
}

/** n plain booleans from bit `from` on, as bytes. */
export function readBools(kernels: Kernels, src: Ptr, from: number, n: number, dst: Ptr): void {
  for (let at = 0; at < n; at += valuesPerCall) {
    kernels.run.parquetBools(src, from + at, Math.min(valuesPerCall, n - at), offset(dst, at));
  }
}

/** Dense values of `width` bytes to the rows where `validity` is 1. `src` has room for one value more; dst is not src. */
export function spread(kernels: Kernels, width: 1 | 4 | 8, validity: Ptr, n: number, src: Ptr, dst: Ptr): void {
  const { run } = kernels;
  const move = width === 8 ? run.parquetSpread8 : width === 4 ? run.parquetSpread4 : run.parquetSpread1;
  move(validity, n, src, dst);
}

/** Some plain byte arrays: where they begin in the n bytes at `src`, which rows have one (null pointer: all). */
export interface PlainBytes {
  readonly src: Ptr;
  readonly n: number;
  readonly at: number;
  readonly validity: Ptr;
  readonly rows: number;
}

/**
 * Writes offsets[0 … rows] of the arrays laid side by side from `from` on. Returns where they end in `src`; undefined when the
 * bytes end before, or when there are more than `limit`.
 */
export function plainEnds(
  kernels: Kernels,
  { src, n, at, validity, rows }: PlainBytes,
  offsets: Ptr,
  from: number,
  limit: number,
): number | undefined {
  const end = kernels.run.parquetEnds(src, n, at, validity, rows, offsets, from, limit) >>> 0;
  return end === damaged ? undefined : end;
}

/** Copies them to where the offsets say; `total` bytes may be written from dst on. */
export function copyPlain(kernels: Kernels, from: PlainBytes, offsets: Ptr, dst: Ptr, total: number): void {
  kernels.run.parquetCopy(from.src, from.at, from.validity, from.rows, offsets, dst, total);
}

/** Whether a string of bytes that are well-formed as a whole begins in the middle of a character. */
export function cutsUtf8(kernels: Kernels, offsets: Ptr, rows: number, bytes: Ptr): boolean {
  return kernels.run.parquetCutsUtf8(offsets, rows, bytes) === 1;
}
