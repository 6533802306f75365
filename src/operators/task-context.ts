/** The task that this thread runs, for `taskContext()` in user code. One at a time, as a thread runs one task at a time. */
import { FiresteelError, fromWire, type WireError } from "../base/errors.ts";
import { callSite } from "../closure/stack.ts";
import { preview } from "./row-errors.ts";

/** Where a task of a barrier stage runs. */
export interface BarrierTaskInfo {
  /** `host:port` of its executor; "localhost" in local mode. */
  readonly address: string;
}

type Listener = (context: TaskContext) => unknown;

/** What `taskContext()` gives: where in the job the running task is. Spark's TaskContext and, in stages with `rdd.barrier()`, its BarrierTaskContext. */
export interface TaskContext {
  /**
   * The partition that the task computes.
   * @example
   * ```ts
   * await ctx.range(0, 3, 1, 3).map(() => taskContext().partitionId).collect() // => [0, 1, 2]
   * ```
   */
  readonly partitionId: number;
  /**
   * How many partitions the stage has.
   * @example
   * ```ts
   * await ctx.range(0, 3, 1, 3).map(() => taskContext().numPartitions).collect() // => [3, 3, 3]
   * ```
   */
  readonly numPartitions: number;
  /**
   * The stage that it is part of: what `cancelStage` takes.
   * @example
   * ```ts
   * const ids = await ctx.range(0, 2, 1, 2).map(() => taskContext().stageId).distinct().collect();
   * ids.length // => 1
   * ```
   */
  readonly stageId: number;
  /**
   * 0 for the first attempt of the stage, one more each time that lost outputs have it run again.
   * @example
   * ```ts
   * await ctx.range(1).map(() => taskContext().stageAttemptNumber).collect() // => [0]
   * ```
   */
  readonly stageAttemptNumber: number;
  /**
   * 0 for the first attempt of the task within its stage attempt, one more each time that it failed.
   * @example
   * ```ts
   * await ctx.range(1).map(() => taskContext().attemptNumber).collect() // => [0]
   * ```
   */
  readonly attemptNumber: number;
  /**
   * Unique within the application: no two attempts of any tasks share it.
   * @example
   * ```ts
   * const ids = await ctx.range(0, 2, 1, 2).map(() => taskContext().taskAttemptId).collect();
   * ids[0] !== ids[1] // => true
   * ```
   */
  readonly taskAttemptId: number;
  /**
   * Cores that the task has: one, its thread's.
   * @example
   * ```ts
   * await ctx.range(1).map(() => taskContext().cpus).collect() // => [1]
   * ```
   */
  readonly cpus: number;
  /**
   * The task is to end: somebody cancelled it. Operators notice by themselves; a long loop of your own may ask, so that it ends
   * before the thread is ended, 0.4 s later.
   * @example
   * ```ts
   * await ctx.range(1).map(() => taskContext().isInterrupted).collect() // => [false]
   * ```
   */
  readonly isInterrupted: boolean;
  /**
   * What `setLocalProperty` had set on the driver when the job's action was called.
   * @example
   * ```ts
   * ctx.setLocalProperty("tenant", "blue");
   * await ctx.range(1).map(() => taskContext().localProperty("tenant")).collect() // => ["blue"]
   * ```
   */
  localProperty(key: string): string | undefined;
  /**
   * Calls `listener` when the task ends, however it ends; the last that was added first. What it returns is awaited. A listener
   * that throws fails the task.
   * @example
   * ```ts
   * const ended = ctx.longAccumulator();
   * await ctx.range(0, 4, 1, 2).foreachPartition(() => {
   *   taskContext().addTaskCompletionListener(() => ended.add(1));
   * });
   * ended.value // => 2
   * ```
   */
  addTaskCompletionListener(listener: (context: TaskContext) => unknown): TaskContext;
  /**
   * Calls `listener` when the task fails, before those of completion.
   * @example
   * ```ts
   * const rows = ctx.range(1).map(n => {
   *   taskContext().addTaskFailureListener((_, error) => console.error(error.message));
   *   return n;
   * });
   * await rows.collect() // => [0]
   * ```
   */
  addTaskFailureListener(listener: (context: TaskContext, error: Error) => unknown): TaskContext;
  /**
   * Waits until all tasks of the stage have called it: only in a stage with `rdd.barrier()`, and in all its tasks equally often.
   * @throws in other stages; when another task ends, fails or calls `allGather` instead; after `firesteel.barrier.sync.timeout`
   * @example
   * ```ts
   * const rdd = ctx.range(0, 2, 1, 2).barrier().mapPartitions(async rows => {
   *   await taskContext().barrier();
   *   return rows;
   * });
   * await rdd.collect() // => [0, 1]
   * ```
   */
  barrier(): Promise<void>;
  /**
   * Like `barrier`, and gives the messages of all tasks, by partition. A message has at most 512 KB.
   * @memory all messages, in each task
   * @throws as `barrier`, and when `message` is no string or too long
   * @example
   * ```ts
   * const rdd = ctx.range(0, 2, 1, 2).barrier().mapPartitions(() => taskContext().allGather(`${taskContext().partitionId}`));
   * await rdd.collect() // => ["0", "1", "0", "1"]
   * ```
   */
  allGather(message: string): Promise<string[]>;
  /**
   * Where the tasks of this barrier stage run, by partition.
   * @throws in other stages
   * @example
   * ```ts
   * const rdd = ctx.range(0, 2, 1, 2).barrier().mapPartitions(() => taskContext().getTaskInfos());
   * await rdd.map(task => task.address).distinct().collect() // => ["localhost"]
   * ```
   */
  getTaskInfos(): readonly BarrierTaskInfo[];
}

