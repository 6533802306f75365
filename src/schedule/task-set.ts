/**
 * The tasks of one stage attempt: which are pending, running or done. Taking a task costs O(1) and 100,000 tasks cost one
 * byte each: tasks wait as positions of cursors, and a queue entry whose task has left is dropped when it is met.
 */
import { invariant } from "../base/assert.ts";
import type { Locality, LocalityWaits, TaskSet } from "./contracts.ts";
import type { Pool } from "./pools.ts";
import { type Place, type Places, TaskLocality } from "./task-locality.ts";
import { TaskQueue } from "./task-queue.ts";

const pending = 0;
const running = 1;
const done = 2;

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
  private readonly retries = new TaskQueue();
  /** Only of sets with preferences. */
  readonly locality: TaskLocality | undefined;
  /** By index, for tasks that failed at all. */
  private readonly failures = new Map<number, number>();
  private readonly attempts = new Map<number, number>();

  constructor(
    readonly taskSet: TaskSet,
    readonly pool: Pool,
    places: Places,
    waits: LocalityWaits,
  ) {
    const { partitions, preferred } = taskSet;
    this.size = partitions.length;
    this.pendingTasks = this.size;
    this.states = new Uint8Array(this.size);
    if (partitions.some((partition, index) => partition !== index)) {
      this.indexes = new Map(partitions.map((partition, index) => [partition, index]));
    }
    if (preferred !== undefined) this.locality = new TaskLocality(partitions, preferred, waits, places, this.isPending);
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

  /** The next task that failed before, or −1. It does not wait for a place: the one it prefers may be what failed it. */
  nextRetry(): number {
    return this.retries.peek(this.isPending);
  }

  /** The next task of all, or −1. */
  nextAny(): number {
    while (this.next < this.size && this.states[this.next] !== pending) this.next++;
    return this.next < this.size ? this.next : -1;
  }

  localityOf(index: number, place: Place): Locality {
    return this.locality?.localityOf(this.partitionAt(index), place) ?? "noPref";
  }

  /** A task that waits begins to run. */
  launch(index: number): void {
    invariant(this.isPending(index), `task ${index} of stage ${this.taskSet.stage} is not to be launched`);
    this.states[index] = running;
    this.pendingTasks--;
    this.runningTasks++;
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
    this.retries.push(index);
  }

  private readonly isPending = (index: number): boolean => this.states[index] === pending;
}
