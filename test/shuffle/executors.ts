/**
 * Executors of one test process, each with its own kernel memory and map outputs, and a way between them that breaks where a test
 * wants it to. Blocks of an output are told apart by their first word.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import type { ExchangeId, ExecutorId } from "../../src/base/ids.ts";
import type { Random } from "../../src/base/random.ts";
import { compileKernels, createKernelMemory, instantiateKernels, type Kernels } from "../../src/kernel/kernels.ts";
import { attachMemory, type SharedPool, type TaskMemory, type TaskOptions } from "../../src/kernel/task-memory.ts";
import type { Bulk, BulkHandler, BulkOptions, BulkStream, RpcAddress } from "../../src/rpc/contracts.ts";
import { OutputRegistry } from "../../src/shuffle/output-registry.ts";
import { segmentClient, type SegmentClientOptions } from "../../src/shuffle/segment-client.ts";
import { segmentHandler } from "../../src/shuffle/segment-server.ts";
import { decodeRequest, segmentsPath, type SegmentRequest } from "../../src/shuffle/segment-wire.ts";
import { ExchangeStore } from "../../src/storage/exchange-store.ts";
import type { FileKey } from "../../src/storage/file-cipher.ts";
import { nameLocalDirs } from "../../src/storage/local-dirs.ts";
import type { MapOutput } from "../../src/storage/map-output.ts";
import { type MapInput, type MapStatus, statusOf } from "../../src/storage/map-status.ts";
import { spillCodec, type SpillCodecName } from "../../src/storage/spill-codec.ts";

const MiB = 2 ** 20;
const module = compileKernels();
const folder = mkdtempSync(join(tmpdir(), "firesteel-shuffle-"));
export const removeFolder = () => rmSync(folder, { recursive: true, force: true });
export const exchange = 7 as ExchangeId;

export interface ExecutorOptions {
  readonly memoryBytes?: number;
  readonly hostId?: string;
  readonly compress?: "true" | "false" | "auto";
  readonly codec?: SpillCodecName;
  readonly client?: Partial<SegmentClientOptions>;
  /** Encrypts files. */
  readonly key?: FileKey;
}

/** What happens to a request: its pieces as they come, or an error. */
export type Fault = (pieces: AsyncIterable<Uint8Array>, request: SegmentRequest) => AsyncIterable<Uint8Array>;

/** The way between the executors. */
export class TestWay {
  private readonly handlers = new Map<string, BulkHandler>();
  readonly requests: SegmentRequest[] = [];
  /** Streams that are open. */
  open = 0;
  /** For the nth request; undefined lets it through. */
  fault: (nth: number, request: SegmentRequest) => Fault | undefined = () => undefined;
  fired = 0;

  serve(address: RpcAddress, handler: BulkHandler): void {
    this.handlers.set(keyOf(address), handler);
  }

  readonly bulk: Pick<Bulk, "open"> = {
    open: async (address: RpcAddress, path: string, body: Uint8Array, options?: BulkOptions): Promise<BulkStream> => {
      if (path !== segmentsPath) throw new Error(`nothing is served at ${path}`);
      const request = decodeRequest(body);
      const fault = this.fault(this.requests.push(request) - 1, request);
      const handler = this.handlers.get(keyOf(address));
      if (handler === undefined) throw new FiresteelError("lost", `nobody is at ${keyOf(address)}`);
      const reply = toAsync(await handler("", body.slice(), undefined));
      if (fault !== undefined) this.fired++;
      return this.stream(fault === undefined ? reply : fault(reply, request), options?.signal);
    },
  };

