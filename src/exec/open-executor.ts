/**
 * An executor over an RPC environment, put together: its core, its task threads, the bytes that it serves to others and fetches
 * from them. `executor-process.ts` is a process around it.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FiresteelError } from "../base/errors.ts";
import type { ExecutorId } from "../base/ids.ts";
import { hostId } from "../platform/host-id.ts";
import type { Bulk, RpcAddress, RpcEndpointRef, RpcEnv } from "../rpc/contracts.ts";
import { BlobClient } from "../shuffle/blob-client.ts";
import { serveBlobs } from "../shuffle/blob-server.ts";
import { BroadcastClient } from "../shuffle/broadcast-client.ts";
import { OutputRegistry } from "../shuffle/output-registry.ts";
import { segmentHandler } from "../shuffle/segment-server.ts";
import { segmentsPath } from "../shuffle/segment-wire.ts";
import { BlobStore } from "../storage/blob-store.ts";
import type { FileKey } from "../storage/file-cipher.ts";
import { type LocalDirs, nameLocalDirs, removeLocalDirs } from "../storage/local-dirs.ts";
import { statusOf } from "../storage/map-status.ts";
import type { SpillCodecName } from "../storage/spill-codec.ts";
import {
  driverEndpoint,
  type DriverProtocol,
  executorEndpoint,
  type ExecutorProtocol,
  type ExecutorStartup,
} from "./executor-messages.ts";
import { ExecutorCore, type ExecutorParts } from "./executor-core.ts";
import { ExecutorBlocks } from "./executor-blocks.ts";
import { HostPlace } from "./host-place.ts";
import type { HostStart, Settings } from "./messages.ts";
import type { TaskHost } from "./task-host.ts";

export interface ExecutorOptions {
  readonly driver: RpcAddress;
  readonly executor: ExecutorId;
  /** How this machine is called by others. */
  readonly host: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly machineBytes: number;
  readonly localDirs: readonly string[];
  /** Where the application's files go. */
  readonly filesFolder: string;
  readonly secret: string | undefined;
  readonly logUrl: string | undefined;
}

interface Ended {
  readonly reason: string;
  readonly asked: boolean;
}

export interface OpenExecutor {
  /** Why it is over, and whether its driver had asked for that. */
  readonly ended: Promise<Ended>;
  close(): Promise<void>;
}

