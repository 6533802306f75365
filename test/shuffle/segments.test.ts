import { afterAll, describe, expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import type { MapOutput } from "../../src/storage/map-output.ts";
import { newFileKey } from "../../src/storage/file-cipher.ts";
import { isMapStatus, type MapInput } from "../../src/storage/map-status.ts";
import { blockSizes, exchange, type ExecutorOptions, removeFolder, TestExecutor, TestWay } from "./executors.ts";

afterAll(removeFolder);

const MiB = 2 ** 20;

function hashes(blocks: readonly Buffer[]): string[] {
  return blocks.map(block => `${block.length} ${Bun.hash(block)}`);
}

/** Outputs of several executors, read by the first: its own in place, the others by their status. */
async function mixed(seed: number, options: ExecutorOptions, sameHost: boolean) {
  const random = new Random(seed);
  const way = new TestWay();
  const executors = [1, 2, 3].map(id => new TestExecutor(way, id, sameHost ? { ...options, hostId: "one" } : options));
  const reduces = 1 + random.below(4);
  const inputs: MapInput[] = [];
  const whole: { readonly executor: TestExecutor; readonly output: MapOutput }[] = [];
  for (let map = 0; map < 12; map++) {
    const executor = executors[random.below(3)]!;
    const blocks = Array.from({ length: reduces }, () =>
      random.below(4) === 0 ? [] : blockSizes(random, random.below(6), random.below(3) === 0 ? 400_000 : 4000),
    );
    const spillAfter = random.below(2) === 0 ? -1 : 1 + random.below(8);
    const output = executor.write(random, map, blocks, spillAfter);
    whole.push({ executor, output });
    inputs.push(executor === executors[0] ? output : executor.status(output));
  }
  return { way, executors, reduces, inputs, whole };
}

describe("segments", () => {
  const variants: readonly [string, ExecutorOptions, boolean][] = [
    ["plain", { compress: "false" }, false],
    ["plain on one host", { compress: "false" }, true],
    ["lz4", { compress: "true" }, false],
    ["lz4 on one host", { compress: "true" }, true],
    ["zstd", { compress: "true", codec: "zstd" }, false],
    ["where it pays", { compress: "auto" }, false],
    ["where it pays, on one host", { compress: "auto" }, true],
    ["plain files encrypted", { compress: "false", key: newFileKey() }, false],
    ["lz4 files encrypted", { compress: "true", key: newFileKey() }, false],
    ["lz4 files encrypted, on one host", { compress: "true", key: newFileKey() }, true],
  ];
  for (const [name, options, sameHost] of variants) {
    test(`of other executors read as if they were here: ${name}`, async () => {
      const fetched = { outputs: 0, requests: 0 };
      for (let round = 0; round < 4; round++) {
        const seed = (Date.now() + round * 7919) & 0xffff;
        const { way, executors, reduces, inputs, whole } = await mixed(seed, options, sameHost);
        for (let reduce = 0; reduce < reduces; reduce++) {
          const wanted: string[] = [];
          for (const { executor, output } of whole) wanted.push(...hashes(await executor.read([output], reduce)));
          const got = hashes(await executors[0]!.read(inputs, reduce));
          expect({ seed, reduce, got }).toEqual({ seed, reduce, got: wanted });
        }
        fetched.outputs += inputs.filter(isMapStatus).length;
        fetched.requests += way.requests.length;
        await way.closed();
      }
      // in one round all that others hold may be empty
      expect(fetched.outputs).toBeGreaterThan(0);
      expect(fetched.requests).toBeGreaterThan(0);
    });
  }

  test("many small segments take few requests, and none for empty ones", async () => {
    const random = new Random(3);
    const way = new TestWay();
    const [reader, writer] = [new TestExecutor(way, 1), new TestExecutor(way, 2)];
    const inputs = Array.from({ length: 500 }, (_, map) => writer.status(writer.write(random, map, [[64], [], [128]])));
    expect((await reader.read(inputs, 0)).length).toBe(500);
    expect(way.requests.map(({ segments }) => segments.length)).toEqual([500]);
    expect(await reader.read(inputs, 1)).toEqual([]);
    expect(way.requests.length).toBe(1);
  });

  test("bytes in flight are bounded, and large segments come in parts", async () => {
    const random = new Random(4);
    const way = new TestWay();
    const client = { inFlightBytesMax: 2 * MiB };
    const reader = new TestExecutor(way, 1, { client });
    const writers = [2, 3].map(id => new TestExecutor(way, id));
    const inputs = [0, 1, 2, 3].map(map => {
      const writer = writers[map % 2]!;
      return writer.status(writer.write(random, map, [Array.from({ length: 60 }, () => 100_000)]));
    });
    const task = reader.task();
    const memory = task.withOperator("read");
    const blocks = reader.store.openReader(inputs, 0, memory);
    let count = 0;
    for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
      count++;
      // everything that can come has come
      for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
      expect(memory.usedBytes).toBeLessThan(3.5 * MiB);
    }
    expect(memory.peakBytes).toBeGreaterThan(1.5 * MiB);
    blocks.close();
    expect(count).toBe(240);
    expect(way.requests.length).toBeGreaterThan(10);
  });

  test("where memory is tight blocks come one by one, and others of the task get what waits", async () => {
    const random = new Random(5);
    const way = new TestWay();
    const reader = new TestExecutor(way, 1, { memoryBytes: 12 * MiB });
    const writers = [2, 3].map(id => new TestExecutor(way, id));
    const outputs = Array.from({ length: 6 }, (_, map) =>
      writers[map % 2]!.write(random, map, [blockSizes(random, 30, 160_000)]),
    );
    const inputs = outputs.map((output, map) => writers[map % 2]!.status(output));
    const wanted: string[] = [];
    for (const [map, output] of outputs.entries()) wanted.push(...hashes(await writers[map % 2]!.read([output], 0)));

    const task = reader.task();
    const memory = task.withOperator("read");
    const other = task.withOperator("sort");
    const share = reader.pool.shares.now().taskMaxPages * 65536;
    const blocks = reader.store.openReader(inputs, 0, memory);
    const got: string[] = [];
    let dropped = 0;
    for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
      got.push(...hashes([Buffer.from(reader.kernels.u8.slice(block.ptr, block.ptr + block.bytes))]));
      for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve));
      if (got.length % 5 !== 0) continue;
      // all that is not the block given, and a little: only possible when what waits is given up
      const before = memory.usedBytes;
      const pieces = Array.from({ length: (share - 12 * 65536) / 65536 - 3 }, () => other.alloc(65536));
      if (memory.usedBytes < before) dropped++;
      for (const ptr of pieces) other.free(ptr, 65536);
    }
    expect(got).toEqual(wanted);
    expect(dropped).toBeGreaterThan(0);
    blocks.close();

    // now nearly everything is taken all the time
    const held = Array.from({ length: share / 65536 - 10 }, () => other.alloc(65536));
    const requests = way.requests.length;
    expect(hashes(await readWith(reader, inputs, task))).toEqual(wanted);
    expect(way.requests.length - requests).toBeGreaterThan(wanted.length / 2);
    for (const ptr of held) other.free(ptr, 65536);
    task.releaseAll();
    await way.closed();
  });

  test("a block for which there is no room at all is a refusal", async () => {
    const random = new Random(6);
    const way = new TestWay();
    const reader = new TestExecutor(way, 1, { memoryBytes: 12 * MiB });
    const writer = new TestExecutor(way, 2);
    const inputs = [writer.status(writer.write(random, 0, [[320_000]]))];
    const task = reader.task();
    task.alloc(reader.pool.shares.now().taskMaxPages * 65536 - 4 * 65536);
    await expect(readWith(reader, inputs, task)).rejects.toThrow("more engine memory and cannot have it");
    await way.closed();
  });

  test("a task's own outputs are read in place, and the rest by their status", () => {
    const random = new Random(7);
    const way = new TestWay();
    const [reader, writer] = [new TestExecutor(way, 1), new TestExecutor(way, 2)];
    const own = reader.write(random, 0, [[64]]);
    const other = writer.write(random, 1, [[64]]);
    const statuses = [reader.status(own), writer.status(other)];
    expect(reader.registry.resolve(statuses, statuses[0]!.executor)).toEqual([own, statuses[1]!]);
    reader.registry.discard(own);
    expect(reader.registry.resolve(statuses, statuses[0]!.executor)).toEqual(statuses);
    writer.registry.release(exchange);
    expect(writer.registry.find(other)).toBeUndefined();
    expect(writer.pool.pages.longestFreeRun()).toBe(writer.pool.pages.pages);
  });

  test("of two equal outputs the first stays until both are given up", () => {
    const way = new TestWay();
    const executor = new TestExecutor(way, 1);
    const first = executor.write(new Random(8), 0, [[64], [32]]);
    const again = executor.write(new Random(8), 0, [[64], [32]]);
    const another = executor.write(new Random(9), 0, [[64], [32]]);
    expect(again.checksum).toBe(first.checksum);
    expect(executor.registry.find(again)).toBe(first);
    executor.registry.discard(again);
    expect(executor.registry.find(first)).toBe(first);
    executor.registry.discard(first);
    expect(executor.registry.find(first)).toBeUndefined();
    expect(executor.registry.find(another)).toBe(another);
    executor.registry.discard(another);
    expect(executor.pool.pages.longestFreeRun()).toBe(executor.pool.pages.pages);
  });
});

