/**
 * A worker: it registers at every master it was given, of which the one that leads takes it, launches what that master says,
 * reports, and comes back when the master or the connection was away; what runs goes on meanwhile. A deterministic machine:
 * `step(event)` returns what to do.
 *
 * Promises: it obeys only the master that took it; after a lost connection it tells what runs and what ended; it never runs two
 * launches of one executor or driver at once; stopped, it says so when nothing runs any more.
 */
import { assertNever } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type {
  MasterToWorker,
  WorkerRegistration,
  WorkerRegistrationAnswer,
  WorkerSnapshot,
  WorkerToMaster,
} from "./messages.ts";
import type { WorkerAction, WorkerEvent, WorkerOptions } from "./worker-contracts.ts";
import { WorkerDrivers } from "./worker-drivers.ts";
import { WorkerExecutors } from "./worker-executors.ts";

type LogSource = Parameters<WorkerExecutors["has"]>[0] | { readonly driverId: string };

/** The words of `wakeAfter`; a driver's is its id. */
const registerWord = "register";
const heartbeatWord = "heartbeat";

const earlyMax = 1000;

export class WorkerMachine {
  private readonly executors: WorkerExecutors;
  private readonly drivers: WorkerDrivers;
  private master: Master | undefined;
  /** The one that had this worker last, or has it. */
  private latest: Master | undefined;
  /** Of the round of registrations that answers are awaited for; answers of others come too late. */
  private attempt = 0;
  private isAsking = false;
  private wasRegistered = false;
  /** Reports on what the registration named as running: to be made when it is answered. */
  private sinceAsked: WorkerToMaster[] = [];
  /** What was said while a registration was under way, by who may be the master that takes this worker. */
  private readonly early: { readonly peerId: string; readonly message: MasterToWorker }[] = [];
  /** Why masters did not take it in this round, in the order of their answers. */
  private reasons: { readonly text: string; readonly refused: boolean }[] = [];
  private failedRounds = 0;
  private refusedRounds = 0;
  private phase: "working" | "stopping" | "over" = "working";
  private launches = 0;
  private nowMs = 0;
  private actions: WorkerAction[] = [];

  constructor(
    private readonly options: WorkerOptions,
    private readonly random: Random,
  ) {
    const act = (action: WorkerAction) => this.act(action);
    this.executors = new WorkerExecutors(options, act);
    this.drivers = new WorkerDrivers(options, random, act, () => this.launches++);
  }

  step(event: WorkerEvent): WorkerAction[] {
    const actions: WorkerAction[] = [];
    this.actions = actions;
    this.nowMs = event.atMs;
    this.handle(event);
    if (this.phase === "stopping" && this.executors.size + this.drivers.size === 0) {
      this.phase = "over";
      this.act({ type: "stopped" });
    }
    return actions;
  }

  /** Of the master that has this worker; undefined while none has. */
  get masterAddress(): RpcAddress | undefined {
    return this.master?.address;
  }

  snapshot(): WorkerSnapshot {
    const { workerId, host, cores, memoryMb } = this.options;
    const { master } = this;
    return {
      workerId,
      host,
      cores,
      memoryMb,
      masterUrl: master === undefined ? undefined : `firesteel://${hostPort(master.address)}`,
      masterWebUiUrl: master?.webUiUrl,
      ...this.executors.snapshot(),
      ...this.drivers.snapshot(),
    };
  }

  /** Whether it runs here, or ran not long ago. */
  knows(what: LogSource): boolean {
    return "driverId" in what ? this.drivers.has(what.driverId) : this.executors.has(what);
  }

  private handle(event: WorkerEvent): void {
    switch (event.type) {
      case "started":
        return this.register();
      case "registrationAnswered":
        if (event.attempt === this.attempt) this.answered(event.master, event.answer);
        return this.obeyEarly();
      case "registrationFailed":
        if (event.attempt === this.attempt && this.isAsking) this.notTaken(event.master, event.reason, false);
        return this.obeyEarly();
      case "peerLost":
        if (event.peerId === this.master?.id) this.loseMaster(event.reason);
        return;
      case "told":
        return this.obey(event.peerId, event.message);
      case "launchStarted":
        if (!this.executors.started(event.launch, event.pid)) this.drivers.started(event.launch, event.pid);
        return;
      case "launchEnded":
        if (!this.executors.endedBy(event.launch, event.end)) {
          this.drivers.endedBy(event.launch, event.end, this.nowMs);
        }
        return;
      case "woke":
        return this.wake(event.word);
      case "stopAsked":
        return this.stop();
      default:
        return assertNever(event);
    }
  }

