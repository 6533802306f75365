/**
 * Where an application's tasks run, as the engine sees it: task threads of its own process, or executor processes of a cluster.
 * An implementation knows which attempts run where, sends orders and frees outputs; what happens next is the schedulers' to say.
 */
import type { WireError } from "../base/errors.ts";
import type { ExchangeId, ExecutorId, StageId, TaskAttemptId } from "../base/ids.ts";
import type { StagePlan } from "../planner/stages.ts";
import type { SyncKind } from "../schedule/barrier-coordinator.ts";
import type { Preferred, TaskAction, TaskIdentity } from "../schedule/contracts.ts";
import type { MapInput } from "../storage/map-status.ts";
import type { BarrierAnswer, Definition, Released, StageOrder, TaskSuccess } from "./messages.ts";

export type Launch = Extract<TaskAction, { type: "launchTask" }>;

export interface Executors {
  /** To all, those that come later included. */
  define(definition: Definition): void;
  /** Resolves when executors have. */
  release(what: Released, waits: boolean): Promise<void>;
  /** The order of a task's stage is asked for when its executor does not have it yet. */
  launch(launch: Launch, stageOrder: () => StageOrder): void;
  kill(executor: ExecutorId, attempt: TaskAttemptId, reason: string): void;
  /** Sends what the calls above have queued. */
  flush(): void;
  /** Undefined once it has ended or its executor is lost. */
  taskOf(attempt: TaskAttemptId): TaskIdentity | undefined;
  finished(attempt: TaskAttemptId, runMs: number): void;
  /** A new stage, or attempt of one, begins: nothing is known of its tasks' times. */
  expectStage(stage: StageId): void;
  forgetStage(stage: StageId): void;
  /** Where the inputs of a stage's tasks are cached; undefined when it does not matter. */
  preferredOf(plan: StagePlan): Preferred | undefined;
  /** To tasks of a barrier stage that wait for each other. */
  answerBarrier(attempts: readonly TaskAttemptId[], answer: BarrierAnswer, stage?: StageId): void;
  /** It lost against another attempt's, or came too late. */
  discardOutput(output: MapInput): void;
  /** Frees all outputs of an exchange. */
  releaseExchange(exchange: ExchangeId): void;
}

/** What executors tell the engine; after each call it may have orders to flush. */
export interface ExecutorsListener {
  /** A new executor, or another number of slots of a known one. */
  ready(executor: ExecutorId, slots: number, host?: string): void;
  succeeded(executor: ExecutorId, tasks: readonly TaskSuccess[]): void;
  failed(executor: ExecutorId, attempt: TaskAttemptId, error: WireError): void;
  /** `outputsLost`: its map outputs and cached blocks went with it. */
  lost(executor: ExecutorId, error: WireError, outputsLost: boolean): void;
  warning(message: string): void;
  /** Whether the attempt may commit its output: at most one of a task's may. */
  mayCommit(executor: ExecutorId, attempt: TaskAttemptId): boolean;
  /** A task waits for the others of its barrier stage; answered by `answerBarrier`. */
  barrierSync(attempt: TaskAttemptId, kind: SyncKind, message: string): void;
}

export type OpenExecutors = (listener: ExecutorsListener) => Executors;
