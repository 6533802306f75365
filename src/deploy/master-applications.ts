/**
 * Applications in the master's machine: they register, come back after a lost connection or the master's restart, are heard of, and
 * end. One that comes back says which executors it takes for running; it is told what changed in the meantime.
 */
import { wrongApplication } from "./admission.ts";
import { applicationIdOf } from "./deploy-ids.ts";
import { endApplication, killExecutor } from "./master-ended.ts";
import type { MasterQuestion } from "./master-contracts.ts";
import { connectedContact, meet, type ApplicationRecord, type Contact, type MasterState } from "./master-state.ts";
import type { ApplicationDescription, ApplicationId, ApplicationToMaster } from "./messages.ts";
import type { Peer } from "../rpc/contracts.ts";

type Question<T extends MasterQuestion["type"]> = Extract<MasterQuestion, { readonly type: T }>;

export function registerApplication(state: MasterState, from: Peer, asked: Question<"registerApplication">): void {
  const { description, appId, key, executors } = asked;
  const wrong = wrongApplication(description);
  if (wrong !== undefined) return state.refuse(wrong);
  const known = appId === undefined ? repeated(state, from, key) : state.applications.get(appId);
  if (known !== undefined) return comeBack(state, known, from, Array.isArray(executors) ? executors : []);
  if (appId !== undefined) return refuseUnknown(state, appId);
  const id = freeApplicationId(state);
  const application = makeApplication(id, description, key, connectedContact(from, state.nowMs), state.nowMs);
  state.applications.set(id, application);
  state.keepApplication(application);
  state.log("info", `application ${id} (${description.name}) registered by ${from.description}`);
  answer(state, id);
}

export function makeApplication(
  appId: ApplicationId,
  description: ApplicationDescription,
  key: string,
  contact: Contact,
  submittedMs: number,
): ApplicationRecord {
  return {
    appId,
    description,
    key,
    contact,
    state: "waiting",
    submittedMs,
    endedMs: undefined,
    endReason: undefined,
    executorIdNext: 0,
    executors: new Map(),
    endedExecutors: [],
    workers: new Set(),
    failuresInRow: 0,
    lastFailure: "",
    claimed: [],
  };
}

export function heardOfApplication(state: MasterState, from: Peer, appId: ApplicationId): void {
  const application = state.applications.get(appId);
  if (application === undefined) {
    const reason = `the master at ${state.options.url} does not know application ${appId}, or it has ended`;
    return state.tellApplicationPeer(from.id, { type: "applicationRemoved", reason });
  }
  const { contact } = application;
  if (contact.peerId === from.id && contact.isConnected) contact.heardMs = state.nowMs;
  else state.tellApplicationPeer(from.id, { type: "reregister" });
}

export function killExecutorAsked(
  state: MasterState,
  from: Peer,
  message: Extract<ApplicationToMaster, { readonly type: "killExecutor" }>,
): void {
  const application = state.applications.get(message.appId);
  if (application?.contact.peerId !== from.id) return ignoreStranger(state, from, message.appId);
  const executor = application.executors.get(message.executorId);
  if (executor !== undefined) killExecutor(state, executor);
}

export function endApplicationAsked(state: MasterState, from: Peer, asked: Question<"endApplication">): void {
  if (!["finished", "failed", "killed"].includes(asked.state)) {
    return state.refuse(`an application cannot end as ${String(asked.state)}`);
  }
  const application = state.applications.get(asked.appId);
  const isOwn = application !== undefined && application.contact.peerId === from.id;
  state.answer({ known: isOwn });
  if (application === undefined) return;
  if (!isOwn) return ignoreStranger(state, from, asked.appId);
  // it needs not be told
  application.contact.isConnected = false;
  endApplication(state, application, asked.state, "its driver said so");
}

