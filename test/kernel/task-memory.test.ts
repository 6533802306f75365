import { describe, expect, test } from "bun:test";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { attachMemory } from "../../src/kernel/task-memory.ts";

const MiB = 2 ** 20;

describe("task memory", () => {
  test("small and large allocations are aligned, disjoint and all freed at the end", () => {
    const pool = attachMemory(createKernelMemory(32 * MiB));
    const task = pool.openTask(1);
    const words = pool.area.words;
    const sizes = [1, 16, 17, 100, 129, 4000, 32768, 32769, 65536, 70000, 300000];
    const made = sizes.flatMap(bytes => Array.from({ length: 5 }, () => ({ bytes, ptr: task.alloc(bytes) })));
    for (const [i, { bytes, ptr }] of made.entries()) {
      expect(ptr % 16).toBe(0);
      words.fill(i, ptr / 4, ptr / 4 + Math.max(1, bytes >> 2));
    }
    for (const [i, { bytes, ptr }] of made.entries()) {
      const range = words.subarray(ptr / 4, ptr / 4 + Math.max(1, bytes >> 2));
      expect(range.every(word => word === i)).toBe(true);
    }
    task.releaseAll();
    task.releaseAll();
    expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
    expect(task.peakBytes).toBeGreaterThan(300000);
    expect(() => task.alloc(1)).toThrow("after its task ended");
  });

  test("a refusal says who wanted how much and who holds the rest", () => {
    const pool = attachMemory(createKernelMemory(16 * MiB), { waitMaxMs: 0 });
    const task = pool.openTask(1);
    const other = pool.openTask(2);
    other.alloc(2 * MiB);
    task.withOperator("sortByKey").alloc(3 * MiB);
    const group = task.withOperator("reduceByKey");
    group.alloc(1 * MiB);
    const attempt = () => group.alloc(8 * MiB);
    expect(attempt).toThrow(MemoryRefused);
    expect(attempt).toThrow(
      "reduceByKey needs 8.0 MiB more engine memory and cannot have it: its task holds 4.0 MiB (sortByKey 3.0 MiB, reduceByKey 1.0 MiB) " +
        "of at most 7.8 MiB (2 tasks share 15.7 MiB); other tasks hold 2.0 MiB, 9.7 MiB is free, the longest run 9.7 MiB",
    );
  });
});
