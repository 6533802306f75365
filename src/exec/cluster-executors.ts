/**
 * A driver's executors in a cluster, put together over an RPC environment: asks a cluster manager for them, lets those register
 * that were granted, and says what the user should know while there are none.
 */
import { every, type Timer } from "../base/clock.ts";
import type { ExecutorId } from "../base/ids.ts";
import { formatBytes } from "../base/quantity.ts";
import type { RpcEnv } from "../rpc/contracts.ts";
import { BlobClient } from "../shuffle/blob-client.ts";
import { serveBlobs } from "../shuffle/blob-server.ts";
import { BlobStore } from "../storage/blob-store.ts";
import type { LocalDirs } from "../storage/local-dirs.ts";
import type { ClusterManager } from "./cluster-manager.ts";
import { driverEndpoint, type DriverProtocol } from "./executor-messages.ts";
import type { ExecutorsListener } from "./executors.ts";
import type { Settings } from "./messages.ts";
import { RemoteExecutors } from "./remote-executors.ts";
import { SentBytes } from "./sent-bytes.ts";

export interface ClusterOptions {
  readonly settings: Settings;
  readonly localDirs: LocalDirs;
  /** Longest silence of an executor. */
  readonly executorTimeoutMs: number;
  /** Tasks start once so many cores are there, or the time is over. */
  readonly coresAwaited: number;
  readonly coresWaitMaxMs: number;
  readonly stageBytesMax: number;
  /** How often it is said that tasks wait and nothing can run them. */
  readonly starvedEveryMs: number;
}

export interface ClusterExecutors {
  readonly executors: RemoteExecutors;
  /** Resolves once registered; rejects when no manager takes the application. */
  readonly started: Promise<{ readonly appId: string; readonly webUiUrl: string | undefined }>;
  stop(state: "finished" | "failed" | "killed"): Promise<void>;
}

export function openClusterExecutors(
  env: RpcEnv,
  manager: ClusterManager,
  options: ClusterOptions,
  listener: ExecutorsListener & { removed(reason: string): void },
): ClusterExecutors {
  const { settings, executorTimeoutMs, stageBytesMax, coresAwaited, coresWaitMaxMs } = options;
  const blobs = new BlobStore({ memoryBytesMax: blobBytesMax, dirs: options.localDirs });
  serveBlobs(env.bulk, blobs);
  const sent = new SentBytes(blobs, new BlobClient({ bulk: env.bulk, store: blobs, clock: env.clock }), stageBytesMax);
  const giveUp = (executor: ExecutorId) => manager.killExecutor(executor);
  const executors = new RemoteExecutors(
    env,
    sent,
    {
      ...{ settings, timeoutMs: executorTimeoutMs, coresAwaited, coresWaitMaxMs },
      fileKey: options.localDirs.key,
    },
    listener,
    giveUp,
  );
  env.register<DriverProtocol>(driverEndpoint, executors);
  let starving: Timer | undefined;
  const started = manager
    .start(env.address!, {
      executorGranted: ({ executor }) => executors.expect(executor),
      executorLost: (executor, reason) => executors.ended(executor, reason),
      disconnected: reason =>
        listener.warning(`the master cannot be reached (${reason}); executors go on, and it is tried again`),
      reconnected: () => listener.warning("the master is reached again"),
      removed: reason => listener.removed(reason),
    })
    .then(granted => {
      starving = every(env.clock, options.starvedEveryMs, () => warnWhenStarved(executors, listener, settings));
      return granted;
    });
  return {
    executors,
    started,
    async stop(state) {
      starving?.cancel();
      executors.stop("the application has ended");
      await manager.stop(state);
      blobs.close();
    },
  };
}

/** Of stages and slices that wait to be fetched, in memory. */
const blobBytesMax = 64 << 20;

function warnWhenStarved(executors: RemoteExecutors, listener: ExecutorsListener, settings: Settings): void {
  if (!executors.isStarved) return;
  const cores = settings["firesteel.executor.cores"] as number;
  const memory = formatBytes(settings["firesteel.executor.memory"] as number);
  listener.warning(
    `tasks wait, and no executor has registered: each is to have ${cores === 0 ? "a core or more" : `${cores} cores`} (firesteel.executor.cores) and ${memory} (firesteel.executor.memory); check on the master's page that a worker has that to give`,
  );
}
