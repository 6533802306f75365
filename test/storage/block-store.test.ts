import { describe, expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import type { RddId } from "../../src/base/ids.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { entangled, slotWord, storageOwner } from "../../src/kernel/owners.ts";
import { attachMemory, type SharedPool, type TaskMemory } from "../../src/kernel/task-memory.ts";
import { BlockStore } from "../../src/storage/block-store.ts";

const MiB = 2 ** 20;
const [a, b] = [1 as RddId, 2 as RddId];

function open(storageFraction = 0.5) {
  const pool = attachMemory(createKernelMemory(16 * MiB), { waitMaxMs: 0, storageFraction });
  return { pool, store: new BlockStore(pool) };
}

/** Caches `blocks` blocks of `bytes`, each filled with its number; false when there is no room. */
function put(pool: SharedPool, store: BlockStore, rdd: RddId, partition: number, bytes: number, blocks = 2): boolean {
  const task = pool.openTask(900);
  const writer = store.openWriter(rdd, partition, task);
  if (writer === undefined) return false;
  let room = true;
  for (let i = 0; i < blocks && room; i++)
    room = writer.append(bytes, ptr => void pool.area.words.fill(i, ptr / 4, (ptr + bytes) / 4));
  if (room) writer.commit(blocks * 10)?.release();
  else writer.abort();
  task.releaseAll();
  return room;
}

function cachedPartitions(store: BlockStore, rdd: RddId): number[] {
  return store
    .list()
    .filter(each => each.rdd === rdd)
    .map(each => each.partition)
    .sort((x, y) => x - y);
}

function expectEmpty(pool: SharedPool): void {
  expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
  expect(pool.owners.get(storageOwner, slotWord.usedPages)).toBe(0);
}

describe("block store", () => {
  test("a partition is read back by any task until its rdd is removed", () => {
    const { pool, store } = open();
    expect(put(pool, store, a, 3, 100_000, 5)).toBe(true);
    const task = pool.openTask(1);
    expect(store.get(a, 4, task)).toBeUndefined();
    const cached = store.get(a, 3, task)!;
    expect([cached.rows, cached.bytes, cached.blocks!.length]).toEqual([50, 500_000, 5]);
    for (const [i, block] of cached.blocks!.entries()) {
      expect(pool.area.words.subarray(block.ptr / 4, (block.ptr + block.bytes) / 4).every(word => word === i)).toBe(
        true,
      );
    }
    expect(store.openWriter(a, 3, task)).toBeUndefined();
    store.remove(a);
    expect(store.get(a, 3, task)).toBeUndefined();
    expect(pool.shares.use().storage).toBeGreaterThan(0);
    cached.release();
    task.releaseAll();
    expectEmpty(pool);
  });

  test("caching evicts the least recently read, never what is read, never its own rdd", () => {
    const { pool, store } = open();
    for (let i = 0; i < 4; i++) put(pool, store, a, i, 3.5 * MiB, 1);
    const task = pool.openTask(1);
    store.get(a, 0, task)!.release();
    const read = store.get(a, 1, task)!;
    expect(put(pool, store, b, 0, 3.5 * MiB, 1)).toBe(true);
    expect(cachedPartitions(store, a)).toEqual([0, 1, 3]);
    expect(put(pool, store, b, 1, 7 * MiB, 1)).toBe(true);
    expect([cachedPartitions(store, a), cachedPartitions(store, b)]).toEqual([[1], [0, 1]]);
    expect(put(pool, store, b, 2, 5 * MiB, 1)).toBe(false);
    expect([cachedPartitions(store, a), cachedPartitions(store, b)]).toEqual([[1], [0, 1]]);
    read.release();
    task.releaseAll();
    store.remove(a);
    store.remove(b);
    expectEmpty(pool);
  });

  test("tasks evict cached blocks down to the floor; caching takes nothing from tasks", () => {
    const { pool, store } = open(0.25);
    for (let i = 0; i < 14; i++) put(pool, store, a, i, 1 * MiB, 1);
    const task = pool.openTask(1);
    task.alloc(10 * MiB);
    const left = pool.shares.use().storage;
    expect(left).toBeGreaterThanOrEqual(pool.shares.storageFloorPages() - 17);
    expect(left).toBeLessThan(6 * 16);
    expect(() => task.alloc(4 * MiB)).toThrow("cached data holds");
    expect(put(pool, store, b, 0, 8 * MiB, 1)).toBe(false);
    expect(task.usedBytes).toBe(10 * MiB);
    task.releaseAll();
  });

  test("scattered free pages become one run by moving cached blocks, whose readers see the same bytes", () => {
    const { pool, store } = open();
    for (let i = 0; i < 15; i++) put(pool, store, a, i, 0.85 * MiB, 1);
    const task = pool.openTask(1);
    const before = new Map<number, number>();
    for (let i = 0; i < 15; i += 2) {
      const cached = store.get(a, i, task)!;
      const { ptr } = cached.blocks![0]!;
      before.set(i, ptr);
      pool.area.words.fill(70 + i, ptr / 4, ptr / 4 + 1000);
      cached.release();
    }
    const big = task.alloc(7 * MiB);
    expect(cachedPartitions(store, a)).toEqual([...before.keys()]);
    pool.area.words.fill(1, big / 4, big / 4 + (7 * MiB) / 4);
    let moved = 0;
    for (let i = 0; i < 15; i += 2) {
      const [block] = store.get(a, i, task)!.blocks!;
      const words = pool.area.words.subarray(block!.ptr / 4, block!.ptr / 4 + block!.bytes / 4);
      expect(words.subarray(1000).every(word => word === 0)).toBe(true);
      expect(words.subarray(0, 1000).every(word => word === 70 + i)).toBe(true);
      if (block!.ptr !== before.get(i)) moved++;
    }
    expect(moved).toBeGreaterThan(1);
    task.releaseAll();
    store.remove(a);
    expectEmpty(pool);
  });

  test("what is in the way of a long run stays, as long as what was read longer ago can go", () => {
    const { pool, store } = open();
    // runs of 15 pages side by side, with holes of one page between them
    for (let i = 0; i < 15; i++) {
      put(pool, store, a, i, 0.9 * MiB, 1);
      put(pool, store, b, i, 100, 1);
    }
    store.remove(b);
    const task = pool.openTask(1);
    task.alloc(pool.pages.longestFreeRun() * 2 ** 16);
    for (let i = 0; i < 15; i++) if (i !== 9) store.get(a, i, task)!.release();
    expect(pool.shares.freePages()).toBe(14);
    expect(put(pool, store, b, 30, 0.8 * MiB, 1)).toBe(true);
    expect(cachedPartitions(store, a)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14]);
    task.releaseAll();
    store.remove(a);
    store.remove(b);
    expectEmpty(pool);
  });

  test("a partition that is removed while it is written is never seen", () => {
    const { pool, store } = open();
    const task = pool.openTask(1);
    const writer = store.openWriter(a, 0, task)!;
    writer.append(64, () => {});
    expect(store.get(a, 0, task)).toBeUndefined();
    store.remove(a);
    expect(writer.commit(1)).toBeUndefined();
    expect(writer.blocks.length).toBe(1);
    expect(store.openWriter(a, 0, task)).toBeUndefined();
    writer.abort();
    expect(pool.shares.use()).toMatchObject({ tasks: 0, storage: 0 });
    expect(store.openWriter(a, 0, task)).toBeDefined();
    task.releaseAll();
    expect(store.list()).toEqual([]);
    expectEmpty(pool);
  });

  test("a writer's death, a reader's death and a death during eviction leave a clean store", () => {
    const { pool, store } = open();
    put(pool, store, a, 0, 1 * MiB);
    put(pool, store, a, 1, 1 * MiB);
    const [writer, reader, evictor] = [1, 2, 3].map(id => pool.openTask(id)) as [TaskMemory, TaskMemory, TaskMemory];
    store.openWriter(b, 0, writer)!.append(2 * MiB, () => {});
    store.get(a, 0, reader);
    // As far as an evictor gets that dies after moving half of a partition's pages.
    const entry = pool.area.entriesAt + 16;
    Atomics.store(pool.area.words, entry, 4 | (evictor.owner << 4));
    const list = Atomics.load(pool.area.words, entry + 3);
    const page = pool.area.words[list / 4 + 4]!;
    pool.owners.entangle(evictor.owner, entangled.entries);
    pool.owners.set(evictor.owner, slotWord.busy, storageOwner);
    pool.owners.add(evictor.owner, slotWord.usedPages, 16);
    pool.pages.move(page, 7, storageOwner, evictor.owner);
    pool.locks.acquire(0, evictor.owner);

    expect(pool.reclaimTask(3)).toEqual({ pages: 7, pins: 0, locks: 1 });
    expect(pool.reclaimTask(1).pages).toBeGreaterThanOrEqual(32);
    expect(cachedPartitions(store, a)).toEqual([0]);
    store.remove(a);
    expect(pool.shares.use().storage).toBeGreaterThan(0);
    expect(pool.reclaimTask(2).pins).toBe(1);
    expectEmpty(pool);
  });

  test("random puts, reads, removals and pressure agree with a model", () => {
    const seed = Date.now() & 0xffff;
    const random = new Random(seed);
    const { pool, store } = open();
    const task = pool.openTask(1);
    const sizes = new Map<string, number>();
    for (let step = 0; step < 3000; step++) {
      const rdd = (1 + random.below(3)) as RddId;
      const partition = random.below(20);
      const what = random.below(12);
      if (what < 6) {
        const bytes = 16 * (1 + random.below(20_000));
        if (put(pool, store, rdd, partition, bytes, 3)) sizes.set(`${rdd},${partition}`, bytes);
      } else if (what < 10) {
        const cached = store.get(rdd, partition, task);
        if (cached !== undefined) {
          expect({ seed, bytes: cached.bytes }).toEqual({ seed, bytes: 3 * sizes.get(`${rdd},${partition}`)! });
          cached.release();
        }
      } else if (what < 11) {
        if (random.below(10) === 0) store.remove(rdd);
      } else {
        const bytes = 16 * MiB * random.float() * 0.45;
        task.free(task.alloc(bytes), bytes);
      }
    }
    for (const rdd of [1, 2, 3]) store.remove(rdd as RddId);
    task.releaseAll();
    expectEmpty(pool);
  });
});
