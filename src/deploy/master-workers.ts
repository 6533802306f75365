/**
 * Workers in the master's machine: they register, come back, are heard of, and die. One that comes back says what runs there. What
 * the master knows and the worker has goes on; what the worker does not have is lost; what the master does not know is
 * ended, and holds its cores until it has.
 */
import { wrongWorker } from "./admission.ts";
import { driverLost, driverNeverArrived, driverReported, postDriver } from "./master-drivers.ts";
import { endExecutor } from "./master-executors.ts";
import {
  connectedContact,
  counted,
  executorKey,
  loseContact,
  makeWorker,
  meet,
  type ExecutorRecord,
  type MasterState,
  type WorkerRecord,
} from "./master-state.ts";
import type { DriverId, RunningDriver, RunningExecutor, WorkerRegistration } from "./messages.ts";
import type { Peer } from "../rpc/contracts.ts";
import { seconds } from "./master-applications.ts";

export function registerWorker(state: MasterState, from: Peer, asked: WorkerRegistration): void {
  const { workerId, host, address, cores, memoryMb, webUiUrl } = asked;
  const reason = wrongWorker(asked) ?? stranger(state, asked) ?? taken(state, from, asked);
  if (reason !== undefined) {
    if (state.refusals.get(from.id) !== reason) state.log("warn", `a worker is refused: ${reason}`);
    state.refusals.set(from.id, reason);
    return state.answer({ kind: "refused", reason });
  }
  const earlier = state.workers.get(workerId);
  const about = { workerId, host, address, webUiUrl, cores, memoryMb };
  const worker = earlier ?? makeWorker(about, connectedContact(from, state.nowMs));
  const isReturn = worker.contact.isExpected;
  const sameConnection = worker.contact.isConnected;
  meet(worker.contact, from, state.nowMs);
  state.refusals.delete(from.id);
  Object.assign(worker, { host, address, webUiUrl, cores, memoryMb, state: "alive" });
  state.workers.set(workerId, worker);
  state.workersByPeer.set(from.id, worker);
  forgetDead(state, workerId);
  state.keepWorker(worker);
  state.placementDue = true;
  const size = `${counted(cores, "core")}, ${memoryMb} MB`;
  state.log("info", `worker ${workerId} at ${host} (${size}) ${earlier === undefined ? "registered" : "came back"}`);
  const unknownExecutors = compareExecutors(state, worker, asked.executors, { isReturn, sameConnection });
  const unknownDrivers = compareDrivers(state, worker, asked, sameConnection);
  const unknownApplications = asked.applications.filter(appId => !state.applications.has(appId));
  for (const appId of asked.applications) state.applications.get(appId)?.workers.add(workerId);
  const { masterId, clusterId, webUiUrl: masterWebUiUrl } = state.options;
  const unknown = { unknownExecutors, unknownDrivers, unknownApplications };
  state.answer({ kind: "registered", masterId, clusterId, webUiUrl: masterWebUiUrl, ...unknown });
}

function stranger({ options }: MasterState, { workerId, clusterId }: WorkerRegistration): string | undefined {
  if (clusterId === undefined || clusterId === options.clusterId) return undefined;
  return `worker ${workerId} is of another cluster, whose work it still has`;
}

export function heardOfWorker(state: MasterState, from: Peer, workerId: string): void {
  const worker = state.workers.get(workerId);
  if (worker !== undefined && worker.contact.isConnected && worker.contact.peerId === from.id) {
    worker.contact.heardMs = state.nowMs;
  } else {
    state.tellPeer(from.id, { type: "reregister" });
  }
}

export function stoppingWorker(state: MasterState, from: Peer, workerId: string): void {
  const worker = state.workers.get(workerId);
  if (worker?.contact.peerId === from.id) loseWorker(state, worker, "stopped", "decommissioned");
}

