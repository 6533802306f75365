import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, truncateSync } from "node:fs";
import { FiresteelError } from "../../src/base/errors.ts";
import type { ExchangeId, ExecutorId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import type { MapOutput } from "../../src/storage/map-output.ts";
import type { MapInput } from "../../src/storage/map-status.ts";
import {
  blockSizes,
  exchange,
  type ExecutorOptions,
  type Fault,
  removeFolder,
  TestExecutor,
  TestWay,
} from "./executors.ts";

afterAll(removeFolder);

interface Pair {
  readonly way: TestWay;
  readonly reader: TestExecutor;
  readonly writer: TestExecutor;
  readonly outputs: readonly MapOutput[];
  readonly inputs: readonly MapInput[];
  readonly wanted: readonly string[];
}

/** Outputs of one executor, to be read by another. */
async function pair(options: ExecutorOptions = {}, spillAfter = -1, seed = 1): Promise<Pair> {
  const random = new Random(seed);
  const way = new TestWay();
  const reader = new TestExecutor(way, 1, options);
  const writer = new TestExecutor(way, 2, options);
  const outputs = [0, 1, 2, 3, 4].map(map => writer.write(random, map, [blockSizes(random, 12, 90_000)], spillAfter));
  const inputs = outputs.map(output => writer.status(output));
  return { way, reader, writer, outputs, inputs, wanted: hashes(await writer.read(outputs, 0)) };
}

function hashes(blocks: readonly Buffer[]): string[] {
  return blocks.map(block => `${block.length} ${Bun.hash(block)}`);
}

async function failureOf(promise: Promise<unknown>): Promise<FiresteelError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof FiresteelError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was thrown");
}

/** Lets some bytes through, then does something else. */
function after(bytes: number, then: (rest: Uint8Array) => Uint8Array | Promise<never>): Fault {
  return async function* (pieces) {
    let passed = 0;
    for await (const piece of pieces) {
      const rest = bytes - passed;
      passed += piece.length;
      if (rest < 0 || rest >= piece.length) yield piece;
      else {
        yield piece.slice(0, rest);
        yield await then(piece.slice(rest));
      }
    }
  };
}

const cut = (bytes: number) => after(bytes, () => Promise.reject(new FiresteelError("lost", "the connection was cut")));
const flip = (bytes: number) => after(bytes, rest => rest.with(0, rest[0]! ^ 4));
const never = () => new Promise<never>(() => {});

describe("a lost connection", () => {
  test("is tried again, and what has come is not asked for again", async () => {
    const { way, reader, inputs, wanted } = await pair({ client: { inFlightBytesMax: 48 * 2 ** 20 } });
    way.fault = nth => (nth === 0 ? cut(1_000_000) : undefined);
    expect(hashes(await reader.read(inputs, 0))).toEqual([...wanted]);
    expect(way.fired).toBe(1);
    expect(way.requests[0]!.segments.length).toBe(5);
    const again = way.requests.find(({ segments }, nth) => nth > 0 && segments.some(each => each.firstBlock > 0));
    expect(again).toBeDefined();
    await way.closed();
  });

  test("at any byte, in pieces of any size, gives the same blocks", async () => {
    for (let round = 0; round < 30; round++) {
      const seed = (Date.now() + round * 104_729) & 0xffff;
      const random = new Random(seed);
      const options: ExecutorOptions = { compress: random.below(2) === 0 ? "true" : "false" };
      const { way, reader, inputs, wanted } = await pair(options, random.below(2) === 0 ? -1 : 7, seed);
      way.fault = () => (random.below(2) === 0 ? crumbled(random, cut(random.below(600_000))) : crumbled(random));
      expect({ seed, got: hashes(await reader.read(inputs, 0)) }).toEqual({ seed, got: [...wanted] });
      expect(way.fired).toBeGreaterThan(0);
      await way.closed();
    }
  });

  test("that brings nothing again and again is a failed fetch that names output, executor and cause", async () => {
    const { way, reader, inputs } = await pair({ client: { retriesMax: 3 } });
    way.fault = () => cut(0);
    const error = await failureOf(reader.read(inputs, 0));
    expect(error.kind).toBe("fetchFailed");
    expect(error.output).toEqual({ exchange, mapPartition: 0, executor: 2 as ExecutorId });
    expect(error.message).toBe(
      "output 0 of exchange 7 cannot be fetched from executor 2 at 127.0.0.1:4002: the connection was cut",
    );
    // two that were begun together, and three tries
    expect(way.fired).toBe(5);
    await way.closed();
  });

  test("to nobody is one too, and others' outputs are read until then", async () => {
    const { way, reader, outputs, writer } = await pair({ client: { retriesMax: 1 } });
    const gone = { ...writer.status(outputs[1]!), address: { host: "127.0.0.1", port: 9 } };
    const error = await failureOf(reader.read([writer.status(outputs[0]!), gone], 0));
    expect(error.output).toEqual({ exchange, mapPartition: 1, executor: 2 as ExecutorId });
    expect(error.message).toContain("nobody is at 127.0.0.1:9");
    await way.closed();
  });

  test("of an answer that ends too early without an error is noticed", async () => {
    const { way, reader, inputs, wanted } = await pair();
    const end: Fault = async function* (pieces) {
      for await (const piece of pieces) {
        yield piece.slice(0, 100_000);
        return;
      }
    };
    way.fault = nth => (nth < 3 ? end : undefined);
    expect(hashes(await reader.read(inputs, 0))).toEqual([...wanted]);
    expect(way.fired).toBe(3);
  });
});

