/** Snappy blocks, decompression only: what Parquet files are often compressed with. Damaged blocks are told, never believed. */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

const cursorBytes = 16;
const lengthBytesMax = 5;

/** The plain length that n bytes at `src` begin with, and where the block goes on; undefined when there is none. */
function plainLength(
  kernels: Kernels,
  src: Ptr,
  n: number,
): { readonly length: number; readonly at: number } | undefined {
  let length = 0;
  for (let at = 0; at < Math.min(n, lengthBytesMax); at++) {
    const byte = kernels.u8[src + at]!;
    length += (byte & 0x7f) * 2 ** (at * 7);
    if (byte < 0x80) return { length, at: at + 1 };
  }
  return undefined;
}

/** Decompresses a block of n bytes to the `plainBytes` that it must hold; false when it is damaged. */
export function snappyDecompress(
  kernels: Kernels,
  allocator: Allocator,
  src: Ptr,
  n: number,
  dst: Ptr,
  plainBytes: number,
): boolean {
  const plain = plainLength(kernels, src, n);
  if (plain?.length !== plainBytes) return false;
  if (plain.at === n) return plainBytes === 0;
  const cursor = allocator.alloc(cursorBytes);
  kernels.u32[cursor >>> 2] = 0;
  kernels.u32[(cursor >>> 2) + 1] = 0;
  try {
    for (;;) {
      const state = kernels.run.snappyDecompress(offset(src, plain.at), n - plain.at, cursor, dst, plainBytes);
      if (state !== 0) return state === 1;
    }
  } finally {
    allocator.free(cursor, cursorBytes);
  }
}
