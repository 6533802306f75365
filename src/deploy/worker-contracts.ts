/**
 * Events and actions of the worker's machine. Time comes with the events; `wakeAfter` asks for a "woke" event with the same word later.
 * Randomness comes from a seeded generator given to the machine: the same seed and events give the same actions.
 */
import type { RpcAddress } from "../rpc/contracts.ts";
import type { LogLevel } from "./master-contracts.ts";
import type {
  ApplicationDescription,
  ApplicationId,
  DriverDescription,
  DriverId,
  MasterToWorker,
  WorkerId,
  WorkerRegistration,
  WorkerRegistrationAnswer,
  WorkerToMaster,
} from "./messages.ts";
import type { RetryDelays } from "./retry-delay.ts";

/** One launch of an executor or a driver, counted by the worker: a report of an earlier launch is told apart. */
export type LaunchNumber = number;

export type WorkerEvent = { readonly atMs: number } & (
  | { readonly type: "started" }
  | ({ readonly type: "registrationAnswered"; readonly answer: WorkerRegistrationAnswer } & Asked)
  | ({ readonly type: "registrationFailed"; readonly reason: string } & Asked)
  | { readonly type: "peerLost"; readonly peerId: string; readonly reason: string }
  | { readonly type: "told"; readonly peerId: string; readonly message: MasterToWorker }
  | { readonly type: "launchStarted"; readonly launch: LaunchNumber; readonly pid: number | undefined }
  | { readonly type: "launchEnded"; readonly launch: LaunchNumber; readonly end: LaunchEnd }
  | { readonly type: "woke"; readonly word: string }
  /** End all that runs, and go. */
  | { readonly type: "stopAsked" }
);

/** Which of the questions of a round, as `register` had it. */
export interface Asked {
  readonly attempt: number;
  readonly master: RpcAddress;
}

export interface LaunchEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly message: string;
}

export type WorkerAction =
  /** Ask this master; exactly one registrationAnswered or registrationFailed with its address and the number is to follow. */
  | ({ readonly type: "register"; readonly registration: WorkerRegistration } & Asked)
  /** Took it too, when another had: it is to forget it. */
  | { readonly type: "decline"; readonly master: RpcAddress; readonly message: WorkerToMaster }
  /** To the master that took this worker. */
  | { readonly type: "tellMaster"; readonly message: WorkerToMaster }
  /** To another one, which believes that this worker is its own. */
  | { readonly type: "tellStranger"; readonly peerId: string; readonly message: WorkerToMaster }
  | {
      readonly type: "launchExecutor";
      readonly launch: LaunchNumber;
      readonly appId: ApplicationId;
      readonly executorId: number;
      readonly description: ApplicationDescription;
      readonly cores: number;
      readonly memoryMb: number;
    }
  | {
      readonly type: "launchDriver";
      readonly launch: LaunchNumber;
      readonly driverId: DriverId;
      readonly description: DriverDescription;
      /** How often the driver was launched before. */
      readonly launchesBefore: number;
    }
  | { readonly type: "kill"; readonly launch: LaunchNumber }
  | { readonly type: "applicationEnded"; readonly appId: ApplicationId }
  | { readonly type: "wakeAfter"; readonly afterMs: number; readonly word: string }
  | { readonly type: "registered"; readonly master: RpcAddress }
  /** No master took it: the worker is of no use. Said once. */
  | { readonly type: "gaveUp"; readonly reason: string }
  /** After stopAsked: nothing runs any more. Said once. */
  | { readonly type: "stopped" }
  | { readonly type: "log"; readonly level: LogLevel; readonly text: string };

export interface WorkerOptions {
  readonly workerId: WorkerId;
  readonly host: string;
  /** Where it listens for RPC and pages. */
  readonly address: RpcAddress;
  readonly cores: number;
  readonly memoryMb: number;
  readonly webUiUrl: string;
  /** Asked all at once. One leads, and has it; others stand by. */
  readonly masters: readonly RpcAddress[];
  readonly limits: WorkerLimits;
}

export interface WorkerLimits {
  readonly heartbeatMs: number;
  readonly registrationDelays: RetryDelays;
  /** Rounds over all masters in a row without success before it gives up. */
  readonly registrationRoundsMax: number;
  /** After a lost connection: so many rounds go to masters of the cluster that it is of, before any other may have it. */
  readonly loyalRounds: number;
  /** Rounds in a row in which every master refused before it gives up; in all longer than a dead worker keeps its address. */
  readonly refusedRoundsMax: number;
  /** Between restarts of a supervised driver that ended soon. */
  readonly restartDelays: RetryDelays;
  /** A driver that ran so long did not end soon: the waiting begins anew. */
  readonly driverHealthyMs: number;
  /** Ended executors and drivers kept for its page, of each. */
  readonly endedMax: number;
}

export const workerLimits: WorkerLimits = {
  heartbeatMs: 15_000,
  registrationDelays: { firstMs: 250, mostMs: 10_000 },
  registrationRoundsMax: 100,
  loyalRounds: 5,
  refusedRoundsMax: 20,
  restartDelays: { firstMs: 1_000, mostMs: 60_000 },
  driverHealthyMs: 5_000,
  endedMax: 100,
};
