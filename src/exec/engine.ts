/**
 * The shell around the two schedulers of local mode: messages from the driver and the task threads become events of the
 * machines, their actions become messages. It keeps what the machines only name: plans, map outputs, probe values and
 * payloads that wait to be accepted. Task threads are executors with one core each.
 */
import { assertNever } from "../base/assert.ts";
import type { EngineEvent } from "../base/events.ts";
import type { WireError } from "../base/errors.ts";
import type { ExecutorId, JobId, StageId, TaskAttemptId } from "../base/ids.ts";
import type { DagAction, TaskAction, TaskIdentity } from "../schedule/contracts.ts";
import { SchedulerLoop } from "../schedule/scheduler-loop.ts";
import { JobBook } from "./job-book.ts";
import type {
  EngineStart,
  FromEngine,
  FromTaskThread,
  Released,
  StageOrder,
  TaskSuccess,
  ToEngine,
} from "./messages.ts";
import { DamageBook } from "./input-damage.ts";
import { MemoryWatch, type Suspicion } from "./memory-watch.ts";
import { OutputBook } from "./output-book.ts";
import { functionsOf, type StageFunctions } from "./stage-functions.ts";
import { TaskThreads } from "./task-threads.ts";
import { formatBytes } from "../base/quantity.ts";
import { adviseHugePages } from "../platform/huge-pages.ts";
import { residentBytes } from "../platform/resident.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { createKernelMemory } from "../kernel/kernels.ts";
import { attachMemory, type SharedPool } from "../kernel/task-memory.ts";
import { BlockStore } from "../storage/block-store.ts";
import { removeOrphans } from "../storage/local-dirs.ts";
import { ExchangeStore } from "../storage/exchange-store.ts";

export class Engine {
  private readonly loop: SchedulerLoop;
  private readonly threads: TaskThreads;
  private readonly jobs = new JobBook();
  private readonly outputs: OutputBook;
  private readonly damage = new DamageBook();
  private readonly taskFailuresMax: number;
  /** What a succeeded attempt brought, until the DAG scheduler says whether it counts. */
  private readonly arrived = new Map<string, TaskSuccess>();

  constructor(
    start: EngineStart,
    private readonly post: (message: FromEngine) => void,
  ) {
    this.taskFailuresMax = start.taskFailuresMax;
    const limits = { taskFailuresMax: start.taskFailuresMax, stageAttemptsMax: start.stageAttemptsMax };
    this.loop = new SchedulerLoop(limits, { carryOut: action => this.carryOut(action) });
    const memory = createKernelMemory(start.memoryBytes);
    void adviseHugePages(memory);
    const pool = attachMemory(memory, start.pool);
    this.outputs = new OutputBook(new ExchangeStore(pool, { dirs: start.localDirs }), new BlockStore(pool));
    this.threads = new TaskThreads(start, memory, pool, {
      message: (executor, message) => this.fromThread(executor, message),
      ready: (executor, slots) => {
        this.loop.taskEvent({ type: "executorAdded", executor, slots });
        this.threads.flush();
      },
      lost: (executor, error) => this.threadLost(executor, error),
    });
    const heapBytes = start.settings["firesteel.task.heapLimit"] as number;
    const watch = new MemoryWatch<ExecutorId>({ heapBytes, machineBytes: start.machineBytes });
    setInterval(() => this.watchMemory(watch, pool, heapBytes), watchEveryMs).unref();
    // short jobs need not look
    setTimeout(() => removeOrphans(start.localDirs), tidyAfterMs).unref();
  }

  receive(message: ToEngine): void {
    switch (message.type) {
      case "define":
        this.threads.define(message.definition);
        break;
      case "submit":
        this.loop.dagEvent({ type: "jobSubmitted", job: this.jobs.add(message.job) });
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
      default:
        assertNever(message);
    }
    this.threads.flush();
  }

  private release(what: Released): void {
    if (what.kind === "exchange") this.loop.dagEvent({ type: "exchangeReleased", exchange: what.id });
    if (what.kind === "rdd") this.outputs.releaseBlocks(what.id);
    if (what.kind === "broadcast") this.threads.undefine(each => each.kind === "broadcast" && each.id === what.id);
    this.threads.toAll({ type: "release", what });
  }

  private fromThread(executor: ExecutorId, message: FromTaskThread): void {
    switch (message.type) {
      case "succeeded":
        for (const success of message.tasks) this.taskSucceeded(success);
        break;
      case "failed":
        this.taskFailed(message.attempt, message.error);
        break;
      case "stray":
        this.threads.endThread(executor, message.error);
        return;
      case "warning":
        this.post({ type: "warning", message: message.message });
        break;
      case "ready":
        break;
      default:
        assertNever(message);
    }
    this.threads.adapt(executor);
    this.threads.flush();
  }

