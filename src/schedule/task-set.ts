/**
 * The tasks of one stage attempt: which are pending, running or done. Taking a task costs O(1) and 100,000 tasks cost one
 * byte each: tasks wait as positions of cursors, and a queue entry whose task has left is dropped when it is met.
 */
import { invariant } from "../base/assert.ts";
import type { ExecutorId } from "../base/ids.ts";
import type { TaskSet } from "./contracts.ts";
import type { Pool } from "./pools.ts";

const pending = 0;
const running = 1;
const done = 2;

interface Queue {
  readonly indexes: number[];
  next: number;
}

export class TaskSetState {
  readonly size: number;
  pendingTasks: number;
  runningTasks = 0;
  /** Launches nothing more; what runs may still succeed. */
  zombie = false;
  /** In its pool's queue. */
  queued = false;
  private readonly states: Uint8Array;
  private readonly indexes: ReadonlyMap<number, number> | undefined;
  private next = 0;
  private readonly retries: Queue = { indexes: [], next: 0 };
  private readonly local: ReadonlyMap<ExecutorId, Queue> | undefined;
  private readonly anywhere: Queue = { indexes: [], next: 0 };
  /** By index, for tasks that failed at all. */
  private readonly failures = new Map<number, number>();
  private readonly attempts = new Map<number, number>();

  constructor(
    readonly taskSet: TaskSet,
    readonly pool: Pool,
  ) {
    const { partitions, preferred } = taskSet;
    this.size = partitions.length;
    this.pendingTasks = this.size;
    this.states = new Uint8Array(this.size);
    if (partitions.some((partition, index) => partition !== index)) {
      this.indexes = new Map(partitions.map((partition, index) => [partition, index]));
    }
    if (preferred !== undefined) this.local = this.queueByExecutor(preferred);
  }

  get launchable(): boolean {
    return this.pendingTasks > 0 && !this.zombie;
  }

  /** Nothing runs and nothing will. */
  get drained(): boolean {
    return this.runningTasks === 0 && !this.launchable;
  }

  partitionAt(index: number): number {
    return this.taskSet.partitions[index]!;
  }

  get hasPreferences(): boolean {
    return this.local !== undefined;
  }

  /** Whether a task that waits prefers this executor. */
  hasLocal(executor: ExecutorId): boolean {
    const queue = this.local?.get(executor);
    return queue !== undefined && this.peek(queue) >= 0;
  }

  /** The next task for an executor, now running: first those that failed, then its own, then anyone's. */
  take(executor: ExecutorId): number {
    let index = this.peek(this.retries);
    if (index < 0 && this.local !== undefined) {
      const own = this.local.get(executor);
      if (own !== undefined) index = this.peek(own);
      if (index < 0) index = this.peek(this.anywhere);
    }
    if (index < 0) {
      while (this.next < this.size && this.states[this.next] !== pending) this.next++;
      index = this.next;
    }
    invariant(index < this.size, `stage ${this.taskSet.stage} has no pending task to launch`);
    this.states[index] = running;
    this.pendingTasks--;
    this.runningTasks++;
    return index;
  }

  attemptsOf(index: number): number {
    return this.attempts.get(index) ?? 0;
  }

  isRunning(index: number): boolean {
    return this.states[index] === running;
  }

  finish(index: number): void {
    if (this.states[index] === pending) this.pendingTasks--;
    this.states[index] = done;
  }

  /** The index of a partition, or −1 when the set does not have it. */
  indexOf(partition: number): number {
    if (this.indexes !== undefined) return this.indexes.get(partition) ?? -1;
    return partition < this.size ? partition : -1;
  }

  /** Counts a failure of the task and returns how many it has now. */
  countFailure(index: number): number {
    const failures = (this.failures.get(index) ?? 0) + 1;
    this.failures.set(index, failures);
    return failures;
  }

  retry(index: number): void {
    this.attempts.set(index, this.attemptsOf(index) + 1);
    this.states[index] = pending;
    this.pendingTasks++;
    this.retries.indexes.push(index);
  }

  private queueByExecutor(preferred: (partition: number) => readonly ExecutorId[]): ReadonlyMap<ExecutorId, Queue> {
    const queues = new Map<ExecutorId, Queue>();
    for (let index = 0; index < this.size; index++) {
      const executors = preferred(this.partitionAt(index));
      if (executors.length === 0) this.anywhere.indexes.push(index);
      for (const executor of executors) {
        const queue = queues.get(executor);
        if (queue === undefined) queues.set(executor, { indexes: [index], next: 0 });
        else queue.indexes.push(index);
      }
    }
    return queues;
  }

  private peek(queue: Queue): number {
    const { indexes } = queue;
    while (queue.next < indexes.length) {
      const index = indexes[queue.next]!;
      if (this.states[index] === pending) return index;
      queue.next++;
    }
    return -1;
  }
}
