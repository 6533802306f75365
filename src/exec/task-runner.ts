/** Runs one task attempt at a time on this thread: opens its memory, gives it its environment, and closes both whatever happens. */
import { FiresteelError } from "../base/errors.ts";
import { type ExchangeId, type ExecutorId, type RddId, type TaskAttemptId } from "../base/ids.ts";
import { invariant } from "../base/assert.ts";
import { intrinsicsPatched } from "../expr/intrinsics.ts";
import { instantiateKernels, type Kernels } from "../kernel/kernels.ts";
import { attachMemory, type SharedPool, type TaskMemory } from "../kernel/task-memory.ts";
import { cachedSource } from "../operators/cached.ts";
import { cachedTogether } from "../operators/cached-together.ts";
import type { ChunkSource } from "../operators/chunk.ts";
import { endTask, type EnteredTask, enterTask, leaveTask } from "../operators/task-context.ts";
import type { TaskCounters, TaskEnv } from "../operators/task-env.ts";
import { preview } from "../operators/row-errors.ts";
import { failureOf, type Named } from "../operators/task-failure.ts";
import { withoutZeros, zeroMetrics } from "../base/events.ts";
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import { HeapWatch } from "../platform/heap.ts";
import { isBarrier } from "../planner/barrier-stages.ts";
import type { StagePlan } from "../planner/stages.ts";
import type { SyncKind } from "../schedule/barrier-coordinator.ts";
import type { SourceMetric } from "../sources/contracts.ts";
import { BlockStore } from "../storage/block-store.ts";
import { ExchangeStore } from "../storage/exchange-store.ts";
import { SpillStore } from "../storage/spill-store.ts";
import type { Definitions } from "./definitions.ts";
import type { InputDamage } from "./input-damage.ts";
import {
  type BarrierAnswer,
  controlWord,
  type StageOrder,
  type TaskOrder,
  type TaskSuccess,
  type TaskThreadStart,
} from "./messages.ts";
import { openRemoteAccess, type RemoteAccess } from "./remote-access.ts";
import { runTask, type TaskOutput } from "./run-task.ts";
import { spillCompression } from "./spill-codec.ts";
import { functionsOf, keepersOf } from "./stage-functions.ts";

/** Rows read are counted where they are given to operators. */
const counters: Readonly<Record<SourceMetric, keyof TaskCounters | undefined>> = {
  ...{ bytesRead: "inputBytes", rowsRead: undefined, bytesWritten: "outputBytes", rowsWritten: "outputRows" },
  ...{ invalidUtf8: "invalidUtf8", rowsDropped: "droppedRecords" },
};

/** What a task asks the engine, and waits for; and what it tells whoever ends its thread. */
export interface TaskQuestions {
  readonly mayCommit: (attempt: TaskAttemptId) => Promise<boolean>;
  readonly sync: (attempt: TaskAttemptId, kind: SyncKind, message: string) => Promise<BarrierAnswer>;
  readonly warn: (message: string) => void;
  readonly noteProcess: (pid: number, running: boolean) => void;
}

export class TaskRunner {
  private readonly kernels: Kernels;
  private readonly pool: SharedPool;
  private readonly exchanges: ExchangeStore;
  private readonly blocks: BlockStore;
  private readonly spills: SpillStore;
  private readonly heap: HeapWatch;
  private readonly remote: RemoteAccess | undefined;

  constructor(
    private readonly start: TaskThreadStart,
    private readonly definitions: Definitions,
    private readonly asks: TaskQuestions,
  ) {
    this.kernels = instantiateKernels(start.memory, start.module);
    this.pool = attachMemory(start.memory);
    const files = { dirs: start.localDirs, ...spillCompression(this.kernels, start.settings) };
    this.remote = start.cluster && openRemoteAccess(start.cluster, start.settings);
    this.exchanges = new ExchangeStore(this.pool, { ...files, openRemote: this.remote?.openRemote });
    this.spills = new SpillStore(start.memory, files);
    this.blocks = new BlockStore(this.pool, files);
    this.heap = new HeapWatch(start.settings["firesteel.task.heapLimit"] as number);
  }

  executorLost(executor: ExecutorId): void {
    this.remote?.executorLost(executor);
  }

  async run(stage: StageOrder, order: TaskOrder): Promise<TaskSuccess> {
    const startedMs = performance.now();
    Atomics.add(this.start.control, controlWord.beat, 1);
    await this.definitions.ready();
    const checkCancelled = () => this.checkCancelled(order);
    const memory = this.pool.openTask(order.attempt, { checkCancelled });
    const view = this.definitions.openAttempt();
    const metrics: TaskCounters = { ...zeroMetrics };
    const damage: InputDamage[] = [];
    const env = this.environment(stage, order, memory, view.instantiate, metrics, damage);
    enterTask(this.contextOf(stage, order));
    try {
      const output = await this.runWithListeners(stage.plan, env);
      metrics.peakMemoryBytes = memory.peakBytes;
      return {
        attempt: order.attempt,
        output,
        metrics: withoutZeros(metrics),
        runMs: performance.now() - startedMs,
        updates: view.updates(),
        damage,
      };
    } catch (thrown) {
      throw thrown instanceof Error ? failureOf(thrown, rootOf(stage.plan)) : withoutStack(thrown, stage.plan);
    } finally {
      leaveTask();
      memory.releaseAll();
      this.spills.taskEnded(order.attempt);
    }
  }

