/** What must hold of a simulated cluster: at any time, and after a while without trouble. */
import type { ApplicationStatus, MasterSnapshot, WorkerStatus } from "../../src/deploy/messages.ts";
import { must } from "../schedule/job-failures.ts";
import type { SimulatedApplication, SimulatedWorker } from "./simulated-processes.ts";

/** What the master believes adds up, at any time. */
export function checkAccounts({ workers, applications, endedApplications }: MasterSnapshot): void {
  const held = new Map<string, number>();
  for (const { executors } of [...applications, ...endedApplications]) {
    for (const { workerId, cores, state } of executors) {
      if (state === "launching" || state === "running") held.set(workerId, (held.get(workerId) ?? 0) + cores);
    }
  }
  for (const { workerId, state, cores, coresUsed, memoryMb, memoryUsedMb } of workers) {
    if (state === "dead" || state === "decommissioned") continue;
    must(coresUsed <= cores && memoryUsedMb <= memoryMb, `the master gave more of ${workerId} than it has`);
    must((held.get(workerId) ?? 0) <= coresUsed, `executors on ${workerId} hold more cores than are counted`);
  }
  for (const { appId, description, coresGranted, executors } of applications) {
    const live = executors.filter(each => each.state === "launching" || each.state === "running");
    must(coresGranted <= (description.coresMax ?? Number.POSITIVE_INFINITY), `${appId} has more cores than it may`);
    must(live.length <= (description.executorsMax ?? live.length), `${appId} has more executors than it may`);
  }
}

/** Calm for a while: everyone agrees on what runs, and nothing that could be granted is held back. */
export function checkAgreement(
  { state, workers, applications, drivers }: MasterSnapshot,
  simulatedWorkers: readonly SimulatedWorker[],
  simulatedApplications: readonly SimulatedApplication[],
): void {
  must(state === "alive", "the master still recovers");
  const alive = workers.filter(each => each.state === "alive");
  must(alive.length === simulatedWorkers.filter(each => each.isUp).length, "not all workers are registered");
  for (const application of applications) {
    const client = simulatedApplications.find(each => each.appId === application.appId);
    must(client?.isUp, `${application.appId} is gone, and the master has it still`);
    const live = application.executors.filter(each => each.state === "launching" || each.state === "running");
    const ids = live.map(each => each.executorId).sort((a, b) => a - b);
    const theirs = [...client!.executors].sort((a, b) => a - b);
    must(ids.join() === theirs.join(), `${application.appId} has ${theirs}, the master says ${ids}`);
    for (const worker of alive)
      must(!couldGive(worker, application), `${worker.workerId} has room for ${application.appId}`);
  }
  for (const driver of drivers.filter(each => each.state === "SUBMITTED")) {
    const { cores, memoryMb } = driver.description;
    const fits = alive.some(
      each => each.cores - each.coresUsed >= cores && each.memoryMb - each.memoryUsedMb >= memoryMb,
    );
    must(!fits, `${driver.driverId} waits, and there is room`);
  }
  for (const worker of simulatedWorkers.filter(each => each.isUp)) {
    const cores = [...worker.processes.values()].reduce((total, process) => total + process.cores, 0);
    const believed = alive.find(each => each.workerId === worker.workerId)!.coresUsed;
    const waiting = drivers.filter(each => each.state === "RELAUNCHING" && each.workerId === worker.workerId);
    const held = waiting.reduce((total, each) => total + each.description.cores, 0);
    must(believed === cores + held, `${worker.workerId} runs ${cores} cores, the master says ${believed}`);
  }
}

function couldGive(worker: WorkerStatus, application: ApplicationStatus): boolean {
  const { coresMax, coresPerExecutor = 1, memoryPerExecutorMb, executorsMax } = application.description;
  const live = application.executors.filter(each => each.state === "launching" || each.state === "running");
  if ((coresMax ?? Number.POSITIVE_INFINITY) - application.coresGranted < coresPerExecutor) return false;
  if (live.length >= (executorsMax ?? Number.POSITIVE_INFINITY)) return false;
  const [coresFree, memoryFreeMb] = [worker.cores - worker.coresUsed, worker.memoryMb - worker.memoryUsedMb];
  return coresFree >= coresPerExecutor && memoryFreeMb >= memoryPerExecutorMb;
}
