/** Events and actions of the machine by which an application speaks with masters. Time comes with the events. */
import type { FiresteelError } from "../base/errors.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import type { LogLevel } from "./master-contracts.ts";
import type { ApplicationId, ApplicationToMaster, MasterToApplication } from "./messages.ts";
import type { RetryDelays } from "./retry-delay.ts";

export type EndState = "finished" | "failed" | "killed";

export type ApplicationEvent = { readonly atMs: number } & (
  | { readonly type: "started" }
  | { readonly type: "registrationAnswered"; readonly attempt: number; readonly answer: Registration }
  | { readonly type: "registrationFailed"; readonly attempt: number; readonly error: FiresteelError }
  | { readonly type: "peerLost"; readonly peerId: string; readonly reason: string }
  | { readonly type: "told"; readonly peerId: string; readonly message: MasterToApplication }
  | { readonly type: "woke"; readonly word: ApplicationWord }
  | { readonly type: "killAsked"; readonly executorId: number }
  | { readonly type: "stopAsked"; readonly state: EndState }
);

export interface Registration {
  readonly appId: ApplicationId;
  /** The peer that it is. */
  readonly masterId: string;
  readonly webUiUrl: string;
}

export type ApplicationWord = "register" | "heartbeat";

export type ApplicationAction =
  /** Ask this master; exactly one registrationAnswered or registrationFailed with the number is to follow. */
  | {
      readonly type: "register";
      readonly attempt: number;
      readonly master: RpcAddress;
      readonly appId: ApplicationId | undefined;
      /** Those that run, as far as is known. */
      readonly executors: readonly number[];
      readonly timeoutMs: number;
    }
  | { readonly type: "tellMaster"; readonly message: ApplicationToMaster }
  /** The last word, to this master. */
  | {
      readonly type: "endApplication";
      readonly master: RpcAddress;
      readonly appId: ApplicationId;
      readonly state: EndState;
    }
  | { readonly type: "wakeAfter"; readonly afterMs: number; readonly word: ApplicationWord }
  /** The first registration. */
  | { readonly type: "registered"; readonly registration: Registration }
  /** The first registration failed at every master: nothing follows. */
  | { readonly type: "unreachable"; readonly reason: string; readonly isRefusal: boolean }
  | {
      readonly type: "executorGranted";
      readonly executorId: number;
      readonly host: string;
      readonly cores: number;
      readonly memoryMb: number;
    }
  | {
      readonly type: "executorLost";
      readonly executorId: number;
      readonly reason: string;
      readonly workerLost: boolean;
    }
  | { readonly type: "disconnected"; readonly reason: string }
  | { readonly type: "reconnected" }
  /** Said once; nothing follows. */
  | { readonly type: "removed"; readonly reason: string }
  /** After stopAsked: all that is left is to wait for the answer to endApplication, if there was one. */
  | { readonly type: "stopped" }
  | { readonly type: "log"; readonly level: LogLevel; readonly text: string };

export interface ApplicationLimits {
  /** The first registration fails when no master took the application by then. */
  readonly connectTimeoutMs: number;
  /** Longest wait for one master's answer, later on. */
  readonly askTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly retryDelays: RetryDelays;
  /** Rounds over all masters in a row, after the connection was lost, before the application counts as removed. */
  readonly reconnectRoundsMax: number;
  /** How long `stop` waits for the master to hear it. */
  readonly stopTimeoutMs: number;
}

export const applicationLimits: ApplicationLimits = {
  connectTimeoutMs: 8_000,
  askTimeoutMs: 5_000,
  heartbeatMs: 15_000,
  retryDelays: { firstMs: 250, mostMs: 10_000 },
  reconnectRoundsMax: 100,
  stopTimeoutMs: 3_000,
};
