/** Rows of a hash and a number to 256 partitions, in stable order: ids, counts, positions, and the move of the numbers. */
import { scatter } from "../../src/kernel/move.ts";
import { countPartitions, partitionIds, scatterPositions, startsOf } from "../../src/kernel/partition.ts";
import { benchMemory, sample, scatteredKey, type BenchCase } from "./harness.ts";

const parts = 256;

const numbers: BenchCase = {
  name: "partition 10M rows to 256",
  native: { source: "partition.c", args: ["10000000"] },
  prepare() {
    const rows = 10_000_000;
    const { kernels, allocator } = benchMemory(rows * 28 + (1 << 20));
    const [hashes, values, dst] = [allocator.alloc(rows * 8), allocator.alloc(rows * 8), allocator.alloc(rows * 8)];
    const [ids, counts] = [allocator.alloc(rows * 4), allocator.alloc(parts * 4)];
    const hashWords = kernels.u32.subarray(hashes / 4, hashes / 4 + rows * 2);
    const source = kernels.f64.subarray(values / 8, values / 8 + rows);
    for (let i = 0; i < rows; i++) {
      hashWords[i * 2 + 1] = scatteredKey(i, 0xffffffff);
      source[i] = i;
    }
    const target = kernels.f64.subarray(dst / 8, dst / 8 + rows);
    return {
      kernel() {
        partitionIds(kernels, hashes, rows, parts, ids);
        countPartitions(kernels, ids, rows, parts, counts);
        startsOf(kernels, counts, parts, counts);
        scatterPositions(kernels, ids, rows, counts, ids);
        scatter(kernels, 8, values, ids, rows, dst);
        return sample(target, 0, rows);
      },
      jsLoop() {
        const starts = new Uint32Array(parts);
        for (let i = 0; i < rows; i++) starts[hashWords[i * 2 + 1]! >>> 24]!++;
        let sum = 0;
        for (let p = 0; p < parts; p++) {
          const count = starts[p]!;
          starts[p] = sum;
          sum += count;
        }
        for (let i = 0; i < rows; i++) target[starts[hashWords[i * 2 + 1]! >>> 24]!++] = source[i]!;
        return sample(target, 0, rows);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [numbers];
