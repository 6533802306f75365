/**
 * The shell around the two schedulers: messages from the driver and from executors become events of the machines, their actions
 * become messages. It keeps what the machines only name: plans, map outputs, probe values and payloads that wait to be
 * accepted. Where tasks run it does not know (executors.ts).
 */
import { assertNever } from "../base/assert.ts";
import { type Clock, systemClock, type Timer } from "../base/clock.ts";
import type { EngineEvent } from "../base/events.ts";
import { FiresteelError, toWire, type WireError } from "../base/errors.ts";
import type { ExecutorId, JobId, StageId, TaskAttemptId } from "../base/ids.ts";
import type { DagAction, JobGraph, SchedulerLimits, TaskAction, TaskIdentity } from "../schedule/contracts.ts";
import { OutputCommitCoordinator } from "../schedule/output-commit.ts";
import type { PoolOptions } from "../schedule/pools.ts";
import { SchedulerLoop } from "../schedule/scheduler-loop.ts";
import type { Executors, Launch, OpenExecutors } from "./executors.ts";
import { Barriers } from "./barriers.ts";
import { HeldSuccesses } from "./held-successes.ts";
import { DamageBook } from "./input-damage.ts";
import { JobBook } from "./job-book.ts";
import type { FromEngine, Released, StageOrder, SubmittedJob, TaskSuccess, ToEngine } from "./messages.ts";
import type { EngineObserver } from "./observer.ts";
import { OutputBook } from "./output-book.ts";
import { RunningAttempts } from "./running-attempts.ts";
import { WatchedTasks } from "./watched-tasks.ts";

export interface EngineLimits extends SchedulerLimits {
  /** How long tasks of a barrier stage wait for each other. */
  readonly barrierSyncMaxMs?: number;
}

const dayMs = 86_400_000;

export class Engine {
  private readonly loop: SchedulerLoop;
  private readonly executors: Executors;
  private readonly jobs = new JobBook();
  private readonly outputs: OutputBook;
  private readonly damage = new DamageBook();
  /** What a succeeded attempt brought, until the DAG scheduler says whether it counts. */
  private readonly arrived = new Map<string, TaskSuccess>();
  private readonly commits = new OutputCommitCoordinator();
  private readonly barriers: Barriers;
  private readonly held = new HeldSuccesses();
  /** Submitted for the jobs that run. */
  private readonly stagesOf = new Map<JobId, Set<StageId>>();
  private wake: Timer | undefined;
  private readonly watched: WatchedTasks | undefined;
  private readonly running = new RunningAttempts();
  /** The one that the schedulers are hearing of. */
  private arriving: TaskSuccess | undefined;

  constructor(
    private readonly limits: EngineLimits,
    open: OpenExecutors,
    private readonly post: (message: FromEngine) => void,
    private readonly clock: Clock = systemClock,
    observer?: EngineObserver,
    pools?: PoolOptions,
  ) {
    this.watched = observer === undefined ? undefined : new WatchedTasks(observer, clock);
    const shell = {
      carryOut: (action: DagAction | TaskAction) => this.carryOut(action),
      checksumOf: (attempt: TaskAttemptId) => this.checksumOf(attempt),
      time: { nowMs: () => clock.nowMs(), wakeAt: (atMs: number) => this.wakeAt(atMs) },
    };
    this.loop = new SchedulerLoop(limits, shell, pools);
    this.executors = open({
      ready: (executor, slots, host) => {
        this.watched?.executorReady(executor, host);
        if (this.running.executorReady(executor))
          this.emit({ type: "executorAdded", executor, host, cores: slots, atMs: clock.nowMs() });
        this.loop.taskEvent({ type: "executorAdded", executor, slots, ...(host !== undefined && { host }) });
      },
      succeeded: (executor, tasks) => {
        for (const success of tasks) this.taskSucceeded(executor, success);
      },
      failed: (executor, attempt, error) => this.taskFailed(executor, attempt, error),
      lost: (executor, error, outputsLost) => this.executorLost(executor, error, outputsLost),
      warning: message => this.post({ type: "warning", message }),
      mayCommit: (executor, attempt) => this.mayCommit(executor, attempt),
      barrierSync: (attempt, kind, message) => {
        const task = this.executors.taskOf(attempt);
        if (task !== undefined) this.barriers.step({ type: "arrived", task, attempt, kind, message });
      },
    });
    this.barriers = new Barriers(clock, limits.barrierSyncMaxMs ?? dayMs, (attempts, answer, stage) =>
      this.executors.answerBarrier(attempts, answer, stage),
    );
    this.outputs = new OutputBook(this.executors);
  }

