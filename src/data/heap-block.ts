/**
 * Blocks on the JavaScript heap: a batch as the bytes that `sealBlock` would write, for whoever takes them from there (a file, the
 * driver) and has no use for a copy in engine memory, or no room.
 */
import { MemoryRefused } from "../kernel/allocator.ts";
import { heapMemory, type HeapMemory } from "../kernel/heap-memory.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { asPtr } from "../kernel/ptr.ts";
import { blockBytes, sealBlock } from "./block.ts";
import type { Batch } from "./column.ts";
import type { BatchWriter } from "./contracts.ts";

export const heapBytesFirst = 4 * 1024 * 1024;
/** Of a batch whose columns are as large as they can be. */
export const heapBytesMax = 4 * 1024 * 1024 * 1024;

export function sealOnHeap(kernels: Kernels, batch: Batch): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(blockBytes(kernels, batch));
  sealBlock(kernels, batch, asPtr(0), heapMemory(bytes.buffer).kernels);
  return bytes;
}

/** Rows as a block that was never in engine memory. */
export function sealRowsOnHeap(
  rows: readonly unknown[],
  makeWriter: (memory: HeapMemory) => BatchWriter,
): Uint8Array<ArrayBuffer> {
  return withHeap(heapBytesFirst, memory => {
    const writer = makeWriter(memory);
    for (const row of rows) writer.push(row);
    return sealOnHeap(memory.kernels, writer.finish());
  });
}

/** Does something in memory on the heap of so many bytes; of twice as many, as long as that is refused. */
export function withHeap<T>(bytes: number, work: (memory: HeapMemory, bytes: number) => T): T {
  try {
    return work(heapMemory(new ArrayBuffer(bytes)), bytes);
  } catch (thrown) {
    if (!(thrown instanceof MemoryRefused) || bytes >= heapBytesMax) throw thrown;
  }
  return withHeap(bytes * 2, work);
}