  private async runWithListeners(plan: StagePlan, env: TaskEnv): Promise<TaskOutput> {
    let output: TaskOutput;
    try {
      output = await runTask(plan, env);
    } catch (thrown) {
      await endTask(thrown);
      throw thrown;
    }
    await endTask(undefined);
    return output;
  }

  private contextOf({ plan, properties }: StageOrder, order: TaskOrder): EnteredTask {
    const { attempt, attemptNumber, stage, stageAttempt, partition, together } = order;
    return {
      ...{ partitionId: partition, numPartitions: plan.partitions, stageId: stage },
      ...{ stageAttemptNumber: stageAttempt, attemptNumber, taskAttemptId: attempt, properties, together },
      isCancelled: () => Atomics.load(this.start.control, controlWord.cancel) === attempt,
      sync: (kind, message) => this.asks.sync(attempt, kind, message),
    };
  }

  private environment(
    stage: StageOrder,
    order: TaskOrder,
    memory: TaskMemory,
    instantiate: (fn: PlanFunction) => (...args: unknown[]) => unknown,
    metrics: TaskCounters,
    damage: InputDamage[],
  ): TaskEnv {
    const { remote } = this;
    const { cachedAt } = order;
    const isHeldElsewhere = (id: RddId, partition: number) =>
      cachedAt?.some(at => at.rdd === id && at.partitions.includes(partition)) === true;
    const mayRunNative = languageCheck(this.start.settings["firesteel.codegen"] === true);
    const env: TaskEnv = {
      get mayRunNative() {
        return mayRunNative();
      },
      nativeRowsMin: this.start.settings["firesteel.codegen.rowsMin"] as number,
      partition: order.partition,
      stageId: order.stage,
      attemptNumber: order.attemptNumber,
      taskAttemptId: order.attempt,
      kernels: this.kernels,
      memory,
      exchanges: this.exchanges,
      outputsMayBeLost: remote !== undefined,
      blocks: this.blocks,
      spills: this.spills,
      metrics,
      taken: { rows: 0 },
      instantiate,
      noteProcess: this.asks.noteProcess,
      mayCommit: () => this.asks.mayCommit(order.attempt),
      mapOutputs(exchange: ExchangeId) {
        const outputs = stage.inputs.get(exchange);
        invariant(outputs !== undefined, `exchange ${exchange} is not an input of stage ${stage.stage}`);
        return outputs;
      },
      probeValue(exchange: ExchangeId) {
        invariant(stage.probes.has(exchange), `probe ${exchange} is not an input of stage ${stage.stage}`);
        return stage.probes.get(exchange);
      },
      checkpoint: (plan: Plan, bytes = 0) => {
        this.checkCancelled(order);
        this.heap.check(() => keepersOf(stage.plan, plan), bytes);
      },
      count: (metric: SourceMetric, amount: number, path: string) => {
        const counter = counters[metric];
        if (counter !== undefined) metrics[counter] += amount;
        if (metric === "invalidUtf8" || metric === "rowsDropped") damage.push({ path, damage: metric, amount });
      },
      fetchBlob: ref => {
        invariant(this.remote !== undefined, `bytes ${ref.hash} were not sent with their plan`);
        return this.remote.fetchBlob(ref);
      },
      ...(cachedAt !== undefined && remote !== undefined && { cachedElsewhere: remote.blocksOf(cachedAt) }),
      isHeldElsewhere,
      warn: message => this.asks.warn(message),
      setting: key => this.start.settings[key]!,
      cached: (id: RddId, partition: number, plan: Plan, compute: () => ChunkSource) => {
        const readOrFill = () => cachedSource(id, partition, plan, env, compute);
        if (order.together === undefined || !isBarrier(plan)) return readOrFill();
        const isElsewhere = isHeldElsewhere(id, partition);
        const gather = (message: string) => this.asks.sync(order.attempt, "allGather", message);
        return cachedTogether(env, { id, partition, isElsewhere, gather, readOrFill, compute });
      },
    };
    return env;
  }

  private checkCancelled(order: TaskOrder): void {
    const { control } = this.start;
    Atomics.add(control, controlWord.beat, 1);
    if (Atomics.load(control, controlWord.cancel) === order.attempt)
      throw new FiresteelError("cancelled", "the task was cancelled");
  }
}

/** Looks when somebody asks, once: it takes as long as all else that a task without rows does. */
function languageCheck(isWanted: boolean): () => boolean {
  let known: boolean | undefined;
  return () => (known ??= isWanted && intrinsicsPatched() === undefined);
}

/** The operator or action that the stage's rows end in. */
function rootOf(plan: StagePlan): Named {
  return plan.kind === "result" ? plan.call : plan.root;
}

/** What is not an Error says nothing of where it was thrown. */
function withoutStack(thrown: unknown, plan: StageOrder["plan"]): FiresteelError {
  const { text, at } = functionsOf(plan);
  return new FiresteelError("user", `${text} threw ${preview(thrown)}, which is not an Error`, {
    hint: "throw an Error: it knows its place",
    at,
  });
}
