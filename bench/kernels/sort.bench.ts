/** Sorts of row numbers by i32 values and by words. The JavaScript loops are an LSD radix sort and Array.prototype.sort. */
import { iota } from "../../src/kernel/move.ts";
import { orderWordsI32 } from "../../src/kernel/normalize.ts";
import { sortBytes, sortWords } from "../../src/kernel/sort.ts";
import { benchMemory, sample, scatteredKey, wordOf, type BenchCase } from "./harness.ts";

const integers: BenchCase = {
  name: "radix sort i32, 10M rows",
  native: { source: "sort.c", args: ["integers", "10000000"] },
  prepare() {
    const rows = 10_000_000;
    const { kernels, allocator } = benchMemory(rows * 22 + (1 << 22));
    const [values, words] = [allocator.alloc(rows * 4), allocator.alloc(rows * 8)];
    const source = kernels.i32.subarray(values / 4, values / 4 + rows);
    for (let i = 0; i < rows; i++) source[i] = scatteredKey(i, 0xffffffff);
    const halves = kernels.u32.subarray(words / 4, words / 4 + rows * 2);
    return {
      kernel() {
        orderWordsI32(kernels, values, rows, words);
        sortWords(kernels, allocator, words, rows);
        return sample(halves, 0, rows * 2);
      },
      jsLoop: () => sample(radixSortWords(source), 0, rows * 2),
    };
  },
};

/** Words as pairs of u32, index first, as in memory. */
function radixSortWords(values: Int32Array): Uint32Array {
  const rows = values.length;
  let from = new Uint32Array(rows * 2);
  let to = new Uint32Array(rows * 2);
  for (let i = 0; i < rows; i++) {
    from[i * 2] = i;
    from[i * 2 + 1] = values[i]! ^ 0x80000000;
  }
  for (let shift = 0; shift < 32; shift += 8) {
    const starts = new Uint32Array(256);
    for (let i = 0; i < rows; i++) starts[(from[i * 2 + 1]! >>> shift) & 255]!++;
    let sum = 0;
    for (let digit = 0; digit < 256; digit++) {
      const count = starts[digit]!;
      starts[digit] = sum;
      sum += count;
    }
    for (let i = 0; i < rows; i++) {
      const key = from[i * 2 + 1]!;
      const at = starts[(key >>> shift) & 255]!++ * 2;
      to[at] = from[i * 2]!;
      to[at + 1] = key;
    }
    [from, to] = [to, from];
  }
  return from;
}

const strings: BenchCase = {
  name: "sort words, 300k rows",
  native: { source: "sort.c", args: ["words", "300000"] },
  prepare() {
    const rows = 300_000;
    const { kernels, allocator } = benchMemory(rows * 50 + (1 << 22));
    const [offsets, bytes, indexes] = [
      allocator.alloc(rows * 4 + 4),
      allocator.alloc(rows * 10),
      allocator.alloc(rows * 4),
    ];
    const texts: string[] = [];
    let end = 0;
    for (let i = 0; i < rows; i++) {
      const text = wordOf(scatteredKey(i, rows));
      texts.push(text);
      kernels.u32[offsets / 4 + i] = end;
      end += new TextEncoder().encodeInto(text, kernels.u8.subarray(bytes + end)).written;
    }
    kernels.u32[offsets / 4 + rows] = end;
    const order = kernels.u32.subarray(indexes / 4, indexes / 4 + rows);
    return {
      kernel() {
        iota(kernels, indexes, rows);
        sortBytes(kernels, allocator, offsets, bytes, indexes, rows);
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

export const cases: readonly BenchCase[] = [integers, strings];