  private wake(word: string): void {
    if (this.phase !== "working") return;
    if (word === heartbeatWord) {
      const { workerId, limits } = this.options;
      this.tellMaster({ type: "workerHeartbeat", workerId });
      this.act({ type: "wakeAfter", afterMs: limits.heartbeatMs, word: heartbeatWord });
    } else if (word === registerWord) {
      if (!this.isAsking && this.master === undefined) this.register();
    } else {
      this.drivers.woke(word, this.nowMs);
    }
  }

  // ---- registration

  /** Asks all masters. */
  private register(): void {
    if (this.phase !== "working") return;
    const { masters, workerId, host, address, cores, memoryMb, webUiUrl } = this.options;
    const about = { workerId, host, address, cores, memoryMb, webUiUrl };
    const registration: WorkerRegistration = {
      type: "registerWorker",
      ...about,
      executors: this.executors.running(),
      drivers: this.drivers.running(),
      endedDrivers: this.drivers.endedOnes(),
      applications: this.executors.applicationIds(),
      clusterId: this.isLoyal ? this.latest?.clusterId : undefined,
    };
    this.isAsking = true;
    this.sinceAsked = [];
    this.reasons = [];
    this.attempt++;
    for (const master of masters) {
      // a master without a store is of a new cluster after its restart
      const asked = isSame(master, this.latest?.address) ? { ...registration, clusterId: undefined } : registration;
      this.act({ type: "register", attempt: this.attempt, master, registration: asked });
    }
  }

  private answered(address: RpcAddress, answer: WorkerRegistrationAnswer): void {
    if (!this.isAsking) {
      if (answer.kind === "registered") this.takenTwice(address, answer.masterId);
      return;
    }
    if (answer.kind === "refused") return this.notTaken(address, answer.reason, true);
    if (answer.kind === "standby") return this.notTaken(address, "it stands by", false);
    const { limits } = this.options;
    const { masterId: id, clusterId, webUiUrl } = answer;
    this.master = { id, address, clusterId, webUiUrl };
    this.latest = this.master;
    this.isAsking = false;
    this.reasons = [];
    this.failedRounds = 0;
    this.refusedRounds = 0;
    this.log("info", `${this.wasRegistered ? "registered again" : "registered"} at master ${hostPort(address)}`);
    this.act({ type: "registered", master: address });
    if (!this.wasRegistered) this.act({ type: "wakeAfter", afterMs: limits.heartbeatMs, word: heartbeatWord });
    this.wasRegistered = true;
    for (const message of this.sinceAsked) this.tellMaster(message);
    this.sinceAsked = [];
    for (const executor of answer.unknownExecutors) this.executors.kill(executor);
    for (const driverId of answer.unknownDrivers) this.drivers.kill(driverId);
    for (const appId of answer.unknownApplications) this.executors.applicationEnded(appId);
  }

  /** Masters that do not know each other lead both: one has this worker. */
  private takenTwice(address: RpcAddress, masterId: string): void {
    if (this.phase !== "working" || this.master === undefined || masterId === this.master.id) return;
    const has = hostPort(this.master.address);
    this.log("warn", `master ${hostPort(address)} leads too and is left: master ${has} has this worker`);
    const { workerId } = this.options;
    this.act({ type: "decline", master: address, message: { type: "workerStopping", workerId } });
  }

