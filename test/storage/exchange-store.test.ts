import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExchangeId } from "../../src/base/ids.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { attachMemory, type OperatorMemory, type SharedPool } from "../../src/kernel/task-memory.ts";
import { ExchangeStore, type MapOutput } from "../../src/storage/exchange-store.ts";
import { nameLocalDirs } from "../../src/storage/local-dirs.ts";
import { outputBytes } from "../../src/storage/map-output.ts";

const MiB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
const exchange = 7 as ExchangeId;

function open(bytes = 16 * MiB) {
  const pool = attachMemory(createKernelMemory(bytes), { waitMaxMs: 0 });
  const dirs = nameLocalDirs([join(folder, "dirs")]);
  return { pool, dirs, store: new ExchangeStore(pool, { dirs }) };
}

/** Block i of map task m is filled with m * 16 + i; they go to reduce partitions in turn. */
function write(
  store: ExchangeStore,
  memory: OperatorMemory,
  map: number,
  blocks: number,
  bytes: number,
  spillAfter = -1,
): MapOutput {
  const words = memory.task.pool.area.words;
  const writer = store.openWriter(exchange, map, 3, memory);
  for (let i = 0; i < blocks; i++) {
    writer.append(i % 3, bytes, ptr => void words.fill(map * 16 + i, ptr / 4, (ptr + bytes) / 4));
    if (i === spillAfter) expect(writer.spill()).toBeGreaterThan(0);
  }
  return writer.finish();
}

function read(
  pool: SharedPool,
  store: ExchangeStore,
  outputs: readonly MapOutput[],
  reduce: number,
  attempt: number,
): number[] {
  const task = pool.openTask(attempt);
  const reader = store.openReader(outputs, reduce, task.withOperator("read"));
  const seen: number[] = [];
  for (let block = reader.next(); block !== undefined; block = reader.next()) {
    const words = pool.area.words.subarray(block.ptr / 4, (block.ptr + block.bytes) / 4);
    expect(words.every(word => word === words[0])).toBe(true);
    seen.push(words[0]!);
  }
  reader.close();
  task.releaseAll();
  return seen;
}

