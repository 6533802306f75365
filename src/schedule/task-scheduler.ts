/**
 * Task sets → attempts on executors. A deterministic machine: `step(event)` changes its state and returns what to do.
 *
 * Promises: an attempt's id is never reused; an executor never has more attempts than slots; no slot stays free while a
 * task could run in it; a task that fails too often, or of a failure no retry mends, fails its set, once.
 * A launch costs O(1), whatever the number of tasks; only losses and cancellations look at all that runs.
 * Does not: know stages' parents or who holds outputs (dag-scheduler.ts), wait, or send (exec/).
 */
import { assertNever } from "../base/assert.ts";
import { isRetryable, type WireError } from "../base/errors.ts";
import { idSequence, type ExecutorId, type StageId, type TaskAttemptId } from "../base/ids.ts";
import type { SchedulerLimits, TaskAction, TaskEvent, TaskIdentity, TaskSet } from "./contracts.ts";
import { taskGaveUp } from "./failures.ts";
import { Pools, type PoolOptions } from "./pools.ts";
import { TaskSetState } from "./task-set.ts";

interface Executor {
  readonly id: ExecutorId;
  slots: number;
  runningTasks: number;
}

interface Attempt {
  readonly id: TaskAttemptId;
  readonly set: TaskSetState;
  readonly index: number;
  readonly task: TaskIdentity;
  readonly executor: Executor;
  /** Nobody waits for its outcome; it holds its slot until it reports. */
  killed: boolean;
}

export class TaskScheduler {
  private readonly pools: Pools;
  private readonly executors = new Map<ExecutorId, Executor>();
  /** The same executors in the order of joining, for taking turns. */
  private readonly ring: Executor[] = [];
  private turn = 0;
  private freeSlots = 0;
  private readonly attempts = new Map<TaskAttemptId, Attempt>();
  private readonly sets = new Map<StageId, TaskSetState[]>();
  private readonly nextAttempt = idSequence<TaskAttemptId>();
  private actions: TaskAction[] = [];

  constructor(
    private readonly limits: SchedulerLimits,
    pools: PoolOptions = { mode: "fifo" },
  ) {
    this.pools = new Pools(pools);
  }

  step(event: TaskEvent): TaskAction[] {
    const actions: TaskAction[] = [];
    this.actions = actions;
    this.handle(event);
    return actions;
  }

  get size(): { readonly executors: number; readonly attempts: number; readonly taskSets: number } {
    let taskSets = 0;
    for (const sets of this.sets.values()) taskSets += sets.length;
    return { executors: this.executors.size, attempts: this.attempts.size, taskSets };
  }

  get idle(): boolean {
    return this.attempts.size === 0 && this.sets.size === 0;
  }

  private handle(event: TaskEvent): void {
    switch (event.type) {
      case "taskSetSubmitted":
        return this.submit(event.taskSet);
      case "taskSetCancelled":
        return this.cancel(event.stage, event.reason);
      case "partitionDone":
        return this.finishElsewhere(event.stage, event.partition);
      case "executorAdded":
        return this.addExecutor(event.executor, event.slots);
      case "executorLost":
        return this.loseExecutor(event.executor, event.error);
      case "attemptSucceeded":
        return this.succeed(event.attempt);
      case "attemptFailed":
        return this.fail(event.attempt, event.error);
      default:
        return assertNever(event);
    }
  }

  private submit(taskSet: TaskSet): void {
    if (taskSet.partitions.length === 0) return;
    const earlier = this.sets.get(taskSet.stage) ?? [];
    for (const set of earlier) set.zombie = true;
    const set = new TaskSetState(taskSet, this.pools.poolFor(taskSet.pool));
    this.sets.set(taskSet.stage, [...earlier.filter(before => !before.drained), set]);
    set.pool.add(set);
    this.offerAll();
  }

  private cancel(stage: StageId, reason: string): void {
    for (const set of this.sets.get(stage) ?? []) set.zombie = true;
    for (const attempt of this.attempts.values()) {
      if (attempt.task.stage === stage) this.kill(attempt, reason);
    }
    this.dropDrained(stage);
  }

  private finishElsewhere(stage: StageId, partition: number): void {
    for (const set of this.sets.get(stage) ?? []) {
      const index = set.indexOf(partition);
      if (index < 0) continue;
      if (set.isRunning(index)) this.killTask(set, index, "another attempt of the task succeeded");
      set.finish(index);
    }
    this.dropDrained(stage);
  }

  private killTask(set: TaskSetState, index: number, reason: string): void {
    for (const attempt of this.attempts.values()) {
      if (attempt.set === set && attempt.index === index) this.kill(attempt, reason);
    }
  }

  private kill(attempt: Attempt, reason: string): void {
    if (attempt.killed) return;
    attempt.killed = true;
    this.actions.push({ type: "killTask", attempt: attempt.id, executor: attempt.executor.id, reason });
  }

  private addExecutor(id: ExecutorId, slots: number): void {
    let executor = this.executors.get(id);
    if (executor === undefined) {
      executor = { id, slots: 0, runningTasks: 0 };
      this.executors.set(id, executor);
      this.ring.push(executor);
    }
    this.freeSlots -= freeSlotsOf(executor);
    executor.slots = slots;
    this.freeSlots += freeSlotsOf(executor);
    this.offerAll();
  }

