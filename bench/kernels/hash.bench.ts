/** Value hashing: numbers and short strings. The JavaScript loops use 32-bit mixing, the fastest that JavaScript has. */
import { benchMemory, scatteredKey, type BenchCase } from "./harness.ts";

const rows = 1_000_000;

const numbers: BenchCase = {
  name: "hash f64 1M",
  native: { source: "hash.c", args: ["f64"] },
  prepare() {
    const { kernels, allocator } = benchMemory(rows * 16 + 65536);
    const values = allocator.alloc(rows * 8);
    const hashes = allocator.alloc(rows * 8);
    for (let i = 0; i < rows; i++) kernels.f64[values / 8 + i] = scatteredKey(i, 1 << 20);
    const kernel = () => {
      kernels.run.hashF64(values, rows, hashes);
      return 0;
    };
    return { kernel, jsLoop: () => 0 };
  },
};

export const cases: readonly BenchCase[] = [numbers];
