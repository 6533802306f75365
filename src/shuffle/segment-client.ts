/** Reading of other executors' map outputs, for the tasks of one thread: what `ExchangeStore` is given to open such readers with. */
import type { Clock } from "../base/clock.ts";
import type { ExecutorId } from "../base/ids.ts";
import type { Bulk } from "../rpc/contracts.ts";
import type { OpenRemote } from "../storage/mixed-reader.ts";
import type { SpillCodecName } from "../storage/spill-codec.ts";
import { SegmentReader } from "./segment-reader.ts";

export interface SegmentClientOptions {
  readonly bulk: Pick<Bulk, "open">;
  readonly clock: Clock;
  readonly hostId: string;
  /** What the readings' codec unpacks; undefined when there is none. */
  readonly codec: SpillCodecName | undefined;
  /** `firesteel.reducer.maxSizeInFlight` */
  readonly inFlightBytesMax: number;
  /** `firesteel.shuffle.io.maxRetries`: lost connections in a row that bring nothing. */
  readonly retriesMax: number;
  /** `firesteel.shuffle.io.retryWait`: before the first retry; each next is twice as long. */
  readonly retryWaitMs: number;
  /** `firesteel.shuffle.io.idleTimeout` */
  readonly idleTimeoutMs: number;
  /** Whether the driver has given an executor up: then it is not asked again. */
  readonly isLost?: (executor: ExecutorId) => boolean;
}

/** As an application is configured. */
export function configuredSegmentClient(
  settings: Readonly<Record<string, number | string | boolean>>,
  around: Pick<SegmentClientOptions, "bulk" | "clock" | "hostId" | "isLost">,
): OpenRemote {
  const isPacked = settings["firesteel.shuffle.compress"] !== "false";
  return segmentClient({
    ...around,
    codec: isPacked ? (settings["firesteel.shuffle.codec"] as SpillCodecName) : undefined,
    inFlightBytesMax: settings["firesteel.reducer.maxSizeInFlight"] as number,
    retriesMax: settings["firesteel.shuffle.io.maxRetries"] as number,
    retryWaitMs: settings["firesteel.shuffle.io.retryWait"] as number,
    idleTimeoutMs: settings["firesteel.shuffle.io.idleTimeout"] as number,
  });
}

export function segmentClient(options: SegmentClientOptions): OpenRemote {
  return (reading, outputs) => new SegmentReader(options, reading, outputs);
}
