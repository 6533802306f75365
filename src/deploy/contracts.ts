/**
 * What the endpoints of `deploy/` need of the world, so that masters, workers and applications run alike on real machines and
 * simulated: a launcher of processes and a store of a master's state.
 */
import type {
  ApplicationDescription,
  ApplicationId,
  ApplicationState,
  DriverDescription,
  DriverId,
  DriverReport,
  DriverState,
  WorkerId,
} from "./messages.ts";
import type { RpcAddress } from "../rpc/contracts.ts";

export interface ExecutorLaunch {
  readonly appId: ApplicationId;
  readonly executorId: number;
  readonly workerId: WorkerId;
  readonly host: string;
  readonly description: ApplicationDescription;
  readonly cores: number;
  readonly memoryMb: number;
}

export interface DriverLaunch {
  readonly driverId: DriverId;
  readonly workerId: WorkerId;
  readonly description: DriverDescription;
  readonly masters: readonly RpcAddress[];
  /** Counts from 0; above 0 under --supervise. */
  readonly launch: number;
}

export interface LaunchListener {
  started(pid: number | undefined): void;
  /** Once. `message` is for people: what was wrong, with the last line of stderr where that says more. */
  ended(end: {
    readonly exitCode: number | undefined;
    readonly signal: string | undefined;
    readonly message: string;
  }): void;
}

export interface Launched {
  /** Ends it, gently first; `ended` follows. */
  kill(): void;
}

/** Starts processes (or what stands for them in the simulator). A launch that fails calls `ended`. */
export interface Launcher {
  launchExecutor(launch: ExecutorLaunch, listener: LaunchListener): Launched;
  launchDriver(launch: DriverLaunch, listener: LaunchListener): Launched;
  /** Its work directories may go. */
  applicationEnded(appId: ApplicationId): void;
  logTail(
    of: { readonly appId: ApplicationId; readonly executorId: number } | { readonly driverId: DriverId },
    stream: "stdout" | "stderr",
    bytesMax: number,
  ): Promise<{ readonly text: string; readonly totalBytes: number }>;
  /** From its work directory: see driver-report.ts. */
  driverReport(driverId: DriverId): Promise<DriverReport>;
}

// ---- a master's state that survives its restart

export interface StoredWorker {
  readonly workerId: WorkerId;
  readonly host: string;
  readonly address: RpcAddress;
  readonly cores: number;
  readonly memoryMb: number;
  readonly webUiUrl: string;
}

export interface StoredApplication {
  readonly appId: ApplicationId;
  readonly description: ApplicationDescription;
  readonly submittedMs: number;
  readonly endedMs: number | undefined;
  readonly state: ApplicationState;
  /** Executor ids below this were given out. */
  readonly executorIdNext: number;
}

export interface StoredDriver {
  readonly driverId: DriverId;
  readonly description: DriverDescription;
  readonly submittedMs: number;
  readonly startedMs: number | undefined;
  readonly endedMs: number | undefined;
  readonly state: DriverState;
  /** Where it runs, or ended. */
  readonly workerId: WorkerId | undefined;
  readonly launches: number;
  readonly error: string | undefined;
  /** Someone was told that it will be killed. */
  readonly killAsked: boolean;
}

export interface StoredState {
  readonly workers: readonly StoredWorker[];
  readonly applications: readonly StoredApplication[];
  readonly drivers: readonly StoredDriver[];
}

/** Writes are durable when they return: a master acknowledges nothing that it could forget. */
export interface MasterStore {
  /** Of the state itself: who goes on with it is a master of the same cluster. */
  readonly clusterId: string;
  load(): StoredState;
  putWorker(worker: StoredWorker): void;
  removeWorker(workerId: WorkerId): void;
  putApplication(application: StoredApplication): void;
  removeApplication(appId: ApplicationId): void;
  putDriver(driver: StoredDriver): void;
  removeDriver(driverId: DriverId): void;
  /** Both who opened it and whoever was given it may. */
  close(): void;
}
