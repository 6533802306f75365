/** A master's and a worker's state in the form of Spark's `/json`, for tools that read that. Amounts of memory are in MB. */
import type {
  ApplicationStatus,
  DriverStatus,
  MasterSnapshot,
  WorkerExecutor,
  WorkerSnapshot,
  WorkerStatus,
} from "../deploy/messages.ts";
import type { RpcAddress } from "../rpc/contracts.ts";

export function masterJson(state: MasterSnapshot, nowMs: number) {
  const alive = state.workers.filter(worker => worker.state === "alive");
  const sum = (of: (worker: WorkerStatus) => number) => alive.reduce((all, worker) => all + of(worker), 0);
  const application = (status: ApplicationStatus) => applicationJson(status, nowMs);
  return {
    url: state.url,
    workers: state.workers.map(workerJson),
    aliveworkers: alive.length,
    cores: sum(worker => worker.cores),
    coresused: sum(worker => worker.coresUsed),
    memory: sum(worker => worker.memoryMb),
    memoryused: sum(worker => worker.memoryUsedMb),
    activeapps: state.applications.map(application),
    completedapps: state.endedApplications.map(application),
    activedrivers: state.drivers.map(driverJson),
    completeddrivers: state.endedDrivers.map(driverJson),
    status: state.state.toUpperCase(),
  };
}

function workerJson(worker: WorkerStatus) {
  return {
    id: worker.workerId,
    host: worker.address.host,
    port: worker.address.port,
    webuiaddress: worker.webUiUrl,
    cores: worker.cores,
    coresused: worker.coresUsed,
    coresfree: worker.cores - worker.coresUsed,
    memory: worker.memoryMb,
    memoryused: worker.memoryUsedMb,
    memoryfree: worker.memoryMb - worker.memoryUsedMb,
    state: worker.state.toUpperCase(),
    lastheartbeat: worker.heardMs,
  };
}

function applicationJson({ appId, description, ...status }: ApplicationStatus, nowMs: number) {
  return {
    id: appId,
    starttime: status.submittedMs,
    name: description.name,
    cores: status.coresGranted,
    user: description.user,
    memoryperexecutor: description.memoryPerExecutorMb,
    memoryperslave: description.memoryPerExecutorMb,
    submitdate: String(new Date(status.submittedMs)),
    state: status.state.toUpperCase(),
    duration: (status.endedMs ?? nowMs) - status.submittedMs,
  };
}

function driverJson({ driverId, description, ...status }: DriverStatus) {
  return {
    id: driverId,
    starttime: String(status.startedMs ?? status.submittedMs),
    state: status.state,
    cores: description.cores,
    memory: description.memoryMb,
    submitdate: String(new Date(status.submittedMs)),
    worker: status.workerId ?? "None",
    mainclass: description.name,
  };
}

export function workerStateJson(state: WorkerSnapshot, address: RpcAddress) {
  const taken = [...state.executors, ...state.drivers];
  return {
    id: state.workerId,
    host: state.host,
    port: address.port,
    masterurl: state.masterUrl ?? "",
    masterwebuiurl: state.masterWebUiUrl ?? "",
    cores: state.cores,
    coresused: taken.reduce((all, each) => all + each.cores, 0),
    memory: state.memoryMb,
    memoryused: taken.reduce((all, each) => all + each.memoryMb, 0),
    executors: state.executors.map(executorJson),
    finishedexecutors: state.endedExecutors.map(executorJson),
  };
}

function executorJson(executor: WorkerExecutor) {
  return {
    id: executor.executorId,
    memory: executor.memoryMb,
    appid: executor.appId,
    appdesc: { name: executor.appName, cores: executor.cores, memoryperexecutor: executor.memoryMb },
  };
}
