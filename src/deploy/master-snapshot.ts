/** What a master knows, as plain data for pages and REST. */
import { driverStatus } from "./master-drivers.ts";
import { statusOf } from "./master-executors.ts";
import type { ApplicationRecord, MasterState, WorkerRecord } from "./master-state.ts";
import type { ApplicationStatus, MasterSnapshot, WorkerStatus } from "./messages.ts";

/** Lists are in order of arrival, ended ones in order of their end; dead workers follow the others. */
export function masterSnapshot(state: MasterState): MasterSnapshot {
  const { masterId, url, startedMs } = state.options;
  return {
    masterId,
    url,
    startedMs,
    state: state.recoveringSinceMs === undefined ? "alive" : "recovering",
    workers: [...state.workers.values(), ...state.deadWorkers].map(workerStatus),
    applications: [...state.applications.values()].map(applicationStatus),
    endedApplications: [...state.endedApplications.values()].map(applicationStatus),
    drivers: [...state.drivers.values()].map(driverStatus),
    endedDrivers: [...state.endedDrivers.values()].map(driverStatus),
  };
}

function workerStatus(worker: WorkerRecord): WorkerStatus {
  const { workerId, host, address, webUiUrl, state, cores, coresUsed, memoryMb, memoryUsedMb, contact } = worker;
  const { heardMs } = contact;
  return { workerId, host, address, webUiUrl, state, cores, coresUsed, memoryMb, memoryUsedMb, heardMs };
}

function applicationStatus(application: ApplicationRecord): ApplicationStatus {
  const { appId, description, submittedMs, endedMs } = application;
  const executors = [...application.executors.values()].map(statusOf);
  const coresGranted = executors.reduce((cores, executor) => cores + executor.cores, 0);
  const state = application.contact.isExpected && endedMs === undefined ? "unknown" : application.state;
  const all = [...executors, ...application.endedExecutors];
  return { appId, description, state, coresGranted, submittedMs, endedMs, executors: all };
}
