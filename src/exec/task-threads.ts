/**
 * The engine's task threads: started, given orders, watched and replaced. A thread that dies, or does not stop within the
 * grace time when its task is cancelled, is ended; what its tasks owned in kernel memory is taken back before anyone is told.
 */
import type { Worker } from "node:worker_threads";
import type { WireError } from "../base/errors.ts";
import { type ExecutorId, idSequence, type StageId, type TaskAttemptId } from "../base/ids.ts";
import type { SharedPool } from "../kernel/task-memory.ts";
import { ProcessGuard } from "../platform/process-guard.ts";
import { pageFaults } from "../platform/resident.ts";
import { startThread } from "../platform/threads.ts";
import type { StagePlan } from "../planner/stages.ts";
import { removeTaskSpills } from "../storage/spill-store.ts";
import type { TaskIdentity } from "../schedule/contracts.ts";
import { SlotMeter, StageTimes } from "./slot-meter.ts";
import type { BusyThread } from "./memory-watch.ts";
import {
  type BarrierAnswer,
  controlWord,
  type Definition,
  type FromTaskThread,
  type HostStart,
  type ProcessNote,
  type StageOrder,
  type TaskOrder,
  type TaskThreadStart,
  type ToTaskThread,
} from "./messages.ts";

export interface ThreadListener {
  message(executor: ExecutorId, message: FromTaskThread): void;
  ready(executor: ExecutorId, slots: number): void;
  lost(executor: ExecutorId, error: WireError): void;
}

interface TaskThread {
  readonly executor: ExecutorId;
  readonly worker: Worker;
  readonly control: Int32Array;
  readonly stages: Set<StageId>;
  readonly running: Set<TaskAttemptId>;
  /** Processes that its tasks started: they do not end with it by themselves. */
  readonly processes: Set<number>;
  outbox: TaskOrder[];
  readonly meter: SlotMeter;
  ended: boolean;
}

const cancelGraceMs = 400;

export class TaskThreads {
  private readonly threads = new Map<ExecutorId, TaskThread>();
  private readonly attempts = new Map<TaskAttemptId, { readonly task: TaskIdentity; readonly thread: TaskThread }>();
  private readonly definitions: Definition[] = [];
  private readonly plans = new Map<StageId, StagePlan>();
  private readonly times = new StageTimes();
  private readonly nextExecutor = idSequence<ExecutorId>();
  private readonly guard = new ProcessGuard();
  private stopped = false;
  /** Tasks, so far. */
  launched = 0;

  constructor(
    private readonly start: HostStart,
    private readonly memory: WebAssembly.Memory,
    private readonly module: WebAssembly.Module,
    private readonly pool: SharedPool,
    private readonly listener: ThreadListener,
  ) {
    for (let i = 0; i < start.threads; i++) this.startOne();
  }

  define(definition: Definition): void {
    this.definitions.push(definition);
    this.toAll({ type: "define", definition });
  }

  undefine(matches: (definition: Definition) => boolean): void {
    for (let i = this.definitions.length - 1; i >= 0; i--)
      if (matches(this.definitions[i]!)) this.definitions.splice(i, 1);
  }

  toAll(message: ToTaskThread): void {
    for (const thread of this.threads.values()) thread.worker.postMessage(message);
  }

  launch(executor: ExecutorId, order: TaskOrder, stageOrder: () => StageOrder): void {
    const thread = this.threads.get(executor);
    if (thread === undefined) return;
    const { attempt, stage, stageAttempt, partition } = order;
    // an executor's process is told of stages by their first tasks
    if (!this.times.has(stage)) this.expectStage(stage);
    if (!thread.stages.has(stage)) {
      this.flushOne(thread);
      thread.stages.add(stage);
      const order = stageOrder();
      this.plans.set(stage, order.plan);
      thread.worker.postMessage({ type: "stage", order } satisfies ToTaskThread);
    }
    this.launched++;
    thread.running.add(attempt);
    this.attempts.set(attempt, { task: { stage, stageAttempt, partition }, thread });
    thread.outbox.push(order);
  }

  /** Of a stage whose tasks were launched here and that is not forgotten. */
  planOf(stage: StageId): StagePlan | undefined {
    return this.plans.get(stage);
  }

  flush(): void {
    for (const thread of this.threads.values()) this.flushOne(thread);
  }

  taskOf(attempt: TaskAttemptId): TaskIdentity | undefined {
    return this.attempts.get(attempt)?.task;
  }

  finished(attempt: TaskAttemptId, runMs: number): void {
    const entry = this.attempts.get(attempt);
    if (entry === undefined) return;
    this.attempts.delete(attempt);
    entry.thread.running.delete(attempt);
    this.times.ran(entry.task.stage, runMs);
  }

  /** Slots that suit the thread's tasks: many when they are short, one when they are not. */
  adapt(executor: ExecutorId): void {
    const thread = this.threads.get(executor);
    if (thread === undefined) return;
    if (thread.meter.adapt()) this.listener.ready(executor, thread.meter.slots);
  }

  /** A new stage begins: nothing is known of its tasks' times, so no thread gets more than one until some have ended. */
  expectStage(stage: StageId): void {
    this.times.expect(stage);
    for (const thread of this.threads.values()) this.adapt(thread.executor);
  }

