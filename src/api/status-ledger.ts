/**
 * What the driver's thread knows of its jobs, stages and executors, folded from the engine's events. Keeps the latest thousand jobs and
 * stages. `StatusTracker` shows it to users.
 */
import type { WireError } from "../base/errors.ts";
import type { EngineEvent } from "../base/events.ts";
import type { ExecutorId, JobId, StageId } from "../base/ids.ts";

export interface KnownJob {
  readonly id: JobId;
  readonly group: string | undefined;
  readonly pool: string;
  readonly stages: Set<StageId>;
  /** Their tasks. */
  readonly skipped: Map<StageId, number>;
  status: "running" | "succeeded" | "failed" | "cancelled";
}

export interface KnownStage {
  readonly id: StageId;
  readonly name: string;
  readonly pool: string;
  attempt: number;
  tasks: number;
  submittedMs: number;
  completedMs: number | undefined;
  status: "running" | "completed" | "failed" | "cancelled";
  tasksRunning: number;
  tasksDone: number;
  tasksFailed: number;
}

export interface KnownExecutor {
  readonly id: ExecutorId;
  readonly host: string | undefined;
  readonly cores: number;
  tasksRunning: number;
}

const keptMax = 1000;

export class StatusLedger {
  readonly jobs = new Map<JobId, KnownJob>();
  readonly stages = new Map<StageId, KnownStage>();
  readonly executors = new Map<ExecutorId, KnownExecutor>();

  jobSubmitted(id: JobId, group: string | undefined, pool: string): void {
    this.jobs.set(id, { id, group, pool, stages: new Set(), skipped: new Map(), status: "running" });
    dropOldest(this.jobs, job => job.status !== "running");
  }

  /** Of a job that the engine never got, or of one when the engine is gone. */
  jobEnded(id: JobId, status: KnownJob["status"]): void {
    const job = this.jobs.get(id);
    if (job?.status === "running") job.status = status;
  }

  apply(event: EngineEvent): void {
    switch (event.type) {
      case "stageSubmitted":
        return this.stageSubmitted(event);
      case "taskStarted":
      case "taskEnded":
        return this.countTask(event);
      case "stageCompleted": {
        const stage = this.stages.get(event.stage);
        if (stage === undefined) return;
        stage.completedMs = event.atMs;
        stage.status = event.error === undefined ? "completed" : endOf(event.error);
        return;
      }
      case "jobEnded": {
        const { error } = event;
        return this.jobEnded(event.job, error === undefined ? "succeeded" : endOf(error));
      }
      case "executorAdded": {
        const { executor: id, host, cores } = event;
        this.executors.set(id, { id, host, cores, tasksRunning: 0 });
        return;
      }
      case "executorLost":
        this.executors.delete(event.executor);
        return;
      case "stageSkipped":
        this.jobs.get(event.job)?.skipped.set(event.stage, event.tasks);
        return;
      case "jobStarted":
        return;
    }
  }

  private stageSubmitted({ stage: id, job, attempt, name, tasks, atMs }: EventOf<"stageSubmitted">): void {
    const owner = this.jobs.get(job);
    owner?.stages.add(id);
    // an output was lost: it is computed again
    owner?.skipped.delete(id);
    const again = this.stages.get(id);
    const pool = owner?.pool ?? "";
    this.stages.set(id, {
      ...{ id, name, pool, attempt, submittedMs: atMs, completedMs: undefined, status: "running" },
      // what was lost is done on top of what was done; tasks of an earlier attempt may still run
      tasks: (again?.tasksDone ?? 0) + tasks,
      tasksRunning: again?.tasksRunning ?? 0,
      tasksDone: again?.tasksDone ?? 0,
      tasksFailed: again?.tasksFailed ?? 0,
    });
    dropOldest(this.stages, stage => stage.completedMs !== undefined);
  }

  private countTask(event: EventOf<"taskStarted" | "taskEnded">): void {
    const stage = this.stages.get(event.stage);
    const executor = this.executors.get(event.executor);
    const running = event.type === "taskStarted" ? 1 : -1;
    if (executor !== undefined) executor.tasksRunning += running;
    if (stage === undefined) return;
    stage.tasksRunning += running;
    if (event.type === "taskStarted") return;
    if (event.ok) stage.tasksDone++;
    else if (event.killed !== true) stage.tasksFailed++;
  }
}

function endOf({ kind }: WireError): "failed" | "cancelled" {
  return kind === "cancelled" ? "cancelled" : "failed";
}

type EventOf<Type extends EngineEvent["type"]> = Extract<EngineEvent, { readonly type: Type }>;

/** The oldest that has ended; while all run none goes. */
function dropOldest<K, V>(map: Map<K, V>, mayGo: (value: V) => boolean): void {
  if (map.size <= keptMax) return;
  for (const [key, value] of map) {
    if (!mayGo(value)) continue;
    map.delete(key);
    return;
  }
}