/** Its connection is lost; it may come back. */
export function workerAway(state: MasterState, peerId: string, reason: string): void {
  const worker = state.workersByPeer.get(peerId);
  if (worker === undefined || !worker.contact.isConnected) return;
  loseContact(worker.contact, state.nowMs);
  worker.state = "unknown";
  const { workerGraceMs } = state.options.limits;
  state.log("warn", `worker ${worker.workerId} is away (${reason}); it has ${seconds(workerGraceMs)} to come back`);
}

/** Those not heard of for too long. */
export function checkWorkers(state: MasterState): void {
  const { workerTimeoutMs, workerGraceMs } = state.options.limits;
  for (const worker of [...state.workers.values()]) {
    const { isConnected, isExpected, heardMs, awaySinceMs } = worker.contact;
    if (isExpected) continue;
    if (isConnected && state.nowMs - heardMs > workerTimeoutMs) {
      loseWorker(state, worker, `was not heard of for ${seconds(workerTimeoutMs)}`);
    } else if (!isConnected && state.nowMs - awaySinceMs > workerGraceMs) {
      loseWorker(state, worker, `was lost and did not come back within ${seconds(workerGraceMs)}`);
    }
  }
}

/** All that ran there is lost. `reason` follows the worker's name. */
export function loseWorker(
  state: MasterState,
  worker: WorkerRecord,
  reason: string,
  as: "dead" | "decommissioned" = "dead",
): void {
  const { workerId, contact } = worker;
  state.workers.delete(workerId);
  if (contact.peerId !== undefined && state.workersByPeer.get(contact.peerId) === worker) {
    state.workersByPeer.delete(contact.peerId);
  }
  worker.state = as;
  contact.isConnected = false;
  state.forgetWorker(workerId);
  state.deadWorkers.push(worker);
  if (state.deadWorkers.length > state.options.limits.deadWorkersMax) state.deadWorkers.shift();
  state.log(as === "dead" ? "warn" : "info", `worker ${workerId} ${reason}`);
  const message = `worker ${workerId} ${reason}`;
  for (const executor of [...worker.executors.values()]) {
    endExecutor(state, executor, { state: "lost", message, exitCode: undefined, workerLost: true });
  }
  for (const driverId of [...worker.drivers.keys()]) {
    driverLost(state, state.removeDriverPost(worker, driverId)!, workerId, reason);
  }
}

/** Why a worker cannot have its name or address. */
function taken(state: MasterState, from: Peer, asked: WorkerRegistration): string | undefined {
  const { workerId, address } = asked;
  const holder = state.workers.get(workerId)?.contact;
  if (holder?.peerId !== undefined && holder.peerId !== from.id) {
    return `a worker named ${workerId} is registered already, by ${holder.description}; this one is ${from.description}`;
  }
  const where = `${address.host}:${address.port}`;
  for (const other of [...state.workers.values()]) {
    if (other.workerId === workerId) continue;
    const isSameProcess = other.contact.peerId === from.id;
    const isSameAddress = `${other.address.host}:${other.address.port}` === where && address.port !== 0;
    if (!isSameProcess && !isSameAddress) continue;
    if (other.contact.isConnected && !isSameProcess) return `worker ${other.workerId} listens at ${where} already`;
    loseWorker(state, other, `was replaced by ${workerId} at ${where}`);
  }
  return undefined;
}

function compareExecutors(
  state: MasterState,
  worker: WorkerRecord,
  listed: readonly RunningExecutor[],
  how: { readonly isReturn: boolean; readonly sameConnection: boolean },
): { readonly appId: string; readonly executorId: number }[] {
  const unknown = new Map<string, { readonly appId: string; readonly executorId: number }>();
  const present = new Set(listed.map(executorKey));
  for (const executor of [...worker.executors.values()]) {
    if (present.has(executorKey(executor))) {
      if (executor.state === "launching") executor.state = "running";
      if (executor.isKilled) unknown.set(executorKey(executor), executor);
    } else if (!isOnItsWay(executor, worker, how.sameConnection)) {
      const message = `worker ${worker.workerId} came back without it`;
      endExecutor(state, executor, { state: "lost", message, exitCode: undefined, workerLost: false });
    }
  }
  for (const running of listed) {
    if (worker.executors.has(executorKey(running))) continue;
    const executor = found(state, worker, running, how.isReturn);
    state.addExecutor(executor);
    if (executor.isKilled) unknown.set(executorKey(executor), executor);
  }
  return [...unknown.values()].map(({ appId, executorId }) => ({ appId, executorId }));
}

