/**
 * Executors of a cluster, as the engine sees them: processes that registered at the driver. Spark's CoarseGrainedSchedulerBackend
 * and HeartbeatReceiver. Each is one executor with as many slots as cores, more while its tasks are short.
 *
 * Promises: an executor that is silent, or whose connection ends, is lost once, with all that ran there and lay there, and its
 * process is given up; what it says later is not heard. Does not: start or end processes (cluster-manager.ts).
 */
import { type FiresteelError, toWire, type WireError } from "../base/errors.ts";
import type { ExchangeId, ExecutorId, StageId, TaskAttemptId } from "../base/ids.ts";
import { assertNever } from "../base/assert.ts";
import { every, type Timer } from "../base/clock.ts";
import { decodeValue, encodeValue } from "../data/value-codec.ts";
import { persistedIn } from "../planner/cached-inputs.ts";
import type { StagePlan } from "../planner/stages.ts";
import type { Peer, QuestionOf, RpcAddress, RpcEndpoint, RpcEnv } from "../rpc/contracts.ts";
import type { Preferred, TaskIdentity } from "../schedule/contracts.ts";
import type { FileKey } from "../storage/file-cipher.ts";
import { isMapStatus, type MapInput } from "../storage/map-status.ts";
import type { Executors, ExecutorsListener, Launch } from "./executors.ts";
import {
  type CachedBlock,
  type DriverProtocol,
  type DriverToExecutor,
  executorEndpoint,
  type ExecutorProtocol,
  type ExecutorRegistration,
  type ExecutorStartup,
  type ExecutorToDriver,
  type RemoteSuccess,
} from "./executor-messages.ts";
import { AwaitedReleases } from "./awaited-releases.ts";
import { BlobLocations } from "./blob-locations.ts";
import { BlockMaster } from "./block-master.ts";
import { CoresGate, type CoresGateOptions } from "./cores-gate.ts";
import type { BarrierAnswer, Definition, Released, Settings, StageOrder, TaskSuccess } from "./messages.ts";
import { type ExecutorSummary, RegisteredExecutors, type RemoteExecutor } from "./registered-executors.ts";
import type { SentBytes } from "./sent-bytes.ts";

export type { ExecutorSummary };

export interface RemoteOptions extends CoresGateOptions {
  readonly settings: Settings;
  /** Longest silence of an executor. */
  readonly timeoutMs: number;
  /** Of local dirs, for executors. */
  readonly fileKey?: FileKey | undefined;
}

export class RemoteExecutors implements Executors, RpcEndpoint<DriverProtocol> {
  readonly concurrent = true;
  private readonly executors = new RegisteredExecutors();
  private readonly attempts = new Map<
    TaskAttemptId,
    { readonly task: TaskIdentity; readonly executor: RemoteExecutor }
  >();
  private readonly definitions: Definition[] = [];
  private readonly blobs = new BlobLocations();
  private readonly blocks = new BlockMaster({
    addressOf: executor => this.executors.addressOf(executor),
    copy: (to, rdd, partition, from) => this.executors.get(to)?.ref.send({ type: "copyBlock", rdd, partition, from }),
  });
  private readonly releases = new AwaitedReleases();
  /** Stages whose tasks may read what is cached. */
  private readonly cachedStages = new Map<StageId, StagePlan>();
  private readonly watch: Timer;
  private readonly lookEveryMs: number;
  private isStopped = false;
  private readonly gate: CoresGate<RemoteExecutor>;
  /** Since the last launch tasks were submitted. */
  private tasksWait = false;

  constructor(
    private readonly env: RpcEnv,
    private readonly sent: SentBytes,
    private readonly options: RemoteOptions,
    private readonly listener: ExecutorsListener,
    /** Its process is to end: it is lost, or was never wanted. */
    private readonly giveUp: (executor: ExecutorId) => void,
  ) {
    this.gate = new CoresGate(env.clock, options, executors => this.letIn(executors));
    this.lookEveryMs = Math.max(1, options.timeoutMs / 20);
    this.watch = every(env.clock, this.lookEveryMs, () => this.lookForSilence());
  }