  receive(message: ToEngine): void {
    switch (message.type) {
      case "define":
        this.executors.define(message.definition);
        break;
      case "submit":
        this.watched?.jobSubmitted(message.job);
        this.loop.dagEvent({ type: "jobSubmitted", job: this.addJob(message.job) });
        break;
      case "cancelJob":
        this.loop.dagEvent({ type: "jobCancelled", job: message.job, reason: message.reason });
        break;
      case "cancelGroup":
        this.loop.dagEvent({ type: "groupCancelled", group: message.group, reason: message.reason });
        break;
      case "cancelStage":
        this.loop.dagEvent({ type: "stageCancelled", stage: message.stage, reason: message.reason });
        break;
      case "cancelAll":
        for (const job of this.jobs.ids()) this.loop.dagEvent({ type: "jobCancelled", job, reason: message.reason });
        break;
      case "release":
        this.release(message.what, message.reply);
        break;
      case "stop":
        // by who opened the executors
        break;
      default:
        assertNever(message);
    }
    this.executors.flush();
  }

  private addJob(job: SubmittedJob): JobGraph {
    return this.jobs.add(job, plan => this.executors.preferredOf(plan));
  }

  private release(what: Released, reply: number | undefined): void {
    if (what.kind === "exchange") this.loop.dagEvent({ type: "exchangeReleased", exchange: what.id });
    const released = this.executors.release(what, reply !== undefined);
    if (reply !== undefined) void released.then(() => this.post({ type: "released", reply }));
  }

  private taskSucceeded(executor: ExecutorId, success: TaskSuccess): void {
    const task = this.executors.taskOf(success.attempt);
    if (task === undefined) {
      this.outputs.discard(success);
      return;
    }
    this.executors.finished(success.attempt, success.runMs);
    this.watched?.succeeded(success);
    const key = keyOf(task);
    const earlier = this.arrived.get(key);
    if (earlier !== undefined) this.outputs.discard(earlier);
    this.arrived.set(key, success);
    this.running.ended(executor, success.attempt);
    this.emit({ type: "taskEnded", stage: task.stage, executor, ok: true, metrics: success.metrics });
    this.arriving = success;
    this.loop.taskEvent({ type: "attemptSucceeded", attempt: success.attempt });
    this.arriving = undefined;
    if (this.held.get(success.attempt) !== undefined) return;
    const unclaimed = this.arrived.get(key);
    if (unclaimed !== undefined) this.outputs.discard(unclaimed);
    this.arrived.delete(key);
    this.commits.step({ type: "attemptEnded", task, attempt: success.attempt, accepted: unclaimed === undefined });
  }

  private taskFailed(executor: ExecutorId, attempt: TaskAttemptId, error: WireError): void {
    const task = this.executors.taskOf(attempt);
    if (task === undefined) return;
    this.executors.finished(attempt, 0);
    this.watched?.failed(attempt, error);
    this.running.ended(executor, attempt);
    const killed = error.kind === "cancelled" && ({ killed: true } as const);
    this.emit({ type: "taskEnded", stage: task.stage, executor, ok: false, ...killed });
    this.commits.step({ type: "attemptEnded", task, attempt, accepted: false });
    this.loop.taskEvent({ type: "attemptFailed", attempt, error });
  }

  private executorLost(executor: ExecutorId, error: WireError, outputsLost: boolean): void {
    this.watched?.executorLost(executor, error);
    for (const stage of this.running.executorLost(executor))
      this.emit({ type: "taskEnded", stage, executor, ok: false });
    this.emit({ type: "executorLost", executor, reason: error.message, atMs: this.clock.nowMs() });
    this.commits.step({ type: "executorLost", executor });
    this.loop.executorLost(executor, error, outputsLost);
  }