  private loseExecutor(id: ExecutorId, error: WireError): void {
    const executor = this.executors.get(id);
    if (executor === undefined) return;
    this.executors.delete(id);
    this.ring.splice(this.ring.indexOf(executor), 1);
    this.turn = 0;
    this.freeSlots -= freeSlotsOf(executor);
    executor.slots = 0;
    for (const attempt of this.attempts.values()) {
      if (attempt.executor !== executor) continue;
      this.end(attempt);
      this.judge(attempt, error);
      this.dropIfDrained(attempt.set);
    }
    this.offerAll();
  }

  private succeed(id: TaskAttemptId): void {
    const attempt = this.attempts.get(id);
    if (attempt === undefined) return;
    const { task, executor, set } = attempt;
    this.end(attempt);
    if (!attempt.killed) {
      set.finish(attempt.index);
      this.actions.push({ type: "taskSucceeded", task, attempt: id, executor: executor.id });
    }
    this.dropIfDrained(set);
    // tasks wait only while all slots are taken: the one that is free now is this executor's
    if (this.freeSlots > 0) this.offer(executor);
  }

  private fail(id: TaskAttemptId, error: WireError): void {
    const attempt = this.attempts.get(id);
    if (attempt === undefined) return;
    this.end(attempt);
    this.judge(attempt, error);
    this.dropIfDrained(attempt.set);
    // another executor's turn comes first, if it has a slot
    this.turn = this.ring.indexOf(attempt.executor) + 1;
    this.offerAll();
  }

  /** What a failure means for the task: another attempt, the end of its set, or nothing. */
  private judge(attempt: Attempt, error: WireError): void {
    const { set, index, task, id } = attempt;
    if (attempt.killed) return;
    if (error.kind === "fetchFailed" && error.output !== undefined) {
      const { exchange, mapPartition } = error.output;
      set.zombie = true;
      this.actions.push({ type: "fetchFailed", task, attempt: id, exchange, mapPartition, error });
      return;
    }
    if (set.zombie) return;
    const failures = set.countFailure(index);
    if (isRetryable(error.kind) && failures < this.limits.taskFailuresMax) {
      set.retry(index);
      set.pool.add(set);
      this.actions.push({ type: "taskRetried", task, attempt: id, error });
      return;
    }
    set.zombie = true;
    const { stage, stageAttempt, partition } = task;
    const gaveUp = taskGaveUp(stage, set.taskSet.name, partition, failures, error);
    this.actions.push({ type: "taskSetFailed", stage, stageAttempt, error: gaveUp });
  }

  private end(attempt: Attempt): void {
    const { executor, set } = attempt;
    this.attempts.delete(attempt.id);
    set.runningTasks--;
    set.pool.runningTasks--;
    this.freeSlots -= freeSlotsOf(executor);
    executor.runningTasks--;
    this.freeSlots += freeSlotsOf(executor);
  }

  private dropIfDrained(set: TaskSetState): void {
    if (set.drained) this.dropDrained(set.taskSet.stage);
  }

  private dropDrained(stage: StageId): void {
    const left = (this.sets.get(stage) ?? []).filter(set => !set.drained);
    if (left.length > 0) this.sets.set(stage, left);
    else this.sets.delete(stage);
  }

  private offer(executor: Executor): void {
    while (freeSlotsOf(executor) > 0) {
      const set = this.pools.next();
      if (set === undefined) return;
      this.launch(set, executor);
    }
  }

  /** Gives free slots to pending tasks, one an executor in turn, so that few tasks spread over all of them. */
  private offerAll(): void {
    while (this.freeSlots > 0) {
      const set = this.pools.next();
      if (set === undefined) return;
      this.launch(set, this.nextExecutor(set));
    }
  }

  /** The next executor with a free slot, preferably one that holds the input of a task that waits. */
  private nextExecutor(set: TaskSetState): Executor {
    const { ring } = this;
    let chosen = -1;
    for (let i = 0; i < ring.length; i++) {
      const at = (this.turn + i) % ring.length;
      const executor = ring[at]!;
      if (freeSlotsOf(executor) === 0) continue;
      if (chosen < 0) chosen = at;
      if (!set.hasPreferences) break;
      if (!set.hasLocal(executor.id)) continue;
      chosen = at;
      break;
    }
    this.turn = chosen + 1;
    return ring[chosen]!;
  }

  private launch(set: TaskSetState, executor: Executor): void {
    const { stage, stageAttempt } = set.taskSet;
    const index = set.take(executor.id);
    const task = { stage, stageAttempt, partition: set.partitionAt(index) };
    const attempt = { id: this.nextAttempt(), set, index, task, executor, killed: false };
    this.attempts.set(attempt.id, attempt);
    set.pool.runningTasks++;
    executor.runningTasks++;
    this.freeSlots--;
    this.actions.push({
      type: "launchTask",
      attempt: attempt.id,
      attemptNumber: set.attemptsOf(index),
      task,
      executor: executor.id,
    });
  }
}

/** Slots may shrink below what runs. */
function freeSlotsOf(executor: Executor): number {
  return Math.max(0, executor.slots - executor.runningTasks);
}