describe("a peer", () => {
  test("that is silent counts as lost, and is not given every try", async () => {
    const { way, reader, inputs } = await pair({ client: { idleTimeoutMs: 60 } });
    way.fault = () => after(0, never);
    const error = await failureOf(reader.read(inputs, 0));
    expect(error.kind).toBe("fetchFailed");
    expect(error.message).toContain("nothing came for 0.06 s");
    expect(way.fired).toBe(3);
    await way.closed();
  });

  test("that the driver gives up is not waited for, silent or between two tries", async () => {
    for (const [fault, retryWaitMs] of [
      [after(0, never), 1],
      [cut(0), 3_600_000],
    ] as const) {
      let isLost = false;
      const { way, reader, inputs } = await pair({
        client: { retryWaitMs, isLost: executor => isLost && executor === 2 },
      });
      way.fault = () => fault;
      const reading = failureOf(reader.read(inputs, 0));
      while (way.fired === 0) await new Promise(resolve => setImmediate(resolve));
      isLost = true;
      const error = await reading;
      expect(error.kind).toBe("fetchFailed");
      expect(error.output).toEqual({ exchange, mapPartition: 0, executor: 2 as ExecutorId });
      await way.closed();
    }
  });

  test("that is slow is waited for, however long the task itself works in between", async () => {
    const { way, reader, inputs, wanted } = await pair({ client: { idleTimeoutMs: 500, retriesMax: 0 } });
    const slow: Fault = async function* (pieces) {
      for await (const piece of pieces) {
        for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve));
        yield piece;
      }
    };
    way.fault = () => slow;
    const memory = reader.task().withOperator("read");
    const blocks = reader.store.openReader(inputs, 0, memory);
    let count = 0;
    for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
      if (count++ % 30 !== 0) continue;
      // busy for longer than the peer may be silent
      for (const startMs = performance.now(); performance.now() - startMs < 600;);
    }
    blocks.close();
    expect(count).toBe(wanted.length);
    expect(way.fired).toBeGreaterThan(0);
  });
});

describe("a task that is cancelled", () => {
  test("stops waiting at once", async () => {
    const { way, reader, inputs } = await pair();
    way.fault = () => after(10, never);
    let isCancelled = false;
    const checkCancelled = () => {
      if (isCancelled) throw new FiresteelError("cancelled", "the task was cancelled");
    };
    const reading = failureOf(reader.read(inputs, 0, reader.task({ checkCancelled })));
    while (way.fired === 0) await new Promise(resolve => setImmediate(resolve));
    isCancelled = true;
    const error = await reading;
    expect(error.kind).toBe("cancelled");
    expect(error.message).toBe("the task was cancelled");
    await way.closed();
  });

  test("or has enough leaves no memory and no stream behind", async () => {
    const { way, reader, inputs } = await pair();
    const memory = reader.task().withOperator("read");
    const blocks = reader.store.openReader(inputs, 0, memory);
    await blocks.next();
    expect(memory.usedBytes).toBeGreaterThan(0);
    blocks.close();
    expect(memory.usedBytes).toBe(0);
    await way.closed();
  });
});

