/**
 * Events and actions of the two schedulers. Both are deterministic machines: `step(event)` mutates the machine's own state
 * and returns actions; no clock, no I/O, no randomness. The shell (`exec/`) turns messages and timers into events and
 * actions into messages; the simulator does the same with seeded delays, losses and reorderings.
 *
 * The shell carries out a step's actions in order and forwards, each direction in order and behind those actions (a kill must
 * not overtake its launch); scheduler-loop.ts does so within one thread:
 * - dag → task: submitTasks → taskSetSubmitted, cancelTasks → taskSetCancelled, partitionDone → partitionDone;
 * - task → dag: taskSucceeded (+ checksum), fetchFailed, taskSetFailed (`stageAttempt` → `attempt`), barrierFailed;
 * - executorLost goes to the task scheduler first, then to the DAG scheduler behind all that the former said before. Then an
 *   executor id may come back after its loss, and no output of its earlier life is counted.
 *
 * A map output tracker is a follower: outputAccepted adds, outputsLost removes, exchangeForgotten drops all (and frees the
 * blocks). A taskSucceeded that was answered by neither outputAccepted nor resultAccepted is a duplicate: drop its payload.
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
 * - probe: small results (samples, counts) that later stages of the same job need; kept under `exchange` as well, on the
 *   driver: they outlive the executor that made them.
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
  /** Where the input of partition i is: cached blocks, local files. */
  readonly preferred?: Preferred;
  /** All tasks run at once and count together, or none; `partitions` are all that the stage has. */
  readonly barrier?: boolean;
}

/** Of a partition; empty places mean anywhere. Asked when its task set is submitted. */
export type Preferred = (partition: number) => PreferredPlaces;

export interface PreferredPlaces {
  /** That hold it in their process. Their hosts count too, as far as the scheduler knows these executors. */
  readonly executors?: readonly ExecutorId[];
  /** Whose disks have it. */
  readonly hosts?: readonly string[];
}

/** How near a task runs to its input, nearest first; noPref: it has no place of its own. */
export type Locality = "process" | "node" | "noPref" | "any";

export type DagEvent =
  | { readonly type: "jobSubmitted"; readonly job: JobGraph }
  /** Changes nothing; may be left out. */
  | { readonly type: "taskStarted"; readonly task: TaskIdentity; readonly executor: ExecutorId }
  /** `checksum` is of the map output's rows: when a recomputed output has another one, what was built on the old one is redone. */
  | {
      readonly type: "taskSucceeded";
      readonly task: TaskIdentity;
      readonly executor: ExecutorId;
      readonly checksum?: number;
    }
  /** The task set gave up on a partition (too many failures, or a failure that no retry mends). */
  | { readonly type: "taskSetFailed"; readonly stage: StageId; readonly attempt: number; readonly error: WireError }
  /** `error.output.executor`, when known, guards an output that was recomputed elsewhere in the meantime. */
  | {
      readonly type: "fetchFailed";
      readonly task: TaskIdentity;
      readonly exchange: ExchangeId;
      readonly mapPartition: number;
      readonly error: WireError;
    }
  /** A task of a barrier stage failed: none of the attempt's count, and none runs on. */
  | { readonly type: "barrierFailed"; readonly stage: StageId; readonly attempt: number; readonly error: WireError }
  | { readonly type: "executorLost"; readonly executor: ExecutorId; readonly outputsLost: boolean }
  /** Nothing refers to the exchange any more. Jobs that still run keep its outputs until they end. */
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
  /** The partition counts now: other attempts of it are in vain. Only said of stages that had several attempts. */
  | { readonly type: "partitionDone"; readonly stage: StageId; readonly partition: number }
  /** Each (stage, attempt) submitted ends in exactly one stageCompleted or stageFailed. */
  | {
      readonly type: "stageSubmitted";
      readonly stage: StageId;
      readonly attempt: number;
      readonly graph: StageGraph;
      readonly job: JobId;
      /** Of this attempt: those whose outputs are missing. */
      readonly tasks: number;
    }
  | { readonly type: "stageCompleted"; readonly stage: StageId; readonly attempt: number }
  | { readonly type: "stageFailed"; readonly stage: StageId; readonly attempt: number; readonly error: WireError }
  /** All tasks of a barrier stage run again. */
  | { readonly type: "barrierRetried"; readonly stage: StageId; readonly failures: number; readonly error: WireError }
  /** The job does not need to run it; when outputs are lost it may come to. */
  | { readonly type: "stageSkipped"; readonly job: JobId; readonly stage: StageId; readonly graph: StageGraph }
  /** A result partition's value now counts; later duplicates of it do not. */
  | { readonly type: "resultAccepted"; readonly job: JobId; readonly task: TaskIdentity }
  /** An exchange or probe partition's output now counts (accumulator updates too). */
  | {
      readonly type: "outputAccepted";
      readonly exchange: ExchangeId;
      readonly task: TaskIdentity;
      readonly executor: ExecutorId;
    }
  /** These partitions' outputs count no more, until outputAccepted names them again. */
  | { readonly type: "outputsLost"; readonly exchange: ExchangeId; readonly partitions: readonly number[] }
  /** A released exchange that no job uses any more: its blocks may go. */
  | { readonly type: "exchangeForgotten"; readonly exchange: ExchangeId }
  | { readonly type: "jobSucceeded"; readonly job: JobId }
  | { readonly type: "jobFailed"; readonly job: JobId; readonly error: WireError };