export function killApplicationAsked(state: MasterState, from: Peer, asked: Question<"killApplication">): void {
  const { appId } = asked;
  const application = state.applications.get(appId);
  if (application === undefined) {
    const message = state.endedApplications.has(appId)
      ? `application ${appId} has already ended`
      : `there is no application ${appId}`;
    return state.answer({ success: false, message });
  }
  state.answer({ success: true, message: `application ${appId} is being killed` });
  endApplication(state, application, "killed", `killed on request of ${from.description}`);
}

/** Those not heard of for too long. */
export function checkApplications(state: MasterState): void {
  const { applicationTimeoutMs, applicationGraceMs } = state.options.limits;
  for (const application of [...state.applications.values()]) {
    const { isConnected, isExpected, heardMs, awaySinceMs } = application.contact;
    if (isExpected) continue;
    if (isConnected && state.nowMs - heardMs > applicationTimeoutMs) {
      endApplication(
        state,
        application,
        "failed",
        `nothing was heard of its driver for ${seconds(applicationTimeoutMs)}`,
      );
    } else if (!isConnected && state.nowMs - awaySinceMs > applicationGraceMs) {
      const lost = `the connection to its driver was lost and not made again within ${seconds(applicationGraceMs)}`;
      endApplication(state, application, "failed", lost);
    }
  }
}

/** Tells an application, once all workers are known, what it does not know, and what it still takes for running. */
export function catchUp(state: MasterState, application: ApplicationRecord): void {
  const claimed = new Set(application.claimed);
  application.claimed = [];
  for (const executorId of claimed) {
    if (application.executors.has(executorId)) continue;
    const message = "it ended while the master or the connection to it was away";
    const lost = { state: "lost", message, exitCode: undefined, workerLost: false } as const;
    state.tellApplication(application, { type: "executorUpdated", executorId, ...lost });
  }
  // in the order of their ids: an application takes a lower one than it knows for one of the past
  const executors = [...application.executors.values()].sort((a, b) => a.executorId - b.executorId);
  for (const { executorId, worker, cores, memoryMb, isKilled } of executors) {
    if (claimed.has(executorId) || isKilled) continue;
    const { workerId, host } = worker;
    state.tellApplication(application, { type: "executorAdded", executorId, workerId, host, cores, memoryMb });
  }
}

function comeBack(state: MasterState, application: ApplicationRecord, from: Peer, executors: readonly number[]): void {
  const { appId, contact } = application;
  if (contact.peerId !== undefined && contact.peerId !== from.id) {
    return state.refuse(`application ${appId} is registered by another process, ${contact.description}`);
  }
  meet(contact, from, state.nowMs);
  application.claimed = executors;
  state.log("info", `application ${appId} (${application.description.name}) came back from ${from.description}`);
  answer(state, appId);
  if (state.recoveringSinceMs === undefined) catchUp(state, application);
}

/** A first registration whose answer was lost. */
function repeated(state: MasterState, from: Peer, key: string): ApplicationRecord | undefined {
  for (const application of state.applications.values()) {
    if (application.key === key && application.contact.peerId === from.id) return application;
  }
  return undefined;
}

function refuseUnknown(state: MasterState, appId: ApplicationId): void {
  const ended = state.endedApplications.get(appId);
  if (ended !== undefined) return state.refuse(`application ${appId} has ended: ${ended.endReason ?? ended.state}`);
  const hint = "give the master a recovery directory, so that applications survive its restart";
  state.refuse(`the master at ${state.options.url} does not know application ${appId}`, hint);
}

function answer(state: MasterState, appId: ApplicationId): void {
  state.placementDue = true;
  const { masterId, webUiUrl } = state.options;
  state.answer({ appId, masterId, webUiUrl });
}

function freeApplicationId(state: MasterState): ApplicationId {
  return applicationIdOf(state.nowMs, ++state.sequence);
}

function ignoreStranger(state: MasterState, from: Peer, appId: ApplicationId): void {
  state.log("warn", `${from.description} speaks for application ${appId}, which is not its own: ignored`);
}

export function seconds(durationMs: number): string {
  return `${durationMs / 1000} s`;
}