test("a peer is not blamed for a time in which this process stood still, only for one in which it could hear", async () => {
  let nowMs = 0;
  let timers: (() => void)[] = [];
  const clock = {
    nowMs: () => nowMs,
    after(_: number, then: () => void) {
      timers.push(then);
      return { cancel: () => void (timers = timers.filter(each => each !== then)) };
    },
  };
  /** What is due by then comes late, before what has come over the network. */
  const pass = (ms: number) => {
    nowMs += ms;
    for (const each of timers.splice(0)) each();
  };
  const random = new Random(10);
  const way = new TestWay();
  const reader = new TestExecutor(way, 1, { client: { clock, idleTimeoutMs: 500, retriesMax: 0 } });
  const writer = new TestExecutor(way, 2);
  const output = writer.write(random, 0, [blockSizes(random, 12, 90_000)]);
  const inputs = [writer.status(output)];
  way.fault = () =>
    async function* (pieces) {
      for await (const piece of pieces) {
        pass(5_000);
        yield piece;
      }
    };
  expect(hashes(await reader.read(inputs, 0))).toEqual(hashes(await writer.read([output], 0)));
  expect([way.fired, nowMs >= 5_000]).toEqual([1, true]);
  way.fault = () => () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) });
  let failure: unknown;
  reader.read(inputs, 0).catch((error: unknown) => (failure = error));
  while (failure === undefined) {
    pass(50);
    await new Promise(resolve => setImmediate(resolve));
  }
  expect(String(failure)).toContain("nothing came for 0.5 s");
  await way.closed();
});

async function readWith(executor: TestExecutor, inputs: readonly MapInput[], task: ReturnType<TestExecutor["task"]>) {
  const memory = task.withOperator("read again");
  const reader = executor.store.openReader(inputs, 0, memory);
  const blocks: Buffer[] = [];
  try {
    for (let block = await reader.next(); block !== undefined; block = await reader.next())
      blocks.push(Buffer.from(executor.kernels.u8.slice(block.ptr, block.ptr + block.bytes)));
  } finally {
    reader.close();
  }
  return blocks;
}
