/** Successes of tasks of barrier stages, which count once all of their stage attempt are there, or not at all. */
import type { StageId, TaskAttemptId } from "../base/ids.ts";
import type { TaskIdentity } from "../schedule/contracts.ts";
import type { TaskSuccess } from "./messages.ts";

export interface HeldSuccess {
  readonly task: TaskIdentity;
  readonly success: TaskSuccess;
}

export class HeldSuccesses {
  private readonly byAttempt = new Map<TaskAttemptId, HeldSuccess>();

  add(held: HeldSuccess): void {
    this.byAttempt.set(held.success.attempt, held);
  }

  get(attempt: TaskAttemptId): TaskSuccess | undefined {
    return this.byAttempt.get(attempt)?.success;
  }

  /** It counts now. */
  take({ stage, stageAttempt, partition }: TaskIdentity): TaskSuccess | undefined {
    for (const [attempt, { task, success }] of this.byAttempt) {
      if (task.stage !== stage || task.stageAttempt !== stageAttempt || task.partition !== partition) continue;
      this.byAttempt.delete(attempt);
      return success;
    }
    return undefined;
  }

  /** What is left of a stage whose attempt has ended. */
  takeAll(stage: StageId): HeldSuccess[] {
    const left = [...this.byAttempt.values()].filter(({ task }) => task.stage === stage);
    for (const { success } of left) this.byAttempt.delete(success.attempt);
    return left;
  }
}
