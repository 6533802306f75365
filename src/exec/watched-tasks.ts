/** Turns what the engine does into what its observer sees: tasks from launch to end, executors from their coming to their loss. */
import type { Clock } from "../base/clock.ts";
import type { EngineEvent } from "../base/events.ts";
import type { WireError } from "../base/errors.ts";
import type { ExecutorId, TaskAttemptId } from "../base/ids.ts";
import type { Launch } from "./executors.ts";
import type { SubmittedJob, TaskSuccess } from "./messages.ts";
import type { EngineObserver, TaskRun } from "./observer.ts";

export class WatchedTasks {
  private readonly running = new Map<TaskAttemptId, TaskRun>();
  private readonly executors = new Set<ExecutorId>();

  constructor(
    private readonly observer: EngineObserver,
    private readonly clock: Clock,
  ) {}

  event(event: EngineEvent): void {
    this.observer.event(event);
  }

  jobSubmitted(job: SubmittedJob): void {
    this.observer.jobSubmitted(job, this.clock.nowMs());
  }

  executorReady(executor: ExecutorId, host: string | undefined): void {
    if (this.executors.has(executor)) return;
    this.executors.add(executor);
    this.observer.executorAdded(executor, host, this.clock.nowMs());
  }

  executorLost(executor: ExecutorId, error: WireError): void {
    const endedMs = this.clock.nowMs();
    for (const run of [...this.running.values()]) {
      if (run.executor !== executor) continue;
      this.running.delete(run.attempt);
      this.observer.taskEnded(run, { endedMs, runMs: 0, metrics: undefined, error });
    }
    if (this.executors.delete(executor)) this.observer.executorLost(executor, error.message, endedMs);
  }

  launched({ attempt, attemptNumber, task, executor, locality }: Launch): void {
    const run = { attempt, attemptNumber, task, executor, locality, launchedMs: this.clock.nowMs() };
    this.running.set(attempt, run);
    this.observer.taskStarted(run);
  }

  succeeded({ attempt, runMs, metrics }: TaskSuccess): void {
    const run = this.take(attempt);
    if (run !== undefined)
      this.observer.taskEnded(run, { endedMs: this.clock.nowMs(), runMs, metrics, error: undefined });
  }

  failed(attempt: TaskAttemptId, error: WireError): void {
    const run = this.take(attempt);
    if (run !== undefined)
      this.observer.taskEnded(run, { endedMs: this.clock.nowMs(), runMs: 0, metrics: undefined, error });
  }

  private take(attempt: TaskAttemptId): TaskRun | undefined {
    const run = this.running.get(attempt);
    this.running.delete(attempt);
    return run;
  }
}
