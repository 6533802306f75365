/** Large pages are asked for, and the memory stays what it was. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { adviseHugePages } from "../../src/platform/huge-pages.ts";

const hasHugePages = existsSync("/sys/kernel/mm/transparent_hugepage/enabled");

/** How many of the process's mappings may have large pages. */
function advisedMappings(): number {
  return [...readFileSync("/proc/self/smaps", "latin1").matchAll(/^VmFlags:.* hg\b/gm)].length;
}

test.if(hasHugePages)("the system is asked for large pages under a memory", async () => {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 65536, shared: true });
  const bytes = new Uint8Array(memory.buffer);
  bytes[12345] = 7;
  const before = advisedMappings();
  await adviseHugePages(memory);
  expect(advisedMappings()).toBeGreaterThan(before);
  expect(bytes[12345]).toBe(7);
  expect(bytes[(8 << 20) + 1]).toBe(0);
});
