/**
 * A simulated executor process: the real core over a fake place. Its map outputs are served to others over the simulated network as
 * segments of rows, and gone with it.
 */
import { FiresteelError } from "../../src/base/errors.ts";
import type { ExecutorId } from "../../src/base/ids.ts";
import type { Random } from "../../src/base/random.ts";
import { decodeValue, encodeValue } from "../../src/data/value-codec.ts";
import {
  driverEndpoint,
  type DriverProtocol,
  executorEndpoint,
  type ExecutorProtocol,
} from "../../src/exec/executor-messages.ts";
import { ExecutorCore } from "../../src/exec/executor-core.ts";
import type { RpcAddress, RpcEnv } from "../../src/rpc/contracts.ts";
import { BlobClient } from "../../src/shuffle/blob-client.ts";
import { serveBlobs } from "../../src/shuffle/blob-server.ts";
import { OutputRegistry } from "../../src/shuffle/output-registry.ts";
import { BlobStore } from "../../src/storage/blob-store.ts";
import { type MapStatus, statusOf } from "../../src/storage/map-status.ts";
import type { FakeOutput } from "./fake-output.ts";
import { FakePlace, type FakePlaceOptions } from "./fake-place.ts";

export interface FakeExecutorOptions extends Omit<FakePlaceOptions, "clock" | "random" | "fetch"> {
  readonly env: RpcEnv;
  readonly random: Random;
  readonly driver: RpcAddress;
  readonly executor: ExecutorId;
  readonly host: string;
  /** The process is over. */
  readonly ended: (reason: string, asked: boolean) => void;
}

export interface FakeExecutor {
  /** Nothing that it still does is seen. */
  crash(): void;
}

const segmentsPath = "rows/";

export function startFakeExecutor(options: FakeExecutorOptions): FakeExecutor {
  const { env, driver, executor, host, random } = options;
  const { clock } = env;
  const address = env.address!;
  const store = new BlobStore({ memoryBytesMax: 2 ** 30 });
  const blobs = new BlobClient({ bulk: env.bulk, store, clock, idleTimeoutMs: 2_000 });
  serveBlobs(env.bulk, store, hash => blobs.pending(hash));
  const outputs = new OutputRegistry({ discard() {}, release() {} });
  env.bulk.serve(segmentsPath, (_path, body) => {
    const { name, reduce } = decodeValue(body) as { name: MapStatus; reduce: number };
    const output = outputs.find(name) as FakeOutput | undefined;
    return [encodeValue(output?.segments[reduce] ?? null)];
  });
  let place: FakePlace | undefined;
  let isOver = false;
  const end = (reason: string, asked: boolean) => {
    if (isOver) return;
    isOver = true;
    place?.crash();
    options.ended(reason, asked);
  };
  const registration = {
    type: "registerExecutor" as const,
    ...{ executor, host, hostId: host, address, cores: options.cores, memoryBytes: 0, pid: 0, logUrl: undefined },
  };
  const core = new ExecutorCore(env, env.ref<DriverProtocol>(driver, driverEndpoint), registration, {
    openPlace: (_, listener) =>
      (place = new FakePlace(
        { ...options, clock, random, fetch: (status, reduce) => fetchRows(env, random, status, reduce) },
        listener,
      )),
    fetchBlob: hash => blobs.fetch(hash, [driver]),
    fetchBroadcast: () => Promise.reject(new FiresteelError("internal", "nothing is broadcast here")),
    releaseBroadcast: () => {},
    putFile: () => {},
    keepResult: bytes => store.put(bytes),
    dropResult: hash => store.release(hash),
    acceptOutput: output => {
      outputs.accept(output);
      return statusOf(output, executor, address, host);
    },
    findOutput: name => outputs.find(name),
    discardOutput: name => outputs.discard(name),
    releaseExchange: exchange => outputs.release(exchange),
    // nothing is cached here
    tellBlocks: () => {},
    copyBlock: () => {},
    releaseRdd: () => {},
    ended: end,
  });
  env.register<ExecutorProtocol>(executorEndpoint, core);
  core.start().catch((thrown: unknown) => end(String(thrown), false));
  return {
    crash() {
      isOver = true;
      place?.crash();
    },
  };
}

async function fetchRows(env: RpcEnv, random: Random, status: MapStatus, reduce: number): Promise<readonly number[]> {
  const { exchange, mapPartition, executor, checksum } = status;
  try {
    // as where a network gives out for longer than a reader tries
    if (random.below(40) === 0) throw new FiresteelError("lost", "the network gave out");
    const body = encodeValue({ name: { exchange, mapPartition, checksum }, reduce });
    const stream = await env.bulk.open(status.address, segmentsPath, body, { idleTimeoutMs: 2_000 });
    const parts: Uint8Array[] = [];
    for await (const part of stream) parts.push(part);
    const rows = decodeValue(Buffer.concat(parts)) as readonly number[] | null;
    if (rows !== null) return rows;
    throw new FiresteelError("lost", "the output is not there");
  } catch (thrown) {
    throw new FiresteelError("fetchFailed", `output ${mapPartition} of exchange ${exchange}: ${String(thrown)}`, {
      output: { exchange, mapPartition, executor },
    });
  }
}