  /** Throws when a stream stays open that nobody wants. */
  async closed(): Promise<void> {
    for (let turn = 0; this.open > 0; turn++) {
      if (turn > 1000) throw new Error(`${this.open} streams stay open`);
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  private stream(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): BulkStream {
    const way = this;
    const aborted = new Promise<never>((_, reject) => {
      const cancelled = () => reject(new FiresteelError("cancelled", "the stream was cancelled"));
      if (signal?.aborted === true) cancelled();
      signal?.addEventListener("abort", cancelled, { once: true });
    });
    aborted.catch(() => {});
    return {
      cancel() {},
      async *[Symbol.asyncIterator]() {
        const iterator = pieces[Symbol.asyncIterator]();
        way.open++;
        try {
          for (;;) {
            // as a network does, after those who wait
            await new Promise(resolve => setImmediate(resolve));
            const step = await Promise.race([iterator.next(), aborted]);
            if (step.done === true) return;
            yield step.value;
          }
        } finally {
          way.open--;
          void iterator.return?.();
        }
      },
    };
  }
}

async function* toAsync(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield piece;
}

function keyOf({ host, port }: RpcAddress): string {
  return `${host}:${port}`;
}

export class TestExecutor {
  readonly pool: SharedPool;
  readonly kernels: Kernels;
  readonly store: ExchangeStore;
  readonly registry: OutputRegistry;
  readonly address: RpcAddress;
  readonly hostId: string;
  readonly codec: SpillCodecName;
  private attempts = 0;

  constructor(
    readonly way: TestWay,
    readonly id: number,
    options: ExecutorOptions = {},
  ) {
    const memory = createKernelMemory(options.memoryBytes ?? 64 * MiB);
    this.kernels = instantiateKernels(memory, module);
    this.pool = attachMemory(memory, { waitMaxMs: 0 });
    this.hostId = options.hostId ?? `host-${id}`;
    this.codec = options.codec ?? "lz4";
    const compress = options.compress ?? "auto";
    const openRemote = segmentClient({
      bulk: way.bulk,
      clock: systemClock,
      hostId: this.hostId,
      codec: compress === "false" ? undefined : this.codec,
      inFlightBytesMax: 8 * MiB,
      retriesMax: 3,
      retryWaitMs: 1,
      idleTimeoutMs: 60_000,
      ...options.client,
    });
    this.store = new ExchangeStore(this.pool, {
      dirs: { ...nameLocalDirs([join(folder, `executor-${id}`)]), key: options.key },
      openCodec: compress === "false" ? undefined : spillCodec(this.kernels, this.codec),
      openRemote,
    });
    this.registry = new OutputRegistry(this.store);
    this.address = { host: "127.0.0.1", port: 4000 + id };
    const { registry, hostId, codec } = this;
    way.serve(this.address, segmentHandler({ registry, memory, module, hostId, compress, codec, key: options.key }));
  }

  task(options: TaskOptions = {}): TaskMemory {
    return this.pool.openTask(++this.attempts, options);
  }

  /** A map output of blocks of these sizes, each half random. `spillAfter` blocks go to a file. */
  write(random: Random, mapPartition: number, blocks: readonly (readonly number[])[], spillAfter = -1): MapOutput {
    const task = this.task();
    const writer = this.store.openWriter(exchange, mapPartition, blocks.length, task.withOperator("map"));
    let written = 0;
    const longest = Math.max(...blocks.map(each => each.length));
    for (let i = 0; i < longest; i++) {
      for (const [reduce, sizes] of blocks.entries()) {
        const bytes = sizes[i];
        if (bytes === undefined) continue;
        writer.append(reduce, bytes, ptr => {
          const words = this.kernels.u32.subarray(ptr / 4, (ptr + bytes) / 4);
          for (let w = 0; w < words.length; w++) words[w] = w % 2 === 0 ? random.uint32() : w >> 6;
        });
        if (++written === spillAfter) writer.spill();
      }
    }
    const output = writer.finish();
    task.releaseAll();
    this.registry.accept(output);
    return output;
  }

  status(output: MapOutput): MapStatus {
    return statusOf(output, this.id as ExecutorId, this.address, this.hostId);
  }

  /** The blocks of a reduce partition, in order. */
  async read(inputs: readonly MapInput[], reduce: number, task = this.task()): Promise<Buffer[]> {
    const memory = task.withOperator("read");
    const reader = this.store.openReader(inputs, reduce, memory);
    const blocks: Buffer[] = [];
    try {
      for (;;) {
        const block = await reader.next();
        if (block === undefined) break;
        blocks.push(Buffer.from(this.kernels.u8.slice(block.ptr, block.ptr + block.bytes)));
      }
    } finally {
      reader.close();
    }
    if (memory.usedBytes !== 0) throw new Error(`${memory.usedBytes} bytes are left on the reader's account`);
    task.releaseAll();
    return blocks;
  }
}

/** What `read` should give, from where the outputs are. */
export function blocksOf(executor: TestExecutor, outputs: readonly MapOutput[], reduce: number): Promise<Buffer[]> {
  return executor.read(outputs, reduce);
}

/** Numbers of bytes that blocks may have. */
export function blockSizes(random: Random, count: number, bytesMax: number): number[] {
  return Array.from({ length: count }, () => 16 * (1 + random.below(bytesMax / 16)));
}
