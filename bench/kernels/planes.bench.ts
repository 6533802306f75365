/** Planes of 256 chunks of 62 KiB of numbers, there and back. */
import { offset } from "../../src/kernel/ptr.ts";
import { joinPlanes, splitPlanes } from "../../src/kernel/planes.ts";
import { benchMemory, sample, scatteredKey, type BenchCase } from "./harness.ts";

const chunks = 256;
const chunkBytes = 62 * 1024;
const words = chunkBytes / 8;

function setUp() {
  const { kernels, allocator } = benchMemory(3 * chunks * chunkBytes + (1 << 20));
  const [plain, split, joined] = [1, 2, 3].map(() => allocator.alloc(chunks * chunkBytes)) as [never, never, never];
  for (let i = 0; i < chunks * words; i++) kernels.f64[plain / 8 + i] = scatteredKey(i, 1 << 20);
  const splitAll = () => {
    for (let at = 0; at < chunks * chunkBytes; at += chunkBytes)
      splitPlanes(kernels, offset(plain, at), chunkBytes, offset(split, at));
  };
  const viewOf = (ptr: number) => kernels.u8.subarray(ptr, ptr + chunks * chunkBytes);
  return { kernels, plain, split, joined, splitAll, viewOf };
}

const split: BenchCase = {
  name: "split into planes, 15.5 MiB",
  native: { source: "planes.c", args: ["split", String(chunks)] },
  prepare() {
    const { kernels, plain, split: into, splitAll, viewOf } = setUp();
    const output = viewOf(into);
    const input = new Uint8Array(viewOf(plain));
    return {
      kernel() {
        splitAll();
        return sample(kernels.u8, into, output.length);
      },
      jsLoop() {
        for (let at = 0; at < input.length; at += chunkBytes)
          for (let i = 0; i < words; i++)
            for (let j = 0; j < 8; j++) output[at + j * words + i] = input[at + i * 8 + j]!;
        return sample(kernels.u8, into, output.length);
      },
    };
  },
};

const join: BenchCase = {
  name: "join planes, 15.5 MiB",
  native: { source: "planes.c", args: ["join", String(chunks)] },
  prepare() {
    const { kernels, split: from, joined, splitAll, viewOf } = setUp();
    splitAll();
    const input = new Uint8Array(viewOf(from));
    const output = viewOf(joined);
    return {
      kernel() {
        for (let at = 0; at < chunks * chunkBytes; at += chunkBytes)
          joinPlanes(kernels, offset(from, at), chunkBytes, offset(joined, at));
        return sample(kernels.u8, joined, output.length);
      },
      jsLoop() {
        for (let at = 0; at < input.length; at += chunkBytes)
          for (let i = 0; i < words; i++)
            for (let j = 0; j < 8; j++) output[at + i * 8 + j] = input[at + j * words + i]!;
        return sample(kernels.u8, joined, output.length);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [split, join];
