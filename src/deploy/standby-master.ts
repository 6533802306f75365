/**
 * A master that waits for the place of the one that leads, which has the cluster's state open. It answers who registers that it
 * stands by, so that workers and drivers go on asking, and everything else that it cannot say yet. When the state comes free, as
 * it does with the end of the process that had it, this process goes on as the master.
 *
 * Promises: two never lead with the same state, since one process has it at a time. It does not notice a leader that only hangs.
 */
import type { Clock } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import type { RpcEndpoint, RpcEnv } from "../rpc/contracts.ts";
import type { MasterStore } from "./contracts.ts";
import type { MasterQuestion } from "./master-contracts.ts";
import { masterEndpoint, type MasterProtocol, type WorkerRegistrationAnswer } from "./messages.ts";
import { StateInUse } from "./sqlite-store.ts";

const betweenTriesMs = 500;

const standsBy: RpcEndpoint<MasterProtocol> = {
  receiveAndReply(question: MasterQuestion): unknown {
    if (question.type === "registerWorker") return { kind: "standby" } satisfies WorkerRegistrationAnswer;
    throw new FiresteelError("lost", "the master there stands by, and does not lead");
  },
};

export interface StandbyOptions {
  readonly env: RpcEnv;
  /** Throws `StateInUse` while another master leads. */
  readonly open: () => MasterStore;
  readonly signal: AbortSignal;
}

/** The state, once this process is to lead; undefined when it is told to stop before. Rejects when the state cannot be used. */
export async function standBy({ env, open, signal }: StandbyOptions): Promise<MasterStore | undefined> {
  env.register(masterEndpoint, standsBy);
  try {
    while (!signal.aborted) {
      const store = unlessInUse(open);
      if (store !== undefined) return store;
      await pause(env.clock, signal);
    }
    return undefined;
  } finally {
    await env.unregister(masterEndpoint);
  }
}

/** Undefined while another process has it. */
export function unlessInUse(open: () => MasterStore): MasterStore | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof StateInUse) return undefined;
    throw error;
  }
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const over = () => {
      timer.cancel();
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = clock.after(betweenTriesMs, over);
    signal.addEventListener("abort", over);
  });
}
