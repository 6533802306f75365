/**
 * What happens to an application, as plain data: the engine's shell emits these, progress, summary and (later) the UI and the
 * event log listen. Names are past tense; times are milliseconds since the epoch, stamped by the shell.
 */
import type { WireError } from "./errors.ts";
import type { JobId, StageId } from "./ids.ts";

export type EngineEvent =
  | { readonly type: "jobStarted"; readonly job: JobId; readonly name: string; readonly atMs: number }
  | {
      readonly type: "stageSubmitted";
      readonly job: JobId;
      readonly stage: StageId;
      readonly attempt: number;
      /** The operator and its line: `map at job.ts:4`. */
      readonly name: string;
      readonly tasks: number;
      readonly atMs: number;
    }
  /** Its output was still there from an earlier job. */
  | { readonly type: "stageSkipped"; readonly job: JobId; readonly stage: StageId; readonly name: string }
  | { readonly type: "taskStarted"; readonly stage: StageId }
  | { readonly type: "taskEnded"; readonly stage: StageId; readonly ok: boolean; readonly metrics?: TaskMetrics }
  | { readonly type: "stageCompleted"; readonly stage: StageId; readonly atMs: number; readonly error?: WireError }
  | { readonly type: "jobEnded"; readonly job: JobId; readonly atMs: number; readonly error?: WireError };

/** What one task attempt did. */
export interface TaskMetrics {
  /** Rows read from sources, cached blocks and exchanges. */
  readonly rowsIn: number;
  /** Rows written to the exchange, or given to the result. */
  readonly rowsOut: number;
  /** Rows handled by WASM, summed over operators … */
  readonly kernelRows: number;
  /** … and by JavaScript. */
  readonly jsRows: number;
  readonly shuffleReadBytes: number;
  /** Of these, those of other executors' outputs; and how long the task waited for them. */
  readonly remoteReadBytes: number;
  readonly fetchWaitMs: number;
  readonly shuffleWriteBytes: number;
  readonly spilledBytes: number;
  readonly peakMemoryBytes: number;
  /** Byte sequences of text input that were not UTF-8 and became U+FFFD. */
  readonly invalidUtf8: number;
  /** Malformed records left out on request (`mode: "drop"`). */
  readonly droppedRecords: number;
}

export const zeroMetrics: TaskMetrics = {
  rowsIn: 0,
  rowsOut: 0,
  kernelRows: 0,
  jsRows: 0,
  shuffleReadBytes: 0,
  remoteReadBytes: 0,
  fetchWaitMs: 0,
  shuffleWriteBytes: 0,
  spilledBytes: 0,
  peakMemoryBytes: 0,
  invalidUtf8: 0,
  droppedRecords: 0,
};

/** Sums; of peaks the larger. */
export function addMetrics(a: TaskMetrics, b: TaskMetrics): TaskMetrics {
  return {
    rowsIn: a.rowsIn + b.rowsIn,
    rowsOut: a.rowsOut + b.rowsOut,
    kernelRows: a.kernelRows + b.kernelRows,
    jsRows: a.jsRows + b.jsRows,
    shuffleReadBytes: a.shuffleReadBytes + b.shuffleReadBytes,
    remoteReadBytes: a.remoteReadBytes + b.remoteReadBytes,
    fetchWaitMs: a.fetchWaitMs + b.fetchWaitMs,
    shuffleWriteBytes: a.shuffleWriteBytes + b.shuffleWriteBytes,
    spilledBytes: a.spilledBytes + b.spilledBytes,
    peakMemoryBytes: Math.max(a.peakMemoryBytes, b.peakMemoryBytes),
    invalidUtf8: a.invalidUtf8 + b.invalidUtf8,
    droppedRecords: a.droppedRecords + b.droppedRecords,
  };
}

/** A stage so far, as plain data: what progress draws and the summary prints. */
export interface StageTotals {
  readonly stage: StageId;
  readonly name: string;
  readonly state: "running" | "completed" | "failed" | "skipped";
  /** Tasks to do, over all attempts of the stage; of which done, running and (attempts) failed. */
  readonly tasks: number;
  readonly tasksDone: number;
  readonly tasksRunning: number;
  readonly taskFailures: number;
  readonly submittedMs: number;
  readonly completedMs: number | undefined;
  readonly metrics: TaskMetrics;
}
