/**
 * One executor's end of the talk with its driver: takes definitions, stages and tasks in the order they were sent, gives each task to
 * a thread, and reports what became of it. Spark's CoarseGrainedExecutorBackend. It holds no truth: when it ends, the driver runs its
 * tasks elsewhere, and it ends when the driver no longer knows it.
 */
import { assertNever } from "../base/assert.ts";
import { every, type Timer } from "../base/clock.ts";
import { FiresteelError, toWire, type WireError } from "../base/errors.ts";
import type { BroadcastId, ExchangeId, ExecutorId, RddId, StageId, TaskAttemptId } from "../base/ids.ts";
import { decodeValue, encodeValue } from "../data/value-codec.ts";
import type { JobBundle } from "../closure/contracts.ts";
import type { Peer, RpcAddress, RpcEndpoint, RpcEndpointRef, RpcEnv } from "../rpc/contracts.ts";
import type { BroadcastChunks } from "../shuffle/broadcast-chunks.ts";
import type { OutputName } from "../shuffle/output-registry.ts";
import type { MapOutput } from "../storage/map-output.ts";
import { isMapStatus, type MapInput, type MapStatus } from "../storage/map-status.ts";
import {
  type Carried,
  type DriverProtocol,
  type DriverToExecutor,
  type ExecutorMetrics,
  type ExecutorProtocol,
  type ExecutorRegistration,
  type ExecutorStartup,
  inlineBytesMax,
  type RemoteDefinition,
  type RemoteSuccess,
  type TaskFailure,
} from "./executor-messages.ts";
import type {
  BarrierAnswer,
  Definition,
  FromTaskThread,
  Released,
  StageOrder,
  TaskOrder,
  TaskSuccess,
} from "./messages.ts";
import { decodeStage } from "./stage-codec.ts";
import { TakenBack } from "./taken-back.ts";
import { ThreadQueue } from "./thread-queue.ts";

/** What runs the tasks: `TaskHost` over real threads; in the simulator, what stands for them. */
export interface TaskPlace {
  define(definition: Definition): void;
  release(what: Released): void;
  launch(thread: ExecutorId, order: TaskOrder, stage: () => StageOrder): void;
  cancel(thread: ExecutorId, attempt: TaskAttemptId, reason: string): void;
  finished(attempt: TaskAttemptId, runMs: number): void;
  /** Another executor of the application. */
  executorLost(executor: ExecutorId): void;
  /** Slots that suit its tasks' times; `ready` follows when they change. */
  adapt(thread: ExecutorId): void;
  forgetStage(stage: StageId): void;
  flush(): void;
  answerCommit(thread: ExecutorId, attempt: TaskAttemptId, allowed: boolean): void;
  answerBarrier(attempt: TaskAttemptId, answer: BarrierAnswer): void;
  endThread(thread: ExecutorId, error: WireError): void;
  metrics(): ExecutorMetrics;
}

export interface PlaceListener {
  ready(thread: ExecutorId, slots: number): void;
  message(thread: ExecutorId, message: FromTaskThread): void;
  lost(thread: ExecutorId, error: WireError): void;
}

/** What else an executor has. */
export interface ExecutorParts {
  readonly openPlace: (startup: ExecutorStartup, listener: PlaceListener) => TaskPlace;
  readonly fetchBlob: (hash: string) => Promise<Uint8Array>;
  readonly fetchBroadcast: (broadcast: BroadcastChunks) => Promise<Uint8Array>;
  /** Into the folder that tasks work in. */
  readonly putFile: (name: string, bytes: Uint8Array, executable: boolean) => void;
  readonly releaseBroadcast: (broadcast: BroadcastChunks) => void;
  /** Bytes for the driver to fetch. */
  readonly keepResult: (bytes: Uint8Array) => string;
  readonly dropResult: (hash: string) => void;
  /** Its own map outputs: what others read. */
  readonly acceptOutput: (output: MapOutput) => MapStatus;
  readonly findOutput: (name: OutputName) => MapOutput | undefined;
  readonly discardOutput: (name: OutputName) => void;
  readonly releaseExchange: (exchange: ExchangeId) => void;
  /** Tells the driver which cached partitions came and went: before it hears of the tasks that brought that about. */
  readonly tellBlocks: () => void;
  /** Tells the driver what came of it. */
  readonly copyBlock: (rdd: RddId, partition: number, from: RpcAddress) => void;
  /** Before the place removes its blocks: no more of them are copied. */
  readonly releaseRdd: (rdd: RddId) => void;
  /** It is over: the driver said so, or is gone. */
  readonly ended: (reason: string, asked: boolean) => void;
}

