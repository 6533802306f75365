/**
 * What the REST server needs of a master, as an interface that tests can stand in for, and its making over RPC: questions go to
 * the master's endpoint, those about a driver's output on to the worker that runs it. Every question has a deadline.
 */
import { FiresteelError } from "../base/errors.ts";
import type { RpcAddress, RpcEndpointRef } from "../rpc/contracts.ts";
import type { Blob, UploadStore, Chunks } from "./upload-store.ts";
import {
  driverEnded,
  type ApplicationId,
  type DriverDescription,
  type DriverId,
  type DriverReport,
  type DriverStatus,
  type MasterProtocol,
  type MasterSnapshot,
  type WorkerProtocol,
} from "./messages.ts";

export interface Done {
  readonly success: boolean;
  readonly message: string;
}

export interface LogTail {
  readonly text: string;
  readonly totalBytes: number;
}

export interface MasterAccess {
  submitDriver(description: DriverDescription): Promise<Done & { readonly driverId: DriverId | undefined }>;
  killDriver(driverId: DriverId): Promise<Done>;
  driverStatus(driverId: DriverId): Promise<DriverStatus | undefined>;
  killApplication(appId: ApplicationId): Promise<Done>;
  clearEnded(): Promise<Done>;
  masterState(): Promise<MasterSnapshot>;
  /** Rejects with kind "lost" when the driver's worker is gone. */
  driverLog(status: DriverStatus, stream: "stdout" | "stderr", bytesMax: number): Promise<LogTail>;
  driverReport(status: DriverStatus): Promise<DriverReport>;
  readonly blobs: Blobs;
}

export interface Blobs {
  readonly blobBytesMax: number;
  find(hash: string): Promise<Blob | undefined>;
  put(chunks: Chunks, expected?: string): Promise<Blob>;
  read(hash: string): Promise<(Blob & { readonly chunks: AsyncIterable<Uint8Array> }) | undefined>;
}

export interface MasterAccessOptions {
  readonly master: RpcEndpointRef<MasterProtocol>;
  readonly worker: (address: RpcAddress) => RpcEndpointRef<WorkerProtocol>;
  readonly blobs: UploadStore;
  readonly timeoutMs?: number;
}

const askTimeoutMs = 10_000;

export function masterAccess({ master, worker, blobs, timeoutMs = askTimeoutMs }: MasterAccessOptions): MasterAccess {
  const options = { timeoutMs };
  const workerOf = (status: DriverStatus) => {
    const address = status.workerHostPort === undefined ? undefined : parseAddress(status.workerHostPort);
    if (address === undefined) throw new FiresteelError("lost", `${status.driverId} has not been on a worker yet`);
    return worker(address);
  };
  return {
    submitDriver: description => master.ask({ type: "submitDriver", description }, options),
    killDriver: driverId => master.ask({ type: "killDriver", driverId }, options),
    driverStatus: driverId => master.ask({ type: "driverStatus", driverId }, options),
    killApplication: appId => master.ask({ type: "killApplication", appId }, options),
    clearEnded: () => master.ask({ type: "clearEnded" }, options),
    masterState: () => master.ask({ type: "masterState" }, options),
    async driverLog(status, stream, bytesMax) {
      const of = { driverId: status.driverId };
      return workerOf(status).ask({ type: "logTail", of, stream, bytesMax }, options);
    },
    async driverReport({ driverId, ...status }) {
      return workerOf({ driverId, ...status }).ask({ type: "driverReport", driverId }, options);
    },
    blobs,
  };
}

/** What drivers that have not ended still need: a store must not forget it. */
export function blobsInUse(state: MasterSnapshot): ReadonlySet<string> {
  const living = state.drivers.filter(driver => !driverEnded.includes(driver.state));
  return new Set(
    living.flatMap(({ description: { job, files } }) => [
      ...(job.kind === "blob" ? [job.hash] : []),
      ...files.map(file => file.hash),
    ]),
  );
}

function parseAddress(hostPort: string): RpcAddress | undefined {
  const match = /^(.+):(\d{1,5})$/.exec(hostPort);
  return match === null ? undefined : { host: match[1]!, port: Number(match[2]) };
}
