/** LZ4 over 16 blocks of 1 MiB of text, both ways; the JavaScript loops and C find the same matches. */
import { lz4BlockBytesMax, lz4BoundBytes, lz4Compress, lz4Decompress, lz4TableBytes } from "../../src/kernel/lz4.ts";
import { offset, type Ptr } from "../../src/kernel/ptr.ts";
import { compressInJavaScript, decompressInJavaScript } from "./lz4-loops.ts";
import { benchMemory, sample, type BenchCase } from "./harness.ts";
import { fillText } from "./text.bench.ts";

const blocks = 16;
const blockBytes = lz4BlockBytesMax;
const slotBytes = Math.ceil(lz4BoundBytes(blockBytes) / 64) * 64;

function setUp() {
  const { kernels, allocator } = benchMemory(blocks * (blockBytes * 2 + slotBytes) + (1 << 20));
  const [plain, packed] = [allocator.alloc(blocks * blockBytes), allocator.alloc(blocks * slotBytes)];
  const table = allocator.alloc(lz4TableBytes);
  fillText(kernels.u8.subarray(plain, plain + blocks * blockBytes));
  const compressAll = () => {
    const sizes: number[] = [];
    for (let b = 0; b < blocks; b++) {
      sizes.push(
        lz4Compress(
          kernels,
          offset(plain, b * blockBytes),
          blockBytes,
          offset(packed, b * slotBytes),
          slotBytes,
          table,
        )!,
      );
    }
    return sizes;
  };
  return { kernels, allocator, plain, packed, compressAll };
}

function checksumOf(bytes: Uint8Array, packed: Ptr, sizes: readonly number[]): number {
  return sizes.reduce((sum, size, b) => sum + size + sample(bytes, packed + b * slotBytes, size), 0);
}

const compress: BenchCase = {
  name: "lz4 compress, 16 MiB",
  native: { source: "lz4.c", args: ["compress", String(blocks)] },
  prepare() {
    const { kernels, plain, packed, compressAll } = setUp();
    const input = kernels.u8.slice(plain, plain + blocks * blockBytes);
    return {
      kernel: () => checksumOf(kernels.u8, packed, compressAll()),
      jsLoop() {
        const output = kernels.u8.subarray(packed);
        const sizes: number[] = [];
        for (let b = 0; b < blocks; b++) {
          const block = input.subarray(b * blockBytes, (b + 1) * blockBytes);
          sizes.push(compressInJavaScript(block, output.subarray(b * slotBytes)));
        }
        return checksumOf(kernels.u8, packed, sizes);
      },
    };
  },
};

const decompress: BenchCase = {
  name: "lz4 decompress, 16 MiB",
  native: { source: "lz4.c", args: ["decompress", String(blocks)] },
  prepare() {
    const { kernels, allocator, packed, compressAll } = setUp();
    const sizes = compressAll();
    const out = allocator.alloc(blocks * blockBytes);
    const output = kernels.u8.subarray(out, out + blocks * blockBytes);
    return {
      kernel() {
        for (let b = 0; b < blocks; b++) {
          lz4Decompress(kernels, offset(packed, b * slotBytes), sizes[b]!, offset(out, b * blockBytes), blockBytes);
        }
        return sample(output, 0, output.length);
      },
      jsLoop() {
        for (let b = 0; b < blocks; b++) {
          const from = packed + b * slotBytes;
          decompressInJavaScript(kernels.u8.subarray(from, from + sizes[b]!), output.subarray(b * blockBytes));
        }
        return sample(output, 0, output.length);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [compress, decompress];
