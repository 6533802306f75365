/**
 * What a running task attempt gives its operators: memory, functions, inputs, counters and the two checks (cancelled?
 * heap full?) that every operator makes between chunks. Made by exec/, one per attempt.
 */
import type { TaskMetrics } from "../base/events.ts";
import type { ExchangeId, RddId } from "../base/ids.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { TaskMemory } from "../kernel/task-memory.ts";
import type { SourceMetric } from "../sources/contracts.ts";
import type { BlobRef, Plan, PlanFunction } from "../plan/nodes.ts";
import type { RemoteBlocks } from "../shuffle/cached-block-client.ts";
import type { ExchangeStore } from "../storage/exchange-store.ts";
import type { MapInput } from "../storage/map-status.ts";
import type { BlockStore } from "../storage/block-store.ts";
import type { SpillStore } from "../storage/spill-store.ts";
import type { ChunkSource } from "./chunk.ts";

/** Counters of one attempt, added to as it runs. */
export type TaskCounters = { -readonly [Name in keyof TaskMetrics]: TaskMetrics[Name] };

export interface TaskEnv {
  readonly partition: number;
  readonly stageId: number;
  readonly attemptNumber: number;
  readonly taskAttemptId: number;
  readonly kernels: Kernels;
  readonly memory: TaskMemory;
  readonly exchanges: ExchangeStore;
  readonly blocks: BlockStore;
  readonly spills: SpillStore;
  readonly metrics: TaskCounters;
  /** Rows that pipelines have taken up, whole chunks at a time: what is worth generating code for. No metric: joined rows count again. */
  readonly taken: { rows: number };
  /** Whether map outputs go with the executor that has them, and are then computed again: what rows they had is kept then. */
  readonly outputsMayBeLost?: boolean;
  /** Whether expressions may run as generated code: it stands for built-in functions, which a module may have replaced. */
  readonly mayRunNative: boolean;
  /** Code is generated once a task's pipelines have taken up as many rows. */
  readonly nativeRowsMin: number;
  /** The user's function with fresh captures: the same object each time within an attempt. */
  instantiate(fn: PlanFunction): (...args: unknown[]) => unknown;
  /** Whether the attempt may commit its output now: one of a task's may at a time, none after one that has. */
  mayCommit(): Promise<boolean>;
  /** What an exchange's map tasks wrote, in map order. */
  mapOutputs(exchange: ExchangeId): readonly MapInput[];
  /** A probe's gathered value. */
  probeValue(exchange: ExchangeId): unknown;
  /**
   * Throws when the task is cancelled or its heap is over the limit; cheap, called between chunks. `plan` is named in the error. `bytes`
   * are those of columns that JavaScript values were made of since the last call: so much garbage there is at least.
   */
  checkpoint(plan: Plan, bytes?: number): void;
  /** What sources and sinks count; `path` is named in warnings about damaged input. */
  count(metric: SourceMetric, amount: number, path: string): void;
  /** Tells the user, once a message. */
  warn?(message: string): void;
  /** A process that the task started runs, or has ended: it is ended when the thread is. Absent where nobody watches. */
  readonly noteProcess?: (pid: number, running: boolean) => void;
  setting(key: string): number | string | boolean;
  /** Bytes that lie with the driver. */
  fetchBlob(ref: BlobRef): Promise<Uint8Array>;
  /** A partition of a persisted plan that another executor holds; undefined when none does. Absent where there are no others. */
  readonly cachedElsewhere?: (id: RddId, partition: number) => Promise<RemoteBlocks | undefined>;
  /** Whether the driver, when it launched the task, knew others that hold it, whether they answer or not. */
  readonly isHeldElsewhere?: (id: RddId, partition: number) => boolean;
  /** Reads and fills the cache of a persisted plan. */
  cached(id: RddId, partition: number, plan: Plan, compute: () => ChunkSource): ChunkSource;
}