  /** When all have answered so, all are asked again after a while. */
  private notTaken(asked: RpcAddress, reason: string, isRefusal: boolean): void {
    const { masters, limits } = this.options;
    this.reasons.push({ text: `${hostPort(asked)}: ${reason}`, refused: isRefusal });
    if (this.reasons.length < masters.length) return;
    this.isAsking = false;
    const text = this.reasons.map(each => each.text).join("; ");
    const allRefused = this.reasons.every(each => each.refused);
    this.reasons = [];
    this.failedRounds++;
    this.refusedRounds = allRefused ? this.refusedRounds + 1 : 0;
    if (this.failedRounds === 1) this.log("warn", `no master took this worker, trying again: ${text}`);
    if (this.failedRounds >= limits.registrationRoundsMax || this.refusedRounds >= limits.refusedRoundsMax) {
      this.master = undefined;
      return this.act({ type: "gaveUp", reason: `no master took this worker: ${text}` });
    }
    const afterMs = retryDelayMs(limits.registrationDelays, this.failedRounds, this.random);
    this.act({ type: "wakeAfter", afterMs, word: registerWord });
  }

  /** What runs here is known to masters of its cluster, and would be ended by another. */
  private get isLoyal(): boolean {
    return this.wasRegistered && this.failedRounds < this.options.limits.loyalRounds;
  }

  private loseMaster(reason: string): void {
    const { address } = this.master!;
    this.master = undefined;
    this.log("warn", `master ${hostPort(address)} is lost (${reason}); what runs here goes on`);
    if (!this.isAsking) this.register();
  }

  // ---- what the master says

  private obey(peerId: string, message: MasterToWorker): void {
    if (peerId !== this.master?.id) {
      // an answer is looked at later than a message right behind it
      if (this.isAsking && message.type !== "reregister" && this.early.length < earlyMax) {
        this.early.push({ peerId, message });
        return;
      }
      return this.disobey(peerId, message);
    }
    switch (message.type) {
      case "launchExecutor":
        if (this.phase === "working") this.executors.launch(message, this.launches++, this.nowMs);
        return;
      case "killExecutor":
        return this.executors.kill(message);
      case "launchDriver":
        if (this.phase === "working") this.drivers.launch(message, this.nowMs);
        return;
      case "killDriver":
        return this.drivers.kill(message.driverId);
      case "applicationEnded":
        return this.executors.applicationEnded(message.appId);
      case "reregister":
        return this.loseMaster("it asks for a registration");
      default:
        this.log("warn", "the master sent a message of an unknown type: ignored");
    }
  }

  private obeyEarly(): void {
    if (!this.isAsking) for (const { peerId, message } of this.early.splice(0)) this.obey(peerId, message);
  }

  /** A master that does not have this worker, and would wait for what it launched here. */
  private disobey(peerId: string, message: MasterToWorker): void {
    if (message.type !== "launchExecutor" && message.type !== "launchDriver") return;
    this.log("warn", "a master that this worker is not registered at launches something: refused");
    const { workerId } = this.options;
    this.act({ type: "tellStranger", peerId, message: { type: "workerStopping", workerId } });
  }

  private stop(): void {
    if (this.phase !== "working") return;
    this.phase = "stopping";
    this.isAsking = false;
    this.tellMaster({ type: "workerStopping", workerId: this.options.workerId });
    this.executors.killAll();
    this.drivers.killAll();
  }

  private tellMaster(message: WorkerToMaster): void {
    this.act({ type: "tellMaster", message });
  }

  private log(level: "info" | "warn", text: string): void {
    this.act({ type: "log", level, text });
  }

  /** What would go to a master that is away is left out: the registration says it. */
  private act(action: WorkerAction): void {
    if (action.type !== "tellMaster" || this.master !== undefined) this.actions.push(action);
    else if (this.isAsking && isReport(action.message)) this.sinceAsked.push(action.message);
  }
}

interface Master {
  readonly id: string;
  readonly address: RpcAddress;
  readonly clusterId: string;
  readonly webUiUrl: string;
}

function isSame(a: RpcAddress, b: RpcAddress | undefined): boolean {
  return a.host === b?.host && a.port === b.port;
}

function isReport(message: WorkerToMaster): boolean {
  return message.type === "executorStateChanged" || message.type === "driverStateChanged";
}

function hostPort(address: RpcAddress): string {
  return `${address.host}:${address.port}`;
}
