/** What the tasks of one thread of an executor process read from other processes: their map outputs, and the driver's bytes. */
import { systemClock } from "../base/clock.ts";
import type { ExecutorId } from "../base/ids.ts";
import type { BlobRef } from "../plan/nodes.ts";
import { BulkClient } from "../rpc/bulk-client.ts";
import { BlobClient } from "../shuffle/blob-client.ts";
import { configuredSegmentClient } from "../shuffle/segment-client.ts";
import { BlobStore } from "../storage/blob-store.ts";
import type { OpenRemote } from "../storage/mixed-reader.ts";
import type { ClusterAccess, Settings } from "./messages.ts";

export interface RemoteAccess {
  readonly openRemote: OpenRemote;
  /** The driver has given it up: nobody waits for it. */
  executorLost(executor: ExecutorId): void;
  fetchBlob(ref: BlobRef): Promise<Uint8Array>;
}

export function openRemoteAccess({ driver, hostId, secret }: ClusterAccess, settings: Settings): RemoteAccess {
  const bulk = new BulkClient({ secret });
  const clock = systemClock;
  const blobs = new BlobClient({ bulk, clock, store: new BlobStore({ memoryBytesMax: 0 }) });
  const lost = new Set<ExecutorId>();
  return {
    openRemote: configuredSegmentClient(settings, { bulk, clock, hostId, isLost: executor => lost.has(executor) }),
    executorLost: executor => void lost.add(executor),
    fetchBlob: ({ hash, bytes }) => blobs.fetch(hash, [driver], { bytes }),
  };
}