  // ---- what the cluster manager says

  expect(executor: ExecutorId): void {
    this.executors.expect(executor);
  }

  /** Its process ended, or will never start. */
  ended(executor: ExecutorId, reason: string): void {
    this.executors.expectNoLonger(executor);
    this.lose(executor, reason);
  }

  /** Tasks wait, and there is nobody. */
  get isStarved(): boolean {
    return this.executors.count === 0 && this.tasksWait;
  }

  get summaries(): readonly ExecutorSummary[] {
    return this.executors.summaries;
  }

  /** Cached partitions, each as often as it is held. */
  get cached(): readonly CachedBlock[] {
    return this.blocks.locations.blocks();
  }

  /** Nothing is started or heard any more; executors are told to end. */
  stop(reason: string): void {
    this.isStopped = true;
    this.watch.cancel();
    for (const executor of this.executors.all()) executor.ref.send({ type: "stop", reason });
  }

  // ---- what executors say

  receiveAndReply(question: QuestionOf<DriverProtocol>, from: Peer): unknown {
    switch (question.type) {
      case "registerExecutor":
        return this.register(question, from);
      case "executorHeartbeat": {
        const executor = this.executors.of(from);
        if (executor !== undefined) {
          executor.heardMs = this.env.clock.nowMs();
          executor.metrics = question.metrics;
        }
        return { known: executor !== undefined };
      }
      case "mayCommit":
        return this.mayCommit(question.attempt, from);
      case "locateBlob":
        return this.locateBlob(question.hash, from);
      default:
        return assertNever(question);
    }
  }

  receive(message: ExecutorToDriver, from: Peer): void {
    const executor = this.executors.of(from);
    if (executor === undefined) return;
    executor.heardMs = this.env.clock.nowMs();
    switch (message.type) {
      case "tasksEnded":
        for (const { attempt, error } of message.failures) this.failed(executor, attempt, error);
        this.succeeded(executor, message.successes);
        this.adapt(executor);
        this.flush();
        break;
      case "barrierSync":
        if (executor.running.has(message.attempt))
          this.listener.barrierSync(message.attempt, message.kind, decodeValue(message.message) as string);
        break;
      case "warning":
        this.listener.warning(message.message);
        break;
      case "blocksChanged":
        this.blocks.event({ ...message, executor: executor.registration.executor });
        break;
      case "copyFailed":
        this.blocks.event({ ...message, executor: executor.registration.executor });
        break;
      case "released":
        this.releases.answered(executor.registration.executor, message.reply);
        break;
      default:
        assertNever(message);
    }
  }

  onDisconnected(peer: Peer, reason: FiresteelError): void {
    const executor = this.executors.of(peer);
    if (executor !== undefined) this.lose(executor.registration.executor, reason.message);
  }

  private locateBlob(hash: string, from: Peer): readonly RpcAddress[] {
    const asker = this.executors.of(from)?.registration.executor;
    if (asker === undefined) return [];
    return this.blobs.locate(hash, asker).flatMap(each => this.executors.addressOf(each) ?? []);
  }

  private mayCommit(attempt: TaskAttemptId, from: Peer): boolean {
    const executor = this.executors.of(from);
    if (executor === undefined || !executor.running.has(attempt)) return false;
    return this.listener.mayCommit(executor.registration.executor, attempt);
  }

  private register(registration: ExecutorRegistration, from: Peer): ExecutorStartup {
    const { cores, executor: id, host } = registration;
    const ref = this.env.refAt<ExecutorProtocol>(from, executorEndpoint);
    const executor = this.executors.add(registration, from, ref, this.env.clock.nowMs());
    this.blocks.event({ type: "executorAdded", executor: id, host });
    for (const definition of this.definitions)
      ref.send({ type: "define", definition: this.sent.definition(definition) });
    this.gate.add(executor, cores);
    return { workingFolder: process.cwd(), settings: this.options.settings, fileKey: this.options.fileKey };
  }

