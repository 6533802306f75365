/**
 * Events and actions of the master's machine. `step(event)` changes its state and returns what to do, in order: what must be
 * durable first, then the answer to a question, then messages. Time comes with the events; there is no other input.
 */
import type { ErrorDetails } from "../base/errors.ts";
import type { Peer, QuestionOf } from "../rpc/contracts.ts";
import type { StoredApplication, StoredDriver, StoredWorker } from "./contracts.ts";
import type {
  ApplicationId,
  DriverId,
  MasterProtocol,
  MasterToApplication,
  MasterToWorker,
  WorkerId,
} from "./messages.ts";

export type MasterQuestion = QuestionOf<MasterProtocol>;

export type MasterEvent = { readonly atMs: number } & (
  | { readonly type: "asked"; readonly from: Peer; readonly question: MasterQuestion }
  | { readonly type: "told"; readonly from: Peer; readonly message: MasterProtocol["sends"] }
  | { readonly type: "peerLost"; readonly peerId: string; readonly reason: string }
  /** Time went on; said every `tickMs`. */
  | { readonly type: "ticked" }
);

export type StoreAction =
  | { readonly type: "putWorker"; readonly worker: StoredWorker }
  | { readonly type: "removeWorker"; readonly workerId: WorkerId }
  | { readonly type: "putApplication"; readonly application: StoredApplication }
  | { readonly type: "removeApplication"; readonly appId: ApplicationId }
  | { readonly type: "putDriver"; readonly driver: StoredDriver }
  | { readonly type: "removeDriver"; readonly driverId: DriverId };

export type MasterAction =
  | StoreAction
  /** Exactly one of these two for each "asked". */
  | { readonly type: "answer"; readonly answer: unknown }
  | { readonly type: "refuse"; readonly message: string; readonly details: ErrorDetails }
  | { readonly type: "tellWorker"; readonly peerId: string; readonly message: MasterToWorker }
  | { readonly type: "tellApplication"; readonly peerId: string; readonly message: MasterToApplication }
  | { readonly type: "log"; readonly level: LogLevel; readonly text: string };

export type LogLevel = "info" | "warn";

export interface MasterOptions {
  /** The id of the master's process, as its peers know it. */
  readonly masterId: string;
  /** `firesteel://host:port`. */
  readonly url: string;
  readonly webUiUrl: string;
  /** Of its store: what masters of one cluster have in common. */
  readonly clusterId: string;
  readonly startedMs: number;
  readonly limits: MasterLimits;
}

export interface MasterLimits {
  /** True: an application's executors go to as many workers as possible; false: to as few. */
  readonly spreadOut: boolean;
  /** Cores of an application that says no number; undefined: all. */
  readonly defaultCores: number | undefined;
  /** So many executors in a row that ended soon remove an application that has none running; 0: never. */
  readonly executorRetriesMax: number;
  /** An executor that lived so long did not end soon. */
  readonly executorHealthyMs: number;
  /** A worker not heard of for so long is dead. */
  readonly workerTimeoutMs: number;
  /** A worker whose connection was lost is dead when it is not back by then. */
  readonly workerGraceMs: number;
  /** An application not heard of for so long is removed. */
  readonly applicationTimeoutMs: number;
  /** An application whose connection was lost is removed when it is not back by then. */
  readonly applicationGraceMs: number;
  /** After a restart: how long workers and applications have to come back. */
  readonly recoveryTimeoutMs: number;
  readonly tickMs: number;
  /** Kept for pages and status. */
  readonly endedApplicationsMax: number;
  readonly endedDriversMax: number;
  readonly deadWorkersMax: number;
  /** Ended executors kept of each application. */
  readonly endedExecutorsMax: number;
  /** Drivers that wait or run; more are refused. */
  readonly driversMax: number;
}

export const masterLimits: MasterLimits = {
  spreadOut: true,
  defaultCores: undefined,
  executorRetriesMax: 10,
  executorHealthyMs: 5_000,
  workerTimeoutMs: 60_000,
  workerGraceMs: 5_000,
  applicationTimeoutMs: 60_000,
  applicationGraceMs: 30_000,
  recoveryTimeoutMs: 30_000,
  tickMs: 1_000,
  endedApplicationsMax: 200,
  endedDriversMax: 200,
  deadWorkersMax: 50,
  endedExecutorsMax: 50,
  driversMax: 10_000,
};
