/**
 * Where tasks of barrier stages meet: each sync ends when every task of the stage attempt has come to it. A deterministic machine:
 * `step(event)` changes its state and returns whom to let go on, or to refuse and why. What cannot end is refused at once: calls of
 * different kinds at one sync, and a task that has ended while others wait. Spark's BarrierCoordinator, without its clock: the shell
 * keeps the timer of the sync that is under way.
 */
import { assertNever } from "../base/assert.ts";
import type { WireError } from "../base/errors.ts";
import type { StageId, TaskAttemptId } from "../base/ids.ts";
import { printDuration } from "../base/quantity.ts";
import type { TaskIdentity } from "./contracts.ts";

export type SyncKind = "barrier" | "allGather";

export type BarrierEvent =
  | { readonly type: "stageStarted"; readonly stage: StageId; readonly stageAttempt: number; readonly tasks: number }
  | {
      readonly type: "arrived";
      readonly task: TaskIdentity;
      readonly attempt: TaskAttemptId;
      readonly kind: SyncKind;
      readonly message: string;
    }
  | { readonly type: "taskSucceeded"; readonly task: TaskIdentity }
  | { readonly type: "timedOut"; readonly stage: StageId; readonly afterMs: number }
  | { readonly type: "stageEnded"; readonly stage: StageId };

export type BarrierAction =
  /** All at once; messages by partition. */
  | {
      readonly type: "release";
      readonly stage: StageId;
      readonly attempts: readonly TaskAttemptId[];
      readonly messages: readonly string[];
    }
  | { readonly type: "refuse"; readonly attempts: readonly TaskAttemptId[]; readonly error: WireError }
  /** Say timedOut when the stage's sync takes too long; a later one, or stopTimer, takes its place. */
  | { readonly type: "startTimer"; readonly stage: StageId }
  | { readonly type: "stopTimer"; readonly stage: StageId };

interface Waiting {
  readonly partition: number;
  readonly attempt: TaskAttemptId;
  readonly message: string;
}

interface Meeting {
  readonly stageAttempt: number;
  readonly tasks: number;
  /** Syncs that have ended. */
  syncs: number;
  kind: SyncKind | undefined;
  readonly waiting: Map<number, Waiting>;
  /** A task that has ended. */
  ended: number | undefined;
  /** Why no sync of this attempt can end any more. */
  broken: WireError | undefined;
}

const shownMax = 10;

export class BarrierCoordinator {
  private readonly meetings = new Map<StageId, Meeting>();
  private actions: BarrierAction[] = [];

  step(event: BarrierEvent): BarrierAction[] {
    const actions: BarrierAction[] = [];
    this.actions = actions;
    this.handle(event);
    return actions;
  }

  get size(): number {
    return this.meetings.size;
  }

  private handle(event: BarrierEvent): void {
    switch (event.type) {
      case "stageStarted": {
        const { stage, stageAttempt, tasks } = event;
        const fresh = { syncs: 0, kind: undefined, waiting: new Map(), ended: undefined, broken: undefined };
        this.meetings.set(stage, { stageAttempt, tasks, ...fresh });
        return;
      }
      case "arrived":
        return this.arrive(event);
      case "taskSucceeded": {
        const meeting = this.meetingOf(event.task);
        if (meeting === undefined) return;
        meeting.ended ??= event.task.partition;
        const [first] = meeting.waiting.values();
        if (first !== undefined) this.break(event.task.stage, meeting, unequal(meeting, first.partition));
        return;
      }
      case "timedOut": {
        const meeting = this.meetings.get(event.stage);
        if (meeting !== undefined && meeting.waiting.size > 0)
          this.break(event.stage, meeting, tooLate(event.stage, meeting, event.afterMs));
        return;
      }
      case "stageEnded":
        if (this.meetings.delete(event.stage)) this.actions.push({ type: "stopTimer", stage: event.stage });
        return;
      default:
        return assertNever(event);
    }
  }

  private arrive({ task, attempt, kind, message }: Extract<BarrierEvent, { type: "arrived" }>): void {
    const meeting = this.meetingOf(task);
    const { stage, partition } = task;
    if (meeting === undefined) return this.refuse([attempt], refusal("the attempt of its stage has ended"));
    if (meeting.broken !== undefined) return this.refuse([attempt], meeting.broken);
    const [first] = meeting.waiting.values();
    const isFirst = first === undefined;
    meeting.waiting.set(partition, { partition, attempt, message });
    if (meeting.ended !== undefined) return this.break(stage, meeting, unequal(meeting, partition));
    if (!isFirst && meeting.kind !== kind)
      return this.break(stage, meeting, otherKind(partition, kind, first.partition, meeting.kind!));
    meeting.kind = kind;
    if (meeting.waiting.size < meeting.tasks) {
      if (isFirst) this.actions.push({ type: "startTimer", stage });
      return;
    }
    const all = [...meeting.waiting.values()].sort((a, b) => a.partition - b.partition);
    meeting.waiting.clear();
    meeting.syncs++;
    this.actions.push({ type: "stopTimer", stage });
    const messages = kind === "barrier" ? [] : all.map(each => each.message);
    this.actions.push({ type: "release", stage, attempts: all.map(each => each.attempt), messages });
  }

  private break(stage: StageId, meeting: Meeting, error: WireError): void {
    meeting.broken = error;
    const attempts = [...meeting.waiting.values()].map(each => each.attempt);
    meeting.waiting.clear();
    this.actions.push({ type: "stopTimer", stage });
    this.refuse(attempts, error);
  }

  private refuse(attempts: readonly TaskAttemptId[], error: WireError): void {
    this.actions.push({ type: "refuse", attempts, error });
  }

  private meetingOf({ stage, stageAttempt }: TaskIdentity): Meeting | undefined {
    const meeting = this.meetings.get(stage);
    return meeting?.stageAttempt === stageAttempt ? meeting : undefined;
  }
}

const sameCalls = "have all tasks of a barrier stage call barrier() and allGather() equally often, in the same order";

function unequal({ syncs, ended }: Meeting, waits: number): WireError {
  const calls = syncs === 1 ? "1 call" : `${syncs} calls`;
  return refusal(
    `task ${waits} waits for the others once more, but task ${ended} has ended after ${calls} of barrier() or allGather()`,
    sameCalls,
  );
}

function otherKind(partition: number, kind: SyncKind, other: number, otherKind: SyncKind): WireError {
  return refusal(`task ${partition} called ${kind}() where task ${other} called ${otherKind}()`, sameCalls);
}

function tooLate(stage: StageId, { tasks, waiting }: Meeting, afterMs: number): WireError {
  const missing: number[] = [];
  for (let i = 0; i < tasks && missing.length <= shownMax; i++) if (!waiting.has(i)) missing.push(i);
  const names = missing.slice(0, shownMax).join(", ") + (missing.length > shownMax ? ", …" : "");
  return refusal(
    `not all tasks of barrier stage ${stage} came to their barrier within ${printDuration(afterMs)}: ${tasks - waiting.size} of ${tasks} are missing (${names})`,
    "look for what those tasks do instead, or raise firesteel.barrier.sync.timeout",
  );
}

function refusal(message: string, hint?: string): WireError {
  return { kind: "user", name: "FiresteelError", message, ...(hint !== undefined && { hint }) };
}
