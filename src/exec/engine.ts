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
import { SchedulerLoop } from "../schedule/scheduler-loop.ts";
import type { Executors, Launch, OpenExecutors } from "./executors.ts";
import { DamageBook } from "./input-damage.ts";
import { JobBook } from "./job-book.ts";
import type { FromEngine, Released, StageOrder, SubmittedJob, TaskSuccess, ToEngine } from "./messages.ts";
import type { EngineObserver } from "./observer.ts";
import { OutputBook } from "./output-book.ts";
import { WatchedTasks } from "./watched-tasks.ts";

export class Engine {
  private readonly loop: SchedulerLoop;
  private readonly executors: Executors;
  private readonly jobs = new JobBook();
  private readonly outputs: OutputBook;
  private readonly damage = new DamageBook();
  /** What a succeeded attempt brought, until the DAG scheduler says whether it counts. */
  private readonly arrived = new Map<string, TaskSuccess>();
  private readonly commits = new OutputCommitCoordinator();
  /** Submitted for the jobs that run. */
  private readonly stagesOf = new Map<JobId, Set<StageId>>();
  private wake: Timer | undefined;
  private readonly watched: WatchedTasks | undefined;
  /** The one that the schedulers are hearing of. */
  private arriving: TaskSuccess | undefined;

  constructor(
    private readonly limits: SchedulerLimits,
    open: OpenExecutors,
    private readonly post: (message: FromEngine) => void,
    private readonly clock: Clock = systemClock,
    observer?: EngineObserver,
  ) {
    this.watched = observer === undefined ? undefined : new WatchedTasks(observer, clock);
    this.loop = new SchedulerLoop(limits, {
      carryOut: action => this.carryOut(action),
      checksumOf: attempt => this.checksumOf(attempt),
      time: { nowMs: () => clock.nowMs(), wakeAt: atMs => this.wakeAt(atMs) },
    });
    this.executors = open({
      ready: (executor, slots, host) => {
        this.watched?.executorReady(executor, host);
        this.loop.taskEvent({ type: "executorAdded", executor, slots, ...(host !== undefined && { host }) });
      },
      succeeded: (_, tasks) => {
        for (const success of tasks) this.taskSucceeded(success);
      },
      failed: (_, attempt, error) => this.taskFailed(attempt, error),
      lost: (executor, error, outputsLost) => this.executorLost(executor, error, outputsLost),
      warning: message => this.post({ type: "warning", message }),
      mayCommit: (executor, attempt) => this.mayCommit(executor, attempt),
    });
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
        this.release(message.what);
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

  private release(what: Released): void {
    if (what.kind === "exchange") this.loop.dagEvent({ type: "exchangeReleased", exchange: what.id });
    this.executors.release(what);
  }

  private taskSucceeded(success: TaskSuccess): void {
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
    this.emit({ type: "taskEnded", stage: task.stage, ok: true, metrics: success.metrics });
    this.arriving = success;
    this.loop.taskEvent({ type: "attemptSucceeded", attempt: success.attempt });
    this.arriving = undefined;
    const unclaimed = this.arrived.get(key);
    if (unclaimed !== undefined) this.outputs.discard(unclaimed);
    this.arrived.delete(key);
    this.commits.step({ type: "attemptEnded", task, attempt: success.attempt, accepted: unclaimed === undefined });
  }

  private taskFailed(attempt: TaskAttemptId, error: WireError): void {
    const task = this.executors.taskOf(attempt);
    if (task === undefined) return;
    this.executors.finished(attempt, 0);
    this.watched?.failed(attempt, error);
    this.emit({ type: "taskEnded", stage: task.stage, ok: false });
    this.commits.step({ type: "attemptEnded", task, attempt, accepted: false });
    this.loop.taskEvent({ type: "attemptFailed", attempt, error });
  }

  private executorLost(executor: ExecutorId, error: WireError, outputsLost: boolean): void {
    this.watched?.executorLost(executor, error);
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
    const output = this.arriving?.attempt === attempt ? this.arriving.output : undefined;
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
      case "submitTasks":
        this.executors.expectUnknown();
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
      case "stageSkipped":
        this.emit({ type: "stageSkipped", job: action.job, stage: -1 as StageId, name: action.graph.name });
        break;
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
        break;
      default:
        assertNever(action);
    }
  }

  /** What cannot be launched has failed: its stage is too large to send, or has lost what it reads. */
  private launch(action: Launch): void {
    const { attempt, task } = action;
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
    this.emit({ type: "taskStarted", stage: task.stage });
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
    return success;
  }

  private accumulate(task: TaskIdentity, { updates, damage }: TaskSuccess): void {
    this.damage.add(task.stage, damage);
    if (updates.length > 0) this.jobs.accumulate(task.stage, task.partition, updates);
  }

  private stageSubmitted({ job, stage, attempt, graph }: Extract<DagAction, { type: "stageSubmitted" }>): void {
    this.jobs.stageStarted(stage, job, graph);
    this.commits.step({ type: "stageStarted", stage });
    this.stagesOf.set(job, (this.stagesOf.get(job) ?? new Set()).add(stage));
    const { name, partitions } = graph;
    const atMs = this.clock.nowMs();
    this.emit({ type: "stageSubmitted", job, stage, attempt, name, tasks: partitions.length, atMs });
  }

  private stageEnded(stage: StageId, error: WireError | undefined): void {
    const updates = this.jobs.stageEnded(stage);
    if (updates.length > 0) this.post({ type: "accumulated", updates });
    for (const message of this.damage.stageEnded(stage)) this.post({ type: "warning", message });
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
    return `task ${partition} of stage ${stage} failed and runs again (failure ${failures} of at most ${this.limits.taskFailuresMax}): ${error.message}`;
  }

  private emit(event: EngineEvent): void {
    this.watched?.event(event);
    this.post({ type: "event", event });
  }
}

function keyOf(task: TaskIdentity): string {
  return `${task.stage}.${task.partition}`;
}
