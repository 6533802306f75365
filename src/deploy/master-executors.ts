/**
 * Executors in the master's machine: launched, reported on, killed, lost. An executor holds its cores and memory from the moment
 * it is granted until its worker says that it ended, or is lost: they are never given twice.
 */
import { executorEnded, type ExecutorState } from "./messages.ts";
import { clearWorkDirectory, endApplication } from "./master-ended.ts";
import {
  executorKey,
  type ApplicationRecord,
  type ExecutorRecord,
  type MasterState,
  type WorkerRecord,
} from "./master-state.ts";

export interface ExecutorReport {
  readonly state: ExecutorState;
  readonly message: string | undefined;
  readonly exitCode: number | undefined;
  readonly workerLost: boolean;
}

export function launchExecutor(
  state: MasterState,
  application: ApplicationRecord,
  worker: WorkerRecord,
  cores: number,
): void {
  const { appId, description } = application;
  const executorId = application.executorIdNext++;
  const memoryMb = description.memoryPerExecutorMb;
  const { connection } = worker.contact;
  state.addExecutor({
    appId,
    executorId,
    application,
    worker,
    cores,
    memoryMb,
    state: "launching",
    isKilled: false,
    launchedMs: state.nowMs,
    connection,
  });
  application.workers.add(worker.workerId);
  application.state = "running";
  state.keepApplication(application);
  const { masterId } = state.options;
  state.tellWorker(worker, { type: "launchExecutor", masterId, appId, executorId, description, cores, memoryMb });
  const { workerId, host } = worker;
  state.tellApplication(application, { type: "executorAdded", executorId, workerId, host, cores, memoryMb });
}

/** A worker reports. */
export function executorReported(
  state: MasterState,
  worker: WorkerRecord,
  which: { readonly appId: string; readonly executorId: number },
  report: ExecutorReport,
): void {
  const executor = worker.executors.get(executorKey(which));
  if (executor === undefined) {
    state.log(
      "info",
      `worker ${worker.workerId} reports on executor ${executorKey(which)}, which is not known: ignored`,
    );
    return;
  }
  if (executorEnded.includes(report.state)) return endExecutor(state, executor, report);
  if (report.state !== "running" || executor.state !== "launching") return;
  executor.state = "running";
  tell(state, executor, report);
}

/** It ended, or is lost: what it held is free. */
export function endExecutor(state: MasterState, executor: ExecutorRecord, report: ExecutorReport): void {
  const { application, worker } = executor;
  executor.state = report.state;
  state.removeExecutor(executor);
  if (application === undefined) return;
  application.endedExecutors.push(statusOf(executor));
  if (application.endedExecutors.length > state.options.limits.endedExecutorsMax) application.endedExecutors.shift();
  if (application.endedMs !== undefined) {
    clearWorkDirectory(state, application, worker);
    return;
  }
  tell(state, executor, report);
  countFailure(state, application, executor, report);
}

export function statusOf(executor: ExecutorRecord) {
  const { executorId, worker, cores, memoryMb } = executor;
  return { executorId, workerId: worker.workerId, host: worker.host, cores, memoryMb, state: executor.state };
}

function tell(state: MasterState, executor: ExecutorRecord, report: ExecutorReport): void {
  const { application, executorId } = executor;
  if (application === undefined || application.endedMs !== undefined) return;
  state.tellApplication(application, { type: "executorUpdated", executorId, ...report });
}

/** Executors that end by themselves soon after their launch, again and again: another launch will not help. */
function countFailure(
  state: MasterState,
  application: ApplicationRecord,
  executor: ExecutorRecord,
  report: ExecutorReport,
): void {
  const { executorRetriesMax, executorHealthyMs } = state.options.limits;
  if (state.nowMs - executor.launchedMs >= executorHealthyMs) {
    application.failuresInRow = 0;
    return;
  }
  if (executor.isKilled || (report.state !== "failed" && report.state !== "exited")) return;
  application.failuresInRow++;
  application.lastFailure = report.message ?? `exit code ${report.exitCode ?? "unknown"}`;
  if (executorRetriesMax === 0 || application.failuresInRow < executorRetriesMax) return;
  if ([...application.executors.values()].some(each => each.state === "running")) return;
  const times = `${application.failuresInRow} times in a row`;
  const reason = `its executors ended right after their start, ${times}; the last one: ${application.lastFailure}`;
  endApplication(state, application, "failed", reason);
}
