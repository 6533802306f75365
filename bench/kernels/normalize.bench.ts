/** Numbers to u64 keys. The JavaScript loop flips the two halves of each number's bits, which spares it BigInts. */
import { orderKeys } from "../../src/kernel/normalize.ts";
import { benchMemory, sample, scatteredKey, type BenchCase } from "./harness.ts";

const numbers: BenchCase = {
  name: "u64 keys of f64, 4M rows",
  native: { source: "normalize.c", args: ["4000000"] },
  prepare() {
    const rows = 4_000_000;
    const { kernels, allocator } = benchMemory(rows * 16 + (1 << 20));
    const [values, keys] = [allocator.alloc(rows * 8), allocator.alloc(rows * 8)];
    const source = kernels.f64.subarray(values / 8, values / 8 + rows);
    for (let i = 0; i < rows; i++) source[i] = scatteredKey(i, 2_000_000) - 1_000_000;
    const halves = kernels.u32.subarray(values / 4, values / 4 + rows * 2);
    const target = kernels.u32.subarray(keys / 4, keys / 4 + rows * 2);
    return {
      kernel() {
        orderKeys(kernels, "f64", values, rows, keys);
        return sample(target, 0, rows * 2);
      },
      jsLoop() {
        for (let i = 0; i < rows; i++) {
          const value = source[i]!;
          if (value < 0) {
            target[i * 2] = ~halves[i * 2]!;
            target[i * 2 + 1] = ~halves[i * 2 + 1]!;
          } else {
            target[i * 2] = value === 0 || value !== value ? 0 : halves[i * 2]!;
            target[i * 2 + 1] =
              value === 0 ? 0x80000000 : value !== value ? 0xfff80000 : halves[i * 2 + 1]! | 0x80000000;
          }
        }
        return sample(target, 0, rows * 2);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [numbers];
