/**
 * What a driver and its executors say to each other, as Spark's CoarseGrainedClusterMessages. Executors connect to the driver.
 * Plans, probe values and whatever else may hold users' values travel as bytes of the value codec, which keeps −0, lone
 * surrogates and shared references; bytes above `inlineBytesMax` are left where they are and fetched by name.
 */
import type { WireError } from "../base/errors.ts";
import type { AccumulatorId, BroadcastId, ExchangeId, ExecutorId, RddId, StageId, TaskAttemptId } from "../base/ids.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import type { SyncKind } from "../schedule/barrier-coordinator.ts";
import type { MapStatus } from "../storage/map-status.ts";
import type { Released, Settings, TaskOrder, TaskSuccess } from "./messages.ts";

/** Larger bytes are blobs: messages stay far below a frame, several of them fit in one. */
export const inlineBytesMax = 128 * 1024;

/** Bytes in the message, or at the sender's bulk server by sha256. */
export type Carried =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "blob"; readonly hash: string; readonly bytes: number };

export type RemoteDefinition =
  | { readonly kind: "file"; readonly name: string; readonly content: Carried; readonly executable: boolean }
  | { readonly kind: "bundle"; readonly hash: string; readonly bundle: Carried }
  | { readonly kind: "broadcast"; readonly id: BroadcastId; readonly bytes: number; readonly chunks: readonly string[] }
  | { readonly kind: "accumulator"; readonly id: AccumulatorId; readonly definition: Carried };

// ---- executor → driver

export interface ExecutorRegistration {
  readonly type: "registerExecutor";
  readonly executor: ExecutorId;
  /** As other executors reach it, and what tells whether two of them share a disk. */
  readonly host: string;
  readonly hostId: string;
  readonly address: RpcAddress;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly pid: number;
  readonly logUrl: string | undefined;
}

export interface ExecutorStartup {
  /** The driver's, which users' files are named from. */
  readonly workingFolder: string;
  /** All configuration of the application, by key. */
  readonly settings: Settings;
  /** Encrypts what goes to local dirs, when `firesteel.io.encryption` asks for it. Kept in memory alone. */
  readonly fileKey?: Uint8Array | undefined;
}

/** A success whose value stays at the executor until the driver has fetched it, when it is large. */
export interface RemoteSuccess extends Omit<TaskSuccess, "output"> {
  readonly output:
    { readonly kind: "map"; readonly output: MapStatus } | { readonly kind: "value"; readonly payload: Carried };
}

export interface ExecutorMetrics {
  /** Pages of engine memory by use, in bytes. */
  readonly taskBytes: number;
  readonly storageBytes: number;
  readonly exchangeBytes: number;
  readonly memoryBytes: number;
  readonly residentBytes: number;
  readonly cachedPartitions: number;
  /** Files of cached partitions. */
  readonly cachedDiskBytes: number;
}

export type ExecutorToDriver =
  | {
      readonly type: "tasksEnded";
      readonly successes: readonly RemoteSuccess[];
      readonly failures: readonly TaskFailure[];
    }
  | { readonly type: "warning"; readonly message: string }
  /** A task waits for the others of its barrier stage. The message is an encoded string. */
  | {
      readonly type: "barrierSync";
      readonly attempt: TaskAttemptId;
      readonly kind: SyncKind;
      readonly message: Uint8Array;
    }
  /** Cached partitions that came and went. */
  | { readonly type: "blocksChanged"; readonly put: readonly CachedBlock[]; readonly gone: readonly CachedBlock[] }
  /** A release that asked for an answer is done. */
  | { readonly type: "released"; readonly reply: number }
  /** A copyBlock in vain: there was no room, or the other one has it no more. */
  | { readonly type: "copyFailed"; readonly rdd: RddId; readonly partition: number };

export interface TaskFailure {
  readonly attempt: TaskAttemptId;
  readonly error: WireError;
}

export interface CachedBlock {
  readonly rdd: RddId;
  readonly partition: number;
  /** In memory. */
  readonly bytes: number;
  /** In a file. */
  readonly diskBytes: number;
}

export const driverEndpoint = "driver";
export interface DriverProtocol {
  readonly sends: ExecutorToDriver;
  readonly asks: {
    readonly registerExecutor: { readonly question: ExecutorRegistration; readonly answer: ExecutorStartup };
    readonly executorHeartbeat: {
      readonly question: {
        readonly type: "executorHeartbeat";
        readonly executor: ExecutorId;
        readonly metrics: ExecutorMetrics;
      };
      /** Not known: it was given up, and is to end. */
      readonly answer: { readonly known: boolean };
    };
    readonly mayCommit: {
      readonly question: { readonly type: "mayCommit"; readonly attempt: TaskAttemptId };
      readonly answer: boolean;
    };
    /** Executors that have a blob, other than the asker. */
    readonly locateBlob: {
      readonly question: { readonly type: "locateBlob"; readonly hash: string };
      readonly answer: readonly RpcAddress[];
    };
  };
}

// ---- driver → executor

export type DriverToExecutor =
  | { readonly type: "define"; readonly definition: RemoteDefinition }
  | { readonly type: "stage"; readonly stage: StageId; readonly order: Carried }
  | { readonly type: "tasks"; readonly orders: readonly TaskOrder[] }
  | { readonly type: "cancel"; readonly attempt: TaskAttemptId; readonly reason: string }
  /** An encoded BarrierAnswer. */
  | { readonly type: "barrierAnswer"; readonly attempt: TaskAttemptId; readonly answer: Carried }
  | { readonly type: "forgetStage"; readonly stage: StageId }
  /** With a `reply`, answered by "released". */
  | { readonly type: "release"; readonly what: Released; readonly reply?: number }
  | {
      readonly type: "discardOutput";
      readonly exchange: ExchangeId;
      readonly mapPartition: number;
      readonly checksum: number;
    }
  /** Another one: nobody is to wait for it. */
  | { readonly type: "executorLost"; readonly executor: ExecutorId }
  /** Hold a copy of another one's cached partition. Answered by blocksChanged or copyFailed. */
  | { readonly type: "copyBlock"; readonly rdd: RddId; readonly partition: number; readonly from: RpcAddress }
  | { readonly type: "resultTaken"; readonly hash: string }
  | { readonly type: "stop"; readonly reason: string };

export const executorEndpoint = "executor";
export interface ExecutorProtocol {
  readonly sends: DriverToExecutor;
  readonly asks: Record<never, never>;
}
