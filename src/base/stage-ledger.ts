/**
 * Folds engine events into totals per stage. The engine's thread keeps one and posts `stages()` to the driver's thread a few
 * times a second, so that thousands of small tasks do not become thousands of messages; a listener may keep its own.
 */
import { addMetrics, zeroMetrics, type EngineEvent, type StageTotals } from "./events.ts";
import type { StageId } from "./ids.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class StageLedger {
  private readonly byStage = new Map<StageId, Mutable<StageTotals>>();

  apply(event: EngineEvent): void {
    switch (event.type) {
      case "stageSubmitted":
        return this.submitted(event);
      case "stageSkipped":
        if (!this.byStage.has(event.stage))
          this.byStage.set(event.stage, { ...fresh(event.stage, event.name), state: "skipped" });
        return;
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
        totals.state = event.error === undefined ? "completed" : "failed";
        totals.completedMs = event.atMs;
        return;
      }
      case "jobStarted":
      case "jobEnded":
        return;
    }
  }

  /** Every stage seen, in order of submission; copies. */
  stages(): StageTotals[] {
    return [...this.byStage.values()].map(totals => ({ ...totals }));
  }

  private submitted(event: EngineEvent & { type: "stageSubmitted" }): void {
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
    else totals.taskFailures++;
    // a failed attempt's rows do not count, as with accumulators
    if (event.ok && event.metrics !== undefined) totals.metrics = addMetrics(totals.metrics, event.metrics);
  }
}

function fresh(stage: StageId, name: string): StageTotals {
  return {
    stage,
    name,
    state: "running",
    tasks: 0,
    tasksDone: 0,
    tasksRunning: 0,
    taskFailures: 0,
    submittedMs: 0,
    completedMs: undefined,
    metrics: zeroMetrics,
  };
}
