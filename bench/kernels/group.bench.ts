/**
 * Group tables, with the sums that usually follow: keys that are numbers, few and many, and keys that are words. The
 * JavaScript loops use a Map from key to a number and an array of sums.
 */
import { GroupAggregate } from "../../src/kernel/aggregate.ts";
import { GroupTableBytes, GroupTableFixed } from "../../src/kernel/group-table.ts";
import { offset } from "../../src/kernel/ptr.ts";
import { benchMemory, sample, scatteredKey, wordOf, type BenchCase } from "./harness.ts";

/** Rows of a batch: what operators hand over at a time. */
const batchRows = 8192;

function sumByNumber(rows: number, keys: number, name: string): BenchCase {
  return {
    name,
    native: { source: "group.c", args: ["numbers", String(rows), String(keys)] },
    prepare() {
      const { kernels, allocator } = benchMemory(rows * 16 + keys * 300 + (1 << 20));
      const keyColumn = allocator.alloc(rows * 8);
      const valueColumn = allocator.alloc(rows * 8);
      const keyInput = kernels.f64.subarray(keyColumn / 8, keyColumn / 8 + rows);
      const valueInput = kernels.f64.subarray(valueColumn / 8, valueColumn / 8 + rows);
      for (let i = 0; i < rows; i++) {
        keyInput[i] = scatteredKey(i, keys);
        valueInput[i] = i % 100;
      }
      const hashes = allocator.alloc(batchRows * 8);
      const ids = allocator.alloc(batchRows * 4);
      return {
        kernel() {
          const table = new GroupTableFixed(kernels, allocator);
          const sums = new GroupAggregate(kernels, allocator, "sum");
          for (let from = 0; from < rows; from += batchRows) {
            const n = Math.min(batchRows, rows - from);
            kernels.run.hashF64(offset(keyColumn, from * 8), n, hashes);
            sums.reserve(table.groups(hashes, n, ids));
            sums.add(ids, offset(valueColumn, from * 8), n);
          }
          const checksum = sample(kernels.f64, sums.ptr / 8, table.count, 1) + table.count;
          table.free();
          sums.free();
          return checksum;
        },
        jsLoop() {
          const groups = new Map<number, number>();
          const sums: number[] = [];
          for (let i = 0; i < rows; i++) {
            const key = keyInput[i]!;
            let group = groups.get(key);
            if (group === undefined) {
              group = sums.length;
              groups.set(key, group);
              sums.push(0);
            }
            sums[group]! += valueInput[i]!;
          }
          return sample(sums, 0, sums.length, 1) + sums.length;
        },
      };
    },
  };
}

function countByWord(rows: number, keys: number, name: string): BenchCase {
  return {
    name,
    native: { source: "group.c", args: ["words", String(rows), String(keys)] },
    prepare() {
      const { kernels, allocator } = benchMemory(rows * 20 + keys * 400 + (1 << 20));
      const words = Array.from({ length: rows }, (_, i) => wordOf(scatteredKey(i, keys)));
      const bytes = new TextEncoder().encode(words.join(""));
      const offsets = allocator.alloc(rows * 4 + 4);
      const text = allocator.alloc(bytes.length + 16);
      let end = 0;
      words.forEach((word, i) => (kernels.u32[offsets / 4 + i + 1] = end += word.length));
      kernels.u8.set(bytes, text);
      const hashes = allocator.alloc(batchRows * 8);
      const ids = allocator.alloc(batchRows * 4);
      return {
        kernel() {
          const table = new GroupTableBytes(kernels, allocator);
          const counts = new GroupAggregate(kernels, allocator, "count");
          for (let from = 0; from < rows; from += batchRows) {
            const n = Math.min(batchRows, rows - from);
            const starts = offset(offsets, from * 4);
            counts.reserve(table.groupsOfSpans(starts, offset(starts, 4), text, n, ids));
            counts.add(ids, ids, n);
          }
          const checksum = sample(kernels.f64, counts.ptr / 8, table.count, 1) + table.count;
          table.free();
          counts.free();
          return checksum;
        },
        jsLoop() {
          const groups = new Map<string, number>();
          const counts: number[] = [];
          for (const word of words) {
            let group = groups.get(word);
            if (group === undefined) {
              group = counts.length;
              groups.set(word, group);
              counts.push(0);
            }
            counts[group]!++;
          }
          return sample(counts, 0, counts.length, 1) + counts.length;
        },
      };
    },
  };
}

export const cases: readonly BenchCase[] = [
  sumByNumber(1_000_000, 1000, "sum by f64, 1M rows, 1k groups"),
  sumByNumber(1_000_000, 100_000, "sum by f64, 1M rows, 100k groups"),
  sumByNumber(10_000_000, 1_000_000, "sum by f64, 10M rows, 1M groups"),
  countByWord(1_000_000, 50_000, "count words, 1M rows, 50k words"),
  countByWord(1_000_000, 1_000_000, "count words, 1M rows, 632k words"),
];
