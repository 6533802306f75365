/**
 * Task sets → attempts on executors. A deterministic machine: `step(event)` changes its state and returns what to do.
 *
 * Promises: an attempt's id is never reused; an executor never has more attempts than slots; no slot stays free while a
 * task could run in it, but for the bounded time that tasks wait for a place near their input (task-locality.ts); a task that
 * fails too often, or of a failure no retry mends, fails its set, once.
 * A launch costs O(1), whatever the number of tasks, and O(executors) where tasks prefer some; only losses and cancellations
 * look at all that runs. Sets without preferences need no time.
 * Does not: know stages' parents or who holds outputs (dag-scheduler.ts), keep time (`wakeAt` asks for it), or send (exec/).
 */
import { assertNever } from "../base/assert.ts";
import { isRetryable, type WireError } from "../base/errors.ts";
import { idSequence, type ExecutorId, type StageId, type TaskAttemptId } from "../base/ids.ts";
import type {
  LocalityWaits,
  SchedulerLimits,
  TaskAction,
  TaskEvent,
  TaskIdentity,
  TaskSet,
  TimeAction,
} from "./contracts.ts";
import { taskGaveUp } from "./failures.ts";
import { Pools, type PoolOptions } from "./pools.ts";
import { type Executor, ExecutorSlots, freeSlotsOf } from "./executor-slots.ts";
import { localities } from "./task-locality.ts";
import { TaskSetState } from "./task-set.ts";

interface Attempt {
  readonly id: TaskAttemptId;
  readonly set: TaskSetState;
  readonly index: number;
  readonly task: TaskIdentity;
  readonly executor: Executor;
  /** Nobody waits for its outcome; it holds its slot until it reports. */
  killed: boolean;
}

/** A task for a free slot. */
interface Placement {
  readonly set: TaskSetState;
  readonly index: number;
  readonly executor: Executor;
}

const noWaits: LocalityWaits = { processMs: 0, nodeMs: 0 };

export class TaskScheduler {
  private readonly pools: Pools;
  private readonly slots = new ExecutorSlots();
  private readonly attempts = new Map<TaskAttemptId, Attempt>();
  private readonly sets = new Map<StageId, TaskSetState[]>();
  private readonly nextAttempt = idSequence<TaskAttemptId>();
  private actions: (TaskAction | TimeAction)[] = [];
  /** Sets that prefer places. */
  private readonly choosy = new Set<TaskSetState>();
  private nowMs = 0;
  private wakeAtMs: number | undefined;

  constructor(
    private readonly limits: SchedulerLimits,
    pools: PoolOptions = { mode: "fifo" },
  ) {
    this.pools = new Pools(pools);
  }

  step(event: TaskEvent): (TaskAction | TimeAction)[] {
    const actions: (TaskAction | TimeAction)[] = [];
    this.actions = actions;
    this.handle(event);
    return actions;
  }

  get size(): { readonly executors: number; readonly attempts: number; readonly taskSets: number } {
    let taskSets = 0;
    for (const sets of this.sets.values()) taskSets += sets.length;
    return { executors: this.slots.size, attempts: this.attempts.size, taskSets };
  }

  get idle(): boolean {
    return this.attempts.size === 0 && this.sets.size === 0;
  }

