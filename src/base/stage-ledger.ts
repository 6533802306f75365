/**
 * Folds engine events into totals of stages, for progress, summary and reports; each listener keeps its own. Skipped stages are counted,
 * not listed: jobs that repeat each other's plans have more of them than any others. A bounded number of stages is kept, the first
 * few and the latest; those between are counted together (`passed`).
 */
import type { WireError } from "./errors.ts";
import { addMetrics, zeroMetrics, type EngineEvent, type StageTotals, type TaskMetrics } from "./events.ts";
import type { JobId, StageId } from "./ids.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Totals = Mutable<StageTotals> & { readonly metrics: Mutable<TaskMetrics> };

/** Stages that jobs did not need to run, and the tasks these would have had; one that two jobs skip counts twice. */
export interface SkippedTotals {
  readonly stages: number;
  readonly tasks: number;
}

/** Ended stages that are no longer listed, together. */
export interface PassedStages {
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly tasks: number;
  readonly tasksDone: number;
  readonly taskFailures: number;
  readonly metrics: TaskMetrics;
}

const stagesMax = 1000;
const firstStagesKept = 12;

export class StageLedger {
  private readonly byStage = new Map<StageId, Totals>();
  /** Tasks of skipped stages, by running job: a stage may still come to run. */
  private readonly skipping = new Map<JobId, Map<StageId, number>>();
  private readonly passing: Mutable<PassedStages> & { readonly metrics: Mutable<TaskMetrics> } = {
    ...{ completed: 0, failed: 0, cancelled: 0, tasks: 0, tasksDone: 0, taskFailures: 0 },
    metrics: { ...zeroMetrics },
  };
  private skippedStages = 0;
  private skippedTasks = 0;

  apply(event: EngineEvent): void {
    switch (event.type) {
      case "stageSubmitted":
        return this.submitted(event);
      case "stageSkipped": {
        const { job, stage, tasks } = event;
        const ofJob = this.skipping.get(job) ?? new Map<StageId, number>();
        this.skipping.set(job, ofJob.set(stage, tasks));
        return;
      }
      case "taskStarted": {
        const totals = this.byStage.get(event.stage);
        if (totals !== undefined) totals.tasksRunning++;
        return;
      }
      case "taskEnded":
        return this.taskEnded(event);
      case "stageCompleted": {
        const totals = this.byStage.get(event.stage);
        if (totals === undefined) return;
        totals.state = ended(event.error);
        totals.completedMs = event.atMs;
        if (this.byStage.size > stagesMax) this.letPass();
        return;
      }
      case "jobEnded": {
        const { stages, tasks } = sumOf(this.skipping.get(event.job)?.values() ?? []);
        this.skippedStages += stages;
        this.skippedTasks += tasks;
        this.skipping.delete(event.job);
        return;
      }
      case "jobStarted":
      case "executorAdded":
      case "executorLost":
        return;
    }
  }

  /** The stages that were submitted, in that order, without those that passed; copies. */
  stages(): StageTotals[] {
    return [...this.byStage.values()].map(totals => ({ ...totals, metrics: { ...totals.metrics } }));
  }

  /** A copy. */
  get passed(): PassedStages {
    return { ...this.passing, metrics: { ...this.passing.metrics } };
  }

  get skipped(): SkippedTotals {
    const now = sumOf([...this.skipping.values()].flatMap(ofJob => [...ofJob.values()]));
    return { stages: this.skippedStages + now.stages, tasks: this.skippedTasks + now.tasks };
  }

  /** Takes the earliest ended stage off the list. */
  private letPass(): void {
    let at = 0;
    for (const totals of this.byStage.values()) {
      if (at++ < firstStagesKept || totals.state === "running") continue;
      const { passing } = this;
      passing[totals.state]++;
      passing.tasks += totals.tasks;
      passing.tasksDone += totals.tasksDone;
      passing.taskFailures += totals.taskFailures;
      addMetrics(passing.metrics, totals.metrics);
      this.byStage.delete(totals.stage);
      return;
    }
  }

  private submitted(event: EngineEvent & { type: "stageSubmitted" }): void {
    for (const ofJob of this.skipping.values()) ofJob.delete(event.stage);
    const again = this.byStage.get(event.stage);
    if (again === undefined) {
      const first = { ...fresh(event.stage, event.name), tasks: event.tasks, submittedMs: event.atMs };
      this.byStage.set(event.stage, first);
      return;
    }
    // a later attempt redoes what was lost: those tasks come on top of the ones done
    again.state = "running";
    again.tasks = again.tasksDone + event.tasks;
    again.completedMs = undefined;
  }

  private taskEnded(event: EngineEvent & { type: "taskEnded" }): void {
    const totals = this.byStage.get(event.stage);
    if (totals === undefined) return;
    totals.tasksRunning = Math.max(0, totals.tasksRunning - 1);
    if (event.ok) totals.tasksDone++;
    else if (event.killed === true) totals.tasksKilled++;
    else totals.taskFailures++;
    // a failed attempt's rows do not count, as with accumulators
    if (event.ok && event.metrics !== undefined) addMetrics(totals.metrics, event.metrics);
  }
}

function sumOf(tasks: Iterable<number>): SkippedTotals {
  const all = [...tasks];
  return { stages: all.length, tasks: all.reduce((sum, each) => sum + each, 0) };
}

function ended(error: WireError | undefined): StageTotals["state"] {
  if (error === undefined) return "completed";
  return error.kind === "cancelled" ? "cancelled" : "failed";
}

function fresh(stage: StageId, name: string): Totals {
  return {
    stage,
    name,
    state: "running",
    tasks: 0,
    tasksDone: 0,
    tasksRunning: 0,
    taskFailures: 0,
    tasksKilled: 0,
    submittedMs: 0,
    completedMs: undefined,
    metrics: { ...zeroMetrics },
  };
}