/** The launch was sent over this connection, and may not have been there yet when the worker spoke. */
function isOnItsWay(post: { readonly connection: number }, worker: WorkerRecord, sameConnection: boolean): boolean {
  return sameConnection && post.connection === worker.contact.connection;
}

/** An executor that a worker has and the master has no record of: its own from before a restart, or one to be ended. */
function found(state: MasterState, worker: WorkerRecord, running: RunningExecutor, isReturn: boolean): ExecutorRecord {
  const { appId, executorId, cores, memoryMb } = running;
  const application = isReturn ? state.applications.get(appId) : undefined;
  const isOwn = application !== undefined && !application.executors.has(executorId);
  if (isOwn) {
    application.executorIdNext = Math.max(application.executorIdNext, executorId + 1);
    application.workers.add(worker.workerId);
    application.state = "running";
    state.keepApplication(application);
  }
  return {
    appId,
    executorId,
    application: isOwn ? application : undefined,
    worker,
    cores,
    memoryMb,
    state: "running",
    isKilled: !isOwn,
    launchedMs: state.nowMs,
    connection: worker.contact.connection,
  };
}

function compareDrivers(
  state: MasterState,
  worker: WorkerRecord,
  asked: WorkerRegistration,
  sameConnection: boolean,
): DriverId[] {
  const unknown = new Set<DriverId>();
  const present = new Set(asked.drivers.map(each => each.driverId));
  const ended = new Map(asked.endedDrivers.map(each => [each.driverId, each]));
  for (const [driverId, post] of [...worker.drivers]) {
    const end = ended.get(driverId);
    if (present.has(driverId)) {
      const { driver } = post;
      if (driver?.state === "UNKNOWN") driver.state = "RUNNING";
      if (driver === undefined || driver.isKilled) unknown.add(driverId);
    } else if (isOnItsWay(post, worker, sameConnection)) {
      continue;
    } else if (end !== undefined && end.launches >= (post.driver?.launches ?? 0)) {
      driverReported(state, worker, driverId, end);
    } else {
      const { driver } = state.removeDriverPost(worker, driverId)!;
      if (driver !== undefined) driverNeverArrived(state, driver);
    }
  }
  for (const running of asked.drivers) {
    if (worker.drivers.has(running.driverId)) continue;
    if (!adoptDriver(state, worker, running)) unknown.add(running.driverId);
  }
  return [...unknown];
}

/** A driver whose worker was thought dead goes on there, unless it was launched elsewhere in the meantime. */
function adoptDriver(state: MasterState, worker: WorkerRecord, running: RunningDriver): boolean {
  const { driverId, cores, memoryMb } = running;
  const driver = state.drivers.get(driverId);
  const goesOn = driver !== undefined && driver.state === "RELAUNCHING" && driver.worker === undefined;
  const { connection } = worker.contact;
  state.addDriverPost(worker, driverId, { driver: goesOn ? driver : undefined, cores, memoryMb, connection });
  if (!goesOn) return false;
  driver.state = "RUNNING";
  postDriver(driver, worker);
  state.keepDriver(driver);
  return true;
}

function forgetDead(state: MasterState, workerId: string): void {
  const at = state.deadWorkers.findIndex(each => each.workerId === workerId);
  if (at >= 0) state.deadWorkers.splice(at, 1);
}
