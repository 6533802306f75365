/**
 * Bytes per second between two processes: plain node:http2 streams beside `Bulk`, with and without a secret, directly and through a
 * relay that adds 5 ms each way. `bun bench/cluster/bulk.ts [MB] [rounds]`; alternating rounds, the best of each counts.
 */
import { fork } from "node:child_process";
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { RpcAddress } from "../../src/rpc/contracts.ts";
import { BulkClient } from "../../src/rpc/bulk-client.ts";
import { createHttp2Transport } from "../../src/rpc/http2-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { delayingRelay } from "./delaying-relay.ts";

const secret = "of the benchmark";
const connections = 4;
const windowBytes = 16 << 20;
const chunkBytes = 256 << 10;
const options = { settings: { initialWindowSize: windowBytes }, maxSessionMemory: 4_096 };

interface Ports {
  readonly raw: number;
  readonly open: number;
  readonly signed: number;
}

function* chunks(bytes: number): Generator<Uint8Array> {
  for (let sent = 0; sent < bytes; sent += chunkBytes) yield new Uint8Array(Math.min(chunkBytes, bytes - sent));
}

async function serve(): Promise<void> {
  const raw = createServer(options);
  raw.on("session", session => session.setLocalWindowSize(windowBytes));
  raw.on("stream", async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200 });
    for (const chunk of chunks(Number(headers[":path"]!.slice(1)))) {
      if (!stream.write(chunk)) await new Promise(resolve => stream.once("drain", resolve));
    }
    stream.end();
  });
  await new Promise<void>(resolve => raw.listen(0, "127.0.0.1", resolve));
  const bulk = async (given: string | undefined) => {
    const env = await createRpcEnv({ role: "server", transport: createHttp2Transport({ secret: given }) });
    env.bulk.serve("/bytes/", path => chunks(Number(path)));
    return env.address!.port;
  };
  process.send!({
    raw: (raw.address() as AddressInfo).port,
    open: await bulk(undefined),
    signed: await bulk(secret),
  } satisfies Ports);
  process.on("disconnect", () => process.exit(0));
}

type Fetch = (bytes: number) => Promise<number>;

async function rawFetch(port: number): Promise<{ fetch: Fetch; close(): Promise<void> }> {
  const sessions: ClientHttp2Session[] = [];
  for (let i = 0; i < connections; i++) {
    const session = connect(`http://127.0.0.1:${port}`, options);
    await new Promise<void>(resolve => session.once("connect", () => resolve()));
    session.setLocalWindowSize(windowBytes);
    sessions.push(session);
  }
  let next = 0;
  return {
    fetch: bytes =>
      new Promise((resolve, reject) => {
        const stream = sessions[next++ % connections]!.request({ ":path": `/${bytes}` });
        let received = 0;
        stream.on("data", (chunk: Uint8Array) => (received += chunk.length));
        stream.on("error", reject);
        stream.on("end", () => resolve(received));
      }),
    close: async () => sessions.forEach(each => each.destroy()),
  };
}

function bulkFetch(address: RpcAddress, given: string | undefined): { fetch: Fetch; close(): Promise<void> } {
  const client = new BulkClient({ secret: given, connectionsMax: connections });
  return {
    async fetch(bytes) {
      let received = 0;
      const stream = await client.open(address, `/bytes/${bytes}`, new Uint8Array(0));
      for await (const chunk of stream) received += chunk.length;
      return received;
    },
    close: () => client.close(),
  };
}

async function main(megabytes: number, rounds: number): Promise<void> {
  const child = fork(import.meta.filename, ["serve"]);
  const ports = await new Promise<Ports>(resolve => child.once("message", message => resolve(message as Ports)));
  for (const delayMs of [0, 5]) {
    const relays =
      delayMs === 0 ? [] : await Promise.all(Object.values(ports).map(port => delayingRelay(port, delayMs)));
    const [raw, open, signed] = relays.length === 0 ? Object.values(ports) : relays.map(each => each.port);
    const ways = {
      "plain node:http2": await rawFetch(raw as number),
      "bulk, no secret": bulkFetch({ host: "127.0.0.1", port: open as number }, undefined),
      "bulk, secret": bulkFetch({ host: "127.0.0.1", port: signed as number }, secret),
    };
    const best = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, way] of Object.entries(ways)) {
        const each = (megabytes << 20) / connections;
        const startMs = performance.now();
        const got = await Promise.all(Array.from({ length: connections }, () => way.fetch(each)));
        const perSecond = megabytes / ((performance.now() - startMs) / 1000);
        if (got.some(bytes => bytes !== each)) throw new Error(`${name} brought ${got.join(", ")} bytes`);
        best.set(name, Math.max(best.get(name) ?? 0, perSecond));
      }
    }
    process.stdout.write(delayMs === 0 ? "direct\n" : `through a relay of ${delayMs} ms each way\n`);
    for (const [name, perSecond] of best) {
      const ratio = perSecond / best.get("plain node:http2")!;
      process.stdout.write(`  ${name.padEnd(18)} ${perSecond.toFixed(0).padStart(6)} MB/s  ${ratio.toFixed(2)}\n`);
    }
    for (const way of Object.values(ways)) await way.close();
    for (const relay of relays) await relay.close();
  }
  child.disconnect();
}

if (process.argv[2] === "serve") await serve();
else await main(Number(process.argv[2] ?? 256), Number(process.argv[3] ?? 3));
