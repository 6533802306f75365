/** Which executors there are and what runs on them, so that whoever counts running tasks hears of those that are lost with one. */
import type { ExecutorId, StageId, TaskAttemptId } from "../base/ids.ts";

export class RunningAttempts {
  private readonly executors = new Map<ExecutorId, Map<TaskAttemptId, StageId>>();

  /** True the first time. */
  executorReady(executor: ExecutorId): boolean {
    if (this.executors.has(executor)) return false;
    this.executors.set(executor, new Map());
    return true;
  }

  launched(executor: ExecutorId, attempt: TaskAttemptId, stage: StageId): void {
    this.executors.get(executor)?.set(attempt, stage);
  }

  ended(executor: ExecutorId, attempt: TaskAttemptId): void {
    this.executors.get(executor)?.delete(attempt);
  }

  /** The stages of what ran there, one entry a task. */
  executorLost(executor: ExecutorId): StageId[] {
    const stages = [...(this.executors.get(executor)?.values() ?? [])];
    this.executors.delete(executor);
    return stages;
  }
}