/** What the engine knows of a task that starts. */
export interface EnteredTask extends Pick<
  TaskContext,
  "partitionId" | "numPartitions" | "stageId" | "stageAttemptNumber" | "attemptNumber" | "taskAttemptId"
> {
  readonly properties: Readonly<Record<string, string>>;
  readonly isCancelled: () => boolean;
  /** Of a barrier stage: addresses by partition. */
  readonly together: readonly string[] | undefined;
  readonly sync: (kind: "barrier" | "allGather", message: string) => Promise<SyncAnswer>;
}

/** How a sync of a barrier stage ended. */
export type SyncAnswer =
  { readonly ok: true; readonly messages: readonly string[] } | { readonly ok: false; readonly error: WireError };

const messageBytesMax = 512 * 1024;

class RunningTask implements TaskContext {
  readonly partitionId: number;
  readonly numPartitions: number;
  readonly stageId: number;
  readonly stageAttemptNumber: number;
  readonly attemptNumber: number;
  readonly taskAttemptId: number;
  readonly cpus = 1;
  private readonly onCompletion: Listener[] = [];
  private readonly onFailure: ((context: TaskContext, error: Error) => unknown)[] = [];
  private waits = false;

  constructor(private readonly entered: EnteredTask) {
    this.partitionId = entered.partitionId;
    this.numPartitions = entered.numPartitions;
    this.stageId = entered.stageId;
    this.stageAttemptNumber = entered.stageAttemptNumber;
    this.attemptNumber = entered.attemptNumber;
    this.taskAttemptId = entered.taskAttemptId;
  }

  get isInterrupted(): boolean {
    return this.entered.isCancelled();
  }

  localProperty(key: string): string | undefined {
    const { properties } = this.entered;
    return Object.hasOwn(properties, key) ? properties[key] : undefined;
  }

  addTaskCompletionListener(listener: Listener): TaskContext {
    this.onCompletion.push(listener);
    return this;
  }

  addTaskFailureListener(listener: (context: TaskContext, error: Error) => unknown): TaskContext {
    this.onFailure.push(listener);
    return this;
  }

  async barrier(): Promise<void> {
    await this.sync("barrier", "", callSite());
  }

  async allGather(message: string): Promise<string[]> {
    const at = callSite();
    if (typeof message !== "string")
      throw new FiresteelError("user", `allGather needs a string, but got ${preview(message)}`, {
        hint: "JSON.stringify makes one of a value",
        at,
        isPermanent: true,
      });
    if (message.length > messageBytesMax || Buffer.byteLength(message) > messageBytesMax)
      throw new FiresteelError("user", `a message given to allGather has more than ${messageBytesMax / 1024} KB`, {
        hint: "write large values to files, and gather their paths",
        at,
        isPermanent: true,
      });
    return [...(await this.sync("allGather", message, at))];
  }

  getTaskInfos(): readonly BarrierTaskInfo[] {
    return this.addresses("getTaskInfos", callSite()).map(address => ({ address }));
  }

  /** Failure listeners, then completion listeners, the last first. Gives what the first that failed has thrown. */
  async end(failure: unknown): Promise<unknown> {
    let thrown: unknown;
    const call = async (listener: () => unknown) => {
      try {
        await listener();
      } catch (error) {
        thrown ??= error;
      }
    };
    if (failure !== undefined) {
      const error = failure instanceof Error ? failure : new Error(String(failure));
      for (const listener of this.onFailure.toReversed()) await call(() => listener(this, error));
    }
    for (const listener of this.onCompletion.toReversed()) await call(() => listener(this));
    return thrown;
  }

  get hasListeners(): boolean {
    return this.onCompletion.length + this.onFailure.length > 0;
  }

  private async sync(
    kind: "barrier" | "allGather",
    message: string,
    at: ReturnType<typeof callSite>,
  ): Promise<readonly string[]> {
    this.addresses(kind, at);
    if (this.waits)
      throw new FiresteelError("user", `${kind}() was called while the task still waits in an earlier call`, {
        hint: "await each call of barrier() and allGather()",
        at,
        isPermanent: true,
      });
    this.waits = true;
    const answer = await this.entered.sync(kind, message);
    this.waits = false;
    if (answer.ok) return answer.messages;
    const { kind: errorKind, message: text, hint } = fromWire(answer.error);
    throw new FiresteelError(errorKind, text, { hint, at });
  }

  private addresses(method: string, at: ReturnType<typeof callSite>): readonly string[] {
    const { together } = this.entered;
    if (together !== undefined) return together;
    throw new FiresteelError("user", `taskContext().${method}() was called in a stage without a barrier`, {
      hint: "run the function with rdd.barrier().mapPartitions(…): only those tasks run at the same time",
      at,
      isPermanent: true,
    });
  }
}

let current: RunningTask | undefined;

export function enterTask(task: EnteredTask): void {
  current = new RunningTask(task);
}

/** Calls the listeners that the task has added. Throws what one of them threw, when the task itself has not failed. */
export async function endTask(failure: unknown): Promise<void> {
  if (current?.hasListeners !== true) return;
  const thrown = await current.end(failure);
  if (thrown !== undefined && failure === undefined) throw thrown;
}

export function leaveTask(): void {
  current = undefined;
}

/**
 * The running task's context.
 * @throws on the driver, outside a task
 * @example
 * ```ts
 * await ctx.range(0, 3, 1, 3).map(() => taskContext().partitionId).collect() // => [0, 1, 2]
 * ```
 */
export function taskContext(): TaskContext {
  if (current === undefined) {
    throw new FiresteelError("user", "taskContext() was called outside a task", {
      hint: "call it inside a function given to an operator",
      at: callSite(),
    });
  }
  return current;
}