  /** Tasks that waited for a slot near their input wait no longer then. */
  private wakeAt(atMs: number): void {
    this.wake?.cancel();
    this.wake = this.clock.after(atMs - this.clock.nowMs(), () => {
      this.loop.taskEvent({ type: "timePassed", atMs: this.clock.nowMs() });
      this.executors.flush();
    });
  }

  private mayCommit(executor: ExecutorId, attempt: TaskAttemptId): boolean {
    const task = this.executors.taskOf(attempt);
    if (task === undefined) return false;
    return this.commits.step({ type: "askedToCommit", task, attempt, executor }).some(answer => answer.allowed);
  }

  private checksumOf(attempt: TaskAttemptId): number | undefined {
    const output =
      this.held.get(attempt)?.output ?? (this.arriving?.attempt === attempt ? this.arriving.output : undefined);
    return output?.kind === "map" ? output.output.rowsChecksum : undefined;
  }

  private carryOut(action: DagAction | TaskAction): void {
    switch (action.type) {
      case "launchTask":
        this.launch(action);
        break;
      case "killTask":
        this.executors.kill(action.executor, action.attempt, action.reason);
        break;
      case "taskRetried":
        this.post({ type: "warning", message: this.retryMessage(action.task, action.error) });
        break;
      case "taskHeld":
        this.hold(action.task);
        break;
      case "barrierRetried": {
        const of = `failure ${action.failures} of at most ${this.limits.taskFailuresMax}`;
        this.post({ type: "warning", message: `${action.error.message}; all tasks of the stage run again (${of})` });
        break;
      }
      case "submitTasks":
        this.executors.expectStage(action.taskSet.stage);
        break;
      case "outputsLost":
        this.outputs.lost(action.exchange, action.partitions);
        break;
      case "exchangeForgotten":
        this.outputs.release(action.exchange);
        break;
      case "stageSubmitted":
        this.stageSubmitted(action);
        break;
      case "stageCompleted":
        this.stageEnded(action.stage, undefined);
        break;
      case "stageFailed":
        this.stageEnded(action.stage, action.error);
        break;
      case "stageSkipped": {
        const { job, stage, graph } = action;
        this.emit({ type: "stageSkipped", job, stage, name: graph.name, tasks: graph.partitions.length });
        break;
      }
      case "resultAccepted":
        this.acceptResult(action.job, action.task);
        break;
      case "outputAccepted": {
        const success = this.claim(action.task);
        if (success === undefined) break;
        this.accumulate(action.task, success);
        this.outputs.accept(action.exchange, action.task.partition, success);
        break;
      }
      case "jobSucceeded":
        this.jobEnded(action.job, undefined);
        break;
      case "jobFailed":
        this.jobEnded(action.job, action.error);
        break;
      // between the two schedulers alone
      case "cancelTasks":
      case "partitionDone":
      case "taskSucceeded":
      case "fetchFailed":
      case "taskSetFailed":
      case "barrierFailed":
        break;
      default:
        assertNever(action);
    }
  }

  /** What cannot be launched has failed: its stage is too large to send, or has lost what it reads. */
  private launch(action: Launch): void {
    const { attempt, task, executor } = action;
    const { plan } = this.jobs.planOf(task.stage);
    try {
      const output = this.outputs.missing(plan.reads);
      if (output !== undefined)
        throw new FiresteelError(
          "fetchFailed",
          `output ${output.mapPartition} of exchange ${output.exchange} is lost`,
          { output },
        );
      this.executors.launch(action, () => this.stageOrder(task.stage));
    } catch (thrown) {
      this.loop.taskEvent({ type: "attemptFailed", attempt, error: toWire(thrown, "internal") });
      return;
    }
    this.watched?.launched(action);
    this.running.launched(executor, attempt, task.stage);
    this.emit({ type: "taskStarted", stage: task.stage, executor });
  }