  private letIn(executors: readonly RemoteExecutor[]): void {
    for (const { registration, meter } of executors) {
      if (this.executors.get(registration.executor) !== undefined)
        this.listener.ready(registration.executor, meter.slots, registration.host);
    }
    this.flush();
  }

  // ---- what the engine says

  define(definition: Definition): void {
    this.definitions.push(definition);
    this.toAll({ type: "define", definition: this.sent.definition(definition) });
  }

  async release(what: Released, waits: boolean): Promise<void> {
    if (what.kind === "exchange") return;
    if (what.kind === "rdd") this.blocks.event({ type: "rddReleased", rdd: what.id });
    if (what.kind === "broadcast" || what.kind === "accumulator") {
      const at = this.definitions.findIndex(each => each.kind === what.kind && each.id === what.id);
      if (at >= 0) this.sent.forgetDefinition(this.definitions.splice(at, 1)[0]!);
    }
    if (!waits) return this.toAll({ type: "release", what });
    const executors = [...this.executors.all()].map(({ registration }) => registration.executor);
    await this.releases.begin(executors, reply => this.toAll({ type: "release", what, reply }));
  }

  launch({ executor: id, attempt, attemptNumber, task, together }: Launch, stageOrder: () => StageOrder): void {
    const executor = this.executors.get(id);
    if (executor === undefined) return;
    const { stage, partition } = task;
    if (!executor.stages.has(stage)) {
      this.flushOne(executor);
      executor.stages.add(stage);
      executor.ref.send({ type: "stage", stage, order: this.sent.stage(stage, () => this.orderOf(stage, stageOrder)) });
    }
    this.tasksWait = false;
    executor.running.add(attempt);
    this.attempts.set(attempt, { task, executor });
    const plan = this.cachedStages.get(stage);
    const cachedAt = plan === undefined ? [] : this.blocks.elsewhere(plan, partition, id);
    executor.orders.push({
      ...{ attempt, attemptNumber, ...task },
      ...(together && { together: together.map(each => this.executors.nameOf(each)) }),
      ...(cachedAt.length > 0 && { cachedAt }),
    });
    // what one task is told may fill much of a message
    if (cachedAt.length > 0 || together !== undefined) this.flushOne(executor);
  }

  preferredOf(plan: StagePlan): Preferred | undefined {
    return this.blocks.preferredOf(plan);
  }

  kill(id: ExecutorId, attempt: TaskAttemptId, reason: string): void {
    const executor = this.executors.get(id);
    if (executor === undefined || !executor.running.has(attempt)) return;
    this.flushOne(executor);
    executor.ref.send({ type: "cancel", attempt, reason });
  }

  flush(): void {
    for (const executor of this.executors.all()) this.flushOne(executor);
  }

  taskOf(attempt: TaskAttemptId): TaskIdentity | undefined {
    return this.attempts.get(attempt)?.task;
  }

  finished(attempt: TaskAttemptId, runMs: number): void {
    const entry = this.attempts.get(attempt);
    if (entry === undefined) return;
    this.attempts.delete(attempt);
    entry.executor.running.delete(attempt);
    this.executors.times.ran(entry.task.stage, runMs);
  }

  expectStage(stage: StageId): void {
    this.tasksWait = true;
    this.executors.times.expect(stage);
    for (const executor of this.executors.all()) this.adapt(executor);
  }

  forgetStage(stage: StageId): void {
    this.executors.times.forget(stage);
    this.sent.forgetStage(stage);
    this.cachedStages.delete(stage);
    for (const executor of this.executors.all()) {
      if (executor.stages.delete(stage)) executor.ref.send({ type: "forgetStage", stage });
    }
  }

  answerBarrier(attempts: readonly TaskAttemptId[], answer: BarrierAnswer, stage?: StageId): void {
    const carried = this.sent.barrierAnswer(encodeValue(answer), stage);
    for (const attempt of attempts)
      this.attempts.get(attempt)?.executor.ref.send({ type: "barrierAnswer", attempt, answer: carried });
  }

