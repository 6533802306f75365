/** The task threads of an executor process, as its core sees them. */
import type { WireError } from "../base/errors.ts";
import type { ExecutorId, StageId, TaskAttemptId } from "../base/ids.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { residentBytes } from "../platform/resident.ts";
import type { PlaceListener, TaskPlace } from "./executor-core.ts";
import type { ExecutorMetrics } from "./executor-messages.ts";
import type { Definition, HostStart, Released, StageOrder, TaskOrder } from "./messages.ts";
import { TaskHost } from "./task-host.ts";

export class HostPlace implements TaskPlace {
  readonly host: TaskHost;

  constructor(start: HostStart, listener: PlaceListener) {
    this.host = new TaskHost(start, listener);
  }

  define(definition: Definition): void {
    this.host.threads.define(definition);
  }

  release(what: Released): void {
    this.host.release(what);
  }

  launch(thread: ExecutorId, task: TaskOrder, order: () => StageOrder): void {
    const { attempt, attemptNumber, stage, partition, cachedAt } = task;
    this.host.threads.launch(thread, attempt, attemptNumber, { stage, stageAttempt: 0, partition }, order, cachedAt);
  }

  cancel(thread: ExecutorId, attempt: TaskAttemptId, reason: string): void {
    this.host.threads.kill(thread, attempt, reason);
  }

  executorLost(executor: ExecutorId): void {
    this.host.threads.toAll({ type: "executorLost", executor });
  }

  finished(attempt: TaskAttemptId, runMs: number): void {
    this.host.threads.finished(attempt, runMs);
  }

  adapt(thread: ExecutorId): void {
    this.host.threads.adapt(thread);
  }

  forgetStage(stage: StageId): void {
    this.host.threads.forgetStage(stage);
  }

  flush(): void {
    this.host.threads.flush();
  }

  answerCommit(thread: ExecutorId, attempt: TaskAttemptId, allowed: boolean): void {
    this.host.threads.answerCommit(thread, attempt, allowed);
  }

  endThread(thread: ExecutorId, error: WireError): void {
    this.host.threads.endThread(thread, error);
  }

  metrics(): ExecutorMetrics {
    const { pool } = this.host;
    const { tasks, storage, exchanges } = pool.shares.use();
    return {
      taskBytes: tasks * pageBytes,
      storageBytes: storage * pageBytes,
      exchangeBytes: exchanges * pageBytes,
      memoryBytes: pool.area.memory.buffer.byteLength,
      residentBytes: residentBytes(),
      cachedPartitions: this.host.blocks.list().length,
    };
  }
}
