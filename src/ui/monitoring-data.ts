/** Jobs, stages, tasks and executors with the names that Spark's monitoring REST gives their fields. */
import { type TaskMetrics, zeroMetrics } from "../base/events.ts";
import type { ExecutorSummary } from "../exec/remote-executors.ts";
import type { Locality } from "../schedule/contracts.ts";
import type { SkippedStage } from "./app-status.ts";
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
    stageIds: stageIdsOf(job),
    ...(job.group !== undefined && { jobGroup: job.group }),
    status: jobStatusOf(job),
    numTasks: job.tasks + job.tasksSkipped,
    numActiveTasks: job.running,
    numCompletedTasks: job.done,
    numSkippedTasks: job.tasksSkipped,
    numFailedTasks: job.failed,
    numKilledTasks: job.killed,
    numCompletedIndices: Math.min(job.done, job.tasks),
    numActiveStages: job.stagesRunning,
    numCompletedStages: job.stagesCompleted,
    numSkippedStages: job.stagesSkipped,
    numFailedStages: job.stagesFailed,
    killedTasksSummary: killed,
  };
}

/** Those that were submitted for it so far, and those that it skipped. */
function stageIdsOf({ stages, outline }: JobStatus): readonly number[] {
  const skipped = outline.flatMap(({ stage, skipped: isSkipped }) => (isSkipped && stage !== undefined ? [stage] : []));
  return [...new Set([...skipped, ...stages.map(ref => ref.stage)])].sort((a, b) => a - b);
}

export function stageStatusOf(stage: StageStatus): string {
  return { running: "ACTIVE", completed: "COMPLETE", failed: "FAILED", cancelled: "FAILED" }[stage.state];
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
    ...stageMetrics(metrics),
    name: stage.name,
    details: "",
    schedulingPool: stage.pool ?? "default",
  };
}

function stageMetrics(metrics: TaskMetrics) {
  return {
    inputBytes: metrics.inputBytes,
    inputRecords: metrics.inputRows,
    outputBytes: metrics.outputBytes,
    outputRecords: metrics.outputRows,
    shuffleFetchWaitTime: Math.round(metrics.fetchWaitMs),
    shuffleRemoteBytesRead: metrics.remoteReadBytes,
    shuffleLocalBytesRead: metrics.shuffleReadBytes - metrics.remoteReadBytes,
    shuffleReadBytes: metrics.shuffleReadBytes,
    shuffleReadRecords: metrics.shuffleReadRows,
    shuffleWriteBytes: metrics.shuffleWriteBytes,
    shuffleWriteRecords: metrics.shuffleWriteRows,
    memoryBytesSpilled: metrics.spilledBytes,
    diskBytesSpilled: metrics.spilledBytes,
    peakExecutionMemory: metrics.peakMemoryBytes,
    kernelRecords: metrics.kernelRows,
    javaScriptRecords: metrics.jsRows,
    resultRecords: metrics.resultRows,
  };
}

/** A stage that no job has run: it has no attempt. */
export function skippedStageData({ stage, name, tasks }: SkippedStage) {
  const counts = { numActiveTasks: 0, numCompleteTasks: 0, numFailedTasks: 0, numKilledTasks: 0 };
  return {
    ...{ status: "SKIPPED", stageId: stage, attemptId: 0, numTasks: tasks, ...counts, numCompletedIndices: 0 },
    ...{ executorRunTime: 0, ...stageMetrics(zeroMetrics), name, details: "" },
  };
}

/** As Spark calls them. */
export const localityName: Readonly<Record<Locality, string>> = {
  process: "PROCESS_LOCAL",
  node: "NODE_LOCAL",
  noPref: "NO_PREF",
  any: "ANY",
};

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
    taskLocality: localityName[row.locality],
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
    inputMetrics: { bytesRead: row.inputBytes, recordsRead: row.inputRows },
    outputMetrics: { bytesWritten: row.outputBytes, recordsWritten: row.outputRows },
    shuffleReadMetrics: {
      fetchWaitTime: Math.round(row.fetchWaitMs),
      remoteBytesRead: row.remoteReadBytes,
      localBytesRead: row.shuffleReadBytes - row.remoteReadBytes,
      recordsRead: row.shuffleReadRows,
    },
    shuffleWriteMetrics: { bytesWritten: row.shuffleWriteBytes, recordsWritten: row.shuffleWriteRows },
  };
}

const summaryColumns = [
  ...(["runMs", "peakMemoryBytes", "spilledBytes", "inputBytes", "inputRows", "outputBytes", "outputRows"] as const),
  ...(["shuffleReadBytes", "shuffleReadRows", "remoteReadBytes", "fetchWaitMs"] as const),
  ...(["shuffleWriteBytes", "shuffleWriteRows"] as const),
] satisfies readonly TaskColumn[];

type SummaryColumn = (typeof summaryColumns)[number];

export function taskMetricDistributions({ table }: StageStatus, quantiles: readonly number[]) {
  const found = table?.quantiles(summaryColumns, quantiles);
  if (found === undefined) return undefined;
  const of = Object.fromEntries(summaryColumns.map((name, i) => [name, found[i]!])) as Record<SummaryColumn, number[]>;
  return {
    quantiles,
    duration: of.runMs,
    executorRunTime: of.runMs,
    peakExecutionMemory: of.peakMemoryBytes,
    memoryBytesSpilled: of.spilledBytes,
    diskBytesSpilled: of.spilledBytes,
    inputMetrics: { bytesRead: of.inputBytes, recordsRead: of.inputRows },
    outputMetrics: { bytesWritten: of.outputBytes, recordsWritten: of.outputRows },
    shuffleReadMetrics: {
      readBytes: of.shuffleReadBytes,
      readRecords: of.shuffleReadRows,
      remoteBytesRead: of.remoteReadBytes,
      fetchWaitTime: of.fetchWaitMs,
    },
    shuffleWriteMetrics: { writeBytes: of.shuffleWriteBytes, writeRecords: of.shuffleWriteRows },
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
    diskUsed: metrics?.cachedDiskBytes ?? 0,
    engineMemory: metrics && {
      taskBytes: metrics.taskBytes,
      storageBytes: metrics.storageBytes,
      exchangeBytes: metrics.exchangeBytes,
      residentBytes: metrics.residentBytes,
    },
    totalCores: cores,
    maxTasks: cores,
    activeTasks: history.running,
    failedTasks: history.failed,
    completedTasks: history.done,
    totalTasks: history.running + history.failed + history.done,
    totalDuration: Math.round(history.runMs),
    totalInputBytes: history.inputBytes,
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
