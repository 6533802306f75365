/** Jobs, stages, tasks and executors with the names that Spark's monitoring REST gives their fields. */
import type { ExecutorSummary } from "../exec/remote-executors.ts";
import type { ExecutorHistory, JobStatus, StageStatus } from "./status-records.ts";
import type { TaskColumn, TaskRow } from "./task-table.ts";

/** `2026-11-21T06:50:28.000GMT`. */
export function sparkTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "GMT");
}

function timed(name: string, ms: number | undefined): Readonly<Record<string, string>> {
  return ms === undefined ? {} : { [name]: sparkTime(ms) };
}

export function jobStatusOf(job: JobStatus): string {
  return job.state === "cancelled" ? "FAILED" : job.state.toUpperCase();
}

export function jobData(job: JobStatus) {
  const killed = job.killed === 0 ? {} : { cancelled: job.killed };
  return {
    jobId: job.job,
    name: job.name,
    ...(job.description !== undefined && { description: job.description }),
    ...timed("submissionTime", job.submittedMs),
    ...timed("completionTime", job.endedMs),
    stageIds: [...new Set(job.stages.map(ref => ref.stage))],
    ...(job.group !== undefined && { jobGroup: job.group }),
    status: jobStatusOf(job),
    numTasks: job.tasks + job.tasksSkipped,
    numActiveTasks: job.running,
    numCompletedTasks: job.done,
    numSkippedTasks: job.tasksSkipped,
    numFailedTasks: job.failed,
    numKilledTasks: job.killed,
    numCompletedIndices: Math.min(job.done, job.tasks),
    numActiveStages: Math.max(0, job.stages.length - job.stagesCompleted - job.stagesFailed),
    numCompletedStages: job.stagesCompleted,
    numSkippedStages: job.stagesSkipped,
    numFailedStages: job.stagesFailed,
    killedTasksSummary: killed,
  };
}

export function stageStatusOf(stage: StageStatus): string {
  return { running: "ACTIVE", completed: "COMPLETE", failed: "FAILED" }[stage.state];
}

export function stageData(stage: StageStatus) {
  const { metrics } = stage;
  return {
    status: stageStatusOf(stage),
    stageId: stage.stage,
    attemptId: stage.attempt,
    numTasks: stage.tasks,
    numActiveTasks: stage.running,
    numCompleteTasks: stage.done,
    numFailedTasks: stage.failed,
    numKilledTasks: stage.killed,
    numCompletedIndices: Math.min(stage.done, stage.tasks),
    executorRunTime: Math.round(stage.runMs),
    ...timed("submissionTime", stage.submittedMs),
    ...timed("firstTaskLaunchedTime", stage.firstLaunchedMs),
    ...timed("completionTime", stage.completedMs),
    ...(stage.error !== undefined && { failureReason: stage.error.message }),
    inputRecords: metrics.rowsIn,
    outputRecords: metrics.rowsOut,
    shuffleReadBytes: metrics.shuffleReadBytes,
    shuffleWriteBytes: metrics.shuffleWriteBytes,
    memoryBytesSpilled: metrics.spilledBytes,
    diskBytesSpilled: metrics.spilledBytes,
    peakExecutionMemory: metrics.peakMemoryBytes,
    name: stage.name,
    details: "",
    kernelRecords: metrics.kernelRows,
    javaScriptRecords: metrics.jsRows,
  };
}

export function taskData(row: TaskRow, host: string | undefined) {
  return {
    taskId: row.attempt,
    index: row.partition,
    attempt: row.attemptNumber,
    partitionId: row.partition,
    launchTime: sparkTime(row.launchedMs),
    ...(row.state !== "running" && { duration: Math.round(row.endedMs - row.launchedMs) }),
    executorId: String(row.executor),
    ...(host !== undefined && { host }),
    status: row.state.toUpperCase(),
    ...(row.error !== undefined && { errorMessage: row.error }),
    ...(row.state === "success" && { taskMetrics: taskMetrics(row) }),
  };
}

function taskMetrics(row: TaskRow) {
  return {
    executorRunTime: Math.round(row.runMs),
    peakExecutionMemory: row.peakMemoryBytes,
    memoryBytesSpilled: row.spilledBytes,
    diskBytesSpilled: row.spilledBytes,
    inputMetrics: { recordsRead: row.rowsIn },
    outputMetrics: { recordsWritten: row.rowsOut },
    shuffleReadMetrics: { localBytesRead: row.shuffleReadBytes },
    shuffleWriteMetrics: { bytesWritten: row.shuffleWriteBytes },
  };
}

const summaryColumns = [
  ...(["runMs", "peakMemoryBytes", "spilledBytes", "rowsIn", "rowsOut"] as const),
  ...(["shuffleReadBytes", "shuffleWriteBytes"] as const),
] satisfies readonly TaskColumn[];

export function taskMetricDistributions({ table }: StageStatus, quantiles: readonly number[]) {
  const found = table?.quantiles(summaryColumns, quantiles);
  if (found === undefined) return undefined;
  const [runMs, peak, spilled, rowsIn, rowsOut, read, written] = found;
  return {
    quantiles,
    duration: runMs,
    executorRunTime: runMs,
    peakExecutionMemory: peak,
    memoryBytesSpilled: spilled,
    diskBytesSpilled: spilled,
    inputMetrics: { recordsRead: rowsIn },
    outputMetrics: { recordsWritten: rowsOut },
    shuffleReadMetrics: { readBytes: read },
    shuffleWriteMetrics: { writeBytes: written },
  };
}

export interface ExecutorContext {
  readonly history: ExecutorHistory;
  /** Of a process that is there. */
  readonly summary: ExecutorSummary | undefined;
}

export function executorSummary({ history, summary }: ExecutorContext) {
  const metrics = summary?.metrics;
  const cores = summary?.cores ?? 1;
  return {
    id: String(history.executor),
    hostPort: summary === undefined ? (history.host ?? "localhost") : `${summary.host}:${summary.address.port}`,
    isActive: history.lostMs === undefined,
    rddBlocks: metrics?.cachedPartitions ?? 0,
    memoryUsed: metrics?.storageBytes ?? 0,
    diskUsed: 0,
    totalCores: cores,
    maxTasks: cores,
    activeTasks: history.running,
    failedTasks: history.failed,
    completedTasks: history.done,
    totalTasks: history.running + history.failed + history.done,
    totalDuration: Math.round(history.runMs),
    totalShuffleRead: history.shuffleReadBytes,
    totalShuffleWrite: history.shuffleWriteBytes,
    maxMemory: summary?.memoryBytes ?? 0,
    ...timed("addTime", history.addedMs),
    ...timed("removeTime", history.lostMs),
    ...(history.lostReason !== undefined && { removeReason: history.lostReason }),
    executorLogs: summary?.logUrl === undefined ? {} : { logs: summary.logUrl },
    ...(metrics !== undefined && { peakMemoryMetrics: { ProcessTreeResidentMemory: metrics.residentBytes } }),
  };
}
