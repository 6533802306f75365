/** Prints how many of its mappings may have large pages before and after they were asked for under a memory, and bytes of that. */
import { readFileSync } from "node:fs";
import { adviseHugePages } from "../../src/platform/huge-pages.ts";

function advisedMappings(): number {
  return [...readFileSync("/proc/self/smaps", "latin1").matchAll(/^VmFlags:.* hg\b/gm)].length;
}

const memory = new WebAssembly.Memory({ initial: 256, maximum: 65536, shared: true });
const bytes = new Uint8Array(memory.buffer);
bytes[12345] = 7;
const before = advisedMappings();
await adviseHugePages(memory);
console.log(JSON.stringify({ before, after: advisedMappings(), bytes: [bytes[12345], bytes[(8 << 20) + 1]] }));