export interface TaskSet {
  readonly stage: StageId;
  readonly stageAttempt: number;
  readonly job: JobId;
  /** The stage's name, for errors. */
  readonly name: string;
  readonly partitions: readonly number[];
  readonly pool: string;
  readonly preferred?: Preferred;
  readonly barrier?: boolean;
}

export type TaskEvent =
  | { readonly type: "taskSetSubmitted"; readonly taskSet: TaskSet }
  | { readonly type: "taskSetCancelled"; readonly stage: StageId; readonly reason: string }
  | { readonly type: "partitionDone"; readonly stage: StageId; readonly partition: number }
  /** A new executor, or another number of slots for a known one. Slots may exceed cores: a queue for short tasks. */
  | { readonly type: "executorAdded"; readonly executor: ExecutorId; readonly slots: number; readonly host?: string }
  | { readonly type: "executorLost"; readonly executor: ExecutorId; readonly error: WireError }
  | { readonly type: "attemptSucceeded"; readonly attempt: TaskAttemptId }
  /** A "fetchFailed" error says in `error.output` which map output; without it, it is a failure like others. */
  | { readonly type: "attemptFailed"; readonly attempt: TaskAttemptId; readonly error: WireError }
  /** What time it is: comes before other events while `keepsTime`, and when a wakeAt is due. Never goes back. */
  | { readonly type: "timePassed"; readonly atMs: number };

/** Tell the time then, with timePassed. An earlier one takes the place of a later one. */
export type TimeAction = { readonly type: "wakeAt"; readonly atMs: number };

export type TaskAction =
  | {
      readonly type: "launchTask";
      readonly attempt: TaskAttemptId;
      readonly attemptNumber: number;
      readonly task: TaskIdentity;
      readonly executor: ExecutorId;
      readonly locality: Locality;
      /** Of a barrier stage: where all its tasks run, by partition. */
      readonly together?: readonly ExecutorId[];
    }
  /** The attempt keeps its slot until it reports (whatever it then says) or its executor is lost. */
  | {
      readonly type: "killTask";
      readonly attempt: TaskAttemptId;
      readonly executor: ExecutorId;
      readonly reason: string;
    }
  | {
      readonly type: "taskSucceeded";
      readonly task: TaskIdentity;
      readonly attempt: TaskAttemptId;
      readonly executor: ExecutorId;
    }
  /** It succeeded in a barrier stage whose other tasks still run: taskSucceeded follows, or the stage attempt fails. */
  | { readonly type: "taskHeld"; readonly task: TaskIdentity; readonly attempt: TaskAttemptId }
  | {
      readonly type: "barrierFailed";
      readonly task: TaskIdentity;
      readonly attempt: TaskAttemptId;
      readonly error: WireError;
    }
  | {
      readonly type: "taskRetried";
      readonly task: TaskIdentity;
      readonly attempt: TaskAttemptId;
      readonly error: WireError;
    }
  /** Not counted against the task; the task set launches nothing more. Goes to the DAG scheduler as it is. */
  | {
      readonly type: "fetchFailed";
      readonly task: TaskIdentity;
      readonly attempt: TaskAttemptId;
      readonly exchange: ExchangeId;
      readonly mapPartition: number;
      readonly error: WireError;
    }
  | {
      readonly type: "taskSetFailed";
      readonly stage: StageId;
      readonly stageAttempt: number;
      readonly error: WireError;
    };

export interface SchedulerLimits {
  /** Failures of one task before its task set fails: Spark's task.maxFailures. */
  readonly taskFailuresMax: number;
  /** Attempts of one stage after fetch failures: Spark's stage.maxConsecutiveAttempts. */
  readonly stageAttemptsMax: number;
  /** How long tasks wait for a slot near their input: Spark's locality.wait. Absent: not at all, and no time is needed. */
  readonly localityWaits?: LocalityWaits;
  /** How long a barrier stage waits for as many cores as it has tasks. Absent: for ever, and no time is needed. */
  readonly barrierWaitMs?: number;
}

export interface LocalityWaits {
  /** For an executor that holds the input, before its host's others will do. */
  readonly processMs: number;
  /** For its host, before any will do. */
  readonly nodeMs: number;
}