  /** Whether timePassed must come before the event. */
  needsTimeFor(event: TaskEvent): boolean {
    if (this.limits.localityWaits === undefined) return false;
    return this.choosy.size > 0 || (event.type === "taskSetSubmitted" && event.taskSet.preferred !== undefined);
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
        return this.addExecutor(event.executor, event.slots, event.host);
      case "executorLost":
        return this.loseExecutor(event.executor, event.error);
      case "attemptSucceeded":
        return this.succeed(event.attempt);
      case "attemptFailed":
        return this.fail(event.attempt, event.error);
      case "timePassed":
        return this.passTime(event.atMs);
      default:
        return assertNever(event);
    }
  }

  private submit(taskSet: TaskSet): void {
    if (taskSet.partitions.length === 0) return;
    const earlier = this.sets.get(taskSet.stage) ?? [];
    for (const set of earlier) set.zombie = true;
    const waits = this.limits.localityWaits ?? noWaits;
    const set = new TaskSetState(taskSet, this.pools.poolFor(taskSet.pool), this.slots, waits);
    if (set.locality !== undefined) this.choosy.add(set);
    this.sets.set(taskSet.stage, [...earlier, set]);
    this.dropDrained(taskSet.stage);
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

  private passTime(atMs: number): void {
    this.nowMs = Math.max(this.nowMs, atMs);
    if (this.wakeAtMs === undefined || this.nowMs < this.wakeAtMs) return;
    this.wakeAtMs = undefined;
    this.offerAll();
  }

  private addExecutor(id: ExecutorId, slots: number, host: string | undefined): void {
    let executor = this.slots.get(id);
    if (executor === undefined) {
      executor = this.slots.add(id, host);
      for (const set of this.choosy) set.locality!.executorJoined(executor);
    }
    this.slots.resize(executor, slots);
    this.offerAll();
  }

  private loseExecutor(id: ExecutorId, error: WireError): void {
    const executor = this.slots.get(id);
    if (executor === undefined) return;
    this.slots.remove(executor);
    for (const attempt of this.attempts.values()) {
      if (attempt.executor !== executor) continue;
      this.end(attempt);
      this.judge(attempt, error);
      this.dropIfDrained(attempt.set);
    }
    for (const set of this.choosy) set.locality!.executorLost(executor, index => set.partitionAt(index));
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
    // unless some wait for places, tasks wait only while all slots are taken: the one that is free now is this executor's
    if (this.choosy.size > 0) this.offerAll(executor);
    else this.offer(executor);
  }

  private fail(id: TaskAttemptId, error: WireError): void {
    const attempt = this.attempts.get(id);
    if (attempt === undefined) return;
    this.end(attempt);
    this.judge(attempt, error);
    this.dropIfDrained(attempt.set);
    // another executor's turn comes first, if it has a slot
    this.slots.passOver(attempt.executor);
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
    this.slots.taskEnded(executor);
  }

  private dropIfDrained(set: TaskSetState): void {
    if (set.drained) this.dropDrained(set.taskSet.stage);
  }

  private dropDrained(stage: StageId): void {
    const left: TaskSetState[] = [];
    for (const set of this.sets.get(stage) ?? []) {
      if (!set.drained) left.push(set);
      else this.choosy.delete(set);
    }
    if (left.length > 0) this.sets.set(stage, left);
    else this.sets.delete(stage);
  }

  private offer(executor: Executor): void {
    while (freeSlotsOf(executor) > 0) {
      const placement = this.pools.first(set => this.placeOn(set, executor));
      if (placement === undefined) return;
      this.launch(placement);
    }
  }

  /** Gives free slots to pending tasks, one an executor in turn, so that few tasks spread over all of them. */
  private offerAll(first?: Executor): void {
    if (first !== undefined) this.offer(first);
    while (this.slots.free > 0) {
      const placement = this.pools.first(set => this.place(set));
      if (placement === undefined) break;
      this.launch(placement);
    }
    if (this.slots.free > 0 && this.choosy.size > 0) this.askToWake();
  }

  /** The task of a set and the free executor that are next, nearest pairs first; undefined when all its tasks wait. */
  private place(set: TaskSetState): Placement | undefined {
    if (set.locality === undefined) return this.placeOn(set, this.slots.next()!);
    const retry = set.nextRetry();
    if (retry >= 0) return { set, index: retry, executor: this.slots.next()! };
    for (const locality of localities) {
      if (!set.locality.mayRun(locality, this.nowMs, this.slots.fullTimes)) continue;
      let index = -1;
      const executor = this.slots.next(executor => {
        index = locality === "any" ? set.nextAny() : set.locality!.peek(locality, executor);
        return index >= 0;
      });
      if (executor !== undefined) return { set, index, executor };
    }
    return undefined;
  }

  private placeOn(set: TaskSetState, executor: Executor): Placement | undefined {
    const retry = set.nextRetry();
    if (retry >= 0) return { set, index: retry, executor };
    if (set.locality === undefined) return { set, index: set.nextAny(), executor };
    for (const locality of localities) {
      if (!set.locality.mayRun(locality, this.nowMs, this.slots.fullTimes)) continue;
      const index = locality === "any" ? set.nextAny() : set.locality.peek(locality, executor);
      if (index >= 0) return { set, index, executor };
    }
    return undefined;
  }

  /** Slots are free: those that wait for nearer ones are asked again when their patience ends. */
  private askToWake(): void {
    let atMs = Number.POSITIVE_INFINITY;
    for (const set of this.choosy) {
      if (!set.launchable) continue;
      atMs = Math.min(atMs, set.locality!.deadlineMs(this.nowMs, this.slots.fullTimes) ?? atMs);
    }
    if (atMs >= (this.wakeAtMs ?? Number.POSITIVE_INFINITY)) return;
    this.wakeAtMs = atMs;
    this.actions.push({ type: "wakeAt", atMs });
  }

  private launch({ set, index, executor }: Placement): void {
    const { stage, stageAttempt } = set.taskSet;
    set.launch(index);
    const task = { stage, stageAttempt, partition: set.partitionAt(index) };
    const attempt = { id: this.nextAttempt(), set, index, task, executor, killed: false };
    this.attempts.set(attempt.id, attempt);
    set.pool.runningTasks++;
    this.slots.taskStarted(executor);
    this.actions.push({
      type: "launchTask",
      attempt: attempt.id,
      attemptNumber: set.attemptsOf(index),
      task,
      executor: executor.id,
      locality: set.localityOf(index, executor),
    });
  }
}
