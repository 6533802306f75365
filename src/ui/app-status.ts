/**
 * What an application has done, for its pages: it observes the engine and keeps jobs, stages with their tasks, and executors. A task
 * costs well under a microsecond each time it is seen. Everything is bounded: what is dropped is the oldest that has ended, and how much
 * is said.
 */
import type { WireError } from "../base/errors.ts";
import type { EngineEvent } from "../base/events.ts";
import type { ExecutorId, JobId, RddId, StageId } from "../base/ids.ts";
import type { SubmittedJob } from "../exec/messages.ts";
import type { EngineObserver, TaskEnd, TaskRun } from "../exec/observer.ts";
import { withCachedNames } from "../kernel/memory-refusal.ts";
import { type PersistedRdd, persistedIn } from "./persisted.ts";
import { ExecutorHistory, JobStatus, StageStatus } from "./status-records.ts";

export interface StatusLimits {
  readonly jobsMax: number;
  readonly stagesMax: number;
  /** Tasks of one stage attempt … */
  readonly stageTasksMax: number;
  /** … and of all: beyond, ended stages lose their tables, the oldest first. */
  readonly tasksMax: number;
  readonly lostExecutorsMax: number;
  readonly persistedMax: number;
}

export const statusLimits: StatusLimits = {
  ...{ jobsMax: 500, stagesMax: 500, stageTasksMax: 5000, tasksMax: 100_000 },
  ...{ lostExecutorsMax: 200, persistedMax: 500 },
};

export interface SkippedStage {
  readonly job: JobId;
  readonly stage: StageId;
  readonly name: string;
  readonly tasks: number;
}

export class AppStatus implements EngineObserver {
  private readonly jobsById = new Map<JobId, JobStatus>();
  /** In order of submission. */
  private readonly stagesByKey = new Map<number, StageStatus>();
  /** The attempt that runs now, by stage. */
  private readonly current = new Map<StageId, StageStatus>();
  private readonly executorsById = new Map<ExecutorId, ExecutorHistory>();
  private readonly persisted = new Map<RddId, PersistedRdd>();
  private taskRows = 0;
  jobsDropped = 0;
  stagesDropped = 0;

  constructor(readonly limits: StatusLimits = statusLimits) {}

  // ---- what pages read

  get jobs(): readonly JobStatus[] {
    return [...this.jobsById.values()];
  }

  get stages(): readonly StageStatus[] {
    return [...this.stagesByKey.values()];
  }

  get executors(): readonly ExecutorHistory[] {
    return [...this.executorsById.values()];
  }

  /** Rdds that jobs were to keep. */
  get persistedRdds(): readonly PersistedRdd[] {
    return [...this.persisted.values()];
  }

  job(id: number): JobStatus | undefined {
    return this.jobsById.get(id as JobId);
  }

  stage(id: number, attempt: number): StageStatus | undefined {
    return this.stagesByKey.get(keyOf(id, attempt));
  }

  attemptsOf(id: number): readonly StageStatus[] {
    return this.stages.filter(each => each.stage === id);
  }

  /** Stages that jobs did not need to run, the latest first; of many the latest so many. */
  get skippedStages(): readonly SkippedStage[] {
    const found: SkippedStage[] = [];
    for (const { job, outline } of this.jobs.toReversed()) {
      for (const { stage, name, tasks, skipped } of outline.toReversed()) {
        if (!skipped || stage === undefined) continue;
        if (found.push({ job, stage, name, tasks }) === this.limits.stagesMax) return found;
      }
    }
    return found;
  }

  executor(id: number): ExecutorHistory | undefined {
    return this.executorsById.get(id as ExecutorId);
  }

  // ---- what the engine tells

  jobSubmitted(job: SubmittedJob, atMs: number): void {
    this.jobsById.set(job.id, new JobStatus(job, atMs));
    for (const rdd of persistedIn(job.stages)) {
      this.persisted.delete(rdd.id);
      this.persisted.set(rdd.id, rdd);
    }
    dropOldest(this.persisted, this.limits.persistedMax, () => true);
    this.jobsDropped += dropOldest(this.jobsById, this.limits.jobsMax, each => each.endedMs !== undefined);
  }

