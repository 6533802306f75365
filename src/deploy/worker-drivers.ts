/**
 * The drivers of a worker's machine. A supervised one that fails is launched again here, after a while that grows with each failure
 * soon after the start; the master launches it elsewhere only when this worker is lost.
 */
import type { Random } from "../base/random.ts";
import { isPlainId } from "./deploy-ids.ts";
import type { LaunchEnd, LaunchNumber, WorkerAction, WorkerOptions } from "./worker-contracts.ts";
import type {
  DriverDescription,
  DriverId,
  DriverState,
  EndedDriver,
  MasterToWorker,
  RunningDriver,
  WorkerDriver,
} from "./messages.ts";
import { retryDelayMs } from "./retry-delay.ts";

interface Driver {
  readonly driverId: DriverId;
  readonly description: DriverDescription;
  /** Undefined while it waits to be launched again. */
  launch: LaunchNumber | undefined;
  launches: number;
  /** Failures in a row soon after the start. */
  failures: number;
  state: DriverState;
  hasStarted: boolean;
  pid: number | undefined;
  startedMs: number;
  isKilled: boolean;
}

export class WorkerDrivers {
  private readonly byId = new Map<DriverId, Driver>();
  private readonly byLaunch = new Map<LaunchNumber, Driver>();
  private readonly ended: { readonly status: WorkerDriver; readonly error: string | undefined }[] = [];

  constructor(
    private readonly options: WorkerOptions,
    private readonly random: Random,
    private readonly act: (action: WorkerAction) => void,
    private readonly nextLaunch: () => LaunchNumber,
  ) {}

  get size(): number {
    return this.byId.size;
  }

  launch(message: Extract<MasterToWorker, { readonly type: "launchDriver" }>, nowMs: number): void {
    const { driverId, description, launch } = message;
    if (this.byId.has(driverId)) return;
    if (!isPlainId(driverId)) return this.report(driverId, "ERROR", "this is no name of a driver");
    const driver: Driver = {
      driverId,
      description,
      launch: undefined,
      launches: launch,
      failures: 0,
      state: "SUBMITTED",
      hasStarted: false,
      pid: undefined,
      startedMs: nowMs,
      isKilled: false,
    };
    this.byId.set(driverId, driver);
    this.start(driver, nowMs);
  }

  /** False when the launch is none of a driver. */
  started(launch: LaunchNumber, pid: number | undefined): boolean {
    const driver = this.byLaunch.get(launch);
    if (driver === undefined) return false;
    driver.hasStarted = true;
    driver.pid = pid;
    driver.state = "RUNNING";
    this.report(driver.driverId, "RUNNING", undefined);
    return true;
  }

  endedBy(launch: LaunchNumber, end: LaunchEnd, nowMs: number): boolean {
    const driver = this.byLaunch.get(launch);
    if (driver === undefined) return false;
    this.byLaunch.delete(launch);
    driver.launch = undefined;
    driver.pid = undefined;
    if (driver.isKilled) this.end(driver, "KILLED", undefined);
    else if (!driver.hasStarted) this.end(driver, "ERROR", end.message);
    else if (end.exitCode === 0) this.end(driver, "FINISHED", undefined);
    else if (driver.description.supervise) this.relaunchLater(driver, end.message, nowMs);
    else this.end(driver, "FAILED", end.message);
    return true;
  }

  /** The time to launch it again has come. */
  woke(driverId: DriverId, nowMs: number): void {
    const driver = this.byId.get(driverId);
    if (driver !== undefined && driver.launch === undefined) this.start(driver, nowMs);
  }

  kill(driverId: DriverId): void {
    const driver = this.byId.get(driverId);
    if (driver === undefined || driver.isKilled) return;
    driver.isKilled = true;
    if (driver.launch === undefined) this.end(driver, "KILLED", undefined);
    else this.act({ type: "kill", launch: driver.launch });
  }

  killAll(): void {
    for (const driverId of [...this.byId.keys()]) this.kill(driverId);
  }

  has(driverId: DriverId): boolean {
    return this.byId.has(driverId) || this.ended.some(each => each.status.driverId === driverId);
  }

  running(): RunningDriver[] {
    return [...this.byId.values()].map(({ driverId, description }) => {
      return { driverId, cores: description.cores, memoryMb: description.memoryMb };
    });
  }

  endedOnes(): EndedDriver[] {
    return this.ended.map(({ status, error }) => {
      const { driverId, launches, state } = status;
      return { driverId, launches, state, error };
    });
  }

  snapshot(): { readonly drivers: readonly WorkerDriver[]; readonly endedDrivers: readonly WorkerDriver[] } {
    return { drivers: [...this.byId.values()].map(toStatus), endedDrivers: this.ended.map(each => each.status) };
  }

  private start(driver: Driver, nowMs: number): void {
    const launch = this.nextLaunch();
    driver.launch = launch;
    driver.hasStarted = false;
    driver.startedMs = nowMs;
    this.byLaunch.set(launch, driver);
    const { driverId, description } = driver;
    const launchesBefore = driver.launches++;
    this.act({ type: "launchDriver", launch, driverId, description, launchesBefore });
  }

  private relaunchLater(driver: Driver, reason: string, nowMs: number): void {
    const { restartDelays, driverHealthyMs } = this.options.limits;
    const wasHealthy = nowMs - driver.startedMs >= driverHealthyMs;
    driver.failures = wasHealthy ? 1 : driver.failures + 1;
    driver.state = "RELAUNCHING";
    const afterMs = retryDelayMs(restartDelays, driver.failures, this.random);
    const { driverId } = driver;
    this.act({
      type: "log",
      level: "warn",
      text: `driver ${driverId} failed, launched again in ${afterMs} ms: ${reason}`,
    });
    this.report(driverId, "RELAUNCHING", reason);
    this.act({ type: "wakeAfter", afterMs, word: driverId });
  }

  private end(driver: Driver, state: DriverState, error: string | undefined): void {
    driver.state = state;
    this.byId.delete(driver.driverId);
    this.ended.push({ status: toStatus(driver), error });
    if (this.ended.length > this.options.limits.endedMax) this.ended.shift();
    this.report(driver.driverId, state, error);
  }

  private report(driverId: DriverId, state: DriverState, error: string | undefined): void {
    this.act({ type: "tellMaster", message: { type: "driverStateChanged", driverId, state, error } });
  }
}

function toStatus(driver: Driver): WorkerDriver {
  const { driverId, description, state, pid, launches, startedMs } = driver;
  const { name, cores, memoryMb } = description;
  return { driverId, name, cores, memoryMb, state, pid, launches, startedMs };
}
