/** Merge sort of words that are nearly in order: eight sorted runs one after the other. */
import { mergeSortBytes } from "../../src/kernel/merge-sort.ts";
import { iota } from "../../src/kernel/move.ts";
import { benchMemory, sample, type BenchCase } from "./harness.ts";

const rows = 200_000;
const runs = 8;

/** Row i of the input: ascending within each run. */
function textOf(i: number): string {
  return String(10_000_000 + (i % (rows / runs)) * 97 + Math.floor(i / (rows / runs)));
}

const sortedRuns: BenchCase = {
  name: "merge sort words, 8 sorted runs",
  native: { source: "merge-sort.c", args: [String(rows), String(runs)] },
  prepare() {
    const { kernels, allocator } = benchMemory(rows * 50 + (1 << 20));
    const [offsets, bytes, indexes] = [
      allocator.alloc(rows * 4 + 4),
      allocator.alloc(rows * 8),
      allocator.alloc(rows * 4),
    ];
    const texts = Array.from({ length: rows }, (_, i) => textOf(i));
    for (let i = 0; i <= rows; i++) kernels.u32[offsets / 4 + i] = i * 8;
    kernels.u8.set(new TextEncoder().encode(texts.join("")), bytes);
    const order = kernels.u32.subarray(indexes / 4, indexes / 4 + rows);
    return {
      kernel() {
        iota(kernels, indexes, rows);
        mergeSortBytes(kernels, allocator, offsets, bytes, indexes, rows);
        return sample(order, 0, rows);
      },
      jsLoop() {
        const sorted = Array.from({ length: rows }, (_, row) => row);
        sorted.sort((a, b) => (texts[a]! < texts[b]! ? -1 : texts[a]! > texts[b]! ? 1 : a - b));
        return sample(sorted, 0, rows);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [sortedRuns];
