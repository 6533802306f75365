/** The task that this thread runs, for `taskContext()` in user code. One at a time, as a thread runs one task at a time. */
import { FiresteelError } from "../base/errors.ts";

/** Spark's TaskContext. */
export interface TaskContext {
  readonly partitionId: number;
  readonly stageId: number;
  /** 0 for the first attempt. */
  readonly attemptNumber: number;
  /** Unique within the application. */
  readonly taskAttemptId: number;
  /** What `setLocalProperty` set on the driver when the job was submitted. */
  localProperty(key: string): string | undefined;
}

let current: TaskContext | undefined;

export function enterTask(
  task: Omit<TaskContext, "localProperty">,
  properties: Readonly<Record<string, string>>,
): void {
  current = { ...task, localProperty: key => properties[key] };
}

export function leaveTask(): void {
  current = undefined;
}

export function isInTask(): boolean {
  return current !== undefined;
}

/** The running task. Throws on the driver. */
export function taskContext(): TaskContext {
  if (current === undefined) {
    throw new FiresteelError("user", "taskContext() was called outside a task", {
      hint: "call it inside a function given to an operator",
    });
  }
  return current;
}
