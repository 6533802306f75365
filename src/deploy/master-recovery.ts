/**
 * A master that starts with the state of an earlier life: it asks nobody, grants nothing, and waits for the workers and applications
 * that it knew to come back by themselves, each with what it has. When all are there, or the time is over, who did not come is
 * dropped, and it goes on as before. Running applications notice nothing.
 */
import type { StoredDriver, StoredState } from "./contracts.ts";
import { sequenceOf } from "./deploy-ids.ts";
import { catchUp, makeApplication, seconds } from "./master-applications.ts";
import { endApplication } from "./master-ended.ts";
import { driverLost } from "./master-drivers.ts";
import { counted, expectedContact, makeWorker, type DriverRecord, type MasterState } from "./master-state.ts";
import { driverEnded } from "./messages.ts";
import { loseWorker } from "./master-workers.ts";

export function restore(state: MasterState, stored: StoredState): void {
  const bySubmission = <T extends { readonly submittedMs: number }>(a: T, b: T) => a.submittedMs - b.submittedMs;
  for (const about of stored.workers) {
    state.workers.set(about.workerId, makeWorker(about, expectedContact(state.nowMs)));
  }
  for (const each of stored.applications.toSorted(bySubmission)) {
    const { appId, description, submittedMs } = each;
    const application = makeApplication(appId, description, "", expectedContact(state.nowMs), submittedMs);
    application.executorIdNext = each.executorIdNext;
    application.endedMs = each.endedMs;
    const hasEnded = each.endedMs !== undefined;
    if (hasEnded) application.state = each.state;
    (hasEnded ? state.endedApplications : state.applications).set(appId, application);
  }
  for (const each of stored.drivers.toSorted(bySubmission)) restoreDriver(state, each);
  const ids = [...stored.applications.map(each => each.appId), ...stored.drivers.map(each => each.driverId)];
  state.sequence = ids.reduce((most, id) => Math.max(most, sequenceOf(id)), 0);
  const { workers, applications, drivers } = state;
  if (workers.size + applications.size === 0) return;
  state.recoveringSinceMs = state.nowMs;
  const known = [
    counted(workers.size, "worker"),
    counted(applications.size, "application"),
    counted(drivers.size, "driver"),
  ].join(", ");
  state.log("info", `recovering with ${known}; waiting for them to come back`);
}

/** Ends the recovery when nobody is missing, or the time is over. */
export function checkRecovery(state: MasterState): void {
  if (state.recoveringSinceMs === undefined) return;
  const { recoveryTimeoutMs } = state.options.limits;
  const workers = [...state.workers.values()].filter(each => each.contact.isExpected);
  const applications = [...state.applications.values()].filter(each => each.contact.isExpected);
  const isOver = state.nowMs - state.recoveringSinceMs >= recoveryTimeoutMs;
  if (!isOver && workers.length + applications.length > 0) return;
  state.recoveringSinceMs = undefined;
  const why = `did not come back within ${seconds(recoveryTimeoutMs)} after the master's restart`;
  for (const worker of workers) loseWorker(state, worker, why);
  for (const application of applications) endApplication(state, application, "failed", `its driver ${why}`);
  for (const application of state.applications.values()) catchUp(state, application);
  state.log(
    "info",
    `recovered: ${counted(state.workers.size, "worker")}, ${counted(state.applications.size, "application")}`,
  );
}

function restoreDriver(state: MasterState, stored: StoredDriver): void {
  const { workerId, killAsked, ...rest } = stored;
  const worker = state.workers.get(workerId ?? "");
  const driver: DriverRecord = { ...rest, worker: undefined, isKilled: killAsked };
  const { driverId, description } = driver;
  if (workerId !== undefined) {
    driver.worker = { workerId, hostPort: worker === undefined ? "" : `${worker.address.host}:${worker.address.port}` };
  }
  if (driverEnded.includes(driver.state)) {
    state.endedDrivers.set(driverId, driver);
    return;
  }
  state.drivers.set(driverId, driver);
  if (workerId === undefined) return;
  const { cores, memoryMb } = description;
  const post = { driver, cores, memoryMb, connection: 0 };
  if (worker === undefined) return driverLost(state, post, workerId, "is not known any more");
  driver.state = "UNKNOWN";
  state.addDriverPost(worker, driverId, post);
}
