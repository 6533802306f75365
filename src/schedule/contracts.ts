/**
 * Events and actions of the two schedulers. Both are deterministic machines: `step(event)` mutates the machine's own state
 * and returns actions; no clock, no I/O, no randomness. The shell (`exec/`) turns messages and timers into events and
 * actions into messages; the simulator does the same with seeded delays, losses and reorderings.
 */
import type { WireError } from "../base/errors.ts";
import type { ExchangeId, ExecutorId, JobId, StageId, TaskAttemptId } from "../base/ids.ts";

/** What a job needs, cut at exchanges by the planner, parents before children, the final stage last. */
export interface JobGraph {
  readonly jobId: JobId;
  readonly stages: readonly StageGraph[];
  readonly pool: string;
  readonly group?: string;
}

/**
 * A stage as the schedulers see it; the plan behind it stays with the shell.
 * - exchange: writes a map output per partition; its result is kept and reused by later jobs under `exchange`.
 * - probe: small results (samples, counts) that later stages of the same job need; kept under `exchange` as well.
 * - result: the final stage; each partition's result goes to the driver.
 */
export interface StageGraph {
  readonly kind: "exchange" | "probe" | "result";
  /** The output's id; absent for a result stage. */
  readonly exchange?: ExchangeId;
  readonly parents: readonly ExchangeId[];
  /** Partitions to compute. For exchange and probe stages 0 … n − 1; for results possibly some of them. */
  readonly partitions: readonly number[];
  readonly name: string;
  /** Executors that hold the input of partition i (cached blocks, local files); empty means anywhere. */
  readonly preferred?: (partition: number) => readonly ExecutorId[];
}

export type DagEvent =
  | { readonly type: "jobSubmitted"; readonly job: JobGraph }
  | { readonly type: "taskStarted"; readonly task: TaskIdentity; readonly executor: ExecutorId }
  | { readonly type: "taskSucceeded"; readonly task: TaskIdentity; readonly executor: ExecutorId; readonly checksum?: number }
  /** The task set gave up on a partition (too many failures, or a failure that no retry mends). */
  | { readonly type: "taskSetFailed"; readonly stage: StageId; readonly attempt: number; readonly error: WireError }
  | {
      readonly type: "fetchFailed";
      readonly task: TaskIdentity;
      readonly exchange: ExchangeId;
      readonly mapPartition: number;
      readonly error: WireError;
    }
  | { readonly type: "executorLost"; readonly executor: ExecutorId; readonly outputsLost: boolean }
  | { readonly type: "exchangeReleased"; readonly exchange: ExchangeId }
  | { readonly type: "jobCancelled"; readonly job: JobId; readonly reason: string }
  | { readonly type: "groupCancelled"; readonly group: string; readonly reason: string }
  | { readonly type: "stageCancelled"; readonly stage: StageId; readonly reason: string };

export interface TaskIdentity {
  readonly stage: StageId;
  readonly stageAttempt: number;
  readonly partition: number;
}

export type DagAction =
  | { readonly type: "submitTasks"; readonly taskSet: TaskSet }
  | { readonly type: "cancelTasks"; readonly stage: StageId; readonly reason: string }
  | { readonly type: "stageSubmitted"; readonly stage: StageId; readonly attempt: number; readonly graph: StageGraph; readonly job: JobId }
  | { readonly type: "stageCompleted"; readonly stage: StageId; readonly attempt: number }
  | { readonly type: "stageFailed"; readonly stage: StageId; readonly attempt: number; readonly error: WireError }
  | { readonly type: "stageSkipped"; readonly job: JobId; readonly graph: StageGraph }
  /** A result partition's value now counts; later duplicates of it do not. */
  | { readonly type: "resultAccepted"; readonly job: JobId; readonly task: TaskIdentity }
  /** An exchange or probe partition's output now counts (accumulator updates too). */
  | { readonly type: "outputAccepted"; readonly exchange: ExchangeId; readonly task: TaskIdentity; readonly executor: ExecutorId }
  | { readonly type: "jobSucceeded"; readonly job: JobId }
  | { readonly type: "jobFailed"; readonly job: JobId; readonly error: WireError };

export interface TaskSet {
  readonly stage: StageId;
  readonly stageAttempt: number;
  readonly job: JobId;
  readonly partitions: readonly number[];
  readonly pool: string;
  readonly preferred?: (partition: number) => readonly ExecutorId[];
}

export type TaskEvent =
  | { readonly type: "taskSetSubmitted"; readonly taskSet: TaskSet }
  | { readonly type: "taskSetCancelled"; readonly stage: StageId; readonly reason: string }
  | { readonly type: "executorAdded"; readonly executor: ExecutorId; readonly slots: number }
  | { readonly type: "executorLost"; readonly executor: ExecutorId; readonly error: WireError }
  | { readonly type: "attemptSucceeded"; readonly attempt: TaskAttemptId }
  | { readonly type: "attemptFailed"; readonly attempt: TaskAttemptId; readonly error: WireError };

export type TaskAction =
  | { readonly type: "launchTask"; readonly attempt: TaskAttemptId; readonly attemptNumber: number; readonly task: TaskIdentity; readonly executor: ExecutorId }
  | { readonly type: "killTask"; readonly attempt: TaskAttemptId; readonly executor: ExecutorId; readonly reason: string }
  | { readonly type: "taskSucceeded"; readonly task: TaskIdentity; readonly attempt: TaskAttemptId; readonly executor: ExecutorId }
  | { readonly type: "taskRetried"; readonly task: TaskIdentity; readonly attempt: TaskAttemptId; readonly error: WireError }
  | { readonly type: "taskSetFailed"; readonly stage: StageId; readonly stageAttempt: number; readonly error: WireError };

export interface SchedulerLimits {
  /** Failures of one task before its task set fails: Spark's task.maxFailures. */
  readonly taskFailuresMax: number;
  /** Attempts of one stage after fetch failures: Spark's stage.maxConsecutiveAttempts. */
  readonly stageAttemptsMax: number;
}
