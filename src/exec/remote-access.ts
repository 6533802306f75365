/** What the tasks of one thread of an executor process read from other processes: their map outputs and cached partitions, and the driver's bytes. */
import { systemClock } from "../base/clock.ts";
import type { ExecutorId, RddId } from "../base/ids.ts";
import type { BlobRef } from "../plan/nodes.ts";
import { BulkClient } from "../rpc/bulk-client.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import { BlobClient } from "../shuffle/blob-client.ts";
import { openRemoteBlocks, type RemoteBlocks } from "../shuffle/cached-block-client.ts";
import { configuredSegmentClient } from "../shuffle/segment-client.ts";
import { BlobStore } from "../storage/blob-store.ts";
import type { OpenRemote } from "../storage/mixed-reader.ts";
import type { CachedAt } from "./block-master.ts";
import type { ClusterAccess, Settings } from "./messages.ts";

export type OpenBlocks = (rdd: RddId, partition: number) => Promise<RemoteBlocks | undefined>;

export interface RemoteAccess {
  readonly openRemote: OpenRemote;
  /** The driver has given it up: nobody waits for it. */
  executorLost(executor: ExecutorId): void;
  fetchBlob(ref: BlobRef): Promise<Uint8Array>;
  /** Opens what a task was told of: of the first of its holders that still has it. */
  blocksOf(cachedAt: readonly CachedAt[]): OpenBlocks;
}

export function openRemoteAccess({ driver, hostId, secret }: ClusterAccess, settings: Settings): RemoteAccess {
  const bulk = new BulkClient({ secret });
  const clock = systemClock;
  const blobs = new BlobClient({ bulk, clock, store: new BlobStore({ memoryBytesMax: 0 }) });
  const lost = new Set<ExecutorId>();
  return {
    openRemote: configuredSegmentClient(settings, { bulk, clock, hostId, isLost: executor => lost.has(executor) }),
    executorLost: executor => void lost.add(executor),
    blocksOf(cachedAt) {
      const holders = new Map<string, readonly RpcAddress[]>();
      for (const each of cachedAt) for (const at of each.partitions) holders.set(`${each.rdd}.${at}`, each.holders);
      return (rdd, partition) => openRemoteBlocks({ bulk }, holders.get(`${rdd}.${partition}`) ?? [], rdd, partition);
    },
    fetchBlob: ({ hash, bytes }) => blobs.fetch(hash, [driver], { bytes }),
  };
}
