/**
 * Hashes of values as 64-bit numbers in kernel memory; kernels/hash.ts defines them. Fixed-width columns are hashed by
 * `kernels.run.hash…` directly, a batch at a time. Here are the kinds, and the calls that may not take a whole column.
 */
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

/** Tell the hashes of one kind of value from those of another. From `hashKindFree` on they are the caller's to name. */
export const hashKind = {
  undefined: 1,
  null: 2,
  false: 3,
  true: 4,
  number: 5,
  bigint: 6,
  /** Beyond 64 bits: two's complement, shortest, little-endian. */
  longBigint: 7,
  string: 8,
  date: 9,
  array: 10,
  object: 11,
  map: 12,
  set: 13,
} as const;

export const hashKindFree = 32;

/** Most bytes that one call hashes, about 3 ms, unless a single run is longer. */
const callBytesMax = 32 << 20;
const callRowsMax = 65536;

/** hashes[i] = hash of string i of a utf8 column. */
export function hashStrings(kernels: Kernels, offsets: Ptr, bytes: Ptr, n: number, hashes: Ptr): void {
  hashRuns(kernels, hashKind.string, offsets, bytes, 1, n, hashes);
}

/**
 * hashes[i] = hash of the bytes of items offsets[i] … offsets[i + 1], of 1, 2, 4 or 8 bytes each: strings, typed arrays.
 * Floats that are to hash by value are hashed as lists of numbers instead, for −0 equals 0.
 */
export function hashRuns(
  kernels: Kernels,
  kind: number,
  offsets: Ptr,
  bytes: Ptr,
  itemBytes: 1 | 2 | 4 | 8,
  n: number,
  hashes: Ptr,
): void {
  const shift = Math.log2(itemBytes);
  const ends = kernels.u32;
  const at = offsets / 4;
  for (let from = 0; from < n;) {
    let to = Math.min(n, from + callRowsMax);
    while (to - from > 1 && (ends[at + to]! - ends[at + from]!) * itemBytes > callBytesMax)
      to = from + ((to - from) >> 1);
    kernels.run.hashRuns(kind, offset(offsets, from * 4), bytes, shift, to - from, offset(hashes, from * 8));
    from = to;
  }
}
