/** The codecs of spill files: lz4 in kernels, zstd by the runtime. Each has its working memory from the start. */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { assertNever } from "../base/assert.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { lz4Compress, lz4Decompress, lz4TableBytes } from "../kernel/lz4.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { allocAll } from "../kernel/regions.ts";
import type { SpillCodec } from "./spill-file.ts";

export type SpillCodecName = "lz4" | "zstd";

/** Makes codecs of that name, one per writer or reader. */
export function spillCodec(kernels: Kernels, name: SpillCodecName): (allocator: Allocator) => SpillCodec {
  switch (name) {
    case "lz4":
      return allocator => lz4Codec(kernels, allocator);
    case "zstd":
      return allocator => zstdCodec(kernels, allocator);
    default:
      return assertNever(name);
  }
}

function lz4Codec(kernels: Kernels, allocator: Allocator): SpillCodec {
  const [scratch, table] = allocAll(allocator, [pageBytes, lz4TableBytes]) as [Ptr, Ptr];
  return {
    scratch,
    // What does not shrink is kept plain, so there is no point in writing more.
    compress: (from, bytes, to) => lz4Compress(kernels, from, bytes, to, bytes - 1, table) ?? bytes,
    decompress: (from, bytes, to, rawBytes) => {
      lz4Decompress(kernels, from, bytes, to, rawBytes);
      return rawBytes;
    },
    free: () => {
      allocator.free(scratch, pageBytes);
      allocator.free(table, lz4TableBytes);
    },
  };
}

function zstdCodec(kernels: Kernels, allocator: Allocator): SpillCodec {
  const { u8 } = kernels;
  const scratch = allocator.alloc(pageBytes);
  return {
    scratch,
    compress: (from, bytes, to) => {
      const packed = zstdCompressSync(u8.subarray(from, from + bytes));
      if (packed.length < bytes) u8.set(packed, to);
      return packed.length;
    },
    decompress: (from, bytes, to, rawBytes) => {
      const plain = zstdDecompressSync(u8.subarray(from, from + bytes), { maxOutputLength: rawBytes });
      u8.set(plain.subarray(0, rawBytes), to);
      return plain.length;
    },
    free: () => allocator.free(scratch, pageBytes),
  };
}
