/**
 * An executor over an RPC environment, put together: its core, its task threads, the bytes that it serves to others and fetches
 * from them. `executor-process.ts` is a process around it.
 */
import { FiresteelError } from "../base/errors.ts";
import type { ExchangeId, ExecutorId } from "../base/ids.ts";
import type { PoolOptions } from "../kernel/control-area.ts";
import { nameLocalDirs, removeLocalDirs } from "../storage/local-dirs.ts";
import { hostId } from "../platform/host-id.ts";
import type { RpcAddress, RpcEnv } from "../rpc/contracts.ts";
import type { MapOutput } from "../storage/map-output.ts";
import { statusOf } from "../storage/map-status.ts";
import { driverEndpoint, type DriverProtocol, executorEndpoint, type ExecutorProtocol } from "./executor-messages.ts";
import { ExecutorCore, type ExecutorParts } from "./executor-core.ts";
import { HostPlace } from "./host-place.ts";
import { fetchBytes, KeptBytes } from "./kept-bytes.ts";
import type { Settings } from "./messages.ts";

export interface ExecutorOptions {
  readonly driver: RpcAddress;
  readonly executor: ExecutorId;
  /** How this machine is called by others. */
  readonly host: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly machineBytes: number;
  readonly localDirs: readonly string[];
  readonly secret: string | undefined;
  readonly logUrl: string | undefined;
}

export interface OpenExecutor {
  /** Why it is over, and whether its driver had asked for that. */
  readonly ended: Promise<{ readonly reason: string; readonly asked: boolean }>;
  close(): Promise<void>;
}

/** Registers at the driver; rejects when the driver does not want it, or cannot be reached. */
export async function openExecutor(env: RpcEnv, options: ExecutorOptions): Promise<OpenExecutor> {
  const { executor, cores, driver, secret } = options;
  const address = env.address;
  if (address === undefined) throw new FiresteelError("internal", "an executor must listen: others read its outputs");
  const id = hostId();
  const results = new KeptBytes(env.bulk);
  const outputs = new Map<ExchangeId, Map<number, MapOutput>>();
  const dirs = nameLocalDirs(options.localDirs);
  let place: HostPlace | undefined;
  let end!: (how: { reason: string; asked: boolean }) => void;
  const ended = new Promise<{ reason: string; asked: boolean }>(resolve => (end = resolve));
  const parts: ExecutorParts = {
    openPlace: (settings, listener) => {
      const start = {
        memoryBytes: options.memoryBytes,
        machineBytes: options.machineBytes,
        pool: poolOptions(settings),
        localDirs: dirs,
        threads: cores,
        settings,
        cluster: { executor, hostId: id, driver, secret },
      };
      return (place = new HostPlace(start, listener));
    },
    fetchBlob: hash => fetchBytes(env.bulk, driver, hash),
    fetchBroadcast: (chunks, bytes) => fetchChunks(env, driver, chunks, bytes),
    keepResult: bytes => results.put(bytes),
    dropResult: hash => results.release(hash),
    acceptOutput: output => {
      let known = outputs.get(output.exchange);
      if (known === undefined) outputs.set(output.exchange, (known = new Map<number, MapOutput>()));
      known.set(output.mapPartition, output);
      return statusOf(output, executor, address, id);
    },
    findOutput: status => outputs.get(status.exchange)?.get(status.mapPartition),
    discardOutput: (exchange, mapPartition, checksum) => {
      const output = outputs.get(exchange)?.get(mapPartition);
      if (output === undefined || output.checksum !== checksum) return;
      outputs.get(exchange)?.delete(mapPartition);
      place?.host.exchanges.discard(output);
    },
    releaseExchange: exchange => void outputs.delete(exchange),
    ended: (reason, asked) => end({ reason, asked }),
    heartbeatEveryMs: 1000,
  };
  const registration = {
    type: "registerExecutor" as const,
    ...{ executor, host: options.host, hostId: id, address, cores },
    ...{ memoryBytes: options.memoryBytes, pid: process.pid, logUrl: options.logUrl },
  };
  const core = new ExecutorCore(env, env.ref<DriverProtocol>(driver, driverEndpoint), registration, parts);
  env.register<ExecutorProtocol>(executorEndpoint, core);
  await core.start();
  return {
    ended,
    close: async () => {
      core.end("closed", true);
      await place?.host.threads.stop();
      removeLocalDirs(dirs);
      await env.shutdown();
    },
  };
}

function poolOptions(settings: Settings): PoolOptions {
  return {
    storageFraction: settings["firesteel.memory.storageFraction"] as number,
    waitMaxMs: settings["firesteel.memory.grantTimeout"] as number,
  };
}

async function fetchChunks(
  env: RpcEnv,
  driver: RpcAddress,
  chunks: readonly string[],
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const hash of chunks) {
    const chunk = await fetchBytes(env.bulk, driver, hash);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