  private taskSucceeded(success: TaskSuccess): void {
    const task = this.threads.taskOf(success.attempt);
    if (task === undefined) {
      this.outputs.discard(success);
      return;
    }
    this.threads.finished(success.attempt, success.runMs);
    const key = keyOf(task);
    const earlier = this.arrived.get(key);
    if (earlier !== undefined) this.outputs.discard(earlier);
    this.arrived.set(key, success);
    this.emit({ type: "taskEnded", stage: task.stage, ok: true, metrics: success.metrics });
    this.loop.taskEvent({ type: "attemptSucceeded", attempt: success.attempt });
    const unclaimed = this.arrived.get(key);
    if (unclaimed !== undefined) this.outputs.discard(unclaimed);
    this.arrived.delete(key);
  }

  private taskFailed(attempt: TaskAttemptId, error: WireError): void {
    const task = this.threads.taskOf(attempt);
    if (task === undefined) return;
    this.threads.finished(attempt, 0);
    this.emit({ type: "taskEnded", stage: task.stage, ok: false });
    this.loop.taskEvent({ type: "attemptFailed", attempt, error });
  }

  private threadLost(executor: ExecutorId, error: WireError): void {
    // what the thread's tasks held in shared memory was taken back before this call; map outputs live on there
    this.loop.executorLost(executor, error, false);
    this.threads.flush();
  }

  private carryOut(action: DagAction | TaskAction): void {
    switch (action.type) {
      case "launchTask":
        this.threads.launch(action, () => this.stageOrder(action.task.stage));
        this.emit({ type: "taskStarted", stage: action.task.stage });
        break;
      case "killTask":
        this.threads.kill(action.executor, action.attempt, action.reason);
        break;
      case "taskRetried":
        this.post({ type: "warning", message: this.retryMessage(action.task, action.error) });
        break;
      case "submitTasks":
        this.threads.expectUnknown();
        break;
      case "outputsLost":
        this.outputs.lost(action.exchange, action.partitions);
        break;
      case "exchangeForgotten":
        this.outputs.release(action.exchange);
        break;
      case "stageSubmitted": {
        this.jobs.stageStarted(action.stage, action.job, action.graph);
        const { job, stage, attempt, graph } = action;
        const { name, partitions } = graph;
        this.emit({ type: "stageSubmitted", job, stage, attempt, name, tasks: partitions.length, atMs: Date.now() });
        break;
      }
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

  private stageEnded(stage: StageId, error: WireError | undefined): void {
    const updates = this.jobs.stageEnded(stage);
    if (updates.length > 0) this.post({ type: "accumulated", updates });
    for (const message of this.damage.stageEnded(stage)) this.post({ type: "warning", message });
    this.threads.forgetStage(stage);
    this.emit({ type: "stageCompleted", stage, atMs: Date.now(), ...(error !== undefined && { error }) });
  }

  private jobEnded(job: JobId, error: WireError | undefined): void {
    this.jobs.remove(job);
    this.emit({ type: "jobEnded", job, atMs: Date.now(), ...(error !== undefined && { error }) });
    this.post({ type: "jobEnded", job, error });
  }

  /** What tasks of a stage need; a probe's results are gathered into its value here. */
  private stageOrder(stage: StageId): StageOrder {
    const { plan, properties } = this.jobs.planOf(stage);
    return { stage, plan, properties, ...this.outputs.inputsOf(plan) };
  }

  private retryMessage({ stage, partition }: TaskIdentity, error: WireError): string {
    const failures = this.jobs.countFailure(stage, partition);
    return `task ${partition} of stage ${stage} failed and runs again (failure ${failures} of at most ${this.taskFailuresMax}): ${error.message}`;
  }

  private watchMemory(watch: MemoryWatch<ExecutorId>, pool: SharedPool, heapBytes: number): void {
    const { tasks, storage, exchanges, broadcasts } = pool.shares.use();
    const engineBytes = (tasks + storage + exchanges + broadcasts) * pageBytes;
    const suspicion = watch.look(this.threads.busy(), residentBytes(), engineBytes);
    const task = suspicion && this.threads.taskOn(suspicion.thread);
    if (task === undefined) return;
    this.threads.endThread(
      suspicion!.thread,
      heapFilled(functionsOf(this.jobs.planOf(task.stage).plan), suspicion!, heapBytes),
    );
  }

  private emit(event: EngineEvent): void {
    this.post({ type: "event", event });
  }
}

const watchEveryMs = 50;
const tidyAfterMs = 1000;

function heapFilled(
  { text, at }: StageFunctions,
  { grownBytes, machineFull }: Suspicion<ExecutorId>,
  heapBytes: number,
): WireError {
  const limit = machineFull ? "the machine's memory is nearly full" : `the limit is ${formatBytes(heapBytes)}`;
  return {
    kind: "resource",
    name: "FiresteelError",
    message: `${text} fills its thread's JavaScript heap within one call: it took ${formatBytes(grownBytes)} more, ${limit}`,
    hint: "keep less in memory at once: yield rows from a generator function*, or use smaller inputs; or raise firesteel.task.heapLimit",
    ...(at !== undefined && { at }),
  };
}

function keyOf(task: TaskIdentity): string {
  return `${task.stage}.${task.partition}`;
}
