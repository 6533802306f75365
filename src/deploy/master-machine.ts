/**
 * A master of Spark's standalone kind: registers workers, applications and drivers, and grants executors and places for drivers,
 * first come, first served. It never sees a task. A deterministic machine: `step(event)` changes its state and returns what to do.
 *
 * Promises: a worker's cores and memory are never given twice, across restarts of workers' connections and of the master itself; what
 * it answers survives its restart, given a store; a driver ends once; whatever a peer says of what is not its own changes nothing.
 */
import { assertNever } from "../base/assert.ts";
import type { StoredState } from "./contracts.ts";
import {
  checkApplications,
  endApplicationAsked,
  heardOfApplication,
  killApplicationAsked,
  killExecutorAsked,
  registerApplication,
} from "./master-applications.ts";
import { clearEnded } from "./master-ended.ts";
import type { MasterAction, MasterEvent, MasterOptions, MasterQuestion } from "./master-contracts.ts";
import { driverReported, driverStatusAsked, killDriverAsked, submitDriver } from "./master-drivers.ts";
import { executorReported } from "./master-executors.ts";
import { checkRecovery, restore } from "./master-recovery.ts";
import { schedule } from "./master-scheduling.ts";
import { masterSnapshot } from "./master-snapshot.ts";
import { loseContact, MasterState, type WorkerRecord } from "./master-state.ts";
import { checkWorkers, heardOfWorker, registerWorker, stoppingWorker, workerAway } from "./master-workers.ts";
import type { MasterProtocol, MasterSnapshot } from "./messages.ts";
import type { Peer } from "../rpc/contracts.ts";

/** So many ticks without one: the process was stopped, and so were the times of others. */
const ticksMissedMax = 10;

export class MasterMachine {
  private readonly state: MasterState;

  constructor(options: MasterOptions, stored: StoredState = { workers: [], applications: [], drivers: [] }) {
    this.state = new MasterState(options);
    restore(this.state, stored);
  }

  step(event: MasterEvent): MasterAction[] {
    this.state.nowMs = event.atMs;
    this.handle(event);
    checkRecovery(this.state);
    if (this.state.placementDue && this.state.recoveringSinceMs === undefined) schedule(this.state);
    return this.state.takeActions();
  }

  snapshot(): MasterSnapshot {
    return masterSnapshot(this.state);
  }

  private handle(event: MasterEvent): void {
    switch (event.type) {
      case "asked":
        return this.answer(event.from, event.question);
      case "told":
        return this.hear(event.from, event.message);
      case "peerLost":
        return this.losePeer(event.peerId, event.reason);
      case "ticked":
        return this.tick();
      default:
        return assertNever(event);
    }
  }

  private answer(from: Peer, question: MasterQuestion): void {
    const { state } = this;
    switch (question.type) {
      case "registerWorker":
        return registerWorker(state, from, question);
      case "registerApplication":
        return registerApplication(state, from, question);
      case "endApplication":
        return endApplicationAsked(state, from, question);
      case "submitDriver":
        return submitDriver(state, question);
      case "killDriver":
        return killDriverAsked(state, question);
      case "driverStatus":
        return driverStatusAsked(state, question);
      case "killApplication":
        return killApplicationAsked(state, from, question);
      case "clearEnded":
        return clearEnded(state);
      case "masterState":
        return state.answer(this.snapshot());
      default:
        return state.refuse(`a master does not know the question ${String((question as { type: unknown }).type)}`);
    }
  }

  private hear(from: Peer, message: MasterProtocol["sends"]): void {
    const { state } = this;
    switch (message.type) {
      case "workerHeartbeat":
        return heardOfWorker(state, from, message.workerId);
      case "workerStopping":
        return stoppingWorker(state, from, message.workerId);
      case "executorStateChanged": {
        const { exitCode, message: text } = message;
        const report = { state: message.state, message: text, exitCode, workerLost: false };
        const worker = this.workerAt(from);
        if (worker !== undefined) executorReported(state, worker, message, report);
        return;
      }
      case "driverStateChanged": {
        const worker = this.workerAt(from);
        if (worker !== undefined) driverReported(state, worker, message.driverId, message);
        return;
      }
      case "applicationHeartbeat":
        return heardOfApplication(state, from, message.appId);
      case "killExecutor":
        return killExecutorAsked(state, from, message);
      default:
        state.log("warn", `${from.description} sent a message of an unknown type: ignored`);
    }
  }

  /** Reports of one that is no worker (any more) count for nothing: it is to register first. */
  private workerAt(from: Peer): WorkerRecord | undefined {
    const worker = this.state.workersByPeer.get(from.id);
    if (worker?.contact.isConnected === true) return worker;
    this.state.tellPeer(from.id, { type: "reregister" });
    return undefined;
  }

  private losePeer(peerId: string, reason: string): void {
    const { state } = this;
    workerAway(state, peerId, reason);
    state.refusals.delete(peerId);
    for (const application of state.applications.values()) {
      if (application.contact.peerId !== peerId || !application.contact.isConnected) continue;
      loseContact(application.contact, state.nowMs);
      state.log("warn", `application ${application.appId} is away: ${reason}`);
    }
  }

  private tick(): void {
    const { state } = this;
    const { tickMs } = state.options.limits;
    const goneMs = state.nowMs - state.tickedMs - tickMs;
    state.tickedMs = state.nowMs;
    if (goneMs > ticksMissedMax * tickMs) this.forgive(goneMs);
    checkWorkers(state);
    checkApplications(state);
  }

  /** This process did not run: that others were not heard of in that time says nothing. */
  private forgive(goneMs: number): void {
    const { state } = this;
    state.log("warn", `the master did not run for ${Math.round(goneMs / 1000)} s: nobody is taken for dead for that`);
    for (const { contact } of [...state.workers.values(), ...state.applications.values()]) {
      contact.heardMs = Math.min(state.nowMs, contact.heardMs + goneMs);
      contact.awaySinceMs = Math.min(state.nowMs, contact.awaySinceMs + goneMs);
    }
    if (state.recoveringSinceMs !== undefined) state.recoveringSinceMs += goneMs;
  }
}
