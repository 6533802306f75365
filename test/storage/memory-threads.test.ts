import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { ExchangeId, RddId } from "../../src/base/ids.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { slotWord, storageOwner } from "../../src/kernel/owners.ts";
import { attachMemory, type SharedPool } from "../../src/kernel/task-memory.ts";
import { BlockStore } from "../../src/storage/block-store.ts";
import { ExchangeStore } from "../../src/storage/exchange-store.ts";
import { nameLocalDirs } from "../../src/storage/local-dirs.ts";
import type { ThreadOrder } from "./memory-thread.ts";

const MiB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), "firesteel-threads-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function open(bytes: number) {
  const memory = createKernelMemory(bytes);
  const pool = attachMemory(memory, { waitMaxMs: 5 });
  const dirs = nameLocalDirs([folder]);
  const signals = new Int32Array(new SharedArrayBuffer(4 * 8));
  const start = (mode: ThreadOrder["mode"], attempt: number, seed: number, ownSteps = signals.length - 1) => {
    const workerData: ThreadOrder = { memory, mode, attempt, seed, signals, ownSteps, dirs };
    return new Worker(new URL("./memory-thread.ts", import.meta.url), { workerData });
  };
  return { pool, dirs, store: new BlockStore(pool, { dirs }), exchanges: new ExchangeStore(pool), signals, start };
}

function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** What the control thread does meanwhile: unpersists and releases. */
async function control(
  store: BlockStore,
  exchanges: ExchangeStore,
  ends: Promise<unknown>[],
  done: () => boolean,
): Promise<void> {
  let isOver = false;
  for (const end of ends) void end.then(() => (isOver = true));
  for (let turn = 0; !done() && !isOver; turn++) {
    if (turn % 20 === 0) store.remove((1 + (turn % 3)) as RddId);
    if (turn % 30 === 0) exchanges.release((turn % 2) as ExchangeId);
    await Promise.race([...ends, new Promise(resolve => setTimeout(resolve, 1))]);
  }
}

/** With no task left: cached blocks and nothing else hold pages, and counts agree with the page table. */
function expectOnlyCached(pool: SharedPool, store: BlockStore, about: object): void {
  const held = pool.pages.countOwned(storageOwner);
  const listed = store.list().reduce((sum, each) => sum + each.pages, 0);
  const counted = pool.owners.get(storageOwner, slotWord.usedPages);
  const free = pool.pages.countOwned(0);
  expect({ ...about, listed, counted, held: pool.pages.pages - free }).toEqual({
    ...about,
    listed: held,
    counted: held,
    held,
  });
}

test("kills a task thread in the middle of holding pages, pins and a lock, and everything is taken back", async () => {
  const { pool, store, start } = open(16 * MiB);
  const setup = pool.openTask(1);
  const writer = store.openWriter(1 as RddId, 0, setup)!;
  writer.append(1 * MiB, () => {});
  writer.commit(1)!.release();
  setup.releaseAll();
  const cachedPages = pool.shares.use().storage;

  const worker = start("hold", 7, 0);
  expect(await nextMessage(worker)).toBe("holding");
  const owner = pool.owners.find("task", 7)!;
  expect(pool.pages.countOwned(owner)).toBe(48 + 16);
  expect(pool.pins.count(owner)).toBe(1);
  expect(pool.locks.holder(5)).toBe(owner);
  expect(pool.shares.use().tasks).toBe(48);
  store.remove(1 as RddId);
  expect(store.list()).toEqual([]);
  expect(pool.pages.countOwned(storageOwner)).toBe(cachedPages);

  await worker.terminate();
  expect(pool.pages.countOwned(owner)).toBe(48 + 16);
  expect(pool.reclaimTask(7)).toEqual({ pages: 48 + 16, pins: 1, locks: 1 });
  expect(pool.reclaimTask(7)).toEqual({ pages: 0, pins: 0, locks: 0 });
  const next = pool.openTask(8);
  expect(pool.locks.acquire(5, next.owner, 0)).toBe("abandoned");
  pool.locks.release(5, next.owner);
  expect(pool.locks.acquire(5, next.owner, 0)).toBe("acquired");
  expect(store.openWriter(2 as RddId, 0, next)).toBeDefined();
  next.releaseAll();
  expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
  expect(pool.shares.use()).toMatchObject({ tasks: 0, storage: 0 });
});

test("threads that allocate, cache, hand over and evict at the same time never see each other's bytes", async () => {
  const seed = Date.now() & 0xffff;
  const { pool, store, exchanges, signals, start } = open(12 * MiB);
  const workers = [10, 20, 30].map((attempt, i) => start("work", attempt, seed + i));
  const ends = workers.map(nextMessage);
  await control(store, exchanges, ends, () => Atomics.load(signals, 1) >= 12_000);
  Atomics.store(signals, 0, 1);
  expect({ seed, ends: await Promise.all(ends) }).toEqual({ seed, ends: ["stopped", "stopped", "stopped"] });
  await Promise.all(workers.map(worker => worker.terminate()));
  for (const id of [0, 1]) exchanges.release(id as ExchangeId);
  expectOnlyCached(pool, store, { seed });
});

test("threads killed at random moments leave nothing behind", async () => {
  const seed = Date.now() & 0xffff;
  const { pool, dirs, store, exchanges, signals, start } = open(12 * MiB);
  let killed = 0;
  for (let round = 0; round < 8; round++) {
    const attempts = [100 + 4 * round, 102 + 4 * round];
    const before = Atomics.load(signals, 1);
    const ownSteps = [2, 3];
    for (const at of ownSteps) Atomics.store(signals, at, 0);
    const workers = attempts.map((attempt, i) => start("work", attempt, seed + 2 * round + i, ownSteps[i]));
    const ends = workers.map(nextMessage);
    // one may do all of this before the other has begun
    const done = () =>
      Atomics.load(signals, 1) >= before + 500 + 37 * round && ownSteps.every(at => Atomics.load(signals, at) > 0);
    await control(store, exchanges, ends, done);
    const said = await Promise.race([...ends, Promise.resolve("they work")]);
    expect({ seed, round, said }).toEqual({ seed, round, said: "they work" });
    await Promise.all(workers.map(worker => worker.terminate()));
    for (const attempt of attempts) {
      for (const each of [attempt, attempt ^ 1]) {
        if (pool.owners.find("task", each) !== undefined) killed++;
        pool.reclaimTask(each);
      }
    }
    for (const id of [0, 1]) exchanges.release(id as ExchangeId);
    expectOnlyCached(pool, store, { seed, round });
  }
  expect(killed).toBeGreaterThan(8);
  for (const rdd of [1, 2, 3]) store.remove(rdd as RddId);
  expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
  const files = readdirSync(dirs.paths[0]!, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  expect(files.filter(({ name }) => name.startsWith("block-"))).toEqual([]);
});
