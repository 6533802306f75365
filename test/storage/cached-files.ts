/** A block store whose cached partitions may go to files, for tests: blocks filled with stamps that tell where they belong. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RddId } from "../../src/base/ids.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { slotWord, storageOwner } from "../../src/kernel/owners.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { attachMemory, type TaskMemory } from "../../src/kernel/task-memory.ts";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import { BlockStore } from "../../src/storage/block-store.ts";
import { newFileKey } from "../../src/storage/file-cipher.ts";
import { nameLocalDirs } from "../../src/storage/local-dirs.ts";
import { spillCodec } from "../../src/storage/spill-codec.ts";
import type { SpillFs } from "../../src/storage/spill-file.ts";

export const MiB = 2 ** 20;
const module = compileKernels();
export const [a, b] = [1 as RddId, 2 as RddId];
/** To be removed after each test. */
export const folder = mkdtempSync(join(tmpdir(), "firesteel-blocks-"));

export function openStore(
  changes: {
    readonly dirs?: number;
    readonly fs?: SpillFs;
    readonly compresses?: boolean;
    readonly encrypts?: boolean;
  } = {},
) {
  const memory = createKernelMemory(16 * MiB);
  const pool = attachMemory(memory, { waitMaxMs: 0, storageFraction: 0 });
  const kernels = instantiateKernels(memory, module);
  const named = nameLocalDirs(Array.from({ length: changes.dirs ?? 1 }, (_, i) => join(folder, `dir-${i}`)));
  const dirs = { ...named, ...(changes.encrypts === true && { key: newFileKey() }) };
  const openCodec = changes.compresses === true ? spillCodec(kernels, "lz4") : undefined;
  const store = new BlockStore(pool, { dirs, openCodec, fs: changes.fs });
  let attempt = 1;
  const task = () => pool.openTask(attempt++);
  /** Blocks filled with numbers that tell where they are. */
  const put = (rdd: RddId, partition: number, bytes: number, level: StorageLevel, blocks = 3): boolean => {
    const own = task();
    const writer = store.openWriter(rdd, partition, own, level)!;
    let room = true;
    for (let i = 0; i < blocks && room; i++)
      room = writer.append(bytes, ptr => fill(pool.area.words, ptr, bytes, stamp(rdd, partition, i)));
    const cached = room ? writer.commit(blocks * 10) : undefined;
    cached?.release();
    writer.abort();
    own.releaseAll();
    return cached !== undefined;
  };
  /** The stamps of a partition's blocks, each checked to be whole; undefined when it is not cached. */
  const read = (rdd: RddId, partition: number, own: TaskMemory): number[] | undefined => {
    const cached = store.get(rdd, partition, own);
    if (cached === undefined) return undefined;
    try {
      if (cached.blocks !== undefined)
        return cached.blocks.map(({ ptr, bytes }) => stampAt(pool.area.words, ptr, bytes));
      const file = cached.openFile(own);
      const stamps = file.blockBytes.map((bytes, i) => {
        const ptr = own.alloc(bytes);
        file.read(i, ptr);
        const found = stampAt(pool.area.words, ptr, bytes);
        own.free(ptr, bytes);
        return found;
      });
      file.close();
      return stamps;
    } catch (thrown) {
      cached.discard();
      throw thrown;
    } finally {
      cached.release();
    }
  };
  const states = (rdd: RddId) =>
    store
      .list()
      .filter(each => each.rdd === rdd)
      .sort((x, y) => x.partition - y.partition)
      .map(({ pages, diskBytes }) => `${pages > 0 ? "memory" : ""}${diskBytes > 0 ? "disk" : ""}`);
  const files = () =>
    dirs.paths
      .flatMap(dir => (existsSync(dir) ? readdirSync(dir, { recursive: true, withFileTypes: true }) : []))
      .filter(entry => entry.isFile() && entry.name.startsWith("block-"))
      .map(entry => join(entry.parentPath, entry.name));
  const expectEmpty = () => {
    expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
    expect(pool.owners.get(storageOwner, slotWord.usedPages)).toBe(0);
    expect(files()).toEqual([]);
  };
  return { pool, store, task, put, read, states, files, dirs, expectEmpty };
}

export const stamp = (rdd: number, partition: number, block: number) => rdd * 10_000 + partition * 100 + block;
export const stamps = (rdd: number, partition: number, blocks = 3) =>
  Array.from({ length: blocks }, (_, i) => stamp(rdd, partition, i));

export function fill(words: Int32Array, ptr: Ptr, bytes: number, value: number): void {
  words.fill(value, ptr / 4, (ptr + bytes) / 4);
}

export function stampAt(words: Int32Array, ptr: Ptr, bytes: number): number {
  const part = words.subarray(ptr / 4, (ptr + bytes) / 4);
  expect(part.every(word => word === part[0])).toBe(true);
  return part[0]!;
}
