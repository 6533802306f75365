/**
 * Both schedulers wired together, for a shell that has them in one thread. Actions are carried out in order; what one
 * machine says to the other waits in a queue behind them. Handled at once instead, a kill would overtake the launch it is
 * for. A call returns when both machines have nothing more to say, unless it comes from within `carryOut`.
 */
import type { WireError } from "../base/errors.ts";
import type { ExecutorId, TaskAttemptId } from "../base/ids.ts";
import type { DagAction, DagEvent, SchedulerLimits, TaskAction, TaskEvent } from "./contracts.ts";
import { DagScheduler } from "./dag-scheduler.ts";
import type { PoolOptions } from "./pools.ts";
import { TaskScheduler } from "./task-scheduler.ts";

export interface SchedulerShell {
  /** Every action of both machines but wakeAt comes here, those between the two as well. May call the loop again. */
  readonly carryOut: (action: DagAction | TaskAction) => void;
  /** Of the map output that a succeeded attempt made, when known. */
  readonly checksumOf?: (attempt: TaskAttemptId) => number | undefined;
  /** Without it tasks do not wait for places near their input. */
  readonly time?: {
    nowMs(): number;
    /** Send timePassed then. An earlier call takes the place of a later one. */
    wakeAt(atMs: number): void;
  };
}

type Queued = { readonly dag: DagEvent } | { readonly task: TaskEvent };

export class SchedulerLoop {
  readonly dag: DagScheduler;
  readonly tasks: TaskScheduler;
  private readonly queue: Queued[] = [];
  private isRunning = false;

  constructor(
    limits: SchedulerLimits,
    private readonly shell: SchedulerShell,
    pools?: PoolOptions,
  ) {
    this.dag = new DagScheduler(limits);
    this.tasks = new TaskScheduler(shell.time === undefined ? withoutWaits(limits) : limits, pools);
  }

  dagEvent(event: DagEvent): void {
    this.queue.push({ dag: event });
    this.run();
  }

  taskEvent(event: TaskEvent): void {
    this.queue.push({ task: event });
    this.run();
  }

  executorLost(executor: ExecutorId, error: WireError, outputsLost: boolean): void {
    this.queue.push({ task: { type: "executorLost", executor, error } });
    this.queue.push({ dag: { type: "executorLost", executor, outputsLost } });
    this.run();
  }

  private run(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    const { queue, shell } = this;
    try {
      for (let next = 0; next < queue.length; next++) {
        const event = queue[next]!;
        if ("dag" in event) {
          for (const action of this.dag.step(event.dag)) {
            shell.carryOut(action);
            const forward = toTaskEvent(action);
            if (forward !== undefined) queue.push({ task: forward });
          }
        } else {
          const { time } = shell;
          if (time !== undefined && this.tasks.needsTimeFor(event.task)) {
            this.stepTasks({ type: "timePassed", atMs: time.nowMs() });
          }
          this.stepTasks(event.task);
        }
      }
    } finally {
      queue.length = 0;
      this.isRunning = false;
    }
  }

  private stepTasks(event: TaskEvent): void {
    const { shell, queue } = this;
    for (const action of this.tasks.step(event)) {
      if (action.type === "wakeAt") {
        shell.time?.wakeAt(action.atMs);
        continue;
      }
      shell.carryOut(action);
      const forward = toDagEvent(action, shell.checksumOf);
      if (forward !== undefined) queue.push({ dag: forward });
    }
  }
}

function withoutWaits({ taskFailuresMax, stageAttemptsMax }: SchedulerLimits): SchedulerLimits {
  return { taskFailuresMax, stageAttemptsMax };
}

/** What the task scheduler is to know of an action of the DAG scheduler. */
export function toTaskEvent(action: DagAction): TaskEvent | undefined {
  switch (action.type) {
    case "submitTasks":
      return { type: "taskSetSubmitted", taskSet: action.taskSet };
    case "cancelTasks":
      return { type: "taskSetCancelled", stage: action.stage, reason: action.reason };
    case "partitionDone":
      return action;
    default:
      return undefined;
  }
}

/** What the DAG scheduler is to know of an action of the task scheduler. */
export function toDagEvent(action: TaskAction, checksumOf?: SchedulerShell["checksumOf"]): DagEvent | undefined {
  switch (action.type) {
    case "taskSucceeded": {
      const { task, executor } = action;
      const checksum = checksumOf?.(action.attempt);
      return { type: "taskSucceeded", task, executor, ...(checksum !== undefined && { checksum }) };
    }
    case "fetchFailed":
      return action;
    case "barrierFailed": {
      const { task, error } = action;
      return { type: "barrierFailed", stage: task.stage, attempt: task.stageAttempt, error };
    }
    case "taskSetFailed":
      return { type: "taskSetFailed", stage: action.stage, attempt: action.stageAttempt, error: action.error };
    default:
      return undefined;
  }
}
