/** Which task of a set is next, and where it runs. A set that prefers places may have none for now; barrier stages are placed whole. */
import { type Executor, type ExecutorSlots } from "./executor-slots.ts";
import { localities } from "./task-locality.ts";
import type { TaskSetState } from "./task-set.ts";

/** A task for a free slot. */
export interface Placement {
  readonly set: TaskSetState;
  readonly index: number;
  readonly executor: Executor;
}

/** The task of a set and the free executor that are next, nearest pairs first; undefined when all its tasks wait. */
export function place(set: TaskSetState, slots: ExecutorSlots, nowMs: number): Placement | undefined {
  if (set.taskSet.barrier === true) return undefined;
  if (set.locality === undefined) return placeOn(set, slots.next()!, slots, nowMs);
  const retry = set.nextRetry();
  if (retry >= 0) return { set, index: retry, executor: slots.next()! };
  for (const locality of localities) {
    if (!set.locality.mayRun(locality, nowMs, slots.fullTimes)) continue;
    let index = -1;
    const executor = slots.next(executor => {
      index = locality === "any" ? set.nextAny() : set.locality!.peek(locality, executor);
      return index >= 0;
    });
    if (executor !== undefined) return { set, index, executor };
  }
  return undefined;
}

/** The same on one executor, which has a free slot. */
export function placeOn(
  set: TaskSetState,
  executor: Executor,
  slots: ExecutorSlots,
  nowMs: number,
): Placement | undefined {
  if (set.taskSet.barrier === true) return undefined;
  const retry = set.nextRetry();
  if (retry >= 0) return { set, index: retry, executor };
  if (set.locality === undefined) return { set, index: set.nextAny(), executor };
  for (const locality of localities) {
    if (!set.locality.mayRun(locality, nowMs, slots.fullTimes)) continue;
    const index = locality === "any" ? set.nextAny() : set.locality.peek(locality, executor);
    if (index >= 0) return { set, index, executor };
  }
  return undefined;
}
