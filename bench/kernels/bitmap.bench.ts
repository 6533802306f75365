/** Rows of a mask as an index vector, half of them chosen. */
import { selectMask } from "../../src/kernel/bitmap.ts";
import { benchMemory, sample, scatteredKey, type BenchCase } from "./harness.ts";

const select: BenchCase = {
  name: "select half of 4M rows",
  native: { source: "bitmap.c", args: ["4000000"] },
  prepare() {
    const rows = 4_000_000;
    const { kernels, allocator } = benchMemory(rows * 5 + (1 << 20));
    const [mask, out] = [allocator.alloc(rows), allocator.alloc(rows * 4)];
    const chosen = kernels.u8.subarray(mask, mask + rows);
    for (let i = 0; i < rows; i++) chosen[i] = scatteredKey(i, 2);
    const target = kernels.u32.subarray(out / 4, out / 4 + rows);
    return {
      kernel: () => sample(target, 0, selectMask(kernels, mask, rows, out)),
      jsLoop() {
        let count = 0;
        for (let i = 0; i < rows; i++) if (chosen[i] !== 0) target[count++] = i;
        return sample(target, 0, count);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [select];
