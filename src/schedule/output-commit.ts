/**
 * Who may commit a task's output: Spark's OutputCommitCoordinator. A deterministic machine, fed by the shell with what the
 * schedulers do.
 *
 * Promises: at most one attempt of a partition may commit at a time, and none after one whose result counts; the right of an
 * attempt that failed, came too late, or whose executor is lost, goes to the next that asks. Of a stage that is not running nobody may.
 * Does not: undo what an attempt did that was taken for lost and lives on. Whoever counts outputs takes those of attempts that
 * succeeded (sources/output-committer.ts).
 */
import { assertNever } from "../base/assert.ts";
import type { ExecutorId, StageId, TaskAttemptId } from "../base/ids.ts";
import type { TaskIdentity } from "./contracts.ts";

export type CommitEvent =
  /** An attempt of the stage begins; again for every further one. */
  | { readonly type: "stageStarted"; readonly stage: StageId }
  /** By an attempt that runs. */
  | {
      readonly type: "askedToCommit";
      readonly task: TaskIdentity;
      readonly attempt: TaskAttemptId;
      readonly executor: ExecutorId;
    }
  /** `accepted`: it succeeded, and the DAG scheduler counts its result. */
  | {
      readonly type: "attemptEnded";
      readonly task: TaskIdentity;
      readonly attempt: TaskAttemptId;
      readonly accepted: boolean;
    }
  /** With all its attempts: those that may commit, but not those that have. */
  | { readonly type: "executorLost"; readonly executor: ExecutorId }
  /** It has all its outputs, or nobody wants them any more. */
  | { readonly type: "stageEnded"; readonly stage: StageId };

export type CommitAction = {
  readonly type: "commitAnswered";
  readonly attempt: TaskAttemptId;
  readonly allowed: boolean;
};

interface Holder {
  readonly attempt: TaskAttemptId;
  readonly executor: ExecutorId;
  hasCommitted: boolean;
}

export class OutputCommitCoordinator {
  /** Who may commit, by partition; of stages that run. */
  private readonly stages = new Map<StageId, Map<number, Holder>>();

  step(event: CommitEvent): CommitAction[] {
    switch (event.type) {
      case "stageStarted":
        if (!this.stages.has(event.stage)) this.stages.set(event.stage, new Map());
        return [];
      case "askedToCommit": {
        const { attempt, task, executor } = event;
        return [{ type: "commitAnswered", attempt, allowed: this.answer(task, attempt, executor) }];
      }
      case "attemptEnded":
        this.end(event.task, event.attempt, event.accepted);
        return [];
      case "executorLost":
        for (const holders of this.stages.values()) dropHolders(holders, event.executor);
        return [];
      case "stageEnded":
        this.stages.delete(event.stage);
        return [];
      default:
        return assertNever(event);
    }
  }

  /** What is held, to see that nothing stays. */
  get size(): { readonly stages: number; readonly holders: number } {
    let holders = 0;
    for (const stage of this.stages.values()) holders += stage.size;
    return { stages: this.stages.size, holders };
  }

  private answer(task: TaskIdentity, attempt: TaskAttemptId, executor: ExecutorId): boolean {
    const holders = this.stages.get(task.stage);
    if (holders === undefined) return false;
    const holder = holders.get(task.partition);
    if (holder !== undefined) return holder.attempt === attempt && !holder.hasCommitted;
    holders.set(task.partition, { attempt, executor, hasCommitted: false });
    return true;
  }

  private end(task: TaskIdentity, attempt: TaskAttemptId, accepted: boolean): void {
    const holders = this.stages.get(task.stage);
    const holder = holders?.get(task.partition);
    if (holder?.attempt !== attempt) return;
    if (accepted) holder.hasCommitted = true;
    else if (!holder.hasCommitted) holders!.delete(task.partition);
  }
}

function dropHolders(holders: Map<number, Holder>, executor: ExecutorId): void {
  for (const [partition, holder] of holders) {
    if (holder.executor === executor && !holder.hasCommitted) holders.delete(partition);
  }
}
