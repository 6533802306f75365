/** A master for the REST server's tests: drivers in a map, blobs in memory, and everything that it was asked. */
import { createHash } from "node:crypto";
import { FiresteelError } from "../../src/base/errors.ts";
import type { Blob, Chunks } from "../../src/deploy/upload-store.ts";
import type { Blobs, MasterAccess } from "../../src/deploy/master-access.ts";
import {
  driverEnded,
  type ApplicationStatus,
  type DriverDescription,
  type DriverReport,
  type DriverState,
  type DriverStatus,
  type MasterSnapshot,
} from "../../src/deploy/messages.ts";

export class MemoryBlobs implements Blobs {
  readonly kept = new Map<string, Buffer>();

  constructor(readonly blobBytesMax = 1 << 20) {}

  async find(hash: string): Promise<Blob | undefined> {
    const found = this.kept.get(hash);
    return found && { hash, bytes: found.length };
  }

  async put(chunks: Chunks, expected?: string): Promise<Blob> {
    const all: Uint8Array[] = [];
    for await (const chunk of chunks) all.push(chunk);
    const bytes = Buffer.concat(all);
    const hash = createHash("sha256").update(bytes).digest("hex");
    if (expected !== undefined && expected !== hash) throw new FiresteelError("data", `the sha256 is ${hash}`);
    this.kept.set(hash, bytes);
    return { hash, bytes: bytes.length };
  }

  async read(hash: string): Promise<(Blob & { readonly chunks: AsyncIterable<Uint8Array> }) | undefined> {
    const bytes = this.kept.get(hash);
    return bytes && { hash, bytes: bytes.length, chunks: one(bytes) };
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class FakeMaster implements MasterAccess {
  readonly drivers = new Map<string, Mutable<DriverStatus>>();
  readonly applications: ApplicationStatus[] = [];
  readonly killed: string[] = [];
  /** Drivers whose status was asked for. */
  readonly asked: string[] = [];
  readonly blobs = new MemoryBlobs();
  state: MasterSnapshot["state"] = "alive";
  stdout = "the answer\n";
  report: DriverReport = { progress: undefined, result: undefined };
  /** Thrown by every question, when set. */
  failure: Error | undefined;
  /** Of whatever driver is asked for next. */
  stateWhenAsked: DriverState | undefined;

  async submitDriver(description: DriverDescription): ReturnType<MasterAccess["submitDriver"]> {
    this.check();
    const driverId = `driver-20261121065028-${String(this.drivers.size).padStart(4, "0")}`;
    this.drivers.set(driverId, {
      ...{ driverId, description, state: "SUBMITTED", workerId: undefined, workerHostPort: undefined },
      ...{
        error: undefined,
        submittedMs: 1000 + this.drivers.size,
        startedMs: undefined,
        endedMs: undefined,
        launches: 0,
      },
    });
    return { success: true, driverId, message: `Driver successfully submitted as ${driverId}` };
  }

  async killDriver(driverId: string) {
    this.check();
    const driver = this.drivers.get(driverId);
    if (driver === undefined || driverEnded.includes(driver.state))
      return { success: false, message: `Driver ${driverId} has already finished or does not exist` };
    driver.state = "KILLED";
    this.killed.push(driverId);
    return { success: true, message: `Kill request for ${driverId} submitted` };
  }

  async driverStatus(driverId: string): Promise<DriverStatus | undefined> {
    this.check();
    this.asked.push(driverId);
    const driver = this.drivers.get(driverId);
    if (driver !== undefined && this.stateWhenAsked !== undefined) driver.state = this.stateWhenAsked;
    return driver;
  }

  async killApplication(appId: string) {
    this.check();
    this.killed.push(appId);
    return { success: true, message: `Kill request for ${appId} submitted` };
  }

  async clearEnded() {
    this.check();
    for (const [id, driver] of this.drivers) if (driverEnded.includes(driver.state)) this.drivers.delete(id);
    return { success: true, message: "" };
  }

  async masterState(): Promise<MasterSnapshot> {
    this.check();
    const all = [...this.drivers.values()];
    return {
      ...{ masterId: "m", url: "firesteel://m:7077", startedMs: 0, state: this.state, workers: [] },
      ...{ applications: this.applications, endedApplications: [] },
      drivers: all.filter(each => !driverEnded.includes(each.state)),
      endedDrivers: all.filter(each => driverEnded.includes(each.state)),
    };
  }

  async driverLog(status: DriverStatus, _stream: "stdout" | "stderr", bytesMax: number) {
    if (status.workerId === undefined)
      throw new FiresteelError("lost", `${status.driverId} has not been on a worker yet`);
    return { text: bytesMax === 0 ? "" : this.stdout.slice(-bytesMax), totalBytes: this.stdout.length };
  }

  async driverReport(): Promise<DriverReport> {
    return this.report;
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}
