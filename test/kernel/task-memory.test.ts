import { describe, expect, test } from "bun:test";
import { Worker } from "node:worker_threads";
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { headerWord, pageBytes } from "../../src/kernel/control-area.ts";
import { slotWord, storageOwner } from "../../src/kernel/owners.ts";
import { withCachedNames } from "../../src/kernel/memory-refusal.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { attachMemory, type OperatorMemory, type SharedPool } from "../../src/kernel/task-memory.ts";

const MiB = 2 ** 20;

describe("task memory", () => {
  test("small and large allocations are aligned, disjoint and all freed at the end", () => {
    const pool = attachMemory(createKernelMemory(32 * MiB));
    const task = pool.openTask(1);
    const words = pool.area.words;
    const sizes = [1, 16, 17, 100, 129, 4000, 32768, 32769, 65536, 70000, 300000];
    const made = sizes.flatMap(bytes => Array.from({ length: 5 }, () => ({ bytes, ptr: task.alloc(bytes) })));
    for (const [i, { bytes, ptr }] of made.entries()) {
      expect(ptr % 16).toBe(0);
      words.fill(i, ptr / 4, ptr / 4 + Math.max(1, bytes >> 2));
    }
    for (const [i, { bytes, ptr }] of made.entries()) {
      const range = words.subarray(ptr / 4, ptr / 4 + Math.max(1, bytes >> 2));
      expect(range.every(word => word === i)).toBe(true);
    }
    task.releaseAll();
    task.releaseAll();
    expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
    expect(task.peakBytes).toBeGreaterThan(300000);
    expect(() => task.alloc(1)).toThrow("after its task ended");
  });

  test("a refusal says who wanted how much and who holds the rest", () => {
    const pool = attachMemory(createKernelMemory(16 * MiB), { waitMaxMs: 0 });
    const task = pool.openTask(1);
    const other = pool.openTask(2);
    other.alloc(2 * MiB);
    task.withOperator("sortByKey").alloc(1 * MiB);
    task.withOperator("sortByKey").alloc(2 * MiB);
    const group = task.withOperator("reduceByKey");
    group.alloc(1 * MiB);
    const attempt = () => group.alloc(8 * MiB);
    expect(attempt).toThrow(MemoryRefused);
    expect(attempt).toThrow(
      "reduceByKey needs 8.0 MiB more engine memory and cannot have it: its task holds 4.0 MiB (sortByKey 3.0 MiB, reduceByKey 1.0 MiB) " +
        "of at most 7.8 MiB (2 tasks share 15.6 MiB); other tasks hold 2.0 MiB (task attempt 2 2.0 MiB), 9.6 MiB is free, the longest run 9.6 MiB",
    );
  });

  test("it names the operators of other tasks, cached Rdds, map outputs and broadcasts", () => {
    const pool = attachMemory(createKernelMemory(32 * MiB), { waitMaxMs: 0 });
    const holders = [1, 2, 3].flatMap(partition => [
      { name: "Rdd 3", pages: 8 },
      { name: `Rdd ${6 + partition}`, pages: partition },
    ]);
    const task = pool.openTask(1);
    const storage = task.withOperator("cache");
    storage.handOver(storage.allocRun(30 * 65536), 30 * 65536, storageOwner);
    pool.setRoomMaker({ evict: () => 0, compact: () => 0, holders: () => holders });
    for (const [kind, id] of [
      ["exchange", 4],
      ["exchange", 5],
      ["broadcast", 2],
    ] as const) {
      const account = task.withOperator(kind);
      const bytes = id * MiB;
      account.handOver(account.allocRun(bytes), bytes, pool.openOwner(kind, id));
    }
    for (const [attempt, operator] of [
      [2, "join"],
      [3, "a name that is longer than there is room for"],
    ] as const) {
      const other = pool.openTask(attempt);
      other.withOperator("map").alloc(MiB / 2);
      other.withOperator(operator).alloc(MiB);
    }
    let message = "";
    try {
      task.withOperator("sortByKey").alloc(16 * MiB);
    } catch (thrown) {
      message = (thrown as Error).message;
    }
    expect(message.slice(message.indexOf("; ") + 2)).toStartWith(
      "other tasks hold 3.0 MiB (join 1.5 MiB, a name that is longer than there 1.5 MiB), " +
        "cached data holds 1.9 MiB (Rdd 3 1.5 MiB, Rdd 9 192.0 KiB, Rdd 8 128.0 KiB, Rdd 7 64.0 KiB), " +
        "map outputs hold 9.0 MiB (exchange 5 5.0 MiB, exchange 4 4.0 MiB), broadcasts hold 2.0 MiB (broadcast 2 2.0 MiB), ",
    );
    const names = new Map([
      [3, "words (all)"],
      [7, "map at job.ts:4:6"],
      [5, "no exchange"],
    ]);
    const named = withCachedNames(message, rdd => names.get(rdd));
    expect(named).toContain("join 1.5 MiB");
    expect(named.slice(named.indexOf("cached data"))).toStartWith(
      "cached data holds 1.9 MiB (words (all) 1.5 MiB, Rdd 9 192.0 KiB, Rdd 8 128.0 KiB, map at job.ts:4:6 64.0 KiB), " +
        "map outputs hold 9.0 MiB (exchange 5 5.0 MiB, ",
    );
    expect(withCachedNames("Rdd 3 4 is cached data", () => "x")).toBe("Rdd 3 4 is cached data");
    const disk = (holder: string) => `spilling cached rows of ${holder} to /disk failed: it is full`;
    expect(withCachedNames(disk("Rdd 7"), rdd => names.get(rdd))).toBe(disk("map at job.ts:4:6"));
    expect(withCachedNames(disk("Rdd 8"), rdd => names.get(rdd))).toBe(disk("Rdd 8"));
  });

  test("random small and large allocations agree with a model, and empty slabs go back", () => {
    const seed = Date.now() & 0xffff;
    const random = new Random(seed);
    const pool = attachMemory(createKernelMemory(32 * MiB));
    const task = pool.openTask(1);
    const accounts = [task.withOperator("a"), task.withOperator("b")];
    const { words } = pool.area;
    const live: { ptr: Ptr; bytes: number; stamp: number; account: OperatorMemory }[] = [];
    for (let step = 0; step < 30_000; step++) {
      if (random.below(100) < (live.length < 1500 ? 55 : 40)) {
        const bytes = 4 + random.below([40, 400, 4000, 40_000][random.below(4)]!);
        const account = accounts[random.below(2)]!;
        const ptr = account.alloc(bytes);
        words[ptr / 4] = step;
        words[(ptr + ((bytes - 4) & ~3)) / 4] = step;
        live.push({ ptr, bytes, stamp: step, account });
      } else if (live.length > 0) {
        const at = random.below(live.length);
        const { ptr, bytes, stamp, account } = live[at]!;
        live[at] = live[live.length - 1]!;
        live.pop();
        const seen = [words[ptr / 4], words[(ptr + ((bytes - 4) & ~3)) / 4]];
        if (seen[0] !== stamp || seen[1] !== stamp) expect({ seed, seen }).toEqual({ seed, seen: [stamp, stamp] });
        account.free(ptr, bytes);
      }
    }
    for (const { ptr, bytes, account } of live) account.free(ptr, bytes);
    expect(accounts.map(account => account.usedBytes)).toEqual([0, 0]);
    expect(task.usedBytes).toBeLessThanOrEqual(40 * pageBytes);
    task.releaseAll();
    expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
  });

  test("freeing what is not ours is an internal error", () => {
    const task = attachMemory(createKernelMemory(16 * MiB)).openTask(1);
    const small = task.alloc(100);
    const large = task.alloc(100_000);
    expect(() => task.free(small, 5000)).toThrow("are not an allocation of this task");
    expect(() => task.free(large, 300_000)).toThrow("are not an allocation of this task");
    task.free(large, 100_000);
    expect(() => task.free(large, 100_000)).toThrow("are not an allocation of this task");
  });

  test("a task gets at most 1/N, more when others end", () => {
    const pool = attachMemory(createKernelMemory(17 * MiB), { waitMaxMs: 0 });
    const total = pool.pages.pages;
    const tasks = [1, 2, 3].map(id => pool.openTask(id));
    for (const task of tasks) task.alloc(pageBytes);
    const third = Math.floor(total / 3);
    tasks[0]!.alloc((third - 1) * pageBytes);
    expect(() => tasks[0]!.alloc(pageBytes)).toThrow("3 tasks share");
    expect(tasks[0]!.usedBytes).toBe(third * pageBytes);
    tasks[1]!.releaseAll();
    tasks[0]!.alloc((Math.floor(total / 2) - third) * pageBytes);
    expect(() => tasks[0]!.alloc(pageBytes)).toThrow("2 tasks share");
  });

  test("an owner that is no task has no share and does not count for others", () => {
    const pool = attachMemory(createKernelMemory(17 * MiB), { waitMaxMs: 0 });
    const driver = pool.openTask(1, { fair: false });
    driver.alloc(6 * MiB);
    const task = pool.openTask(2);
    task.alloc(10 * MiB);
    expect(pool.shares.now().activeTasks).toBe(1);
  });

  test("a task below its 1/2N waits until another gives memory back", async () => {
    const { pool, worker, message } = greedyThread({ keeps: "until another waits", waitMaxMs: 50_000 });
    expect(await message()).toBe("holding");
    const task = pool.openTask(2);
    expect(() => task.withOperator("hasty").tryAlloc(7 * MiB)).not.toThrow();
    expect(task.usedBytes).toBe(0);
    task.alloc(7 * MiB);
    expect(task.usedBytes).toBe(7 * MiB);
    expect(Atomics.load(pool.area.words, headerWord.waiters)).toBe(0);
    await worker.terminate();
  });

  test("and is refused at its deadline, or at once when it has its share", async () => {
    const { pool, worker, message } = greedyThread({ keeps: "for ever", waitMaxMs: 150 });
    expect(await message()).toBe("holding");
    let waits = 0;
    const task = pool.openTask(2, { checkCancelled: () => waits++ });
    const started = performance.now();
    expect(() => task.alloc(7 * MiB)).toThrow("other tasks hold 14.0 MiB");
    expect(performance.now() - started).toBeGreaterThanOrEqual(149);
    expect(waits).toBeGreaterThan(0);
    await worker.terminate();
    expect(pool.reclaimTask(1).pages).toBe(14 * 16);
    task.alloc(12 * MiB);
    waits = 0;
    expect(() => task.alloc(7 * MiB)).toThrow(MemoryRefused);
    expect(waits).toBe(0);
  });

  test("tasks that write in turn leave long runs when one hands over and the others free theirs", () => {
    const pool = attachMemory(createKernelMemory(64 * MiB), { waitMaxMs: 0 });
    const exchange = pool.openOwner("exchange", 1);
    const longest: number[] = [];
    for (const tasks of [2, 3, 4]) {
      const writers = Array.from({ length: tasks }, (_, i) => {
        const memory = pool.openTask(i).withOperator("groupByKey");
        memory.allocRun(pageBytes);
        return { memory, runs: [] as Ptr[] };
      });
      for (let writing = true; writing;) {
        for (const { memory, runs } of writers) {
          try {
            runs.push(memory.allocRun(MiB, true));
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(MemoryRefused);
            writing = false;
          }
        }
      }
      for (const run of writers[0]!.runs) writers[0]!.memory.handOver(run, MiB, exchange);
      for (const { memory } of writers) memory.task.releaseAll();
      longest.push(pool.pages.longestFreeRun() / pool.pages.pages);
      pool.pages.sweep(exchange);
      pool.owners.set(exchange, slotWord.usedPages, 0);
    }
    expect(Math.min(...longest)).toBeGreaterThan(0.45);
  });

  test("a waiting task can be cancelled", async () => {
    const { pool, worker, message } = greedyThread({ keeps: "for ever", waitMaxMs: 50_000 });
    expect(await message()).toBe("holding");
    let checks = 0;
    const checkCancelled = () => {
      if (++checks === 2) throw new FiresteelError("cancelled", "the task was cancelled");
    };
    const task = pool.openTask(2, { checkCancelled });
    expect(() => task.alloc(7 * MiB)).toThrow("the task was cancelled");
    expect(Atomics.load(pool.area.words, headerWord.waiters)).toBe(0);
    await worker.terminate();
  });

  test("other operators spill, the biggest first; the one that asks and the one that spills do not", () => {
    const pool = attachMemory(createKernelMemory(17 * MiB), { waitMaxMs: 0 });
    const task = pool.openTask(1);
    const log: string[] = [];
    const operators = [4, 6, 2].map((size, i) => {
      const memory = task.withOperator(`operator ${i}`);
      let ptr: Ptr | undefined = memory.alloc(size * MiB);
      memory.spillable({
        name: memory.name,
        get usedBytes() {
          return memory.usedBytes;
        },
        spill() {
          if (ptr === undefined) return 0;
          log.push(`${i} spills`);
          // Spilling may need memory itself, and must not come back here.
          if (i === 1) expect(() => memory.alloc(14 * MiB)).toThrow(MemoryRefused);
          memory.free(ptr, size * MiB);
          ptr = undefined;
          return size * MiB;
        },
      });
      return memory;
    });
    operators[2]!.alloc(5 * MiB);
    expect(log).toEqual(["1 spills", "0 spills"]);
    operators[0]!.alloc(10 * MiB);
    expect(log).toEqual(["1 spills", "0 spills", "2 spills"]);
    expect(() => operators[2]!.alloc(9 * MiB)).toThrow("operator 2 needs 9.0 MiB more engine memory");
  });

  test("what is to be had at once is given without spilling, or not at all", () => {
    const pool = attachMemory(createKernelMemory(17 * MiB), { waitMaxMs: 60_000 });
    const task = pool.openTask(1);
    const [holding, reading] = [task.withOperator("hold"), task.withOperator("read")];
    holding.alloc(10 * MiB);
    let spills = 0;
    holding.spillable({ name: "hold", usedBytes: 10 * MiB, spill: () => ++spills });
    const large = reading.tryAlloc(5 * MiB)!;
    expect(reading.usedBytes).toBe(5 * MiB);
    expect(reading.tryAlloc(2 * MiB)).toBeUndefined();
    const small: Ptr[] = [];
    for (let ptr = reading.tryAlloc(4000); ptr !== undefined; ptr = reading.tryAlloc(4000)) small.push(ptr);
    expect(small.length).toBeGreaterThan(100);
    expect(spills).toBe(0);
    reading.free(large, 5 * MiB);
    for (const ptr of small) reading.free(ptr, 4000);
    expect(reading.usedBytes).toBe(0);
    task.releaseAll();
    expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
  });
});

/** A thread whose task holds 14 MiB of a pool of 16. */
function greedyThread(options: { readonly keeps: "until another waits" | "for ever"; readonly waitMaxMs: number }): {
  pool: SharedPool;
  worker: Worker;
  message: () => Promise<unknown>;
} {
  const memory = createKernelMemory(17 * MiB);
  const pool = attachMemory(memory, { waitMaxMs: options.waitMaxMs });
  const module = JSON.stringify(new URL("../../src/kernel/task-memory.ts", import.meta.url).href);
  const source = `
    import { parentPort, workerData } from "node:worker_threads";
    import { attachMemory } from ${module};
    const task = attachMemory(workerData.memory).openTask(1);
    task.alloc(14 * 2 ** 20);
    parentPort.postMessage("holding");
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (workerData.keeps === "for ever" || Atomics.load(task.pool.area.words, ${headerWord.waiters}) === 0)
      Atomics.wait(cell, 0, 0, 1);
    task.releaseAll();`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const worker = new Worker(url, { workerData: { memory, keeps: options.keeps } });
  const message = () => new Promise<unknown>(resolve => worker.once("message", resolve));
  return { pool, worker, message };
}
