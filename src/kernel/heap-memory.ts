/**
 * A buffer on the JavaScript heap that looks like kernel memory to whatever only writes and reads it: writers, readers, blocks. For
 * rows that engine memory has no room for; the heap watch counts it. Kernels cannot run on it.
 */
import { invariant } from "../base/assert.ts";
import { type Allocator, BumpAllocator } from "./allocator.ts";
import type { KernelExports } from "./generated.ts";
import { type Kernels, viewsOf } from "./kernels.ts";

export interface HeapMemory {
  readonly kernels: Kernels;
  /** Refuses what the buffer has no room for. */
  readonly allocator: Allocator;
}

const run = new Proxy({} as KernelExports, {
  get(_, name) {
    invariant(false, `the kernel ${String(name)} is called for memory on the heap`);
  },
});

/** The length is a multiple of 16. */
export function heapMemory(buffer: ArrayBuffer): HeapMemory {
  const kernels = { memory: { buffer } as unknown as WebAssembly.Memory, run, ...viewsOf(buffer) };
  // pointers are never 0
  return { kernels, allocator: new BumpAllocator(16, buffer.byteLength) };
}
