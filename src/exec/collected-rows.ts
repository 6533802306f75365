/** Collected rows on the driver: sealed blocks, copied into a kernel memory of the driver's own, as JavaScript values. */
import { openBlock, sealedBytes } from "../data/block.ts";
import { readBatch } from "../data/batch-reader.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import { hashColumn } from "../data/keys.ts";
import { encodeValue } from "../data/value-codec.ts";
import { BumpAllocator } from "../kernel/allocator.ts";
import { partitionIds } from "../kernel/partition.ts";
import { compileKernels, createKernelMemory, instantiateKernels, type Kernels } from "../kernel/kernels.ts";
import { asPtr } from "../kernel/ptr.ts";

let kernels: Kernels | undefined;
const roomMin = 1 << 20;
const start = 1024;

/** Rows of all payloads, in order. */
export function decodeBlocks<T>(payloads: readonly Uint8Array[]): T[] {
  const rows: T[] = [];
  for (const payload of payloads) {
    if (payload.length === 0) continue;
    const memory = kernelsFor(payload.length);
    memory.u8.set(payload, start);
    for (let at = start; at < start + payload.length;) {
      const block = asPtr(at);
      for (const row of readBatch(memory, openBlock(memory, block)).toArray()) rows.push(row as T);
      at += sealedBytes(memory, block);
    }
  }
  return rows;
}

function kernelsFor(bytes: number): Kernels {
  const room = start + bytes + 16;
  if (kernels === undefined || kernels.u8.length < room) {
    kernels = instantiateKernels(createKernelMemory(Math.max(roomMin, room)), compileKernels());
  }
  return kernels;
}

/** The partition of a hash partitioner that a key's rows are in. */
export function hashPartition(key: unknown, partitions: number): number {
  const memory = kernelsFor(encodeValue(key).length * 4);
  const arena = new BumpAllocator(start, memory.u8.length);
  const writer = makeBatchWriter(memory, arena);
  writer.push(key);
  const hashes = arena.alloc(8);
  const ids = arena.alloc(4);
  hashColumn(memory, arena, writer.finish().root, hashes);
  partitionIds(memory, hashes, 1, partitions, ids);
  return memory.u32[ids / 4]!;
}