/** Bytes of values in one report. */
const reportBytesMax = 512 * 1024;
const cancelledMax = 100_000;
const stageEnded = "nobody waits for its stage any more";

export class ExecutorCore implements RpcEndpoint<ExecutorProtocol> {
  readonly concurrent = true;
  private place: TaskPlace | undefined;
  private readonly stages = new Map<StageId, StageOrder>();
  private readonly broadcasts = new Map<BroadcastId, BroadcastChunks>();
  private readonly queue = new ThreadQueue();
  private readonly takenBack: TakenBack;
  /** What was sent is done in its order; a cancellation alone overtakes. */
  private inOrder = Promise.resolve();
  private readonly registered = Promise.withResolvers<void>();
  private readonly cancelled = new Map<TaskAttemptId, string>();
  private successes: RemoteSuccess[] = [];
  private failures: TaskFailure[] = [];
  private reportBytes = 0;
  private heartbeat: Timer | undefined;
  private isOver = false;

  constructor(
    private readonly env: RpcEnv,
    private readonly driver: RpcEndpointRef<DriverProtocol>,
    private readonly registration: ExecutorRegistration,
    private readonly parts: ExecutorParts,
  ) {
    this.takenBack = new TakenBack(env.clock);
    // messages may be here before the answer to the registration has been looked at
    this.then(() => this.registered.promise);
  }

  /** Registers at the driver; rejects when it is not wanted there. */
  async start(): Promise<void> {
    const startup: ExecutorStartup = await this.driver.ask(this.registration);
    this.place = this.parts.openPlace(startup, {
      ready: (thread, slots) => {
        this.queue.ready(thread, slots);
        this.dispatch();
      },
      message: (thread, message) => this.fromThread(thread, message),
      lost: (thread, error) => this.threadLost(thread, error),
    });
    this.registered.resolve();
    const everyMs = startup.settings["firesteel.executor.heartbeatInterval"] as number;
    this.heartbeat = every(this.env.clock, everyMs, () => void this.beat());
  }

  receive(message: DriverToExecutor): void {
    switch (message.type) {
      case "define":
        return this.then(() => this.define(message.definition));
      case "stage":
        return this.then(() => this.addStage(message.stage, message.order));
      case "tasks":
        return this.then(() => this.addTasks(message.orders));
      case "cancel":
        return this.cancel(message.attempt, message.reason);
      case "barrierAnswer":
        return void this.answerBarrier(message.attempt, message.answer);
      case "forgetStage":
        return this.then(this.takenBack.word(`stage ${message.stage}`, () => this.forgetStage(message.stage)));
      case "release":
        return this.then(this.takenBack.word(`${message.what.kind} ${message.what.id}`, () => this.release(message)));
      case "discardOutput":
        return this.then(() => this.parts.discardOutput(message));
      case "executorLost":
        return this.place?.executorLost(message.executor);
      case "copyBlock":
        return this.then(() => this.parts.copyBlock(message.rdd, message.partition, message.from));
      case "resultTaken":
        return this.parts.dropResult(message.hash);
      case "stop":
        return this.end(message.reason, true);
      default:
        return assertNever(message);
    }
  }

  onDisconnected(_: Peer, reason: FiresteelError): void {
    this.end(`the driver is gone: ${reason.message}`, false);
  }

