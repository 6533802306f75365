/**
 * Map outputs from one process to another: plain and lz4, beside the same number of bytes over node:http2 alone, in turns within one
 * run; then through a relay that adds a delay each way. MB/s are of plain bytes. The data: blocks of rows `[key, n]` as the engine
 * makes them, the key one of a million whole numbers, n counting up; lz4 makes 0.56 of it.
 *
 *   bun bench/cluster/shuffle.ts [--runs N] [--mb N] [--delay ms]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as http2 from "node:http2";
import * as net from "node:net";
import { parseArgs } from "node:util";
import { systemClock } from "../../src/base/clock.ts";
import type { ExchangeId, ExecutorId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { blockBytes, sealBlock } from "../../src/data/block.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { attachMemory } from "../../src/kernel/task-memory.ts";
import { BulkClient } from "../../src/rpc/bulk-client.ts";
import { createHttp2Transport } from "../../src/rpc/http2-transport.ts";
import { OutputRegistry } from "../../src/shuffle/output-registry.ts";
import { segmentClient } from "../../src/shuffle/segment-client.ts";
import { segmentHandler } from "../../src/shuffle/segment-server.ts";
import { segmentsPath } from "../../src/shuffle/segment-wire.ts";
import { ExchangeStore } from "../../src/storage/exchange-store.ts";
import { type MapStatus, statusOf } from "../../src/storage/map-status.ts";
import { spillCodec } from "../../src/storage/spill-codec.ts";

const MB = 1e6;
const MiB = 2 ** 20;
const host = "127.0.0.1";
const exchange = 1 as ExchangeId;
const maps = 16;
const blockRows = 16_384;
const windowBytes = 16 * MiB;

interface Served {
  readonly plain: number;
  readonly lz4: number;
  readonly raw: number;
  readonly statuses: readonly { readonly bytes: number; readonly checksum: number }[];
}

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    mb: { type: "string", default: "256" },
    delay: { type: "string", default: "5" },
    role: { type: "string", default: "" },
    to: { type: "string", default: "" },
  },
});
const totalBytes = Number(values.mb) * MB;

if (values.role === "serve") await serve();
else if (values.role === "relay") relay(Number(values.to), Number(values.delay));
else await measure();

// ---- the executor that has the outputs

async function serve(): Promise<void> {
  const memory = createKernelMemory(Math.min(4096 * MiB, 2 * totalBytes + 256 * MiB));
  const module = compileKernels();
  const pool = attachMemory(memory);
  const kernels = instantiateKernels(memory, module);
  const store = new ExchangeStore(pool);
  const registry = new OutputRegistry(store);
  const random = new Random(1);
  const statuses = [];
  const pieces: Uint8Array[] = [];
  let counter = 0;
  for (let map = 0; map < maps; map++) {
    const task = pool.openTask(map);
    const writer = store.openWriter(exchange, map, 1, task.withOperator("map"));
    const rows = makeBatchWriter(kernels, task);
    for (let written = 0; written < totalBytes / maps; written += 16 * blockRows) {
      for (let i = 0; i < blockRows; i++) rows.push([random.below(1_000_000), counter++]);
      const batch = rows.finish();
      writer.append(0, blockBytes(kernels, batch), ptr => void sealBlock(kernels, batch, ptr));
      rows.reset();
    }
    const output = writer.finish();
    task.releaseAll();
    registry.accept(output);
    for (const [i, ptr] of output.ptr.entries())
      pieces.push(new Uint8Array(kernels.u8.subarray(ptr, ptr + output.bytes[i]!)));
    statuses.push({ bytes: output.bytes.reduce((sum, bytes) => sum + bytes, 0), checksum: output.checksum });
  }
  const ports: Record<string, number> = {};
  for (const compress of ["false", "true"] as const) {
    const transport = createHttp2Transport({ host });
    transport.bulk.serve(
      segmentsPath,
      segmentHandler({ registry, memory, module, hostId: "server", compress, codec: "lz4" }),
    );
    transport.bulk.serve("/bytes", () => pieces);
    const address = await transport.start({ id: compress, role: "bench" } as never, (() => {}) as never);
    ports[compress] = address!.port;
  }
  console.log(
    JSON.stringify({ plain: ports["false"], lz4: ports["true"], raw: await serveRaw(pieces), statuses } as Served),
  );
  process.stdin.resume().on("end", () => process.exit());
}

/** The same bytes, each block a piece, as fast as node:http2 takes them. */
async function serveRaw(pieces: readonly Uint8Array[]): Promise<number> {
  const server = http2.createServer({ settings: { initialWindowSize: windowBytes }, maxSessionMemory: 4096 });
  server.on("session", session => session.setLocalWindowSize(windowBytes));
  server.on("stream", (stream: http2.ServerHttp2Stream) => {
    let at = 0;
    stream.respond({ ":status": 200 });
    const more = () => {
      while (at < pieces.length) if (!stream.write(pieces[at++]!)) return void stream.once("drain", more);
      stream.end();
    };
    more();
  });
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

// ---- the delay

function relay(port: number, delayMs: number): void {
  const server = net.createServer({ noDelay: true }, near => {
    const far = net.connect({ port, host, noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", chunk => void setTimeout(() => to.destroyed || to.write(chunk), delayMs));
      from.on("close", () => setTimeout(() => to.destroy(), delayMs));
      from.on("error", () => {});
    }
  });
  server.listen(0, host, () => console.log(JSON.stringify({ port: (server.address() as net.AddressInfo).port })));
  process.stdin.resume().on("end", () => process.exit());
}

// ---- the reader

async function measure(): Promise<void> {
  const children: ChildProcess[] = [];
  const child = async (...args: string[]): Promise<Record<string, unknown>> => {
    const script = process.argv[1]!;
    const spawned = spawn(process.execPath, [script, "--mb", values.mb, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(spawned);
    const [line] = (await once(spawned.stdout, "data")) as [Buffer];
    return JSON.parse(String(line)) as Record<string, unknown>;
  };
  try {
    const served = (await child("--role", "serve")) as unknown as Served;
    const bytes = served.statuses.reduce((sum, status) => sum + status.bytes, 0);
    console.log(`${bytes / MB} MB in ${maps} map outputs, blocks of ${blockRows} rows, ${values.runs} runs`);
    const near = await compare(served, bytes);
    const [raw, , plain, lz4] = near.map(median);
    console.log(
      `  codec off / raw ${(plain! / raw!).toFixed(2)} (≥ 0.7)   lz4 / raw ${(lz4! / raw!).toFixed(2)} (≥ 0.4)`,
    );
    const far: Record<string, number> = {};
    for (const name of ["raw", "plain", "lz4"] as const)
      far[name] = (await child("--role", "relay", "--to", String(served[name]), "--delay", values.delay))[
        "port"
      ] as number;
    console.log(`through a relay that adds ${values.delay} ms each way (codec off ≥ 200 MB/s)`);
    await compare({ ...served, ...far }, bytes);
  } finally {
    for (const each of children) each.kill();
  }
}

async function compare(served: Served, bytes: number): Promise<number[][]> {
  const memory = createKernelMemory(512 * MiB);
  const kernels = instantiateKernels(memory, compileKernels());
  const pool = attachMemory(memory);
  const bulk = new BulkClient();
  const openRemote = segmentClient({
    ...{ bulk, clock: systemClock, hostId: "reader", codec: "lz4" as const, inFlightBytesMax: 48 * MiB },
    ...{ retriesMax: 0, retryWaitMs: 100, idleTimeoutMs: 10_000 },
  });
  const store = new ExchangeStore(pool, { openCodec: spillCodec(kernels, "lz4"), openRemote });
  let attempts = 1000;
  const read = async (port: number): Promise<void> => {
    const statuses = served.statuses.map((status, map): MapStatus => {
      const output = { exchange, mapPartition: map, first: Uint32Array.of(0, 1), bytes: Uint32Array.of(status.bytes) };
      const address = { host, port };
      return statusOf({ ...output, checksum: status.checksum } as never, 1 as ExecutorId, address, "server");
    });
    const task = pool.openTask(attempts++);
    const reader = store.openReader(statuses, 0, task.withOperator("read"));
    let got = 0;
    for (;;) {
      const block = await reader.next();
      if (block === undefined) break;
      got += block.bytes;
    }
    reader.close();
    task.releaseAll();
    if (got !== bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
  };
  const ways: readonly (readonly [string, () => Promise<void>])[] = [
    ["node:http2", () => readRaw(served.raw, bytes)],
    ["bulk stream", () => readBulk(bulk, served.plain, bytes)],
    ["codec off", () => read(served.plain)],
    ["lz4", () => read(served.lz4)],
  ];
  const speeds: number[][] = ways.map(() => []);
  for (let run = -1; run < Number(values.runs); run++) {
    for (const [i, [, way]] of ways.entries()) {
      const startMs = performance.now();
      await way();
      if (run >= 0) speeds[i]!.push(bytes / 1000 / (performance.now() - startMs));
    }
  }
  for (const [i, [name]] of ways.entries()) {
    const of = speeds[i]!;
    console.log(`  ${name.padEnd(12)} ${median(of).toFixed(0).padStart(5)} MB/s   best ${Math.max(...of).toFixed(0)}`);
  }
  bulk.close();
  return speeds;
}

async function readRaw(port: number, bytes: number): Promise<void> {
  const session = http2.connect(`http://${host}:${port}`, { settings: { initialWindowSize: windowBytes } });
  await once(session, "connect");
  session.setLocalWindowSize(windowBytes);
  const stream = session.request({ ":path": "/" });
  let got = 0;
  stream.on("data", (chunk: Uint8Array) => (got += chunk.length));
  await once(stream, "end");
  session.close();
  if (got < bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
}

/** The same, with the proofs that messages and bulk have. */
async function readBulk(bulk: BulkClient, port: number, bytes: number): Promise<void> {
  let got = 0;
  for await (const piece of await bulk.open({ host, port }, "/bytes", new Uint8Array())) got += piece.length;
  if (got !== bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}
