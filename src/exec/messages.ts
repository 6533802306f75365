/**
 * What the three kinds of thread of one process say to each other: the driver's main thread (user code), the engine thread
 * (schedulers) and the task threads. All of it is plain data; messages between two threads keep their order, which is what
 * makes "define, then use" safe.
 */
import type { WireError } from "../base/errors.ts";
import type { EngineEvent, SentMetrics } from "../base/events.ts";
import type {
  AccumulatorId,
  BroadcastId,
  ExchangeId,
  ExecutorId,
  JobId,
  RddId,
  StageId,
  TaskAttemptId,
} from "../base/ids.ts";
import type { PoolOptions } from "../kernel/control-area.ts";
import type { JobBundle } from "../closure/contracts.ts";
import type { PlanFunction } from "../plan/nodes.ts";
import type { MasterUrl } from "../base/master-url.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import type { StagePlan } from "../planner/stages.ts";
import type { LocalityWaits } from "../schedule/contracts.ts";
import type { SyncKind } from "../schedule/barrier-coordinator.ts";
import type { PoolOptions as SchedulingPools } from "../schedule/pools.ts";
import type { LocalDirs } from "../storage/local-dirs.ts";
import type { MapInput } from "../storage/map-status.ts";
import type { CachedAt } from "./block-master.ts";
import type { InputDamage } from "./input-damage.ts";

/** What a process that runs tasks is to have. */
export interface HostStart {
  /** Of the kernel memory. A thread that holds it collects its garbage late (platform/garbage.ts). */
  readonly memoryBytes: number;
  /** What the machine, or the cgroup, has. */
  readonly machineBytes: number;
  readonly pool: PoolOptions;
  readonly localDirs: LocalDirs;
  readonly threads: number;
  readonly settings: Settings;
  /** Where the application's files are. */
  readonly filesFolder: string;
  readonly cluster?: ClusterAccess;
}

/** Given to the engine thread when it starts. */
export interface EngineStart extends HostStart {
  /** [0] goes up while the main thread is not blocked. */
  readonly mainBeat: Int32Array;
  /** What the application is called in local mode; a cluster's master calls it otherwise. */
  readonly localId: string;
  readonly taskFailuresMax: number;
  readonly stageAttemptsMax: number;
  readonly localityWaits: LocalityWaits;
  readonly barrierWaitMs: number;
  readonly pools: SchedulingPools;
  /** Absent in local mode. */
  readonly master?: ClusterMaster;
}

/** Where an application gets its executors from, and what it tells about itself there. */
export interface ClusterMaster {
  readonly url: Exclude<MasterUrl, { kind: "local" }>;
  readonly appName: string;
  readonly secret: string | undefined;
}

/** Configuration that tasks read, by key. */
export type Settings = Readonly<Record<string, number | string | boolean>>;

/** Things that closures refer to by handle, and files. Sent before the first job that uses them. */
export type Definition =
  /** For the work folder of every executor of a cluster; the name may have folders. */
  | { readonly kind: "file"; readonly name: string; readonly bytes: Uint8Array; readonly executable: boolean }
  | { readonly kind: "bundle"; readonly bundle: JobBundle }
  | { readonly kind: "broadcast"; readonly id: BroadcastId; readonly bytes: Uint8Array }
  | {
      readonly kind: "accumulator";
      readonly id: AccumulatorId;
      readonly zero: Uint8Array;
      readonly merge: PlanFunction;
    };

export type ToEngine =
  | { readonly type: "define"; readonly definition: Definition }
  | { readonly type: "submit"; readonly job: SubmittedJob }
  | { readonly type: "cancelJob"; readonly job: JobId; readonly reason: string }
  | { readonly type: "cancelGroup"; readonly group: string; readonly reason: string }
  | { readonly type: "cancelStage"; readonly stage: StageId; readonly reason: string }
  | { readonly type: "cancelAll"; readonly reason: string }
  /** Answered by "stopped"; nothing follows. */
  | { readonly type: "stop"; readonly state: "finished" | "failed" | "killed" }
  /** With a `reply`, answered by "released" when executors have. */
  | { readonly type: "release"; readonly what: Released; readonly reply?: number };

export type Released =
  | { readonly kind: "exchange"; readonly id: ExchangeId }
  | { readonly kind: "rdd"; readonly id: RddId }
  | { readonly kind: "broadcast"; readonly id: BroadcastId }
  | { readonly kind: "broadcastCopies"; readonly id: BroadcastId }
  | { readonly kind: "accumulator"; readonly id: AccumulatorId };

export interface SubmittedJob {
  readonly id: JobId;
  /** Parents first, the result stage last. */
  readonly stages: readonly StagePlan[];
  /** Partitions of the result stage to compute. */
  readonly partitions: readonly number[];
  readonly pool: string;
  readonly group: string | undefined;
  readonly properties: Readonly<Record<string, string>>;
}

