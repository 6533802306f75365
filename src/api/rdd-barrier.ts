/** Barrier execution: all tasks of a stage at the same time, so that they can wait for and talk to each other. */
import { callSite } from "../closure/stack.ts";
import type { RddId } from "../base/ids.ts";
import type { Plan } from "../plan/nodes.ts";
import type { Driver } from "./driver.ts";
import { RddLifecycle } from "./rdd-lifecycle.ts";
import type { Rdd } from "./rdd.ts";
import type { Hint, Widen } from "./widen.ts";

type Rows<T> = IteratorObject<T, undefined, unknown>;

/** Rows of a partition, now or later. */
export type BarrierRows<U> =
  (Iterable<U> & object) | (AsyncIterable<U> & object) | Promise<(Iterable<U> & object) | (AsyncIterable<U> & object)>;

/** What `rdd.barrier()` gives: the operators whose tasks all run at the same time. Spark's RDDBarrier. */
export class RddBarrier<T> {
  /** @internal */
  constructor(
    private readonly driver: Driver,
    private readonly plan: Plan,
  ) {}

  /**
   * `fn` of each partition's rows, all partitions at once: inside it `taskContext().barrier()` waits for the others, `allGather`
   * gives what each has to say, `getTaskInfos` where they run. `fn` may be asynchronous. When one task fails, all run again. A task
   * holds a core, so there must be as many cores as partitions.
   * @cost narrow
   * @memory streams, as `mapPartitions`; rows that arrive asynchronously are first read into kernel memory
   * @throws when an action needs only some partitions (`take`, `first`, `lookup`), when partitions are joined or added without a shuffle
   * (`coalesce`, `union`), when there are fewer cores than partitions
   * @example
   * ```ts
   * const rdd = ctx.parallelize([1, 2, 3, 4], 2).barrier().mapPartitions(async rows => {
   *   const sum = rows.reduce((a, b) => a + b, 0);
   *   return taskContext().allGather(String(sum));
   * });
   * await rdd.collect() // => ["3", "7", "3", "7"]
   * ```
   */
  mapPartitions<U extends Hint>(fn: (rows: Rows<T>) => BarrierRows<U>): Rdd<Widen<U>> {
    return this.make(fn, false);
  }

  /**
   * Like `mapPartitions`, with the partition's number first.
   * @cost narrow
   * @memory as `mapPartitions` here
   * @example
   * ```ts
   * const rdd = ctx.range(0, 2, 1, 2).barrier().mapPartitionsWithIndex(async i => taskContext().allGather(`task ${i}`));
   * await rdd.collect() // => ["task 0", "task 1", "task 0", "task 1"]
   * ```
   */
  mapPartitionsWithIndex<U extends Hint>(fn: (index: number, rows: Rows<T>) => BarrierRows<U>): Rdd<Widen<U>> {
    return this.make(fn, true);
  }

  private make<U>(fn: unknown, withIndex: boolean): Rdd<U> {
    const at = callSite();
    const id: RddId = this.driver.nextRddId();
    const operator = withIndex ? "barrier().mapPartitionsWithIndex" : "barrier().mapPartitions";
    const captured = this.driver.capture(fn, operator, at, true);
    return this.driver.makeRdd({ id, operator, at, op: "barrier", parent: this.plan, fn: captured, withIndex });
  }
}

export abstract class RddWithBarrier<T> extends RddLifecycle<T> {
  /**
   * What follows runs in all partitions at the same time: see `RddBarrier.mapPartitions`.
   * @cost narrow
   * @memory none by itself
   * @example
   * ```ts
   * const places = ctx.range(0, 2, 1, 2).barrier().mapPartitions(() => [taskContext().getTaskInfos().length]);
   * await places.collect() // => [2, 2]
   * ```
   */
  barrier(): RddBarrier<T> {
    return new RddBarrier(this.driver, this.plan);
  }
}
