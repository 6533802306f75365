/** Groups in hash order. The JavaScript loop sorts an index array by the hashes' halves. */
import { orderByHash } from "../../src/kernel/hash-order.ts";
import { benchMemory, sample, type BenchCase } from "./harness.ts";

function order(groups: number, name: string): BenchCase {
  return {
    name,
    native: { source: "hash-order.c", args: [String(groups)] },
    prepare() {
      const { kernels, allocator } = benchMemory(groups * 40 + (1 << 20));
      const hashes = allocator.alloc(groups * 8);
      const ids = allocator.alloc(groups * 4);
      for (let i = 0; i < groups; i++) kernels.f64[hashes / 8 + i] = i;
      kernels.run.hashF64(hashes, groups, hashes);
      const halves = kernels.u32.slice(hashes / 4, hashes / 4 + groups * 2);
      return {
        kernel() {
          orderByHash(kernels, allocator, hashes, groups, ids);
          return sample(kernels.u32, ids / 4, groups);
        },
        jsLoop() {
          const sorted = Uint32Array.from({ length: groups }, (_, i) => i);
          sorted.sort((a, b) => halves[a * 2 + 1]! - halves[b * 2 + 1]! || halves[a * 2]! - halves[b * 2]! || a - b);
          return sample(sorted, 0, groups);
        },
      };
    },
  };
}

export const cases: readonly BenchCase[] = [
  order(100_000, "order by hash, 100k groups"),
  order(1_000_000, "order by hash, 1M groups"),
];
