/**
 * What happens to an application, as plain data: the engine's shell emits these, progress, summary and (later) the UI and the
 * event log listen. Names are past tense; times are milliseconds since the epoch, stamped by the shell.
 */
import type { WireError } from "./errors.ts";
import type { ExecutorId, JobId, StageId } from "./ids.ts";

export type EngineEvent =
  | { readonly type: "jobStarted"; readonly job: JobId; readonly name: string; readonly atMs: number }
  | {
      readonly type: "stageSubmitted";
      readonly job: JobId;
      readonly stage: StageId;
      readonly attempt: number;
      /** The operator and its line: `map at job.ts:4`. */
      readonly name: string;
      /** Of this attempt: a later one does what is missing. */
      readonly tasks: number;
      readonly atMs: number;
    }
  /**
   * The job needs none of its tasks: its output was there when the job came, or the output of all that reads it. One that is lost
   * meanwhile is computed again: then the stage is submitted after all.
   */
  | {
      readonly type: "stageSkipped";
      readonly job: JobId;
      readonly stage: StageId;
      readonly name: string;
      readonly tasks: number;
    }
  | { readonly type: "taskStarted"; readonly stage: StageId; readonly executor: ExecutorId }
  | {
      readonly type: "taskEnded";
      readonly stage: StageId;
      readonly executor: ExecutorId;
      readonly ok: boolean;
      /** Nobody wanted its result any more: no failure. */
      readonly killed?: true;
      readonly metrics?: SentMetrics;
    }
  /** A process of a cluster, or a task thread of local mode. */
  | {
      readonly type: "executorAdded";
      readonly executor: ExecutorId;
      readonly host: string | undefined;
      readonly cores: number;
      readonly atMs: number;
    }
  /** After the ends of the tasks that ran there. */
  | { readonly type: "executorLost"; readonly executor: ExecutorId; readonly reason: string; readonly atMs: number }
  | { readonly type: "stageCompleted"; readonly stage: StageId; readonly atMs: number; readonly error?: WireError }
  | { readonly type: "jobEnded"; readonly job: JobId; readonly atMs: number; readonly error?: WireError };

/**
 * What one task attempt did. Rows are counted once each, where they enter and leave the task, whole batches at a time: an action that
 * stops in the middle of a batch has read all of it. What operators make of them for each other is counted nowhere.
 */
export interface TaskMetrics {
  /**
   * Rows of files, collections and ranges, and of cached partitions that were there already: one that this task filled counts as what
   * it was made of. Spark's `recordsRead`.
   */
  readonly inputRows: number;
  /** Of files as they are stored, packed or not; of cached partitions as they are kept. Collections and ranges have none. */
  readonly inputBytes: number;
  /** Rows that other tasks wrote for this one … */
  readonly shuffleReadRows: number;
  /** … and their blocks, wherever they lay. */
  readonly shuffleReadBytes: number;
  /** Of these, those of other executors' outputs; and how long the task waited for them. */
  readonly remoteReadBytes: number;
  readonly fetchWaitMs: number;
  /** Rows written to files, checkpoints included; bytes as they are stored. */
  readonly outputRows: number;
  readonly outputBytes: number;
  /** Rows written for other tasks, after what was combined before. */
  readonly shuffleWriteRows: number;
  readonly shuffleWriteBytes: number;
  /** Rows given to the driver as they are: what it asked to collect, take or have the first of; no sums and counts. */
  readonly resultRows: number;
  /** Rows handled by WASM, summed over operators … */
  readonly kernelRows: number;
  /** … and by JavaScript. */
  readonly jsRows: number;
  readonly spilledBytes: number;
  readonly peakMemoryBytes: number;
  /** Byte sequences of text input that were not UTF-8 and became U+FFFD. */
  readonly invalidUtf8: number;
  /** Malformed records left out on request (`mode: "drop"`). */
  readonly droppedRecords: number;
}

/** "Rows in": what a task, or a stage, read from outside and from other tasks. */
export function rowsIn({ inputRows, shuffleReadRows }: Pick<TaskMetrics, "inputRows" | "shuffleReadRows">): number {
  return inputRows + shuffleReadRows;
}

/** "Rows out": what it wrote to files, for other tasks, and gave to the driver. */
export function rowsOut(of: Pick<TaskMetrics, "outputRows" | "shuffleWriteRows" | "resultRows">): number {
  return of.outputRows + of.shuffleWriteRows + of.resultRows;
}

export const zeroMetrics: TaskMetrics = {
  ...{ inputRows: 0, inputBytes: 0, shuffleReadRows: 0, shuffleReadBytes: 0, remoteReadBytes: 0, fetchWaitMs: 0 },
  ...{ outputRows: 0, outputBytes: 0, shuffleWriteRows: 0, shuffleWriteBytes: 0, resultRows: 0 },
  ...{ kernelRows: 0, jsRows: 0, spilledBytes: 0, peakMemoryBytes: 0, invalidUtf8: 0, droppedRecords: 0 },
};

const metricNames = Object.keys(zeroMetrics) as readonly (keyof TaskMetrics)[];

/** Without those that are 0, which most are: as a task's metrics travel from thread to thread, thousands a second. */
export type SentMetrics = Partial<TaskMetrics>;

export function withoutZeros(metrics: TaskMetrics): SentMetrics {
  const sent: { -readonly [Name in keyof TaskMetrics]?: number } = {};
  for (const name of metricNames) if (metrics[name] !== 0) sent[name] = metrics[name];
  return sent;
}

/** Adds a task's metrics to a sum; of peaks the larger stays. */
export function addMetrics(sum: { -readonly [Name in keyof TaskMetrics]: number }, metrics: SentMetrics): void {
  const peak = Math.max(sum.peakMemoryBytes, metrics.peakMemoryBytes ?? 0);
  for (const name in metrics) sum[name as keyof TaskMetrics] += metrics[name as keyof TaskMetrics]!;
  sum.peakMemoryBytes = peak;
}

/** A stage so far, as plain data: what progress draws and the summary prints. */
export interface StageTotals {
  readonly stage: StageId;
  readonly name: string;
  readonly state: "running" | "completed" | "failed" | "cancelled";
  /** Tasks to do, over all attempts of the stage; of which done, running and (attempts) failed, and killed as no longer wanted. */
  readonly tasks: number;
  readonly tasksDone: number;
  readonly tasksRunning: number;
  readonly taskFailures: number;
  readonly tasksKilled: number;
  readonly submittedMs: number;
  readonly completedMs: number | undefined;
  readonly metrics: TaskMetrics;
}