describe("exchange store", () => {
  test("outputs outlive their tasks, keep their order, and are freed by release", () => {
    const { pool, store } = open();
    const outputs = [0, 1].map(map => {
      const task = pool.openTask(map);
      const output = write(store, task.withOperator("map"), map, 7, 48_000);
      task.releaseAll();
      return output;
    });
    expect(read(pool, store, outputs, 0, 10)).toEqual([0, 3, 6, 16, 19, 22]);
    expect(read(pool, store, outputs, 2, 10)).toEqual([2, 5, 18, 21]);
    expect(outputBytes(outputs[0]!, 0)).toBe(3 * 48_000);
    expect(pool.shares.use().exchanges).toBeGreaterThanOrEqual(11);
    store.release(exchange);
    expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
  });

  test("a spilled output reads the same and has the same checksum as one in memory", () => {
    const { pool, store, dirs } = open();
    const task = pool.openTask(1);
    const whole = write(store, task.withOperator("map"), 1, 9, 32_000);
    const mixed = write(store, task.withOperator("map"), 1, 9, 32_000, 5);
    const spilled = write(store, task.withOperator("map"), 1, 9, 32_000, 8);
    expect(mixed.checksum).toBe(whole.checksum);
    expect(spilled.checksum).toBe(whole.checksum);
    expect(spilled.runs.length).toBe(0);
    expect(mixed.runs.length).toBeGreaterThan(0);
    for (const reduce of [0, 1, 2]) {
      expect(read(pool, store, [mixed], reduce, 2)).toEqual(read(pool, store, [whole], reduce, 2));
      expect(read(pool, store, [spilled], reduce, 2)).toEqual(read(pool, store, [whole], reduce, 2));
    }
    expect(existsSync(spilled.spilled!.files[0]!)).toBe(true);
    task.releaseAll();
    store.release(exchange);
    expect(existsSync(join(dirs.paths[0]!, "exchange-7"))).toBe(false);
    expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
  });

  test("a block read from a file can be taken, and is then on the taker's account; others stay where they are", () => {
    const { pool, store } = open();
    const writers = [0, 1].map(map => pool.openTask(map));
    const [inMemory, spilled] = writers.map((task, map) =>
      write(store, task.withOperator("map"), map, 6, 48_000, map === 1 ? 5 : -1),
    );
    for (const task of writers) task.releaseAll();
    const task = pool.openTask(10);
    const [reading, taking] = [task.withOperator("read"), task.withOperator("sort")];
    const reader = store.openReader([inMemory!, spilled!], 0, reading);
    const blocks = Array.from({ length: 4 }, () => {
      const block = reader.next()!;
      return { block, isOwn: reader.take(taking) };
    });
    expect(reader.next()).toBeUndefined();
    expect(blocks.map(({ isOwn }) => isOwn)).toEqual([false, false, true, true]);
    reader.close();
    expect(blocks.map(({ block }) => pool.area.words[block.ptr / 4]!)).toEqual([0, 3, 16, 19]);
    expect(reading.usedBytes).toBe(0);
    expect(taking.usedBytes).toBeGreaterThanOrEqual(2 * 48_000);
    for (const { block, isOwn } of blocks) if (isOwn) taking.free(block.ptr, block.bytes);
    expect(taking.usedBytes).toBe(0);
    task.releaseAll();
    store.release(exchange);
    expect(pool.pages.longestFreeRun()).toBe(pool.pages.pages);
  });

  test("output larger than memory spills by itself, and beyond the exchanges' share it goes to files", () => {
    const { pool, store } = open();
    const task = pool.openTask(1);
    const outputs = [1, 2, 3].map(map => write(store, task.withOperator("map"), map, 16, 300_000));
    expect(outputs.map(output => output.spilled !== undefined)).toEqual([false, true, true]);
    const huge = write(store, task.withOperator("map"), 4, 16, 2_000_000);
    expect(huge.spilled).toBeDefined();
    const expected = [1, 2, 3, 4].flatMap(map => [1, 4, 7, 10, 13].map(i => map * 16 + i));
    expect(read(pool, store, [...outputs, huge], 1, 2)).toEqual(expected);
  });

  test("another operator's need makes the writer spill", () => {
    const { pool, store } = open();
    const task = pool.openTask(1);
    const words = pool.area.words;
    const writer = store.openWriter(exchange, 1, 1, task.withOperator("map"));
    writer.append(0, 10 * MiB, ptr => void words.fill(9, ptr / 4, ptr / 4 + 2.5 * MiB));
    task.withOperator("sort").alloc(12 * MiB);
    expect(writer.memoryBytes).toBe(0);
    expect(writer.spilledBytes).toBe(10 * MiB);
    writer.abort();
  });

  test("a damaged file is a lost output, by name; abort and discard leave nothing", () => {
    const { pool, store, dirs } = open();
    const task = pool.openTask(1);
    const output = write(store, task.withOperator("map"), 5, 3, 160, 2);
    const bytes = readFileSync(output.spilled!.files[0]!);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(output.spilled!.files[0]!, bytes);
    let thrown: unknown;
    try {
      read(pool, store, [output], 2, 2);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ kind: "fetchFailed", output: { exchange: 7, mapPartition: 5 } });
    const files = () => readdirSync(join(dirs.paths[0]!, "exchange-7")).length;
    const before = files();
    const writer = store.openWriter(exchange, 6, 1, task.withOperator("map"));
    writer.append(0, 64, () => {});
    writer.spill();
    expect(files()).toBe(before + 1);
    writer.abort();
    expect(files()).toBe(before);
    store.discard(write(store, task.withOperator("map"), 6, 3, 160));
    store.discard(output);
    expect(existsSync(output.spilled!.files[0]!)).toBe(false);
    expect(pool.shares.use().exchanges).toBe(0);
    task.releaseAll();
  });
});
