/**
 * Task sets → attempts on executors. A deterministic machine: `step(event)` changes its state and returns what to do.
 *
 * Promises: an attempt's id is never reused; an executor never has more attempts than slots; no slot stays free while a
 * task could run in it, but for the bounded time that tasks wait for a place near their input (task-locality.ts) or a barrier
 * stage waits for cores enough (barrier-sets.ts); a task that fails too often, or of a failure no retry mends, fails its set, once.
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
import { BarrierSets } from "./barrier-sets.ts";
import { barrierTaskFailed, taskGaveUp, tooFewCores } from "./failures.ts";
import { type Executor, ExecutorSlots, freeSlotsOf } from "./executor-slots.ts";
import { place, placeOn, type Placement } from "./placing.ts";
import { Pools, type PoolOptions } from "./pools.ts";
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

/** What is launched next: one task, or all of a barrier stage; nothing, while free slots are kept for one. */
type Next = readonly Placement[] | "keep";

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
  private readonly barriers: BarrierSets;
  private nowMs = 0;
  private wakeAtMs: number | undefined;

  constructor(
    private readonly limits: SchedulerLimits,
    pools: PoolOptions = { mode: "fifo" },
  ) {
    this.pools = new Pools(pools);
    this.barriers = new BarrierSets(this.slots, limits.barrierWaitMs ?? Number.POSITIVE_INFINITY);
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

  get poolCount(): number {
    return this.pools.size;
  }

  get idle(): boolean {
    return this.attempts.size === 0 && this.sets.size === 0;
  }

  /** Whether timePassed must come before the event. */
  needsTimeFor(event: TaskEvent): boolean {
    if (this.limits.barrierWaitMs !== undefined) {
      if (this.barriers.size > 0 || (event.type === "taskSetSubmitted" && event.taskSet.barrier === true)) return true;
    }
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
    if (taskSet.barrier === true) this.barriers.add(set);
    else if (set.locality !== undefined) this.choosy.add(set);
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
    const keptFor = this.barriers.size;
    this.dropDrained(stage);
    // what was kept free for it
    if (this.barriers.size < keptFor) this.offerAll();
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

  private killSet(set: TaskSetState, reason: string): void {
    for (const attempt of this.attempts.values()) if (attempt.set === set) this.kill(attempt, reason);
  }

  private kill(attempt: Attempt, reason: string): void {
    if (attempt.killed) return;
    attempt.killed = true;
    if (this.slots.get(attempt.executor.id) !== attempt.executor) return;
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
      executor = this.slots.add(id, host, slots);
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
    for (const { set, success } of this.barriers.heldOn(executor)) {
      this.failTogether(set, success.task, success.attempt, error);
      this.dropIfDrained(set);
    }
    for (const set of this.choosy) set.locality!.executorLost(executor, index => set.partitionAt(index));
    this.offerAll();
  }

  private succeed(id: TaskAttemptId): void {
    const attempt = this.attempts.get(id);
    if (attempt === undefined) return;
    const { executor, set } = attempt;
    this.end(attempt);
    if (!attempt.killed) this.accept(attempt);
    this.dropIfDrained(set);
    // unless some wait for places, tasks wait only while all slots are taken: the one that is free now is this executor's
    if (this.choosy.size + this.barriers.size > 0) this.offerAll(executor);
    else this.offer(executor);
  }

  private accept({ set, index, task, id: attempt, executor }: Attempt): void {
    set.finish(index);
    if (set.taskSet.barrier !== true) {
      this.actions.push({ type: "taskSucceeded", task, attempt, executor: executor.id });
      return;
    }
    if (set.zombie) return;
    this.actions.push({ type: "taskHeld", task, attempt });
    for (const held of this.barriers.succeeded(set, { task, attempt, executor }) ?? [])
      this.actions.push({ type: "taskSucceeded", ...held, executor: held.executor.id });
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
      if (set.taskSet.barrier === true) this.killSet(set, togetherReason);
      return;
    }
    if (set.zombie) return;
    if (set.taskSet.barrier === true) return this.failTogether(set, task, id, error);
    const failures = set.countFailure(index);
    if (isRetryable(error) && failures < this.limits.taskFailuresMax) {
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

  /** One of a barrier stage failed: the others do not run on. */
  private failTogether(set: TaskSetState, task: TaskIdentity, attempt: TaskAttemptId, error: WireError): void {
    set.zombie = true;
    this.killSet(set, togetherReason);
    const failure = barrierTaskFailed(task.stage, set.taskSet.name, task.partition, error);
    this.actions.push({ type: "barrierFailed", task, attempt, error: failure });
  }

  private giveUpBarriers(): void {
    for (const set of this.barriers.givenUp(this.nowMs)) {
      set.zombie = true;
      const { stage, stageAttempt, name } = set.taskSet;
      const error = tooFewCores(stage, name, set.size, this.slots.cores, this.limits.barrierWaitMs!);
      this.actions.push({ type: "taskSetFailed", stage, stageAttempt, error });
      this.dropIfDrained(set);
    }
  }

  private end(attempt: Attempt): void {
    const { executor, set } = attempt;
    this.attempts.delete(attempt.id);
    set.runningTasks--;
    set.pool.runningTasks--;
    this.slots.taskEnded(executor, set.taskSet.barrier === true);
  }

  private dropIfDrained(set: TaskSetState): void {
    if (set.drained) this.dropDrained(set.taskSet.stage);
  }

  private dropDrained(stage: StageId): void {
    const left: TaskSetState[] = [];
    for (const set of this.sets.get(stage) ?? []) {
      if (!set.drained) left.push(set);
      else {
        this.choosy.delete(set);
        this.barriers.delete(set);
      }
    }
    if (left.length > 0) this.sets.set(stage, left);
    else this.sets.delete(stage);
  }

  private offer(executor: Executor): void {
    while (freeSlotsOf(executor) > 0) {
      const next = this.pools.first(
        set => this.placeTogether(set) ?? single(placeOn(set, executor, this.slots, this.nowMs)),
      );
      if (next === undefined || next === "keep") return;
      this.launchAll(next);
    }
  }

  /** Gives free slots to pending tasks, one an executor in turn, so that few tasks spread over all of them. */
  private offerAll(first?: Executor): void {
    if (this.barriers.size > 0) this.giveUpBarriers();
    if (first !== undefined) this.offer(first);
    while (this.slots.free > 0) {
      const next = this.pools.first(set => this.placeTogether(set) ?? single(place(set, this.slots, this.nowMs)));
      if (next === undefined || next === "keep") break;
      this.launchAll(next);
    }
    if (this.barriers.size > 0 || (this.slots.free > 0 && this.choosy.size > 0)) this.askToWake();
  }

  /** All tasks of a barrier stage; undefined when the set is not of one, or those behind it may go on. */
  private placeTogether(set: TaskSetState): Next | undefined {
    if (set.taskSet.barrier !== true) return undefined;
    const turn = this.barriers.turn(set, this.nowMs);
    if (turn.kind !== "launch") return turn.kind === "keep" ? "keep" : undefined;
    return turn.executors.map((executor, index) => ({ set, index, executor }));
  }

  /** Slots are free: those that wait for nearer ones are asked again when their patience ends. */
  private askToWake(): void {
    let atMs = this.barriers.deadlineMs(this.nowMs);
    for (const set of this.slots.free > 0 ? this.choosy : []) {
      if (!set.launchable) continue;
      atMs = Math.min(atMs, set.locality!.deadlineMs(this.nowMs, this.slots.fullTimes) ?? atMs);
    }
    if (atMs >= (this.wakeAtMs ?? Number.POSITIVE_INFINITY)) return;
    this.wakeAtMs = atMs;
    this.actions.push({ type: "wakeAt", atMs });
  }

  private launchAll(placements: readonly Placement[]): void {
    const isBarrier = placements[0]!.set.taskSet.barrier === true;
    const together = isBarrier ? placements.map(({ executor }) => executor.id) : undefined;
    for (const placement of placements) this.launch(placement, together);
  }

  private launch({ set, index, executor }: Placement, together: readonly ExecutorId[] | undefined): void {
    const { stage, stageAttempt } = set.taskSet;
    set.launch(index);
    const task = { stage, stageAttempt, partition: set.partitionAt(index) };
    const attempt = { id: this.nextAttempt(), set, index, task, executor, killed: false };
    this.attempts.set(attempt.id, attempt);
    set.pool.runningTasks++;
    this.slots.taskStarted(executor, together !== undefined);
    this.actions.push({
      type: "launchTask",
      attempt: attempt.id,
      attemptNumber: set.attemptsOf(index),
      task,
      executor: executor.id,
      locality: set.localityOf(index, executor),
      ...(together !== undefined && { together }),
    });
  }
}

const togetherReason = "another task of its barrier stage failed";

function single(placement: Placement | undefined): readonly Placement[] | undefined {
  return placement && [placement];
}