  private acceptResult(job: JobId, task: TaskIdentity): void {
    const success = this.claim(task);
    if (success?.output.kind !== "value") return;
    this.accumulate(task, success);
    const { payload } = success.output;
    this.post({ type: "result", job, partition: task.partition, payload });
  }

  private claim(task: TaskIdentity): TaskSuccess | undefined {
    const success = this.arrived.get(keyOf(task));
    this.arrived.delete(keyOf(task));
    if (success !== undefined) return success;
    const held = this.held.take(task);
    // of the last one it is said when the schedulers are through
    if (held !== undefined && held !== this.arriving)
      this.commits.step({ type: "attemptEnded", task, attempt: held.attempt, accepted: true });
    return held;
  }

  /** It counts when all of its barrier stage have succeeded. */
  private hold(task: TaskIdentity): void {
    const success = this.arrived.get(keyOf(task));
    this.arrived.delete(keyOf(task));
    if (success !== undefined) this.held.add({ task, success });
    this.barriers.step({ type: "taskSucceeded", task });
  }

  private dropHeld(stage: StageId): void {
    for (const { task, success } of this.held.takeAll(stage)) {
      this.outputs.discard(success);
      this.commits.step({ type: "attemptEnded", task, attempt: success.attempt, accepted: false });
    }
  }

  private accumulate(task: TaskIdentity, { updates, damage }: TaskSuccess): void {
    this.damage.add(task.stage, damage);
    if (updates.length > 0) this.jobs.accumulate(task.stage, task.partition, updates);
  }

  private stageSubmitted({ job, stage, attempt, graph, tasks }: Extract<DagAction, { type: "stageSubmitted" }>): void {
    this.jobs.stageStarted(stage, job, graph);
    this.commits.step({ type: "stageStarted", stage });
    this.stagesOf.set(job, (this.stagesOf.get(job) ?? new Set()).add(stage));
    const { name, partitions } = graph;
    if (graph.barrier === true)
      this.barriers.step({ type: "stageStarted", stage, stageAttempt: attempt, tasks: partitions.length });
    const atMs = this.clock.nowMs();
    this.emit({ type: "stageSubmitted", job, stage, attempt, name, tasks, atMs });
  }

  private stageEnded(stage: StageId, error: WireError | undefined): void {
    const updates = this.jobs.stageEnded(stage);
    if (updates.length > 0) this.post({ type: "accumulated", updates });
    for (const message of this.damage.stageEnded(stage)) this.post({ type: "warning", message });
    this.barriers.step({ type: "stageEnded", stage });
    this.dropHeld(stage);
    this.executors.forgetStage(stage);
    // of a failed attempt's tasks some may still run, and commit: only that nobody wants the stage ends their rights
    if (error === undefined) this.commits.step({ type: "stageEnded", stage });
    this.emit({ type: "stageCompleted", stage, atMs: this.clock.nowMs(), ...(error !== undefined && { error }) });
  }

  private jobEnded(job: JobId, error: WireError | undefined): void {
    this.jobs.remove(job);
    for (const stage of this.stagesOf.get(job) ?? []) this.commits.step({ type: "stageEnded", stage });
    this.stagesOf.delete(job);
    this.emit({ type: "jobEnded", job, atMs: this.clock.nowMs(), ...(error !== undefined && { error }) });
    this.post({ type: "jobEnded", job, error });
  }

  /** What tasks of a stage need; a probe's results are gathered into its value here. */
  private stageOrder(stage: StageId): StageOrder {
    const { plan, properties } = this.jobs.planOf(stage);
    return { stage, plan, properties, ...this.outputs.inputsOf(plan) };
  }

  private retryMessage({ stage, partition }: TaskIdentity, error: WireError): string {
    const failures = this.jobs.countFailure(stage, partition);
    const name = this.jobs.nameOf(stage);
    return `task ${partition} of stage ${stage} (${name}) failed and runs again (failure ${failures} of at most ${this.limits.taskFailuresMax}): ${error.message}`;
  }

  private emit(event: EngineEvent): void {
    this.watched?.event(event);
    this.post({ type: "event", event });
  }
}

function keyOf(task: TaskIdentity): string {
  return `${task.stage}.${task.partition}`;
}
