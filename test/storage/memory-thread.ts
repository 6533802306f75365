/** A task thread for memory-threads.test.ts: holds things and waits, or works at random until it is stopped or killed. */
import { parentPort, workerData } from "node:worker_threads";
import { Random } from "../../src/base/random.ts";
import type { ExchangeId, RddId } from "../../src/base/ids.ts";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { pageBytes } from "../../src/kernel/control-area.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { attachMemory, type SharedPool, type TaskMemory } from "../../src/kernel/task-memory.ts";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import type { LocalDirs } from "../../src/storage/local-dirs.ts";
import { BlockStore, type CachedPartition } from "../../src/storage/block-store.ts";
import { ExchangeStore } from "../../src/storage/exchange-store.ts";

export interface ThreadOrder {
  readonly memory: WebAssembly.Memory;
  readonly mode: "hold" | "work";
  readonly attempt: number;
  readonly seed: number;
  /** [0] 1 asks to stop; [1] counts steps of all threads, [ownSteps] this one's. */
  readonly signals: Int32Array;
  readonly ownSteps: number;
  /** For partitions that may be on disk. */
  readonly dirs: LocalDirs;
}

const order = workerData as ThreadOrder;
const pool = attachMemory(order.memory);
const store = new BlockStore(pool, { dirs: order.dirs });
const levels = [StorageLevel.MEMORY_ONLY, StorageLevel.MEMORY_AND_DISK, StorageLevel.DISK_ONLY];
const exchanges = new ExchangeStore(pool);

if (order.mode === "hold") hold();
else work();

function hold(): void {
  const task = pool.openTask(order.attempt);
  task.withOperator("sort").alloc(3 * 2 ** 20);
  store.get(1 as RddId, 0, task);
  store.openWriter(2 as RddId, 0, task)!.append(2 ** 20, () => {});
  pool.locks.acquire(5, task.owner);
  parentPort!.postMessage("holding");
  for (;;) Atomics.load(order.signals, 0);
}

function work(): void {
  const random = new Random(order.seed);
  let attempt = order.attempt;
  try {
    while (Atomics.load(order.signals, 0) === 0) {
      const task = pool.openTask(attempt);
      runTask(pool, task, random, attempt);
      task.releaseAll();
      // One attempt id a thread keeps in turn with its neighbour, so that the test knows what to take back.
      attempt ^= 1;
    }
    parentPort!.postMessage("stopped");
  } catch (thrown) {
    parentPort!.postMessage(`failed: ${(thrown as Error).stack}`);
  }
}

function runTask(pool: SharedPool, task: TaskMemory, random: Random, attempt: number): void {
  const held: { ptr: Ptr; bytes: number; stamp: number }[] = [];
  const { words } = pool.area;
  const stampAll = (ptr: Ptr, bytes: number, stamp: number) => {
    for (let at = ptr; at < ptr + bytes; at = (at + pageBytes) as Ptr) words[at / 4] = stamp;
  };
  const verify = (ptr: Ptr, bytes: number, stamp: number, what: string) => {
    for (let at = ptr; at < ptr + bytes; at = (at + pageBytes) as Ptr) {
      if (words[at / 4] !== stamp) throw new Error(`${what} at ${at}: ${words[at / 4]} instead of ${stamp}`);
    }
  };
  for (let step = 0; step < 40; step++) {
    Atomics.add(order.signals, 1, 1);
    Atomics.add(order.signals, order.ownSteps, 1);
    const what = random.below(20);
    const rdd = (1 + random.below(3)) as RddId;
    const partition = random.below(8);
    if (what < 8) {
      const bytes = 16 * (1 + random.below(random.below(3) === 0 ? 60_000 : 1000));
      const stamp = random.uint32() | 0;
      try {
        const ptr = task.alloc(bytes);
        stampAll(ptr, bytes, stamp);
        held.push({ ptr, bytes, stamp });
      } catch (thrown) {
        if (!(thrown instanceof MemoryRefused)) throw thrown;
      }
    } else if (what < 13 && held.length > 0) {
      const [each] = held.splice(random.below(held.length), 1);
      verify(each!.ptr, each!.bytes, each!.stamp, "an allocation");
      task.free(each!.ptr, each!.bytes);
    } else if (what < 15) {
      const writer = store.openWriter(rdd, partition, task, levels[random.below(levels.length)]);
      if (writer === undefined) continue;
      const stamp = rdd * 1000 + partition;
      const bytes = 16 * (1 + random.below(40_000));
      try {
        const room =
          writer.append(bytes, ptr => stampAll(ptr, bytes, stamp)) &&
          writer.append(bytes, ptr => stampAll(ptr, bytes, stamp));
        if (room && random.below(5) > 0) writer.commit(1)?.release();
      } catch (thrown) {
        if (!(thrown instanceof MemoryRefused)) throw thrown;
      }
      writer.abort();
    } else if (what < 18) {
      const cached = store.get(rdd, partition, task);
      if (cached !== undefined && cached.blocks === undefined) readFile(cached, task, rdd * 1000 + partition, verify);
      for (const block of cached?.blocks ?? [])
        verify(block.ptr, block.bytes, rdd * 1000 + partition, "a cached block");
      if (random.below(4) > 0) cached?.release();
    } else if (what === 18) {
      const writer = exchanges.openWriter((attempt % 2) as ExchangeId, 0, 2, task.withOperator("map"));
      try {
        for (let i = 0; i < 4; i++) writer.append(i % 2, 16 * (1 + random.below(9000)), ptr => stampAll(ptr, 16, 1));
        const output = writer.finish();
        if (random.below(3) > 0) exchanges.discard(output);
      } catch (thrown) {
        writer.abort();
        if (!(thrown instanceof MemoryRefused) && !/was released/.test(String(thrown))) throw thrown;
      }
    }
  }
}

/** Reads a file's blocks, into memory again where there is room. An rdd that is removed meanwhile takes its files along. */
function readFile(
  cached: CachedPartition,
  task: TaskMemory,
  stamp: number,
  verify: (ptr: Ptr, bytes: number, stamp: number, what: string) => void,
): void {
  try {
    const file = cached.openFile(task);
    try {
      const staged = cached.stage(file.blockBytes);
      let isAdopted = false;
      for (const [i, bytes] of file.blockBytes.entries()) {
        const ptr = staged?.add(bytes);
        if (ptr === undefined) break;
        file.read(i, ptr);
        verify(ptr, bytes, stamp, "a block out of a file");
        if (i === file.blockBytes.length - 1) isAdopted = cached.adopt(staged!, file.rows);
      }
      if (!isAdopted) staged?.free();
    } finally {
      file.close();
    }
  } catch (thrown) {
    if (!/cannot be read back/.test(String(thrown))) throw thrown;
    cached.discard();
  }
}