  /** Without a driver there is nothing to do. */
  end(reason: string, asked: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.heartbeat?.cancel();
    this.parts.ended(reason, asked);
  }

  private then(step: () => void | Promise<void>): void {
    this.inOrder = this.inOrder.then(step).catch((thrown: unknown) => {
      this.end(
        `what the driver sent could not be taken: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        false,
      );
    });
  }

  private async define(definition: RemoteDefinition): Promise<void> {
    if (definition.kind === "file") {
      this.parts.putFile(definition.name, await this.bytesOf(definition.content), definition.executable);
      return;
    }
    const known = await this.definitionOf(definition);
    if (known !== undefined) this.place!.define(known);
  }

  private async definitionOf(definition: Exclude<RemoteDefinition, { kind: "file" }>): Promise<Definition | undefined> {
    switch (definition.kind) {
      case "bundle":
        return { kind: "bundle", bundle: decodeValue(await this.bytesOf(definition.bundle)) as JobBundle };
      case "broadcast": {
        const { id } = definition;
        const bytes = await this.takenBack.fetch(`broadcast ${id}`, () => this.parts.fetchBroadcast(definition));
        if (bytes === undefined) return undefined;
        this.broadcasts.set(id, definition);
        return { kind: "broadcast", id, bytes };
      }
      case "accumulator":
        return decodeValue(await this.bytesOf(definition.definition), { references: true }) as Definition;
      default:
        return assertNever(definition);
    }
  }

  private async bytesOf(carried: Carried): Promise<Uint8Array> {
    return carried.kind === "inline" ? carried.bytes : this.parts.fetchBlob(carried.hash);
  }

  private forgetStage(stage: StageId): void {
    this.stages.delete(stage);
    this.place?.forgetStage(stage);
  }

  private release({ what, reply }: Extract<DriverToExecutor, { type: "release" }>): void {
    if (what.kind === "exchange") this.parts.releaseExchange(what.id);
    if (what.kind === "rdd") this.parts.releaseRdd(what.id);
    if (what.kind === "broadcast") {
      const broadcast = this.broadcasts.get(what.id);
      this.broadcasts.delete(what.id);
      if (broadcast !== undefined) this.parts.releaseBroadcast(broadcast);
    }
    this.place?.release(what);
    if (reply !== undefined) this.driver.send({ type: "released", reply });
  }

  private async addStage(stage: StageId, carried: Carried): Promise<void> {
    const bytes = await this.takenBack.fetch(`stage ${stage}`, () => this.bytesOf(carried));
    if (bytes === undefined) return;
    const order = decodeStage(bytes);
    const inputs = new Map(
      [...order.inputs].map(([exchange, outputs]) => [exchange, outputs.map(each => this.own(each))]),
    );
    this.stages.set(stage, { ...order, inputs });
  }

  /** An output of this executor is read where it lies. */
  private own(input: MapInput): MapInput {
    if (!isMapStatus(input) || input.executor !== this.registration.executor) return input;
    return this.parts.findOutput(input) ?? input;
  }

  private addTasks(orders: readonly TaskOrder[]): void {
    for (const order of orders) this.queue.add(order);
    this.dispatch();
  }

  private dispatch(): void {
    const { place } = this;
    if (place === undefined) return;
    for (let next = this.queue.take(); next !== undefined; next = this.queue.take()) {
      const { thread, order } = next;
      const reason = this.cancelled.get(order.attempt) ?? (this.stages.has(order.stage) ? undefined : stageEnded);
      if (reason !== undefined) {
        this.fail(order.attempt, toWire(new FiresteelError("cancelled", reason)));
        continue;
      }
      place.launch(thread, order, () => this.stages.get(order.stage)!);
    }
    place.flush();
  }

  private cancel(attempt: TaskAttemptId, reason: string): void {
    const thread = this.queue.threadOf(attempt);
    if (thread !== undefined) this.place?.cancel(thread, attempt, reason);
    else this.cancelLater(attempt, reason);
  }

  /** It waits for a thread, or has ended: of those, the latest are remembered. */
  private cancelLater(attempt: TaskAttemptId, reason: string): void {
    this.cancelled.set(attempt, reason);
    if (this.cancelled.size > cancelledMax) this.cancelled.delete(this.cancelled.keys().next().value!);
  }

  private fromThread(thread: ExecutorId, message: FromTaskThread): void {
    switch (message.type) {
      case "succeeded":
        for (const success of message.tasks) this.succeeded(success);
        break;
      case "failed":
        if (this.queue.threadOf(message.attempt) === undefined) break;
        this.place?.finished(message.attempt, 0);
        this.fail(message.attempt, message.error);
        break;
      case "stray":
        this.place?.endThread(thread, message.error);
        return;
      case "warning":
        this.driver.send({ type: "warning", message: message.message });
        break;
      case "mayCommit":
        void this.askToCommit(thread, message.attempt);
        break;
      case "barrierSync":
        this.driver.send({ ...message, message: encodeValue(message.message) });
        return;
      case "ready":
        break;
      default:
        assertNever(message);
    }
    this.place?.adapt(thread);
    this.dispatch();
  }

  private succeeded(success: TaskSuccess): void {
    const { attempt, output } = success;
    // its thread is taken for dead: the failure was told
    if (this.queue.threadOf(attempt) === undefined) return;
    this.place?.finished(attempt, success.runMs);
    if (output.kind === "map") {
      if (isMapStatus(output.output)) return;
      this.report({ ...success, output: { kind: "map", output: this.parts.acceptOutput(output.output) } });
    } else this.report({ ...success, output: { kind: "value", payload: this.carry(output.payload) } });
  }

  private carry(payload: Uint8Array): Carried {
    if (payload.length <= inlineBytesMax) {
      this.reportBytes += payload.length;
      return { kind: "inline", bytes: payload };
    }
    return { kind: "blob", hash: this.parts.keepResult(payload), bytes: payload.length };
  }

  private threadLost(thread: ExecutorId, error: WireError): void {
    for (const attempt of this.queue.lose(thread)) this.fail(attempt, error);
    this.dispatch();
  }

  private report(success: RemoteSuccess): void {
    this.ended(success.attempt);
    this.successes.push(success);
    if (this.reportBytes > reportBytesMax) this.sendReport();
  }

  private fail(attempt: TaskAttemptId, error: WireError): void {
    this.ended(attempt);
    this.failures.push({ attempt, error });
  }

  private ended(attempt: TaskAttemptId): void {
    this.queue.ended(attempt);
    this.cancelled.delete(attempt);
    // what one event brings about goes as one message
    if (this.successes.length + this.failures.length === 0) queueMicrotask(() => this.sendReport());
  }

  private sendReport(): void {
    const { successes, failures } = this;
    if (successes.length + failures.length === 0) return;
    this.successes = [];
    this.failures = [];
    this.reportBytes = 0;
    this.parts.tellBlocks();
    this.driver.send({ type: "tasksEnded", successes, failures });
  }

  private async askToCommit(thread: ExecutorId, attempt: TaskAttemptId): Promise<void> {
    const allowed = await this.driver.ask({ type: "mayCommit", attempt }).catch(() => false);
    this.place?.answerCommit(thread, attempt, allowed);
  }

  private async answerBarrier(attempt: TaskAttemptId, carried: Carried): Promise<void> {
    let answer: BarrierAnswer;
    try {
      answer = decodeValue(await this.bytesOf(carried)) as BarrierAnswer;
    } catch (thrown) {
      answer = { ok: false, error: toWire(thrown, "lost") };
    }
    this.place?.answerBarrier(attempt, answer);
  }

  private async beat(): Promise<void> {
    const { executor } = this.registration;
    const metrics = this.place!.metrics();
    this.parts.tellBlocks();
    try {
      const { known } = await this.driver.ask({ type: "executorHeartbeat", executor, metrics });
      if (!known) this.end("the driver no longer knows this executor", false);
    } catch {
      // a lost driver is an event of its own
    }
  }
}
