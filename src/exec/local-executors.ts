/** Local mode: the task threads of this process, each an executor with one core. Map outputs are pages that all of them read. */
import type { WireError } from "../base/errors.ts";
import type { ExchangeId, ExecutorId, StageId, TaskAttemptId } from "../base/ids.ts";
import { assertNever } from "../base/assert.ts";
import type { TaskIdentity } from "../schedule/contracts.ts";
import { isMapStatus, type MapInput } from "../storage/map-status.ts";
import type { CachedPartitionInfo } from "../storage/block-store.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { CachedBlock } from "./executor-messages.ts";
import type { Executors, ExecutorsListener, Launch } from "./executors.ts";
import type { BarrierAnswer, Definition, FromTaskThread, HostStart, Released, StageOrder } from "./messages.ts";
import { TaskHost } from "./task-host.ts";

export class LocalExecutors implements Executors {
  private readonly host: TaskHost;

  constructor(
    start: HostStart,
    private readonly listener: ExecutorsListener,
  ) {
    this.host = new TaskHost(start, {
      message: (executor, message) => this.fromThread(executor, message),
      ready: (executor, slots) => {
        listener.ready(executor, slots);
        this.flush();
      },
      // what the thread's tasks held in shared memory was taken back before this call; map outputs live on there
      lost: (executor, error) => this.threadLost(executor, error),
    });
  }

  /** Cached partitions of this process. */
  cached(): readonly CachedBlock[] {
    const toBlock = ({ rdd, partition, pages, diskBytes }: CachedPartitionInfo) => {
      return { rdd, partition, bytes: pages * pageBytes, diskBytes };
    };
    return this.host.blocks.list().map(toBlock);
  }

  endProcesses(): void {
    this.threads.endProcesses();
  }

  private get threads() {
    return this.host.threads;
  }

  define(definition: Definition): void {
    this.threads.define(definition);
  }

  async release(what: Released): Promise<void> {
    // an exchange goes when no job uses it any more: `releaseExchange`
    if (what.kind !== "exchange") this.host.release(what);
  }

  launch(launch: Launch, stageOrder: () => StageOrder): void {
    const { attempt, attemptNumber, task, together } = launch;
    const order = { attempt, attemptNumber, ...task, ...(together && { together: together.map(() => "localhost") }) };
    this.threads.launch(launch.executor, order, stageOrder);
  }

  kill(executor: ExecutorId, attempt: TaskAttemptId, reason: string): void {
    this.threads.kill(executor, attempt, reason);
  }

  flush(): void {
    this.threads.flush();
  }

  taskOf(attempt: TaskAttemptId): TaskIdentity | undefined {
    return this.threads.taskOf(attempt);
  }

  finished(attempt: TaskAttemptId, runMs: number): void {
    this.threads.finished(attempt, runMs);
  }

  expectStage(stage: StageId): void {
    this.threads.expectStage(stage);
  }

  forgetStage(stage: StageId): void {
    this.threads.forgetStage(stage);
  }

  /** All threads read the same memory. */
  preferredOf(): undefined {
    return undefined;
  }

  answerBarrier(attempts: readonly TaskAttemptId[], answer: BarrierAnswer): void {
    for (const attempt of attempts) this.threads.answerBarrier(attempt, answer);
  }

  discardOutput(output: MapInput): void {
    if (!isMapStatus(output)) this.host.exchanges.discard(output);
  }

  releaseExchange(exchange: ExchangeId): void {
    this.host.release({ kind: "exchange", id: exchange });
  }

  private fromThread(executor: ExecutorId, message: FromTaskThread): void {
    const { listener, threads } = this;
    switch (message.type) {
      case "succeeded":
        listener.succeeded(executor, message.tasks);
        break;
      case "failed":
        listener.failed(executor, message.attempt, message.error);
        break;
      case "stray":
        threads.endThread(executor, message.error);
        return;
      case "warning":
        listener.warning(message.message);
        break;
      case "mayCommit":
        threads.answerCommit(executor, message.attempt, listener.mayCommit(executor, message.attempt));
        return;
      case "barrierSync":
        listener.barrierSync(message.attempt, message.kind, message.message);
        return;
      case "ready":
        break;
      default:
        assertNever(message);
    }
    threads.adapt(executor);
    threads.flush();
  }

  private threadLost(executor: ExecutorId, error: WireError): void {
    this.listener.lost(executor, error, false);
    this.flush();
  }
}