  event(event: EngineEvent): void {
    switch (event.type) {
      // tasks and executors are told of one by one, with more
      case "taskStarted":
      case "taskEnded":
      case "jobStarted":
      case "executorAdded":
      case "executorLost":
        return;
      case "stageSubmitted":
        return this.stageSubmitted(event);
      case "stageSkipped":
        return this.jobsById.get(event.job)?.skip(event.stage, event.name, event.tasks);
      case "stageCompleted": {
        const stage = this.current.get(event.stage);
        stage?.complete(event.atMs, this.named(event.error));
        this.current.delete(event.stage);
        return;
      }
      case "jobEnded":
        return this.jobsById.get(event.job)?.end(event.atMs, this.named(event.error));
    }
  }

  taskStarted(run: TaskRun): void {
    const { task } = run;
    const stage = this.stagesByKey.get(keyOf(task.stage, task.stageAttempt));
    if (stage !== undefined) {
      this.taskRows += stage.taskStarted(run);
      if (this.taskRows > this.limits.tasksMax) this.dropTables();
    }
    const executor = this.executorsById.get(run.executor);
    if (executor !== undefined) executor.running++;
  }

  taskEnded(run: TaskRun, end: TaskEnd): void {
    const { task } = run;
    const named = end.error === undefined ? end : { ...end, error: this.named(end.error)! };
    this.stagesByKey.get(keyOf(task.stage, task.stageAttempt))?.taskEnded(run, named);
    this.executorsById.get(run.executor)?.taskEnded(end);
  }

  executorAdded(executor: ExecutorId, host: string | undefined, atMs: number): void {
    this.executorsById.delete(executor);
    this.executorsById.set(executor, new ExecutorHistory(executor, host, atMs));
  }

  executorLost(executor: ExecutorId, reason: string, atMs: number): void {
    this.executorsById.get(executor)?.lost(reason, atMs);
    const lost = this.executors.filter(each => each.lostMs !== undefined);
    for (const each of lost.slice(0, Math.max(0, lost.length - this.limits.lostExecutorsMax)))
      this.executorsById.delete(each.executor);
  }

  private stageSubmitted(event: Extract<EngineEvent, { readonly type: "stageSubmitted" }>): void {
    const job = this.jobsById.get(event.job);
    const stage = new StageStatus(event, job, this.limits.stageTasksMax);
    const key = keyOf(event.stage, event.attempt);
    this.forget(this.stagesByKey.get(key));
    this.stagesByKey.set(key, stage);
    this.current.set(event.stage, stage);
    this.taskRows += stage.rowsAllocated;
    job?.stageSubmitted(event.stage, event.attempt, event.name);
    this.stagesDropped += dropOldest(
      this.stagesByKey,
      this.limits.stagesMax,
      each => each.state !== "running",
      each => this.forget(each),
    );
  }

  /** Tasks know kept Rdds by their ids alone. */
  private named(error: WireError | undefined): WireError | undefined {
    return (
      error && { ...error, message: withCachedNames(error.message, rdd => this.persisted.get(rdd as RddId)?.name) }
    );
  }

  private forget(stage: StageStatus | undefined): void {
    if (stage === undefined) return;
    this.taskRows -= stage.rowsAllocated;
    if (this.current.get(stage.stage) === stage) this.current.delete(stage.stage);
  }

  /** Of ended stages first; of running ones, too, when all are running. */
  private dropTables(): void {
    const withTables = this.stages.filter(stage => stage.rowsAllocated > 0);
    const oldestFirst = [
      ...withTables.filter(stage => stage.state !== "running"),
      ...withTables.filter(stage => stage.state === "running").slice(0, -1),
    ];
    // a tenth at once: looking for them takes longer than a task
    for (const stage of oldestFirst) {
      if (this.taskRows <= this.limits.tasksMax * 0.9) return;
      this.taskRows -= stage.dropTable();
    }
  }
}

/** As a small number, which maps find quickly. */
function keyOf(stage: number, attempt: number): number {
  return stage * 1024 + Math.min(attempt, 1023);
}

/** The oldest that may go; else the oldest of all. */
function dropOldest<K, V>(
  map: Map<K, V>,
  entriesMax: number,
  mayGo: (value: V) => boolean,
  onDrop: (value: V) => void = () => {},
): number {
  let dropped = 0;
  for (; map.size > entriesMax; dropped++) {
    let oldest: readonly [K, V] | undefined;
    for (const entry of map) {
      oldest ??= entry;
      if (!mayGo(entry[1])) continue;
      oldest = entry;
      break;
    }
    const [key, value] = oldest!;
    map.delete(key);
    onDrop(value);
  }
  return dropped;
}

export type { ExecutorHistory, JobStatus, StageStatus } from "./status-records.ts";
