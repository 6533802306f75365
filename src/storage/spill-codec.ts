/**
 * The codecs of spill files: lz4 in kernels, zstd by the runtime. Each has its working memory from the start.
 *
 * What lz4 makes begins with a byte that says what it holds: the bytes as they were, or by planes where they look like numbers.
 * These then take less room than what lz4 alone makes of them, and a quarter of the time.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { assertNever } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { lz4Compress, lz4Decompress, lz4TableBytes } from "../kernel/lz4.ts";
import { joinPlanes, planesPay, splitPlanes } from "../kernel/planes.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
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

/** The first byte. */
const form = { asIs: 0, planes: 1 } as const;
const bytesMin = 16;

function lz4Codec(kernels: Kernels, allocator: Allocator): SpillCodec {
  const { u8 } = kernels;
  const [scratch, table, planes] = allocAll(allocator, [pageBytes, lz4TableBytes, pageBytes]) as [Ptr, Ptr, Ptr];
  return {
    scratch,
    compress(from, bytes, to) {
      if (bytes < bytesMin) return bytes;
      const isSplit = planesPay(kernels, from, bytes);
      if (isSplit) splitPlanes(kernels, from, bytes, planes);
      // What does not shrink is kept plain, so there is no point in writing more.
      const size = lz4Compress(kernels, isSplit ? planes : from, bytes, offset(to, 1), bytes - 2, table);
      if (size === undefined) return bytes;
      u8[to] = isSplit ? form.planes : form.asIs;
      return 1 + size;
    },
    decompress(from, bytes, to, rawBytes) {
      const isSplit = u8[from] === form.planes;
      if (bytes < 2 || rawBytes > pageBytes || (!isSplit && u8[from] !== form.asIs))
        throw new FiresteelError("data", `a chunk of ${bytes} bytes is damaged: it begins with ${u8[from]}`);
      lz4Decompress(kernels, offset(from, 1), bytes - 1, isSplit ? planes : to, rawBytes);
      if (isSplit) joinPlanes(kernels, planes, rawBytes, to);
      return rawBytes;
    },
    free() {
      allocator.free(scratch, pageBytes);
      allocator.free(table, lz4TableBytes);
      allocator.free(planes, pageBytes);
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
