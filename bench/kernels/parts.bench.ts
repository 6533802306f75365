/** Numbers taken in any order from a column that lies in pieces. */
import { gatherParts, partShift } from "../../src/kernel/parts.ts";
import { benchMemory, sample, scatteredKey, type BenchCase } from "./harness.ts";

const partRows = 8000;

export const cases: readonly BenchCase[] = [
  {
    name: "gather f64 from 500 parts, 4M rows",
    native: { source: "parts.c", args: ["4000000"] },
    prepare() {
      const rows = 4_000_000;
      const parts = rows / partRows;
      const shift = partShift(parts, partRows)!;
      const { kernels, allocator } = benchMemory(rows * 20 + parts * 4 + (1 << 20));
      const [dst, ids, table] = [allocator.alloc(rows * 8), allocator.alloc(rows * 4), allocator.alloc(parts * 4)];
      const columns = Array.from({ length: parts }, (_, part) => {
        const at = allocator.alloc(partRows * 8);
        kernels.u32[table / 4 + part] = at;
        const column = kernels.f64.subarray(at / 8, at / 8 + partRows);
        for (let i = 0; i < partRows; i++) column[i] = part * partRows + i;
        return column;
      });
      const idOf = kernels.u32.subarray(ids / 4, ids / 4 + rows);
      for (let i = 0; i < rows; i++) {
        const row = scatteredKey(i, rows);
        idOf[i] = Math.floor(row / partRows) * 2 ** shift + (row % partRows);
      }
      const target = kernels.f64.subarray(dst / 8, dst / 8 + rows);
      const mask = 2 ** shift - 1;
      return {
        kernel() {
          gatherParts(kernels, 8, table, shift, ids, rows, dst);
          return sample(target, 0, rows);
        },
        jsLoop() {
          for (let i = 0; i < rows; i++) target[i] = columns[idOf[i]! >>> shift]![idOf[i]! & mask]!;
          return sample(target, 0, rows);
        },
      };
    },
  },
];
