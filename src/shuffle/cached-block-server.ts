/**
 * Serves an executor's cached partitions to the others, on its main thread: the blocks as they are stored, in memory or in a file,
 * after a head with the number of rows and the size of each. A partition is pinned while it is sent, so nobody evicts it meanwhile.
 */
import { FiresteelError } from "../base/errors.ts";
import { idSequence, type RddId, type TaskAttemptId } from "../base/ids.ts";
import { cachedHolder } from "../kernel/memory-refusal.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { SharedPool, TaskMemory } from "../kernel/task-memory.ts";
import type { Bulk, BulkHandler } from "../rpc/contracts.ts";
import type { BlockStore, CachedPartition } from "../storage/block-store.ts";

export const cachedBlockPrefix = "cached/";
/** Words before the sizes: blocks, rows low, rows high, `blockFlag`s. */
export const headWords = 4;
const partBytes = 1 << 20;
const readersMax = 256;

/** Attempt ids for what an executor's main thread does with kernel memory; no task has them. */
export const nextServiceAttempt = idSequence<TaskAttemptId>(0x7000_0000);

export function cachedBlockPath(rdd: RddId, partition: number): string {
  return `${rdd}/${partition}`;
}

export function serveCachedBlocks(bulk: Pick<Bulk, "serve">, pool: SharedPool, store: BlockStore): void {
  bulk.serve(cachedBlockPrefix, cachedBlockHandler(pool, store));
}

export function cachedBlockHandler(pool: SharedPool, store: BlockStore): BulkHandler {
  const u8 = new Uint8Array(pool.area.memory.buffer);
  let readers = 0;
  function* parts(rdd: RddId, partition: number): Generator<Uint8Array> {
    if (readers >= readersMax) throw new FiresteelError("lost", `${readersMax} cached partitions are being read here`);
    readers++;
    const owner = pool.openTask(nextServiceAttempt(), { fair: false });
    try {
      const cached = store.get(rdd, partition, owner);
      if (cached === undefined)
        throw new FiresteelError("lost", `partition ${partition} of ${cachedHolder(rdd)} is not cached here`);
      if (cached.blocks === undefined) {
        yield* partsOfFile(cached, owner);
        return;
      }
      yield headOf(
        cached.rows,
        cached.flags,
        cached.blocks.map(({ bytes }) => bytes),
      );
      for (const { ptr, bytes } of cached.blocks) yield* partsOf(ptr, bytes);
    } finally {
      owner.releaseAll();
      readers--;
    }
  }
  // copies: kernel memory is shared, and what a handler gave is not its own any more
  function* partsOf(ptr: Ptr, bytes: number): Generator<Uint8Array> {
    for (let at = 0; at < bytes; at += partBytes) yield u8.slice(ptr + at, ptr + Math.min(bytes, at + partBytes));
  }
  function* partsOfFile(cached: CachedPartition, owner: TaskMemory): Generator<Uint8Array> {
    try {
      const file = cached.openFile(owner);
      try {
        yield headOf(file.rows, cached.flags, file.blockBytes);
        const room = Math.max(16, ...file.blockBytes);
        const ptr = owner.alloc(room);
        for (const [i, bytes] of file.blockBytes.entries()) {
          file.read(i, ptr);
          yield* partsOf(ptr, bytes);
        }
      } finally {
        file.close();
      }
    } catch (thrown) {
      if ((thrown as { kind?: unknown }).kind === "data") cached.discard();
      throw thrown;
    }
  }
  return path => {
    const match = /^(\d{1,9})\/(\d{1,9})$/.exec(path);
    if (match === null) throw new FiresteelError("data", "a cached partition is asked for as rdd/partition");
    return parts(Number(match[1]) as RddId, Number(match[2]));
  };
}

function headOf(rows: number, flags: number, blockBytes: readonly number[]): Uint8Array {
  const words = new Uint32Array(headWords + blockBytes.length);
  words.set([blockBytes.length, rows >>> 0, Math.floor(rows / 2 ** 32), flags]);
  words.set(blockBytes, headWords);
  return new Uint8Array(words.buffer);
}
