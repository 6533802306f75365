/** One job, one stage attempt, one executor, as pages know them. Written by AppStatus alone. */
import type { WireError } from "../base/errors.ts";
import { addMetrics, type EngineEvent, type TaskMetrics, zeroMetrics } from "../base/events.ts";
import type { ExecutorId, JobId, StageId } from "../base/ids.ts";
import type { SubmittedJob } from "../exec/messages.ts";
import type { TaskEnd, TaskRun } from "../exec/observer.ts";
import { type TaskColumn, TaskTable } from "./task-table.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface StageRef {
  readonly stage: StageId;
  readonly attempt: number;
}

const stageRefsMax = 1000;
const textCharactersMax = 2000;

/** What is kept of an error: not its stack. */
export type KnownError = Pick<WireError, "kind" | "message">;

function known(error: WireError | undefined): KnownError | undefined {
  return error && { kind: error.kind, message: error.message.slice(0, textCharactersMax) };
}

/** A stage of a job's plan. */
export interface OutlineStage {
  readonly name: string;
  readonly tasks: number;
  /** Undefined until it was submitted for the job, or skipped. */
  stage: StageId | undefined;
  /** Its output was there, or another job makes it. */
  skipped: boolean;
  /** And not begun again since, for outputs that were lost. */
  completed: boolean;
}

export class JobStatus {
  readonly job: JobId;
  readonly name: string;
  readonly description: string | undefined;
  readonly group: string | undefined;
  readonly pool: string;
  /** Stages to come or to be skipped, in order. */
  readonly outline: OutlineStage[];
  /** Of stages that were submitted, the latest. */
  readonly stages: StageRef[] = [];
  endedMs: number | undefined;
  error: KnownError | undefined;
  done = 0;
  running = 0;
  failed = 0;
  killed = 0;
  /** Attempts of them. */
  stagesRunning = 0;
  stagesFailed = 0;
  /** Of those that failed. */
  stagesCancelled = 0;

  constructor(
    { id, stages, partitions, pool, group, properties }: SubmittedJob,
    readonly submittedMs: number,
  ) {
    this.job = id;
    this.pool = pool;
    this.group = group;
    this.description = properties["firesteel.job.description"]?.slice(0, textCharactersMax);
    this.outline = stages.map(({ kind, name, partitions: all }) => {
      return {
        name,
        tasks: kind === "result" ? partitions.length : all,
        ...{ stage: undefined, skipped: false, completed: false },
      };
    });
    this.name = stages.at(-1)?.name ?? "";
  }

  get state(): "running" | "succeeded" | "failed" | "cancelled" {
    if (this.endedMs === undefined) return "running";
    if (this.error === undefined) return "succeeded";
    return this.error.kind === "cancelled" ? "cancelled" : "failed";
  }

  /** Without those of skipped stages. */
  get tasks(): number {
    return this.outline.reduce((all, stage) => all + (stage.skipped ? 0 : stage.tasks), 0);
  }

  get tasksSkipped(): number {
    return this.outline.reduce((all, stage) => all + (stage.skipped ? stage.tasks : 0), 0);
  }

  get stagesCompleted(): number {
    return this.outline.filter(stage => stage.completed).length;
  }

  get stagesSkipped(): number {
    return this.outline.filter(stage => stage.skipped).length;
  }

  skip(stage: StageId, name: string, tasks: number): void {
    const found = this.outline.find(each => each.stage === undefined && each.name === name && each.tasks === tasks);
    if (found !== undefined) Object.assign(found, { stage, skipped: true });
  }

  stageSubmitted(stage: StageId, attempt: number, name: string): void {
    const found =
      this.outline.find(each => each.stage === stage) ??
      this.outline.find(each => each.stage === undefined && each.name === name);
    if (found !== undefined) Object.assign(found, { stage, skipped: false, completed: false });
    this.stagesRunning++;
    if (this.stages.push({ stage, attempt }) > stageRefsMax) this.stages.shift();
  }

  stageEnded(stage: StageId, error: WireError | undefined): void {
    this.stagesRunning--;
    const found = this.outline.find(each => each.stage === stage);
    if (error === undefined && found !== undefined) found.completed = true;
    if (error !== undefined) this.stagesFailed++;
    if (error?.kind === "cancelled") this.stagesCancelled++;
  }

  end(atMs: number, error: WireError | undefined): void {
    this.endedMs = atMs;
    this.error = known(error);
    if (error !== undefined) return;
    // what it did not run itself, another job ran at the same time
    for (const stage of this.outline) stage.skipped ||= stage.stage === undefined;
  }
}

