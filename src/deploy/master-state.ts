/**
 * What a master knows: workers, applications, executors, drivers, and what it is about to do. The parts of the machine
 * (master-workers.ts, master-applications.ts, …) are functions over this state; cores and memory of a worker are taken and given back
 * only here. What changed and must survive a restart is marked with `keep…` and goes to the store before anything is said.
 */
import type { LogLevel, MasterAction, MasterOptions, StoreAction } from "./master-contracts.ts";
import type {
  ApplicationDescription,
  ApplicationId,
  ApplicationState,
  DriverDescription,
  DriverId,
  DriverState,
  ExecutorState,
  ExecutorStatus,
  MasterToApplication,
  MasterToWorker,
  WorkerId,
  WorkerState,
} from "./messages.ts";
import type { Room } from "./placement.ts";
import type { RpcAddress } from "../rpc/contracts.ts";

/** The connection of a worker or an application. */
export interface Contact {
  /** Of the process that it is; undefined until it comes back after the master's restart. */
  peerId: string | undefined;
  /** For people. */
  description: string;
  isConnected: boolean;
  /** Counts lost connections: what was sent over an earlier one may not have arrived. */
  connection: number;
  heardMs: number;
  awaySinceMs: number;
  /** Known from before the restart and not back yet. */
  isExpected: boolean;
}

export interface WorkerRecord extends Room {
  readonly workerId: WorkerId;
  host: string;
  address: RpcAddress;
  webUiUrl: string;
  readonly contact: Contact;
  state: WorkerState;
  cores: number;
  memoryMb: number;
  coresUsed: number;
  memoryUsedMb: number;
  readonly coresFree: number;
  readonly memoryFreeMb: number;
  /** By `executorKey`; those that the master is about to end as well, until they have. */
  readonly executors: Map<string, ExecutorRecord>;
  readonly drivers: Map<DriverId, DriverPost>;
}

export interface ExecutorRecord {
  readonly appId: ApplicationId;
  readonly executorId: number;
  /** Undefined: not known here, only being ended. */
  readonly application: ApplicationRecord | undefined;
  readonly worker: WorkerRecord;
  readonly cores: number;
  readonly memoryMb: number;
  state: ExecutorState;
  isKilled: boolean;
  readonly launchedMs: number;
  /** Of the worker's contact, when the launch was sent. */
  readonly connection: number;
}

export interface ApplicationRecord {
  readonly appId: ApplicationId;
  readonly description: ApplicationDescription;
  readonly key: string;
  readonly contact: Contact;
  state: ApplicationState;
  readonly submittedMs: number;
  endedMs: number | undefined;
  /** Why it ended, for people; not kept across restarts. */
  endReason: string | undefined;
  executorIdNext: number;
  readonly executors: Map<number, ExecutorRecord>;
  readonly endedExecutors: ExecutorStatus[];
  /** Workers that have its work directory. */
  readonly workers: Set<WorkerId>;
  failuresInRow: number;
  lastFailure: string;
  /** What it took for running when it came back to a master that did not know all workers yet. */
  claimed: readonly number[];
}

export interface DriverRecord {
  readonly driverId: DriverId;
  readonly description: DriverDescription;
  state: DriverState;
  readonly submittedMs: number;
  startedMs: number | undefined;
  endedMs: number | undefined;
  /** Where it runs, or ended. */
  worker: { readonly workerId: WorkerId; readonly hostPort: string } | undefined;
  launches: number;
  error: string | undefined;
  isKilled: boolean;
}

/** A driver's place on a worker. */
export interface DriverPost {
  /** Undefined: not this master's, or elsewhere by now; only being ended here. */
  readonly driver: DriverRecord | undefined;
  readonly cores: number;
  readonly memoryMb: number;
  readonly connection: number;
}

export class MasterState {
  nowMs: number;
  tickedMs: number;
  /** Set while workers and applications from before a restart may come back. */
  recoveringSinceMs: number | undefined;
  sequence = 0;
  /** Something is wanted that was not, or free that was not. */
  placementDue = true;
  /** Alive, or away for a while. */
  readonly workers = new Map<WorkerId, WorkerRecord>();
  readonly workersByPeer = new Map<string, WorkerRecord>();
  readonly deadWorkers: WorkerRecord[] = [];
  /** In the order in which they came. */
  readonly applications = new Map<ApplicationId, ApplicationRecord>();
  readonly endedApplications = new Map<ApplicationId, ApplicationRecord>();
  readonly drivers = new Map<DriverId, DriverRecord>();
  readonly endedDrivers = new Map<DriverId, DriverRecord>();
  /** What connected workers were told last, so that each refusal is logged once. */
  readonly refusals = new Map<string, string>();
  /** What was logged as too large for any worker. */
  readonly tooLarge = new Set<string>();
  private readonly dirty = new Map<string, () => StoreAction>();
  private actions: MasterAction[] = [];

  constructor(readonly options: MasterOptions) {
    this.nowMs = options.startedMs;
    this.tickedMs = options.startedMs;
  }

  /** What to do since the last call. */
  takeActions(): MasterAction[] {
    const stores = [...this.dirty.values()].map(store => store());
    const actions = [...stores, ...this.actions];
    this.dirty.clear();
    this.actions = [];
    return actions;
  }

  // ---- what is said

  answer(answer: unknown): void {
    this.actions.push({ type: "answer", answer });
  }

  refuse(message: string, hint?: string): void {
    this.actions.push({ type: "refuse", message, details: hint === undefined ? {} : { hint } });
  }