  discardOutput(output: MapInput): void {
    if (!isMapStatus(output)) return;
    const { executor, exchange, mapPartition, checksum } = output;
    this.executors.get(executor)?.ref.send({ type: "discardOutput", exchange, mapPartition, checksum });
  }

  releaseExchange(exchange: ExchangeId): void {
    this.toAll({ type: "release", what: { kind: "exchange", id: exchange } });
  }

  // ---- inside

  /** Of a stage that is sent for the first time. */
  private orderOf(stage: StageId, stageOrder: () => StageOrder): StageOrder {
    const order = stageOrder();
    if (persistedIn(order.plan).length > 0) this.cachedStages.set(stage, order.plan);
    return order;
  }

  private succeeded(executor: RemoteExecutor, successes: readonly RemoteSuccess[]): void {
    const whole: TaskSuccess[] = [];
    for (const success of successes) {
      const { output } = success;
      if (output.kind === "map") whole.push({ ...success, output });
      else if (output.payload.kind === "inline")
        whole.push({ ...success, output: { kind: "value", payload: output.payload.bytes } });
      else void this.fetchResult(executor, success, output.payload.hash);
    }
    executor.endedTasks += whole.length;
    if (whole.length > 0) this.listener.succeeded(executor.registration.executor, whole);
  }

  /** The attempt counts as running until its result is here. */
  private async fetchResult(executor: RemoteExecutor, success: RemoteSuccess, hash: string): Promise<void> {
    const { executor: id, address } = executor.registration;
    try {
      const payload = await this.sent.fetchResult(address, hash);
      executor.ref.send({ type: "resultTaken", hash });
      if (this.executors.get(id) !== executor) return;
      executor.endedTasks++;
      this.listener.succeeded(id, [{ ...success, output: { kind: "value", payload } }]);
    } catch (thrown) {
      if (this.executors.get(id) !== executor) return;
      this.failed(executor, success.attempt, toWire(thrown, "lost"));
    }
    this.adapt(executor);
    this.flush();
  }

  private failed(executor: RemoteExecutor, attempt: TaskAttemptId, error: WireError): void {
    executor.failedTasks++;
    this.listener.failed(executor.registration.executor, attempt, error);
  }

  private adapt(executor: RemoteExecutor): void {
    if (executor.meter.adapt() && this.gate.isOpen)
      this.listener.ready(executor.registration.executor, executor.meter.slots);
  }

  private flushOne(executor: RemoteExecutor): void {
    if (executor.orders.length === 0) return;
    executor.ref.send({ type: "tasks", orders: executor.orders });
    executor.orders = [];
  }

  private toAll(message: DriverToExecutor): void {
    for (const executor of this.executors.all()) executor.ref.send(message);
  }

  private lookForSilence(): void {
    const nowMs = this.env.clock.nowMs();
    for (const { registration, heardMs } of this.executors.silent(nowMs, this.options.timeoutMs, this.lookEveryMs))
      this.lose(registration.executor, `it has said nothing for ${Math.round((nowMs - heardMs) / 1000)} s`);
  }

  private lose(id: ExecutorId, reason: string): void {
    const executor = this.executors.get(id);
    if (executor === undefined || this.isStopped) return;
    this.executors.remove(executor);
    this.blobs.executorLost(id);
    this.blocks.event({ type: "executorLost", executor: id });
    this.releases.lost(id);
    for (const attempt of executor.running) this.attempts.delete(attempt);
    const { host, pid } = executor.registration;
    const error: WireError = {
      kind: "lost",
      name: "FiresteelError",
      message: `executor ${id} on ${host} (process ${pid}) is lost: ${reason}`,
    };
    executor.ref.send({ type: "stop", reason: `the driver has given it up: ${reason}` });
    this.giveUp(id);
    this.toAll({ type: "executorLost", executor: id });
    this.env.disconnect(executor.peer, reason);
    this.listener.warning(error.message);
    this.listener.lost(id, error, true);
    this.flush();
  }
}
