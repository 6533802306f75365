/**
 * Map outputs from one process to another: plain and lz4, beside the same bytes over node:http2 alone, in turns within one run; then
 * through a relay that adds a delay each way. MB/s are of plain bytes. The data: blocks of rows as the engine makes them, either
 * `[key, n]`, the key one of a million whole numbers, n counting up, or `[n, line]` with lines of words, a quarter as much: these lz4
 * packs at 0.4 GB/s a core at best (its own program), to 0.8 of them.
 *
 * What node:http2 sends is of another process than the outputs: "raw" copies each block out of kernel memory into a piece of its
 * own, since blocks may be freed before they have left, over one connection or four; the ratios are to the faster of the two, and
 * to "ready pieces": the same bytes lying ready, which no shuffle has.
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
import { compileKernels, createKernelMemory, instantiateKernels, type Kernels } from "../../src/kernel/kernels.ts";
import { attachMemory, type SharedPool } from "../../src/kernel/task-memory.ts";
import { BulkClient } from "../../src/rpc/bulk-client.ts";
import { createHttp2Transport } from "../../src/rpc/http2-transport.ts";
import { OutputRegistry } from "../../src/shuffle/output-registry.ts";
import { segmentClient } from "../../src/shuffle/segment-client.ts";
import { segmentHandler } from "../../src/shuffle/segment-server.ts";
import { segmentsPath } from "../../src/shuffle/segment-wire.ts";
import { ExchangeStore } from "../../src/storage/exchange-store.ts";
import type { MapOutput } from "../../src/storage/map-output.ts";
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
  readonly auto: number;
  readonly statuses: readonly { readonly bytes: number; readonly checksum: number }[];
}

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    mb: { type: "string", default: "256" },
    rows: { type: "string", default: "numbers" },
    delay: { type: "string", default: "5" },
    role: { type: "string", default: "" },
    to: { type: "string", default: "" },
  },
});
const totalBytes = Number(values.mb) * MB;

if (values.role === "outputs" || values.role === "raw") await serve(values.role);
else if (values.role === "relay") relay(Number(values.to), Number(values.delay));
else await measure();

// ---- the executor that has the outputs

async function serve(role: "outputs" | "raw"): Promise<void> {
  const memory = createKernelMemory(Math.min(4096 * MiB, 2 * totalBytes + 256 * MiB));
  const module = compileKernels();
  const pool = attachMemory(memory);
  const store = new ExchangeStore(pool);
  const registry = new OutputRegistry(store);
  const outputs = makeOutputs(instantiateKernels(memory, module), pool, store);
  process.stdin.resume().on("end", () => process.exit());
  if (role === "raw")
    return console.log(JSON.stringify({ port: await serveRaw(new Uint8Array(memory.buffer), outputs) }));
  for (const output of outputs) registry.accept(output);
  const ports: Record<string, number> = {};
  for (const compress of ["false", "true", "auto"] as const) {
    const transport = createHttp2Transport({ host });
    transport.bulk.serve(
      segmentsPath,
      segmentHandler({ registry, memory, module, hostId: "server", compress, codec: "lz4" }),
    );
    const address = await transport.start({ id: compress, role: "bench" } as never, (() => {}) as never);
    ports[compress] = address!.port;
  }
  const statuses = outputs.map(({ bytes, checksum }) => ({
    bytes: bytes.reduce((sum, each) => sum + each, 0),
    checksum,
  }));
  console.log(JSON.stringify({ plain: ports["false"], lz4: ports["true"], auto: ports["auto"], statuses } as Served));
}

function makeOutputs(kernels: Kernels, pool: SharedPool, store: ExchangeStore): MapOutput[] {
  const random = new Random(1);
  let counter = 0;
  const row = {
    numbers: () => [random.below(1_000_000), counter++],
    lines: () => [counter++, Array.from({ length: 8 }, () => (random.below(5_000) * 7919).toString(36)).join(" ")],
  }[values.rows as "numbers" | "lines"];
  return Array.from({ length: maps }, (_, map) => {
    const task = pool.openTask(map);
    const writer = store.openWriter(exchange, map, 1, task.withOperator("map"));
    const rows = makeBatchWriter(kernels, task);
    for (let written = 0; written < totalBytes / maps;) {
      for (let i = 0; i < blockRows; i++) rows.push(row());
      const batch = rows.finish();
      const bytes = blockBytes(kernels, batch);
      writer.append(0, bytes, ptr => void sealBlock(kernels, batch, ptr));
      rows.reset();
      written += bytes;
    }
    const output = writer.finish();
    task.releaseAll();
    return output;
  });
}

/** The same bytes, each block a piece, as fast as node:http2 takes them: every `step`th from the `first` on. */
async function serveRaw(u8: Uint8Array, outputs: readonly MapOutput[]): Promise<number> {
  const blocks = outputs.flatMap(({ ptr, bytes }) => Array.from(ptr, (at, i) => u8.subarray(at, at + bytes[i]!)));
  const ready = blocks.map(block => new Uint8Array(block));
  const server = http2.createServer({ settings: { initialWindowSize: windowBytes }, maxSessionMemory: 4096 });
  server.on("session", session => session.setLocalWindowSize(windowBytes));
  server.on("stream", (stream: http2.ServerHttp2Stream, headers) => {
    const [, kind, first, step] = String(headers[":path"]).split("/");
    stream.respond({ ":status": 200 });
    let at = Number(first);
    const more = () => {
      for (; at < blocks.length;) {
        const piece = kind === "ready" ? ready[at]! : new Uint8Array(blocks[at]!);
        at += Number(step);
        if (!stream.write(piece)) return void stream.once("drain", more);
      }
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
    const spawned = spawn(process.execPath, [script, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    children.push(spawned);
    const [line] = (await once(spawned.stdout, "data")) as [Buffer];
    return JSON.parse(String(line)) as Record<string, unknown>;
  };
  try {
    for (const [rows, mb] of [
      ["numbers", Number(values.mb)],
      ["lines", Number(values.mb) / 4],
    ] as const) {
      const data = ["--rows", rows, "--mb", String(mb)];
      const served = (await child("--role", "outputs", ...data)) as unknown as Served;
      const { port } = (await child("--role", "raw", ...data)) as { port: number };
      const bytes = served.statuses.reduce((sum, status) => sum + status.bytes, 0);
      console.log(`${rows}: ${(bytes / MB).toFixed(0)} MB in ${maps} map outputs, ${values.runs} runs`);
      const speeds = await compare(served, port, bytes);
      const raw = Math.max(speeds["raw"]!, speeds["raw, 4 connections"]!);
      for (const [to, speed] of [
        ["raw", raw],
        ["ready pieces", speeds["ready pieces"]!],
      ] as const) {
        const ratio = (name: string) => (speeds[name]! / speed).toFixed(2);
        console.log(`  codec off / ${to} ${ratio("codec off")} (≥ 0.7)   lz4 / ${to} ${ratio("lz4")} (≥ 0.4)`);
      }
      const relayed = async (port: number): Promise<number> =>
        (await child("--role", "relay", "--to", String(port), "--delay", values.delay))["port"] as number;
      const far = {
        ...served,
        plain: await relayed(served.plain),
        lz4: await relayed(served.lz4),
        auto: await relayed(served.auto),
      };
      console.log(`  through a relay that adds ${values.delay} ms each way (≥ 200 MB/s)`);
      await compare(far, await relayed(port), bytes);
    }
  } finally {
    for (const each of children) each.kill();
  }
}

async function compare(served: Served, raw: number, bytes: number): Promise<Record<string, number>> {
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
    ["ready pieces", () => readRaw(raw, "ready", 1, bytes)],
    ["raw", () => readRaw(raw, "fresh", 1, bytes)],
    ["raw, 4 connections", () => readRaw(raw, "fresh", 4, bytes)],
    ["codec off", () => read(served.plain)],
    ["lz4", () => read(served.lz4)],
    ["lz4 where it pays", () => read(served.auto)],
  ];
  const speeds: number[][] = ways.map(() => []);
  for (let run = -1; run < Number(values.runs); run++) {
    for (const [i, [, way]] of ways.entries()) {
      const startMs = performance.now();
      await way();
      if (run >= 0) speeds[i]!.push(bytes / 1000 / (performance.now() - startMs));
    }
  }
  bulk.close();
  return Object.fromEntries(
    ways.map(([name], i) => {
      const of = speeds[i]!;
      console.log(
        `  ${name.padEnd(20)} ${median(of).toFixed(0).padStart(5)} MB/s   best ${Math.max(...of).toFixed(0)}`,
      );
      return [name, median(of)];
    }),
  );
}

async function readRaw(port: number, kind: "ready" | "fresh", connections: number, bytes: number): Promise<void> {
  const readPart = async (first: number): Promise<number> => {
    const session = http2.connect(`http://${host}:${port}`, { settings: { initialWindowSize: windowBytes } });
    await once(session, "connect");
    session.setLocalWindowSize(windowBytes);
    const stream = session.request({ ":path": `/${kind}/${first}/${connections}` });
    let got = 0;
    stream.on("data", (chunk: Uint8Array) => (got += chunk.length));
    await once(stream, "end");
    session.close();
    return got;
  };
  const parts = await Promise.all(Array.from({ length: connections }, (_, first) => readPart(first)));
  const got = parts.reduce((sum, part) => sum + part);
  if (got !== bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}
