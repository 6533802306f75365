/**
 * How an application ends in the master's machine: its executors are killed, its directories may go, it is kept for a while. And how
 * all that has ended is forgotten at once.
 */
import {
  counted,
  type ApplicationRecord,
  type ExecutorRecord,
  type MasterState,
  type WorkerRecord,
} from "./master-state.ts";

export function endApplication(
  state: MasterState,
  application: ApplicationRecord,
  how: "finished" | "failed" | "killed",
  reason: string,
): void {
  const { appId, description } = application;
  state.applications.delete(appId);
  application.state = how;
  application.endedMs = state.nowMs;
  application.endReason = reason;
  application.claimed = [];
  state.keepApplication(application);
  state.log(how === "finished" ? "info" : "warn", `application ${appId} (${description.name}) ${how}: ${reason}`);
  state.tellApplication(application, { type: "applicationRemoved", reason });
  for (const executor of application.executors.values()) killExecutor(state, executor);
  for (const workerId of application.workers) {
    const worker = state.workers.get(workerId);
    if (worker !== undefined) clearWorkDirectory(state, application, worker);
  }
  state.endedApplications.set(appId, application);
  for (const old of state.endedApplications.keys()) {
    if (state.endedApplications.size <= state.options.limits.endedApplicationsMax) break;
    state.endedApplications.delete(old);
    state.forgetApplication(old);
  }
}

/** It holds its cores until it has ended. */
export function killExecutor(state: MasterState, executor: ExecutorRecord): void {
  executor.isKilled = true;
  const { appId, executorId, worker } = executor;
  state.tellWorker(worker, { type: "killExecutor", appId, executorId });
}

/** When the last executor of an ended application has left a worker. */
export function clearWorkDirectory(state: MasterState, application: ApplicationRecord, worker: WorkerRecord): void {
  const { appId } = application;
  for (const executor of application.executors.values()) if (executor.worker === worker) return;
  state.tellWorker(worker, { type: "applicationEnded", appId });
}

export function clearEnded(state: MasterState): void {
  const applications = [...state.endedApplications.keys()];
  const drivers = [...state.endedDrivers.keys()];
  for (const appId of applications) state.forgetApplication(appId);
  for (const driverId of drivers) state.forgetDriver(driverId);
  state.endedApplications.clear();
  state.endedDrivers.clear();
  const message = `forgot ${counted(applications.length, "ended application")} and ${counted(drivers.length, "ended driver")}`;
  state.answer({ success: true, message });
}