/** Columns that are shown as quantiles, and which. */
export const quantileColumns = [
  ...(["runMs", "inputRows", "inputBytes", "shuffleReadRows", "shuffleReadBytes", "fetchWaitMs"] as const),
  ...(["shuffleWriteRows", "shuffleWriteBytes", "outputRows", "outputBytes", "resultRows"] as const),
  ...(["kernelRows", "jsRows", "spilledBytes", "peakMemoryBytes"] as const),
] satisfies readonly TaskColumn[];
export const quantileParts = [0, 0.25, 0.5, 0.75, 1];

export class StageStatus {
  readonly stage: StageId;
  readonly attempt: number;
  readonly job: JobId;
  readonly name: string;
  readonly tasks: number;
  readonly submittedMs: number;
  firstLaunchedMs: number | undefined;
  completedMs: number | undefined;
  error: KnownError | undefined;
  done = 0;
  running = 0;
  failed = 0;
  killed = 0;
  /** On threads, over all tasks that succeeded. */
  runMs = 0;
  /** Of tasks that succeeded; of peaks the highest. */
  readonly metrics: Mutable<TaskMetrics> = { ...zeroMetrics };
  /** Undefined when it was dropped; then its quantiles are kept. */
  table: TaskTable | undefined;
  private lastQuantiles: readonly (readonly number[])[] | undefined;

  constructor(
    event: Extract<EngineEvent, { readonly type: "stageSubmitted" }>,
    private readonly owner: JobStatus | undefined,
    tableRowsMax: number,
  ) {
    this.stage = event.stage;
    this.attempt = event.attempt;
    this.job = event.job;
    this.name = event.name;
    this.tasks = event.tasks;
    this.submittedMs = event.atMs;
    this.table = new TaskTable(tableRowsMax);
  }

  get state(): "running" | "completed" | "failed" | "cancelled" {
    if (this.completedMs === undefined) return "running";
    if (this.error === undefined) return "completed";
    return this.error.kind === "cancelled" ? "cancelled" : "failed";
  }

  /** Undefined when its job is no longer known. */
  get pool(): string | undefined {
    return this.owner?.pool;
  }

  get rowsAllocated(): number {
    return this.table?.rowsAllocated ?? 0;
  }

  /** Of `quantileColumns` at `quantileParts`; undefined while no task has succeeded. */
  get quantiles(): readonly (readonly number[])[] | undefined {
    return this.table === undefined ? this.lastQuantiles : this.table.quantiles(quantileColumns, quantileParts);
  }

  /** Gives by how many rows its table grew. */
  taskStarted(run: TaskRun): number {
    this.running++;
    if (this.owner !== undefined) this.owner.running++;
    this.firstLaunchedMs ??= run.launchedMs;
    return this.table?.started(run) ?? 0;
  }

  taskEnded(run: TaskRun, end: TaskEnd): void {
    this.count(this, end);
    if (this.owner !== undefined) this.count(this.owner, end);
    this.table?.ended(run.attempt, end);
    if (end.error !== undefined) return;
    this.runMs += end.runMs;
    if (end.metrics !== undefined) addMetrics(this.metrics, end.metrics);
  }

  complete(atMs: number, error: WireError | undefined): void {
    this.completedMs = atMs;
    this.error = known(error);
    this.owner?.stageEnded(this.stage, error);
  }

  /** Gives how many rows it had room for. */
  dropTable(): number {
    const rows = this.rowsAllocated;
    this.lastQuantiles = this.quantiles;
    this.table = undefined;
    return rows;
  }

  private count(of: { done: number; running: number; failed: number; killed: number }, { error }: TaskEnd): void {
    of.running--;
    if (error === undefined) of.done++;
    else if (error.kind === "cancelled") of.killed++;
    else of.failed++;
  }
}

const executorMetrics = [
  ...(["inputRows", "inputBytes", "shuffleReadRows", "shuffleReadBytes"] as const),
  ...(["shuffleWriteRows", "shuffleWriteBytes"] as const),
];

/** An executor from its coming to its loss: a process of a cluster, a thread in local mode. */
export class ExecutorHistory {
  running = 0;
  done = 0;
  failed = 0;
  runMs = 0;
  inputRows = 0;
  inputBytes = 0;
  shuffleReadRows = 0;
  shuffleReadBytes = 0;
  shuffleWriteRows = 0;
  shuffleWriteBytes = 0;
  lostMs: number | undefined;
  lostReason: string | undefined;

  constructor(
    readonly executor: ExecutorId,
    readonly host: string | undefined,
    readonly addedMs: number,
  ) {}

  taskEnded({ error, runMs, metrics }: TaskEnd): void {
    this.running--;
    if (error !== undefined) {
      this.failed++;
      return;
    }
    this.done++;
    this.runMs += runMs;
    if (metrics === undefined) return;
    for (const name of executorMetrics) this[name] += metrics[name] ?? 0;
  }

  lost(reason: string, atMs: number): void {
    this.lostMs = atMs;
    this.lostReason = reason.slice(0, 1000);
    this.running = 0;
  }
}