  tellWorker(worker: WorkerRecord, message: MasterToWorker): void {
    if (worker.contact.isConnected) this.tellPeer(worker.contact.peerId!, message);
  }

  /** Also one that is no worker here. */
  tellPeer(peerId: string, message: MasterToWorker): void {
    this.actions.push({ type: "tellWorker", peerId, message });
  }

  tellApplication(application: ApplicationRecord, message: MasterToApplication): void {
    const { isConnected, peerId } = application.contact;
    if (isConnected) this.tellApplicationPeer(peerId!, message);
  }

  tellApplicationPeer(peerId: string, message: MasterToApplication): void {
    this.actions.push({ type: "tellApplication", peerId, message });
  }

  log(level: LogLevel, text: string): void {
    this.actions.push({ type: "log", level, text });
  }

  // ---- what is kept

  keepWorker(worker: WorkerRecord): void {
    this.dirty.set(`worker ${worker.workerId}`, () => {
      const { workerId, host, address, cores, memoryMb, webUiUrl } = worker;
      return { type: "putWorker", worker: { workerId, host, address, cores, memoryMb, webUiUrl } };
    });
  }

  forgetWorker(workerId: WorkerId): void {
    this.dirty.set(`worker ${workerId}`, () => ({ type: "removeWorker", workerId }));
  }

  keepApplication(application: ApplicationRecord): void {
    this.dirty.set(`application ${application.appId}`, () => {
      const { appId, description, submittedMs, endedMs, state, executorIdNext } = application;
      const stored = { appId, description, submittedMs, endedMs, state, executorIdNext };
      return { type: "putApplication", application: stored };
    });
  }

  forgetApplication(appId: ApplicationId): void {
    this.dirty.set(`application ${appId}`, () => ({ type: "removeApplication", appId }));
  }

  keepDriver(driver: DriverRecord): void {
    this.dirty.set(`driver ${driver.driverId}`, () => {
      const { driverId, description, submittedMs, startedMs, endedMs, state, launches, error } = driver;
      const workerId = driver.worker?.workerId;
      const stored = { driverId, description, submittedMs, startedMs, endedMs, state, workerId, launches, error };
      return { type: "putDriver", driver: { ...stored, killAsked: driver.isKilled } };
    });
  }

  forgetDriver(driverId: DriverId): void {
    this.dirty.set(`driver ${driverId}`, () => ({ type: "removeDriver", driverId }));
  }

  // ---- cores and memory of workers

  addExecutor(executor: ExecutorRecord): void {
    const { worker, application } = executor;
    worker.executors.set(executorKey(executor), executor);
    application?.executors.set(executor.executorId, executor);
    worker.coresUsed += executor.cores;
    worker.memoryUsedMb += executor.memoryMb;
  }

  removeExecutor(executor: ExecutorRecord): void {
    const { worker, application } = executor;
    if (!worker.executors.delete(executorKey(executor))) return;
    this.placementDue = true;
    application?.executors.delete(executor.executorId);
    worker.coresUsed -= executor.cores;
    worker.memoryUsedMb -= executor.memoryMb;
  }

  addDriverPost(worker: WorkerRecord, driverId: DriverId, post: DriverPost): void {
    worker.drivers.set(driverId, post);
    worker.coresUsed += post.cores;
    worker.memoryUsedMb += post.memoryMb;
  }

  removeDriverPost(worker: WorkerRecord, driverId: DriverId): DriverPost | undefined {
    const post = worker.drivers.get(driverId);
    if (post === undefined) return undefined;
    this.placementDue = true;
    worker.drivers.delete(driverId);
    worker.coresUsed -= post.cores;
    worker.memoryUsedMb -= post.memoryMb;
    return post;
  }
}

/** `1 core`, `2 cores`. */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

export function executorKey(executor: { readonly appId: ApplicationId; readonly executorId: number }): string {
  return `${executor.appId}/${executor.executorId}`;
}

export function makeWorker(
  about: Pick<WorkerRecord, "workerId" | "host" | "address" | "webUiUrl" | "cores" | "memoryMb">,
  contact: Contact,
): WorkerRecord {
  return {
    ...about,
    contact,
    state: contact.isConnected ? "alive" : "unknown",
    coresUsed: 0,
    memoryUsedMb: 0,
    get coresFree() {
      return this.cores - this.coresUsed;
    },
    get memoryFreeMb() {
      return this.memoryMb - this.memoryUsedMb;
    },
    executors: new Map(),
    drivers: new Map(),
  };
}

/** Of someone who has just spoken. */
export function connectedContact(peer: { readonly id: string; readonly description: string }, nowMs: number): Contact {
  const { id: peerId, description } = peer;
  return { peerId, description, isConnected: true, connection: 0, heardMs: nowMs, awaySinceMs: 0, isExpected: false };
}

/** Of someone known from before the master's restart. */
export function expectedContact(nowMs: number): Contact {
  return {
    peerId: undefined,
    description: "",
    isConnected: false,
    connection: 0,
    heardMs: nowMs,
    awaySinceMs: nowMs,
    isExpected: true,
  };
}

/** The process that it is spoke, on a connection that works. */
export function meet(
  contact: Contact,
  peer: { readonly id: string; readonly description: string },
  nowMs: number,
): void {
  contact.peerId = peer.id;
  contact.description = peer.description;
  contact.isConnected = true;
  contact.isExpected = false;
  contact.heardMs = nowMs;
}

export function loseContact(contact: Contact, nowMs: number): void {
  contact.isConnected = false;
  contact.connection++;
  contact.awaySinceMs = nowMs;
}
