/** The executors there are, their slots, who of them is next, and on which hosts they run. */
import type { ExecutorId } from "../base/ids.ts";
import type { Places } from "./task-locality.ts";

export interface Executor {
  readonly id: ExecutorId;
  readonly host: string | undefined;
  /** The slots that it came with: further ones are a queue. */
  readonly cores: number;
  slots: number;
  runningTasks: number;
  /** Of these, tasks of barrier stages, behind which none is to wait. */
  barrierTasks: number;
}

export class ExecutorSlots implements Places {
  /** Free slots of all. */
  free = 0;
  /** Of all, taken or not, where there is a slot for them. */
  cores = 0;
  /** How often all slots came to be taken. */
  fullTimes = 0;
  private readonly executors = new Map<ExecutorId, Executor>();
  /** The same executors in the order of joining, for taking turns. */
  private readonly ring: Executor[] = [];
  private turn = 0;
  /** How many executors a host has. */
  private readonly hosts = new Map<string, number>();

  get size(): number {
    return this.executors.size;
  }

  get(id: ExecutorId): Executor | undefined {
    return this.executors.get(id);
  }

  add(id: ExecutorId, host: string | undefined, cores: number): Executor {
    const executor = { id, host, cores, slots: 0, runningTasks: 0, barrierTasks: 0 };
    this.executors.set(id, executor);
    this.ring.push(executor);
    if (host !== undefined) this.hosts.set(host, (this.hosts.get(host) ?? 0) + 1);
    return executor;
  }

  remove(executor: Executor): void {
    const { id, host } = executor;
    this.executors.delete(id);
    this.ring.splice(this.ring.indexOf(executor), 1);
    this.turn = 0;
    this.resize(executor, 0);
    if (host === undefined) return;
    const others = this.hosts.get(host)! - 1;
    if (others > 0) this.hosts.set(host, others);
    else this.hosts.delete(host);
  }

  resize(executor: Executor, slots: number): void {
    this.free -= freeSlotsOf(executor);
    this.cores -= Math.min(executor.slots, executor.cores);
    executor.slots = slots;
    this.cores += Math.min(slots, executor.cores);
    this.free += freeSlotsOf(executor);
  }

  taskStarted(executor: Executor, isBarrier: boolean): void {
    this.free -= freeSlotsOf(executor);
    executor.runningTasks++;
    if (isBarrier) executor.barrierTasks++;
    this.free += freeSlotsOf(executor);
    if (this.free === 0) this.fullTimes++;
  }

  taskEnded(executor: Executor, isBarrier: boolean): void {
    this.free -= freeSlotsOf(executor);
    executor.runningTasks--;
    if (isBarrier) executor.barrierTasks--;
    this.free += freeSlotsOf(executor);
  }

  /** The next executor in turn with a free slot that suits; the turn is then its successor's. */
  next(suits?: (executor: Executor) => boolean): Executor | undefined {
    const { ring } = this;
    for (let i = 0; i < ring.length; i++) {
      const at = (this.turn + i) % ring.length;
      const executor = ring[at]!;
      if (freeSlotsOf(executor) === 0 || suits?.(executor) === false) continue;
      this.turn = at + 1;
      return executor;
    }
    return undefined;
  }

  /** The turn after an executor's, so that others come first. */
  passOver(executor: Executor): void {
    this.turn = this.ring.indexOf(executor) + 1;
  }

  all(): readonly Executor[] {
    return this.ring;
  }

  hasExecutor(executor: ExecutorId): boolean {
    return this.executors.has(executor);
  }

  hasHost(host: string): boolean {
    return this.hosts.has(host);
  }

  hostOf(executor: ExecutorId): string | undefined {
    return this.executors.get(executor)?.host;
  }
}

/** Slots may shrink below what runs. */
export function freeSlotsOf({ slots, cores, runningTasks, barrierTasks }: Executor): number {
  return Math.max(0, (barrierTasks > 0 ? Math.min(slots, cores) : slots) - runningTasks);
}

/** Where a task would not wait for others. */
export function freeCoresOf({ slots, cores, runningTasks }: Executor): number {
  return Math.max(0, Math.min(slots, cores) - runningTasks);
}