/** Registers at the driver; rejects when the driver does not want it, or cannot be reached. */
export async function openExecutor(env: RpcEnv, options: ExecutorOptions): Promise<OpenExecutor> {
  const { executor, cores, driver, secret } = options;
  const address = env.address;
  if (address === undefined) throw new FiresteelError("internal", "an executor must listen: others read its outputs");
  const id = hostId();
  const dirs = nameLocalDirs(options.localDirs);
  const driverRef = env.ref<DriverProtocol>(driver, driverEndpoint);
  const store = new BlobStore({ memoryBytesMax: blobBytesMax, dirs });
  const blobs = new BlobClient({ bulk: env.bulk, store, clock: env.clock });
  serveBlobs(env.bulk, store, hash => blobs.pending(hash));
  const broadcasts = new BroadcastClient({
    ...{ client: blobs, store, driver, random: Math.random },
    locate: hash => driverRef.ask({ type: "locateBlob", hash }),
  });
  let opened:
    { readonly place: HostPlace; readonly outputs: OutputRegistry; readonly blocks: ExecutorBlocks } | undefined;
  const { promise: ended, resolve: end } = Promise.withResolvers<Ended>();
  const parts: ExecutorParts = {
    openPlace: (startup, listener) => {
      const { settings, fileKey } = startup;
      store.encryptWith(fileKey);
      const place = new HostPlace(hostStart(options, startup, { ...dirs, key: fileKey }, id), listener);
      const outputs = new OutputRegistry(place.host.exchanges);
      opened = { place, outputs, blocks: cachedBlocks(env.bulk, place.host, driverRef) };
      serveOutputs(env.bulk, place.host, outputs, settings, fileKey, id);
      return place;
    },
    fetchBlob: hash => blobs.fetch(hash, [driver]),
    fetchBroadcast: broadcast => broadcasts.fetch(broadcast),
    putFile: (name, bytes, executable) => putFile(options.filesFolder, name, bytes, executable),
    releaseBroadcast: broadcast => broadcasts.release(broadcast),
    keepResult: bytes => store.put(bytes),
    dropResult: hash => store.release(hash),
    acceptOutput: output => {
      opened!.outputs.accept(output);
      return statusOf(output, executor, address, id);
    },
    findOutput: name => opened?.outputs.find(name),
    discardOutput: name => opened?.outputs.discard(name),
    // its pages go with the place's own release
    releaseExchange: exchange => opened?.outputs.release(exchange),
    tellBlocks: () => opened?.blocks.look(),
    copyBlock: (rdd, partition, from) => void opened?.blocks.copy(rdd, partition, from),
    releaseRdd: rdd => opened?.blocks.release(rdd),
    ended: (reason, asked) => end({ reason, asked }),
  };
  const registration = {
    type: "registerExecutor" as const,
    ...{ executor, host: options.host, hostId: id, address, cores },
    ...{ memoryBytes: options.memoryBytes, pid: process.pid, logUrl: options.logUrl },
  };
  const core = new ExecutorCore(env, driverRef, registration, parts);
  env.register<ExecutorProtocol>(executorEndpoint, core);
  await core.start();
  return {
    ended,
    close: async () => {
      core.end("closed", true);
      await opened?.place.host.threads.stop();
      store.close();
      removeLocalDirs(dirs);
      await env.shutdown();
    },
  };
}

/** What came and went is sent to the driver. */
function cachedBlocks(bulk: Bulk, { pool, blocks }: TaskHost, driver: RpcEndpointRef<DriverProtocol>): ExecutorBlocks {
  return new ExecutorBlocks({
    ...{ bulk, pool, store: blocks },
    changed: (put, gone) => driver.send({ type: "blocksChanged", put, gone }),
    copyFailed: (rdd, partition) => driver.send({ type: "copyFailed", rdd, partition }),
  });
}

function serveOutputs(
  bulk: Bulk,
  { memory, module }: TaskHost,
  registry: OutputRegistry,
  settings: Settings,
  key: FileKey | undefined,
  hostId: string,
): void {
  const compress = settings["firesteel.shuffle.compress"] as "true" | "false" | "auto";
  const codec = settings["firesteel.shuffle.codec"] as SpillCodecName;
  bulk.serve(segmentsPath, segmentHandler({ registry, memory, module, hostId, compress, codec, key }));
}

/** Of results that wait to be fetched, in memory. */
const blobBytesMax = 64 << 20;

function hostStart(
  { executor, driver, secret, cores, memoryBytes, machineBytes, filesFolder }: ExecutorOptions,
  { settings, workingFolder }: ExecutorStartup,
  localDirs: LocalDirs,
  hostId: string,
): HostStart {
  const pool = {
    storageFraction: settings["firesteel.memory.storageFraction"] as number,
    waitMaxMs: settings["firesteel.memory.grantTimeout"] as number,
  };
  const cluster = { executor, hostId, driver, workingFolder, secret };
  return { memoryBytes, machineBytes, pool, localDirs, threads: cores, settings, filesFolder, cluster };
}

/** A name is a name: nothing from the network becomes a path that leads elsewhere. */
function putFile(folder: string, name: string, bytes: Uint8Array, executable: boolean): void {
  const isName = (part: string) => part !== "" && part !== "." && part !== ".." && basename(part) === part;
  if (!name.split("/").every(isName) || name.includes("\0"))
    throw new FiresteelError("user", `${JSON.stringify(name)} is no name of a file`);
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, bytes, { mode: executable ? 0o700 : 0o600 });
  renameSync(`${path}.new`, path);
}
