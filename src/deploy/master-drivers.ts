/**
 * Drivers of cluster mode in the master's machine: submitted, launched on a worker, relaunched elsewhere when they are supervised and
 * their worker is lost, killed, ended. A driver ends once, in FINISHED, KILLED, FAILED or ERROR.
 */
import { wrongDriver } from "./admission.ts";
import { driverIdOf } from "./deploy-ids.ts";
import type { MasterQuestion } from "./master-contracts.ts";
import type { DriverPost, DriverRecord, MasterState, WorkerRecord } from "./master-state.ts";
import { driverEnded, type DriverId, type DriverState, type DriverStatus } from "./messages.ts";

type Question<T extends MasterQuestion["type"]> = Extract<MasterQuestion, { readonly type: T }>;

export function submitDriver(state: MasterState, asked: Question<"submitDriver">): void {
  const { description } = asked;
  const wrong = wrongDriver(description);
  const tooMany = state.drivers.size >= state.options.limits.driversMax;
  if (wrong !== undefined || tooMany) {
    const message = wrong ?? `${state.drivers.size} drivers wait or run already`;
    return state.answer({ success: false, driverId: undefined, message });
  }
  const driverId = driverIdOf(state.nowMs, ++state.sequence);
  const driver: DriverRecord = {
    driverId,
    description,
    state: "SUBMITTED",
    submittedMs: state.nowMs,
    startedMs: undefined,
    endedMs: undefined,
    worker: undefined,
    launches: 0,
    error: undefined,
    isKilled: false,
  };
  state.drivers.set(driverId, driver);
  state.placementDue = true;
  state.keepDriver(driver);
  state.log("info", `driver ${driverId} (${description.name}) submitted`);
  state.answer({ success: true, driverId, message: `driver ${driverId} submitted` });
}

/** Whether it waits for a worker. */
export function isWaiting(driver: DriverRecord): boolean {
  return driver.state === "SUBMITTED" || (driver.state === "RELAUNCHING" && driver.worker === undefined);
}

export function launchDriver(state: MasterState, driver: DriverRecord, worker: WorkerRecord): void {
  const { driverId, description } = driver;
  const { cores, memoryMb } = description;
  const { masterId } = state.options;
  const launch = driver.launches++;
  state.addDriverPost(worker, driverId, { driver, cores, memoryMb, connection: worker.contact.connection });
  postDriver(driver, worker);
  driver.state = "RUNNING";
  driver.startedMs = state.nowMs;
  state.keepDriver(driver);
  state.log("info", `driver ${driverId} (${description.name}) launched on worker ${worker.workerId}`);
  state.tellWorker(worker, { type: "launchDriver", masterId, driverId, description, launch });
}

export function postDriver(driver: DriverRecord, worker: WorkerRecord): void {
  driver.worker = { workerId: worker.workerId, hostPort: `${worker.address.host}:${worker.address.port}` };
}

/** A worker reports on a driver that it has, or had. */
export function driverReported(
  state: MasterState,
  worker: WorkerRecord,
  driverId: DriverId,
  report: { readonly state: DriverState; readonly error: string | undefined },
): void {
  const post = worker.drivers.get(driverId);
  if (post === undefined) {
    state.log("info", `worker ${worker.workerId} reports on driver ${driverId}, which is not there: ignored`);
    return;
  }
  const { driver } = post;
  if (driverEnded.includes(report.state)) {
    state.removeDriverPost(worker, driverId);
    if (driver !== undefined) endDriver(state, driver, report.state, report.error);
    return;
  }
  if (driver === undefined || driver.state === report.state) return;
  if (report.state === "RUNNING") {
    if (driver.state === "RELAUNCHING") driver.launches++;
    driver.state = "RUNNING";
  } else if (report.state === "RELAUNCHING") {
    driver.state = "RELAUNCHING";
    driver.error = report.error;
  } else return;
  state.keepDriver(driver);
}

/** Its worker is gone, or does not have it any more. */
export function driverLost(state: MasterState, post: DriverPost, workerId: string, reason: string): void {
  const { driver } = post;
  if (driver === undefined) return;
  const error = `worker ${workerId} ${reason}`;
  if (driver.isKilled) return endDriver(state, driver, "KILLED", error);
  if (!driver.description.supervise) return endDriver(state, driver, "ERROR", error);
  driver.state = "RELAUNCHING";
  driver.error = error;
  driver.worker = undefined;
  state.keepDriver(driver);
  state.log("warn", `driver ${driver.driverId} is to be launched again: ${error}`);
}

/** Its launch was lost with a connection: the worker has it neither running nor ended. */
export function driverNeverArrived(state: MasterState, driver: DriverRecord): void {
  if (driver.isKilled) return endDriver(state, driver, "KILLED", undefined);
  driver.state = "SUBMITTED";
  driver.worker = undefined;
  state.keepDriver(driver);
  state.log("info", `driver ${driver.driverId} is to be launched again: its launch did not arrive`);
}

export function killDriverAsked(state: MasterState, asked: Question<"killDriver">): void {
  const { driverId } = asked;
  const driver = state.drivers.get(driverId);
  if (driver === undefined) {
    const isEnded = state.endedDrivers.has(driverId);
    const message = isEnded ? `driver ${driverId} has already ended` : `there is no driver ${driverId}`;
    return state.answer({ success: false, message });
  }
  state.answer({ success: true, message: `driver ${driverId} is being killed` });
  state.log("info", `driver ${driverId} is killed on request`);
  if (isWaiting(driver)) return endDriver(state, driver, "KILLED", undefined);
  driver.isKilled = true;
  state.keepDriver(driver);
  const worker = state.workers.get(driver.worker?.workerId ?? "");
  if (worker !== undefined) state.tellWorker(worker, { type: "killDriver", driverId });
}

export function driverStatusAsked(state: MasterState, asked: Question<"driverStatus">): void {
  const driver = state.drivers.get(asked.driverId) ?? state.endedDrivers.get(asked.driverId);
  state.answer(driver === undefined ? undefined : driverStatus(driver));
}

export function driverStatus(driver: DriverRecord): DriverStatus {
  const { worker, isKilled: _, ...rest } = driver;
  return { ...rest, workerId: worker?.workerId, workerHostPort: worker?.hostPort };
}

export function endDriver(state: MasterState, driver: DriverRecord, how: DriverState, error: string | undefined): void {
  const { driverId } = driver;
  state.drivers.delete(driverId);
  driver.state = how;
  driver.error = error;
  driver.endedMs = state.nowMs;
  state.keepDriver(driver);
  const because = error === undefined ? "" : `: ${error}`;
  state.log(how === "FINISHED" || how === "KILLED" ? "info" : "warn", `driver ${driverId} ended: ${how}${because}`);
  state.endedDrivers.set(driverId, driver);
  for (const old of state.endedDrivers.keys()) {
    if (state.endedDrivers.size <= state.options.limits.endedDriversMax) break;
    state.endedDrivers.delete(old);
    state.forgetDriver(old);
  }
}
