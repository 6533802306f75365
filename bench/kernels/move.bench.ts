/** Gathers by a random index vector. */
import { gather, gatherBytes, gatheredLength } from "../../src/kernel/move.ts";
import { benchMemory, sample, scatteredKey, wordOf, type BenchCase } from "./harness.ts";

const numbers: BenchCase = {
  name: "gather f64, 4M rows",
  native: { source: "move.c", args: ["numbers", "4000000"] },
  prepare() {
    const rows = 4_000_000;
    const { kernels, allocator } = benchMemory(rows * 20 + (1 << 20));
    const [src, dst, indexes] = [allocator.alloc(rows * 8), allocator.alloc(rows * 8), allocator.alloc(rows * 4)];
    const source = kernels.f64.subarray(src / 8, src / 8 + rows);
    const rowsOf = kernels.u32.subarray(indexes / 4, indexes / 4 + rows);
    for (let i = 0; i < rows; i++) {
      source[i] = i;
      rowsOf[i] = scatteredKey(i, rows);
    }
    const target = kernels.f64.subarray(dst / 8, dst / 8 + rows);
    return {
      kernel() {
        gather(kernels, 8, src, indexes, rows, dst);
        return sample(target, 0, rows);
      },
      jsLoop() {
        for (let i = 0; i < rows; i++) target[i] = source[rowsOf[i]!]!;
        return sample(target, 0, rows);
      },
    };
  },
};

const strings: BenchCase = {
  name: "gather words, 1M rows",
  native: { source: "move.c", args: ["words", "1000000"] },
  prepare() {
    const rows = 1_000_000;
    const { kernels, allocator } = benchMemory(rows * 36 + (1 << 20));
    const [offsets, bytes, indexes] = [
      allocator.alloc(rows * 4 + 4),
      allocator.alloc(rows * 10),
      allocator.alloc(rows * 4),
    ];
    let end = 0;
    for (let i = 0; i < rows; i++) {
      kernels.u32[offsets / 4 + i] = end;
      kernels.u32[indexes / 4 + i] = scatteredKey(i, rows);
      end += new TextEncoder().encodeInto(wordOf(i), kernels.u8.subarray(bytes + end)).written;
    }
    kernels.u32[offsets / 4 + rows] = end;
    const [dstOffsets, dst] = [allocator.alloc(rows * 4 + 4), allocator.alloc(rows * 10)];
    const { u8, u32 } = kernels;
    return {
      kernel() {
        const length = gatheredLength(kernels, offsets, indexes, rows);
        gatherBytes(kernels, offsets, bytes, indexes, rows, dstOffsets, dst, length);
        return sample(u8, dst, length);
      },
      jsLoop() {
        let to = 0;
        for (let i = 0; i < rows; i++) {
          u32[dstOffsets / 4 + i] = to;
          const row = offsets / 4 + u32[indexes / 4 + i]!;
          const stop = u32[row + 1]!;
          for (let from = u32[row]!; from < stop; from++) u8[dst + to++] = u8[bytes + from]!;
        }
        u32[dstOffsets / 4 + rows] = to;
        return sample(u8, dst, to);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [numbers, strings];
