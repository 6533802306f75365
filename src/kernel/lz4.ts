/**
 * The LZ4 block codec. A block is at most 1 MiB of plain bytes, so that a call takes a few milliseconds; longer data is cut by the
 * caller, who also remembers the plain length. Blocks are LZ4's own: other implementations read and write them.
 */
import { FiresteelError } from "../base/errors.ts";
import { invariant } from "../base/assert.ts";
import type { Kernels } from "./kernels.ts";
import type { Ptr } from "./ptr.ts";

/** Most plain bytes of one block. */
export const lz4BlockBytesMax = 1 << 20;

/** The compressor's scratch: contents do not matter, before or after. */
export const lz4TableBytes = 1 << 15;
const tableBitsMax = 13;

/** Room that `lz4Compress` needs to succeed with any n bytes. */
export function lz4BoundBytes(n: number): number {
  return n + Math.floor(n / 255) + 16;
}

/** Compresses n bytes. Returns the size, or undefined when it would be above `capacity`: then the bytes are better kept plain. */
export function lz4Compress(
  kernels: Kernels,
  src: Ptr,
  n: number,
  dst: Ptr,
  capacity: number,
  table: Ptr,
): number | undefined {
  invariant(n <= lz4BlockBytesMax, `an lz4 block of ${n} bytes, the most is ${lz4BlockBytesMax}`);
  // clearing the table costs more than small blocks gain by a large one
  const tableBits = n <= 4096 ? 10 : tableBitsMax;
  const size = kernels.run.lz4Compress(src, n, dst, capacity, table, tableBits) >>> 0;
  return size === 0 ? undefined : size;
}

/** Decompresses a block of n bytes whose plain length is `plainBytes`. Throws kind "data" when the block is anything else. */
export function lz4Decompress(kernels: Kernels, src: Ptr, n: number, dst: Ptr, plainBytes: number): void {
  const fits = n <= lz4BoundBytes(lz4BlockBytesMax) && plainBytes <= lz4BlockBytesMax;
  const written = fits ? kernels.run.lz4Decompress(src, n, dst, plainBytes) : -1;
  if (written === plainBytes) return;
  throw new FiresteelError("data", `an lz4 block of ${n} bytes is damaged: it does not hold ${plainBytes} bytes`);
}
