/**
 * What grants executors to an application, as the driver's engine sees it: standalone masters, a local cluster, later YARN and
 * Kubernetes. It starts and ends executor processes; it never sees a task. Executors register at the driver by themselves.
 */
import type { ExecutorId } from "../base/ids.ts";
import type { RpcAddress } from "../rpc/contracts.ts";

export interface GrantedExecutor {
  readonly executor: ExecutorId;
  readonly host: string;
  readonly cores: number;
  readonly memoryMb: number;
}

export interface ClusterListener {
  /** Granted and being started. */
  executorGranted(granted: GrantedExecutor): void;
  /** Ended, for whatever reason; `workerLost` when its whole machine is thought to be gone. */
  executorLost(executor: ExecutorId, reason: string, workerLost: boolean): void;
  /** No manager can be reached now; executors go on, and it is tried again. */
  disconnected(reason: string): void;
  reconnected(): void;
  /** The application was ended from outside, or no manager could be reached at all: nothing more will come. */
  removed(reason: string): void;
}

export interface ClusterManager {
  /** Registers the application. Resolves with its id; rejects when no manager can be reached. */
  start(
    driver: RpcAddress,
    listener: ClusterListener,
  ): Promise<{ readonly appId: string; readonly webUiUrl: string | undefined }>;
  /** An executor that the driver no longer trusts. */
  killExecutor(executor: ExecutorId): void;
  /** Its executors end. */
  stop(state: "finished" | "failed" | "killed"): Promise<void>;
}