/** Sent in arrays, in order. */
export type FromEngine =
  /** Jobs may come. Of a cluster: how it calls the application. */
  | { readonly type: "ready"; readonly appId: string; readonly webUiUrl: string | undefined }
  | { readonly type: "stopped" }
  | { readonly type: "released"; readonly reply: number }
  /** There will be no executors (any more): every job fails. */
  | { readonly type: "gone"; readonly error: WireError }
  | { readonly type: "result"; readonly job: JobId; readonly partition: number; readonly payload: Uint8Array }
  | { readonly type: "accumulated"; readonly updates: readonly AccumulatorUpdate[] }
  | { readonly type: "jobEnded"; readonly job: JobId; readonly error: WireError | undefined }
  | { readonly type: "event"; readonly event: EngineEvent }
  | { readonly type: "warning"; readonly message: string };

export interface AccumulatorUpdate {
  readonly id: AccumulatorId;
  /** The encoded amount that one task added. */
  readonly amount: Uint8Array;
}

/** Words that the engine thread and a task thread share. */
export const controlWord = {
  /** The attempt that should stop, or −1. */
  cancel: 0,
  /** Goes up whenever the thread has checked itself. */
  beat: 1,
  /** The system's number of the thread, 0 when unknown. */
  thread: 2,
} as const;

/** Given to a task thread when it starts. */
export interface TaskThreadStart {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  /** Written by the engine thread and the task thread; see `controlWord`. */
  readonly control: Int32Array;
  readonly localDirs: LocalDirs;
  readonly settings: Settings;
  readonly filesFolder: string;
  /** Of a thread of an executor process. */
  readonly cluster: ClusterAccess | undefined;
}

/** What a task thread needs to reach other processes of its application. */
export interface ClusterAccess {
  readonly executor: ExecutorId;
  readonly hostId: string;
  /** Where the driver serves bytes. */
  readonly driver: RpcAddress;
  /** The driver's, which users' files are named from. */
  readonly workingFolder: string;
  readonly secret: string | undefined;
}

export interface TaskOrder {
  readonly attempt: TaskAttemptId;
  readonly attemptNumber: number;
  readonly stage: StageId;
  readonly stageAttempt: number;
  readonly partition: number;
  /** Of a task of a barrier stage: where all of them run, by partition. */
  readonly together?: readonly string[];
  /** Cached partitions that it may read and that its executor does not have. */
  readonly cachedAt?: readonly CachedAt[];
}

/** All a thread needs for the tasks of one stage attempt; sent once to each thread before its first such task. */
export interface StageOrder {
  readonly stage: StageId;
  readonly plan: StagePlan;
  readonly inputs: ReadonlyMap<ExchangeId, readonly MapInput[]>;
  readonly probes: ReadonlyMap<ExchangeId, unknown>;
  readonly properties: Readonly<Record<string, string>>;
}

export type ToTaskThread =
  | { readonly type: "define"; readonly definition: Definition }
  | { readonly type: "stage"; readonly order: StageOrder }
  | { readonly type: "tasks"; readonly orders: readonly TaskOrder[] }
  | { readonly type: "cancel"; readonly attempt: TaskAttemptId; readonly reason: string }
  | { readonly type: "forgetStage"; readonly stage: StageId }
  | { readonly type: "release"; readonly what: Released }
  /** There has been no task for a while. */
  | { readonly type: "rest" }
  /** Its outputs are gone with it. */
  | { readonly type: "executorLost"; readonly executor: ExecutorId }
  | { readonly type: "commitAnswer"; readonly attempt: TaskAttemptId; readonly allowed: boolean }
  | { readonly type: "barrierAnswer"; readonly attempt: TaskAttemptId; readonly answer: BarrierAnswer };

/** All tasks of the barrier stage are there, with their messages by partition, or they cannot be. */
export type BarrierAnswer =
  { readonly ok: true; readonly messages: readonly string[] } | { readonly ok: false; readonly error: WireError };

export interface TaskSuccess {
  readonly attempt: TaskAttemptId;
  readonly output:
    { readonly kind: "map"; readonly output: MapInput } | { readonly kind: "value"; readonly payload: Uint8Array };
  readonly metrics: SentMetrics;
  /** Time on the thread. */
  readonly runMs: number;
  readonly updates: readonly AccumulatorUpdate[];
  readonly damage: readonly InputDamage[];
}

/** A process that a task of the thread started runs, or has ended: whoever ends the thread ends it. */
export interface ProcessNote {
  readonly type: "process";
  readonly pid: number;
  readonly running: boolean;
}

export type FromTaskThread =
  | { readonly type: "ready" }
  | { readonly type: "succeeded"; readonly tasks: readonly TaskSuccess[] }
  | { readonly type: "failed"; readonly attempt: TaskAttemptId; readonly error: WireError }
  /** Its output is complete: may it count? */
  | { readonly type: "mayCommit"; readonly attempt: TaskAttemptId }
  /** It waits for the other tasks of its barrier stage. */
  | {
      readonly type: "barrierSync";
      readonly attempt: TaskAttemptId;
      readonly kind: SyncKind;
      readonly message: string;
    }
  /** Nobody caught an error: the thread must not go on. */
  | { readonly type: "stray"; readonly error: WireError }
  | { readonly type: "warning"; readonly message: string };
