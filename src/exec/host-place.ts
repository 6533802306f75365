/** The task threads of an executor process, as its core sees them. */
import type { WireError } from "../base/errors.ts";
import type { ExecutorId, StageId, TaskAttemptId } from "../base/ids.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { residentBytes } from "../platform/resident.ts";
import type { PlaceListener, TaskPlace } from "./executor-core.ts";
import type { ExecutorMetrics } from "./executor-messages.ts";
import type { BarrierAnswer, Definition, HostStart, Released, StageOrder, TaskOrder } from "./messages.ts";
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
    this.host.threads.launch(thread, task, order);
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

  answerBarrier(attempt: TaskAttemptId, answer: BarrierAnswer): void {
    this.host.threads.answerBarrier(attempt, answer);
  }

  endThread(thread: ExecutorId, error: WireError): void {
    this.host.threads.endThread(thread, error);
  }

  metrics(): ExecutorMetrics {
    const { pool } = this.host;
    const { tasks, storage, exchanges } = pool.shares.use();
    const cached = this.host.blocks.list();
    return {
      taskBytes: tasks * pageBytes,
      storageBytes: storage * pageBytes,
      exchangeBytes: exchanges * pageBytes,
      memoryBytes: pool.area.memory.buffer.byteLength,
      residentBytes: residentBytes(),
      cachedPartitions: cached.length,
      cachedDiskBytes: cached.reduce((sum, { diskBytes }) => sum + diskBytes, 0),
    };
  }
}
