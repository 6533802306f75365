/**
 * Task sets of barrier stages: all tasks are launched together, each with a core of its own, or none. A set whose turn it is keeps free
 * slots from those behind it until there are enough, for a while; one for which there are too few cores at all lets others go on, and
 * is given up when that lasts.
 */
import type { TaskAttemptId } from "../base/ids.ts";
import type { TaskIdentity } from "./contracts.ts";
import { type Executor, type ExecutorSlots, freeCoresOf } from "./executor-slots.ts";
import { localities } from "./task-locality.ts";
import type { TaskSetState } from "./task-set.ts";

/** A success that counts once all of its set's are there. */
export interface HeldSuccess {
  readonly task: TaskIdentity;
  readonly attempt: TaskAttemptId;
  readonly executor: Executor;
}

interface BarrierSet {
  readonly set: TaskSetState;
  /** Since when it has been its turn; since when there have been too few cores. */
  turnSinceMs: number | undefined;
  fewSinceMs: number | undefined;
  readonly held: HeldSuccess[];
}

export type Turn =
  | { readonly kind: "launch"; readonly executors: readonly Executor[] }
  /** Nobody behind it is to get what is free. */
  | { readonly kind: "keep" }
  | { readonly kind: "pass" };

export class BarrierSets {
  private readonly sets = new Map<TaskSetState, BarrierSet>();

  constructor(
    private readonly slots: ExecutorSlots,
    /** Infinite where no time is told. */
    private readonly waitMs: number,
  ) {}

  get size(): number {
    return this.sets.size;
  }

  add(set: TaskSetState): void {
    this.sets.set(set, { set, turnSinceMs: undefined, fewSinceMs: undefined, held: [] });
  }

  delete(set: TaskSetState): void {
    this.sets.delete(set);
  }

  /** What becomes of its turn: `executors` by the index of tasks. */
  turn(set: TaskSetState, nowMs: number): Turn {
    const barrier = this.sets.get(set)!;
    if (this.slots.cores < set.size) return { kind: "pass" };
    const executors = this.placeAll(set);
    if (executors !== undefined) return { kind: "launch", executors };
    barrier.turnSinceMs ??= nowMs;
    return { kind: nowMs - barrier.turnSinceMs < this.waitMs ? "keep" : "pass" };
  }

  /** Sets for which there have been too few cores for too long. Ask whenever time has passed or executors came and went. */
  givenUp(nowMs: number): TaskSetState[] {
    const gone: TaskSetState[] = [];
    for (const barrier of this.sets.values()) {
      const { set } = barrier;
      const isShort = set.launchable && this.slots.cores < set.size;
      barrier.fewSinceMs = isShort ? (barrier.fewSinceMs ?? nowMs) : undefined;
      if (isShort && nowMs - barrier.fewSinceMs! >= this.waitMs) gone.push(set);
    }
    return gone;
  }

  /** When to ask again, if nothing happens before. */
  deadlineMs(nowMs: number): number {
    let atMs = Number.POSITIVE_INFINITY;
    for (const { set, turnSinceMs, fewSinceMs } of this.sets.values()) {
      if (!set.launchable) continue;
      for (const sinceMs of [turnSinceMs, fewSinceMs])
        if (sinceMs !== undefined && sinceMs + this.waitMs > nowMs) atMs = Math.min(atMs, sinceMs + this.waitMs);
    }
    return atMs;
  }

  /** All successes of the set, by partition, when this was the last. */
  succeeded(set: TaskSetState, success: HeldSuccess): readonly HeldSuccess[] | undefined {
    const { held } = this.sets.get(set)!;
    held.push(success);
    return held.length < set.size ? undefined : held.sort((a, b) => a.task.partition - b.task.partition);
  }

  /** Running sets with a success on an executor: the one is gone with the other. */
  heldOn(executor: Executor): { readonly set: TaskSetState; readonly success: HeldSuccess }[] {
    return [...this.sets.values()].flatMap(({ set, held }) => {
      const success =
        set.zombie || held.length === set.size ? undefined : held.find(each => each.executor === executor);
      return success === undefined ? [] : [{ set, success }];
    });
  }

  /** A free core for each task, nearest to its input where one is left; undefined when there are too few. */
  private placeAll(set: TaskSetState): Executor[] | undefined {
    const room = new Map<Executor, number>();
    let free = 0;
    for (const executor of this.slots.all()) {
      room.set(executor, freeCoresOf(executor));
      free += freeCoresOf(executor);
    }
    if (free < set.size) return undefined;
    const placed = new Array<Executor>(set.size);
    const levels = set.locality === undefined ? (["noPref"] as const) : localities;
    for (const level of levels) {
      for (let index = 0; index < set.size; index++) {
        if (placed[index] !== undefined) continue;
        const executor = this.slots.next(each => {
          const isNear = set.locality === undefined || level === "any" || set.localityOf(index, each) === level;
          return isNear && room.get(each)! > 0;
        });
        if (executor === undefined) continue;
        room.set(executor, room.get(executor)! - 1);
        placed[index] = executor;
      }
    }
    return placed;
  }
}