describe("an output", () => {
  const missing = "it has no such output";

  test("that is not there is a failed fetch at once", async () => {
    const { way, reader, writer, inputs, outputs } = await pair();
    writer.registry.discard(outputs[2]!);
    const error = await failureOf(reader.read(inputs, 0));
    expect(error.kind).toBe("fetchFailed");
    expect(error.output).toEqual({ exchange, mapPartition: 2, executor: 2 as ExecutorId });
    expect(error.message).toContain(missing);
    expect(way.requests.length).toBeLessThanOrEqual(2);
    await way.closed();
  });

  test("of a released exchange, or computed anew with other rows, is missing", async () => {
    const { reader, writer, inputs } = await pair();
    writer.registry.release(exchange);
    expect((await failureOf(reader.read(inputs, 0))).message).toContain(missing);
    writer.write(new Random(99), 0, [blockSizes(new Random(99), 12, 90_000)]);
    expect((await failureOf(reader.read(inputs.slice(0, 1), 0))).message).toContain(missing);
  });

  test("that is given up while it is sent is never read as something else", async () => {
    const { way, reader, writer, inputs, outputs } = await pair();
    let first = true;
    way.fault = () =>
      async function* (pieces) {
        for await (const piece of pieces) {
          yield piece;
          if (!first) continue;
          first = false;
          for (const output of outputs) writer.registry.discard(output);
          // somebody else has the pages now
          writer.kernels.u8.fill(0xee, outputs[0]!.ptr[0]!, outputs[0]!.ptr[0]! + 4_000_000);
        }
      };
    const error = await failureOf(reader.read(inputs, 0));
    expect(first).toBe(false);
    expect(error.kind).toBe("fetchFailed");
    expect(error.message).toContain(missing);
    await way.closed();
  });

  for (const compress of ["true", "false"] as const) {
    test(`whose bytes were damaged on the way is a failed fetch, packed: ${compress}`, async () => {
      let damaged = 0;
      for (let at = 12; at < 60_000; at += 4999) {
        const { way, reader, inputs } = await pair({ compress });
        way.fault = () => flip(at);
        const error = await failureOf(reader.read(inputs, 0));
        expect(error.kind).toBe("fetchFailed");
        expect(error.output?.executor).toBe(2 as ExecutorId);
        expect(error.message).toContain("its answer is damaged: ");
        damaged += way.fired;
        await way.closed();
      }
      expect(damaged).toBeGreaterThan(10);
    });
  }

  test("whose memory was damaged is one that says so", async () => {
    const { reader, writer, inputs, outputs } = await pair();
    writer.kernels.u8[outputs[1]!.ptr[0]! + 40]! ^= 1;
    const error = await failureOf(reader.read(inputs, 0));
    expect(error.output?.mapPartition).toBe(1);
    expect(error.message).toMatch(/a block's checksum is [0-9a-f]{8} and should be [0-9a-f]{8}$/);
  });

  test("answered with garbage of any kind is a failed fetch, never a crash or a wait", async () => {
    for (let round = 0; round < 60; round++) {
      const seed = (Date.now() + round * 7919) & 0xffff;
      const random = new Random(seed);
      const { way, reader, inputs } = await pair({ client: { retriesMax: 0 } });
      way.fault = () =>
        async function* () {
          const garbage = Uint8Array.from({ length: 1 + random.below(3000) }, () => random.below(256));
          garbage[0] = random.below(9);
          if (random.below(2) === 0) garbage.fill(0, 5, 8);
          yield garbage;
        };
      const error = await failureOf(reader.read(inputs, 0));
      expect({ seed, kind: error.kind }).toEqual({ seed, kind: "fetchFailed" });
      await way.closed();
    }
  });
});

describe("a spill file", () => {
  const hostId = "one";

  test("of the same host is read directly", async () => {
    const { way, reader, inputs, wanted } = await pair({ hostId, compress: "true" }, 12);
    let bytes = 0;
    way.fault = () =>
      async function* (pieces) {
        for await (const piece of pieces) {
          bytes += piece.length;
          yield piece;
        }
      };
    expect(hashes(await reader.read(inputs, 0))).toEqual([...wanted]);
    expect(way.requests[0]!.readsFiles).toBe(true);
    expect(bytes).toBeLessThan(5000);
  });

  test("that cannot be opened here is asked for over the network", async () => {
    const { way, reader, inputs, wanted } = await pair({ hostId }, 12);
    const elsewhere: Fault = async function* (pieces, request) {
      for await (const piece of pieces) {
        const text = Buffer.from(piece);
        const at = text.indexOf("exchange-7");
        if (request.readsFiles && at >= 0) text.write("exchange-?", at);
        yield text;
      }
    };
    way.fault = () => elsewhere;
    expect(hashes(await reader.read(inputs, 0))).toEqual([...wanted]);
    expect(way.requests.map(({ readsFiles }) => readsFiles)).toContain(false);
    await way.closed();
  });

  test("that is gone or damaged is a failed fetch", async () => {
    for (const host of [hostId, undefined]) {
      for (const harm of ["removed", "cut"] as const) {
        const { reader, inputs, outputs } = await pair(host === undefined ? {} : { hostId: host }, 12);
        const file = outputs[3]!.spilled!.files[0]!;
        if (harm === "removed") rmSync(file);
        else truncateSync(file, 100);
        const error = await failureOf(reader.read(inputs, 0));
        expect(error.kind).toBe("fetchFailed");
        expect(error.output?.mapPartition).toBe(3);
        expect(error.message).toContain(file);
        expect(error.hint).toContain("firesteel.local.dirs");
      }
    }
  });
});

describe("a request", () => {
  test("for what was never there is answered as missing", async () => {
    const { reader, writer, outputs } = await pair();
    const status = writer.status(outputs[0]!);
    for (const wrong of [{ exchange: 99 as ExchangeId }, { mapPartition: 99 }, { checksum: status.checksum ^ 1 }]) {
      const error = await failureOf(reader.read([{ ...status, ...wrong }], 0));
      expect(error.message).toContain("it has no such output");
    }
    const error = await failureOf(reader.read([{ ...status, bytes: new Uint32Array(9).fill(64) }], 8));
    expect(error.message).toContain("it has no such output");
  });
});

/** The same bytes in pieces of other sizes. */
function crumbled(random: Random, fault?: Fault): Fault {
  return async function* (pieces, request) {
    for await (const piece of fault === undefined ? pieces : fault(pieces, request)) {
      for (let at = 0; at < piece.length;) {
        const bytes = random.below(3) === 0 ? 1 + random.below(20) : 1 + random.below(100_000);
        yield piece.slice(at, at + bytes);
        at += bytes;
      }
    }
  };
}