  kill(executor: ExecutorId, attempt: TaskAttemptId, reason: string): void {
    const thread = this.threads.get(executor);
    if (thread === undefined || !thread.running.has(attempt)) return;
    this.flushOne(thread);
    thread.worker.postMessage({ type: "cancel", attempt, reason } satisfies ToTaskThread);
    // the set keeps launch order, and a thread works in that order: the first is the one that runs
    const isRunning = () => thread.running.values().next().value === attempt;
    if (isRunning()) Atomics.store(thread.control, controlWord.cancel, attempt);
    setTimeout(() => {
      if (isRunning()) this.end(thread, { kind: "cancelled", name: "FiresteelError", message: reason });
    }, cancelGraceMs);
  }

  answerCommit(executor: ExecutorId, attempt: TaskAttemptId, allowed: boolean): void {
    this.threads.get(executor)?.worker.postMessage({ type: "commitAnswer", attempt, allowed } satisfies ToTaskThread);
  }

  answerBarrier(attempt: TaskAttemptId, answer: BarrierAnswer): void {
    const { thread } = this.attempts.get(attempt) ?? {};
    thread?.worker.postMessage({ type: "barrierAnswer", attempt, answer } satisfies ToTaskThread);
  }

  get isWorking(): boolean {
    return this.attempts.size > 0;
  }

  /** Threads with tasks, for the watch over their memory. */
  busy(): BusyThread<ExecutorId>[] {
    return [...this.threads.values()].flatMap(({ executor, control, running }) =>
      running.size === 0
        ? []
        : [
            {
              id: executor,
              beat: Atomics.load(control, controlWord.beat),
              faults: pageFaults(Atomics.load(control, controlWord.thread)),
            },
          ],
    );
  }

  /** The task that a thread works on. */
  taskOn(executor: ExecutorId): TaskIdentity | undefined {
    const [attempt] = this.threads.get(executor)?.running ?? [];
    return attempt === undefined ? undefined : this.taskOf(attempt);
  }

  /** Ends a thread that harms the process; its tasks fail with `error`. */
  endThread(executor: ExecutorId, error: WireError): void {
    const thread = this.threads.get(executor);
    if (thread !== undefined) this.end(thread, error);
  }

  forgetStage(stage: StageId): void {
    this.plans.delete(stage);
    this.times.forget(stage);
    for (const thread of this.threads.values()) {
      if (thread.stages.delete(stage)) thread.worker.postMessage({ type: "forgetStage", stage } satisfies ToTaskThread);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const ending = [...this.threads.values()].map(thread => thread.worker.terminate());
    this.endProcesses();
    this.threads.clear();
    await Promise.all(ending);
  }

  private startOne(): void {
    const executor = this.nextExecutor();
    const control = new Int32Array(new SharedArrayBuffer(16));
    control[controlWord.cancel] = -1;
    const start: TaskThreadStart = {
      memory: this.memory,
      module: this.module,
      control,
      localDirs: this.start.localDirs,
      settings: this.start.settings,
      filesFolder: this.start.filesFolder,
      cluster: this.start.cluster,
    };
    const worker = startThread("task", { ...start });
    const thread: TaskThread = {
      executor,
      worker,
      control,
      stages: new Set(),
      running: new Set(),
      processes: new Set(),
      outbox: [],
      meter: new SlotMeter(this.times),
      ended: false,
    };
    this.threads.set(executor, thread);
    worker.on("message", (message: FromTaskThread | ProcessNote) => {
      if (message.type === "process") this.noteProcess(thread, message);
      else if (message.type === "ready") this.listener.ready(executor, thread.meter.slots);
      else this.listener.message(executor, message);
    });
    worker.on("error", (error: unknown) => this.end(thread, diedOf(error)));
    worker.on("exit", () =>
      this.end(thread, {
        kind: "lost",
        name: "FiresteelError",
        message: "a task ended its thread: process.exit was called in a task",
        hint: "throw an error instead",
      }),
    );
    for (const definition of this.definitions)
      worker.postMessage({ type: "define", definition } satisfies ToTaskThread);
  }

  private noteProcess(thread: TaskThread, { pid, running }: ProcessNote): void {
    this.guard.note(pid, running);
    if (!running) thread.processes.delete(pid);
    else if (thread.ended || this.stopped) this.guard.end(pid);
    else thread.processes.add(pid);
  }

  /** Those that tasks started. */
  endProcesses(): void {
    this.guard.endAll();
  }

  private end(thread: TaskThread, error: WireError): void {
    if (thread.ended || this.stopped) return;
    thread.ended = true;
    for (const pid of thread.processes) this.guard.end(pid);
    this.threads.delete(thread.executor);
    for (const attempt of thread.running) this.attempts.delete(attempt);
    void thread.worker.terminate().then(() => {
      for (const attempt of thread.running) {
        this.pool.reclaimTask(attempt);
        removeTaskSpills(this.start.localDirs, attempt);
      }
      this.listener.lost(thread.executor, error);
      this.startOne();
    });
  }

  private flushOne(thread: TaskThread): void {
    if (thread.outbox.length === 0) return;
    thread.worker.postMessage({ type: "tasks", orders: thread.outbox } satisfies ToTaskThread);
    thread.outbox = [];
  }
}

function diedOf(error: unknown): WireError {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "lost", name: "FiresteelError", message: `a task thread died: ${message}` };
}
