/** What the tasks of one thread of an executor process read from other processes: their map outputs, and the driver's bytes. */
import { systemClock } from "../base/clock.ts";
import type { BlobRef } from "../plan/nodes.ts";
import { BulkClient } from "../rpc/bulk-client.ts";
import { BlobClient } from "../shuffle/blob-client.ts";
import { segmentClient } from "../shuffle/segment-client.ts";
import { BlobStore } from "../storage/blob-store.ts";
import type { OpenRemote } from "../storage/mixed-reader.ts";
import type { SpillCodecName } from "../storage/spill-codec.ts";
import type { ClusterAccess, Settings } from "./messages.ts";

export interface RemoteAccess {
  readonly openRemote: OpenRemote;
  fetchBlob(ref: BlobRef): Promise<Uint8Array>;
}

export function openRemoteAccess({ driver, hostId, secret }: ClusterAccess, settings: Settings): RemoteAccess {
  const bulk = new BulkClient({ secret });
  const clock = systemClock;
  const blobs = new BlobClient({ bulk, clock, store: new BlobStore({ memoryBytesMax: 0 }) });
  const number = (key: string) => settings[key] as number;
  return {
    openRemote: segmentClient({
      ...{ bulk, clock, hostId },
      codec:
        settings["firesteel.shuffle.compress"] === "false"
          ? undefined
          : (settings["firesteel.shuffle.codec"] as SpillCodecName),
      inFlightBytesMax: number("firesteel.reducer.maxSizeInFlight"),
      retriesMax: number("firesteel.shuffle.io.maxRetries"),
      retryWaitMs: number("firesteel.shuffle.io.retryWait"),
      idleTimeoutMs: number("firesteel.shuffle.io.idleTimeout"),
    }),
    fetchBlob: ({ hash, bytes }) => blobs.fetch(hash, [driver], { bytes }),
  };
}
