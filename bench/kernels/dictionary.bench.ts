/** The different ones among 4 M codes, a batch at a time: what grouping by a column with a dictionary begins with. */
import { distinctCodes } from "../../src/kernel/dictionary.ts";
import { offset } from "../../src/kernel/ptr.ts";
import { benchMemory, sample, scatteredKey, type BenchCase } from "./harness.ts";

const rows = 4 << 20;
const batchRows = 8192;
const values = 300;

const distinct: BenchCase = {
  name: "distinct codes, 4M rows",
  native: { source: "dictionary.c", args: [String(rows), String(values)] },
  prepare() {
    const { kernels, allocator } = benchMemory(rows * 8 + (1 << 20));
    const codes = allocator.alloc(rows * 4);
    const local = allocator.alloc(rows * 4);
    const [seen, order] = [allocator.alloc(values * 4), allocator.alloc(values * 4)];
    for (let i = 0; i < rows; i++) kernels.u32[codes / 4 + i] = scatteredKey(i, values);
    const input = kernels.u32.subarray(codes / 4, codes / 4 + rows);
    const output = kernels.u32.subarray(local / 4, local / 4 + rows);
    return {
      kernel() {
        let count = 0;
        for (let at = 0; at < rows; at += batchRows) {
          const out = { seen, order, local: offset(local, at * 4) };
          count += distinctCodes(kernels, offset(codes, at * 4), batchRows, values, out);
        }
        return count + sample(output, 0, rows);
      },
      jsLoop() {
        let count = 0;
        const places = new Int32Array(values);
        for (let at = 0; at < rows; at += batchRows) {
          places.fill(-1);
          let found = 0;
          for (let i = at; i < at + batchRows; i++) {
            const code = input[i]!;
            if (places[code]! < 0) places[code] = found++;
            output[i] = places[code]!;
          }
          count += found;
        }
        return count + sample(output, 0, rows);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [distinct];
