/** Aggregates by group ids and over columns. */
import { GroupAggregate, GroupSums } from "../../src/kernel/aggregate.ts";
import { ColumnStats } from "../../src/kernel/column-stats.ts";
import { offset, type Ptr } from "../../src/kernel/ptr.ts";
import { benchMemory, sample, scatteredKey, type BenchCase } from "./harness.ts";

const columnCount = 5;

/** The shape of TPC-H's first query: few groups, several sums. Values are whole, so that any order gives the same sums. */
const fewGroups: BenchCase = {
  name: "5 sums by 8 groups, 4M rows",
  native: { source: "aggregate.c", args: ["sums", "4000000"] },
  prepare() {
    const rows = 4_000_000;
    const groups = 8;
    const { kernels, allocator } = benchMemory(rows * (4 + columnCount * 8) + (1 << 20));
    const ids = allocator.alloc(rows * 4);
    const idInput = kernels.u32.subarray(ids / 4, ids / 4 + rows);
    for (let i = 0; i < rows; i++) idInput[i] = scatteredKey(i, groups);
    const columns: Ptr[] = [];
    const inputs: Float64Array[] = [];
    for (let c = 0; c < columnCount; c++) {
      const column = allocator.alloc(rows * 8);
      const input = kernels.f64.subarray(column / 8, column / 8 + rows);
      for (let i = 0; i < rows; i++) input[i] = (i + c) % 100;
      columns.push(column);
      inputs.push(input);
    }
    return {
      kernel() {
        const sums = new GroupSums(kernels, allocator, columnCount);
        sums.reserve(groups);
        sums.add(ids, columns, rows);
        const checksum = sample(kernels.f64, sums.ptr / 8, groups * columnCount, 1);
        sums.free();
        return checksum;
      },
      jsLoop() {
        const sums = new Float64Array(groups * columnCount);
        const [a, b, c, d, e] = inputs as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
        for (let i = 0; i < rows; i++) {
          const at = idInput[i]! * columnCount;
          sums[at]! += a[i]!;
          sums[at + 1]! += b[i]!;
          sums[at + 2]! += c[i]!;
          sums[at + 3]! += d[i]!;
          sums[at + 4]! += e[i]!;
        }
        return sample(sums, 0, sums.length, 1);
      },
    };
  },
};

const moments: BenchCase = {
  name: "moments by 1k groups, 1M rows",
  native: { source: "aggregate.c", args: ["moments", "1000000"] },
  prepare() {
    const rows = 1_000_000;
    const groups = 1000;
    const { kernels, allocator } = benchMemory(rows * 12 + (1 << 20));
    const ids = allocator.alloc(rows * 4);
    const values = allocator.alloc(rows * 8);
    const idInput = kernels.u32.subarray(ids / 4, ids / 4 + rows);
    const valueInput = kernels.f64.subarray(values / 8, values / 8 + rows);
    for (let i = 0; i < rows; i++) {
      idInput[i] = scatteredKey(i, groups);
      valueInput[i] = i % 100;
    }
    return {
      kernel() {
        const aggregate = new GroupAggregate(kernels, allocator, "moments");
        aggregate.reserve(groups);
        aggregate.add(ids, values, rows);
        const checksum = sample(kernels.f64, aggregate.ptr / 8, groups * 3, 1);
        aggregate.free();
        return checksum;
      },
      jsLoop() {
        const states = new Float64Array(groups * 3);
        for (let i = 0; i < rows; i++) {
          const at = idInput[i]! * 3;
          const value = valueInput[i]!;
          const delta = value - states[at + 1]!;
          states[at]! += 1;
          states[at + 1]! += delta / states[at]!;
          states[at + 2]! += delta * (value - states[at + 1]!);
        }
        return sample(states, 0, states.length, 1);
      },
    };
  },
};

const stats: BenchCase = {
  name: "stats of a column, 4M rows",
  native: { source: "aggregate.c", args: ["stats", "4000000"] },
  prepare() {
    const rows = 4_000_000;
    const { kernels, allocator } = benchMemory(rows * 8 + (1 << 20));
    const values = allocator.alloc(rows * 8);
    const input = kernels.f64.subarray(values / 8, values / 8 + rows);
    for (let i = 0; i < rows; i++) input[i] = scatteredKey(i, 1000);
    return {
      kernel() {
        const column = new ColumnStats(kernels, allocator);
        for (let from = 0; from < rows; from += 8192) column.add(offset(values, from * 8), Math.min(8192, rows - from));
        const { count, sum, mean, m2, min, max } = column.result();
        column.free();
        return count + sum + min + max + Math.round(mean * 1000) + Math.round(m2 / 1000);
      },
      jsLoop() {
        let [count, sum, mean, m2, min, max] = [0, 0, 0, 0, Infinity, -Infinity];
        for (let i = 0; i < rows; i++) {
          const value = input[i]!;
          sum += value;
          const delta = value - mean;
          mean += delta / ++count;
          m2 += delta * (value - mean);
          min = Math.min(min, value);
          max = Math.max(max, value);
        }
        return count + sum + min + max + Math.round(mean * 1000) + Math.round(m2 / 1000);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [fewGroups, moments, stats];
