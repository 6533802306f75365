/** Operators whose partitions depend on a few partitions of the parent: no rows change machines. */
import { callSite } from "../closure/stack.ts";
import { FiresteelError } from "../base/errors.ts";
import type { MapPlan, Plan } from "../plan/nodes.ts";
import { isBarrier } from "../planner/barrier-stages.ts";
import { coalesceGroups } from "../planner/coalesce.ts";
import { checkPartitions } from "./partitioner.ts";
import type { Call } from "./partitioning.ts";
import { RddWithBarrier } from "./rdd-barrier.ts";
import type { Rdd } from "./rdd.ts";
import { unionOf } from "./union.ts";
import type { Hint, Widen } from "./widen.ts";

export abstract class RddNarrow<T> extends RddWithBarrier<T> {
  /**
   * `fn` of every row.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @throws at the call, when `fn` is asynchronous or captures what cannot be sent; in the task, when it returns a Promise
   * @example
   * ```ts
   * await ctx.parallelize([1, 2, 3]).map(n => n * 10).collect() // => [10, 20, 30]
   * ```
   */
  map<U extends Hint>(fn: (row: T) => U): Rdd<Widen<U>> {
    return this.withFunction("map", fn);
  }

  /**
   * The rows for which `fn` is truthy. A type guard narrows the rows' type.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @throws at the call, when `fn` is asynchronous or captures what cannot be sent; in the task, when it returns a Promise
   * @example
   * ```ts
   * await ctx.range(6).filter(n => n % 2 === 0).collect() // => [0, 2, 4]
   * ```
   */
  filter<S extends T>(fn: (row: T) => row is S): Rdd<S>;
  filter(fn: (row: T) => unknown): Rdd<T>;
  filter(fn: (row: T) => unknown): Rdd<T> {
    return this.withFunction("filter", fn);
  }

  /**
   * All elements of the iterables that `fn` gives, in order.
   * @cost narrow
   * @memory streams: of an iterable one element at a time
   * @throws in the task, when `fn` gives no iterable, or a string, which is never taken apart
   * @example
   * ```ts
   * await ctx.parallelize(["a b", "c"]).flatMap(line => line.split(" ")).collect() // => ["a", "b", "c"]
   * ```
   */
  flatMap<U extends Hint>(fn: (row: T) => Iterable<U> & object): Rdd<Widen<U>> {
    return this.withFunction("flatMap", fn);
  }

  /**
   * `fn` of each partition's rows as an iterator; what the iterable that it gives yields are the new rows. For work that is done
   * once a partition.
   * @cost narrow
   * @memory streams: rows are pulled as `fn` reads them, and its own are read as they are wanted; what it keeps is in the task's
   * heap
   * @throws in the task, when `fn` gives no iterable, or a Promise
   * @example
   * ```ts
   * const sums = ctx.range(0, 6, 1, 2).mapPartitions(function* (rows) {
   *   let sum = 0;
   *   for (const n of rows) sum += n;
   *   yield sum;
   * });
   * await sums.collect() // => [3, 12]
   * ```
   */
  mapPartitions<U extends Hint>(
    fn: (rows: IteratorObject<T, undefined, unknown>) => Iterable<U> & object,
  ): Rdd<Widen<U>> {
    return this.withFunction("mapPartitions", fn);
  }

  /**
   * Like `mapPartitions`, with the partition's number first.
   * @cost narrow
   * @memory streams: rows are pulled as `fn` reads them
   * @throws in the task, when `fn` gives no iterable, or a Promise
   * @example
   * ```ts
   * const placed = ctx.parallelize(["a", "b"], 2).mapPartitionsWithIndex((i, rows) => rows.map(row => [i, row]));
   * await placed.collect() // => [[0, "a"], [1, "b"]]
   * ```
   */
  mapPartitionsWithIndex<U extends Hint>(
    fn: (index: number, rows: IteratorObject<T, undefined, unknown>) => Iterable<U> & object,
  ): Rdd<Widen<U>> {
    return this.withFunction("mapPartitionsWithIndex", fn);
  }

  /**
   * An asynchronous `fn` of every row, with up to `concurrency` (16) calls in flight in each task. Rows keep their order.
   * @cost narrow
   * @memory the results of a chunk of rows
   * @throws at the call, when `concurrency` is no positive integer
   * @example
   * ```ts
   * const lengths = ctx.parallelize(["a", "bcd"]).mapAsync(async text => text.length, { concurrency: 4 });
   * await lengths.collect() // => [1, 3]
   * ```
   */
  mapAsync<U extends Hint>(
    fn: (row: T) => Promise<U> | U,
    options: { readonly concurrency?: number } = {},
  ): Rdd<Widen<U>> {
    const node = this.node("mapAsync");
    const concurrency = options.concurrency ?? 16;
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new FiresteelError("user", `mapAsync's concurrency must be a positive integer, but is ${concurrency}`, {
        at: node.at,
      });
    }
    return this.make({
      ...node,
      op: "mapAsync",
      parent: this.plan,
      fn: this.capture(fn, "mapAsync", node.at, true),
      concurrency,
    });
  }

  /**
   * Each partition as one array.
   * @cost narrow
   * @memory a whole partition is one row, in the task's heap
   * @example
   * ```ts
   * await ctx.range(0, 5, 1, 2).glom().collect() // => [[0, 1], [2, 3, 4]]
   * ```
   */
  glom(): Rdd<T[]> {
    return this.make({ ...this.node("glom"), op: "glom", parent: this.plan });
  }

  /**
   * The rows of this and then of the others, duplicates kept. Partitions stand one after the other; where all have the same
   * partitioner, they are joined one by one and the partitioner stays known.
   * @cost narrow
   * @memory streams: rows of one Rdd after the other
   * @throws at the call, when one is no Rdd of this Context
   * @example
   * ```ts
   * await ctx.range(2).union(ctx.range(3)).collect() // => [0, 1, 0, 1, 2]
   * ```
   */
  union(...others: Rdd<T>[]): Rdd<T> {
    return unionOf(this.driver, [this, ...others], callSite());
  }

  /**
   * Rows as pairs `[fn(row), row]`.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @throws at the call, when `fn` is asynchronous or captures what cannot be sent; in the task, when it returns a Promise
   * @example
   * ```ts
   * await ctx.parallelize(["fig", "apple"]).keyBy(word => word.length).collect() // => [[3, "fig"], [5, "apple"]]
   * ```
   */
  keyBy<K extends Hint>(fn: (row: T) => K): Rdd<[Widen<K>, T]> {
    return this.withFunction("keyBy", fn);
  }

  /**
   * Fewer partitions without a shuffle: neighbours are joined, in order. Asking for more keeps the number; with `shuffle` there may
   * be more too, as `repartition` makes them.
   * @cost narrow; with `shuffle` all rows are sent
   * @memory streams: rows of one parent partition after the other; what is sent with `shuffle` waits in engine memory, and on disk
   * @throws at the call, when `numPartitions` is no integer from 1 to 1,000,000
   * @example
   * ```ts
   * await ctx.range(0, 6, 1, 3).coalesce(2).glom().collect() // => [[0, 1], [2, 3, 4, 5]]
   * ```
   */
  coalesce(numPartitions: number, shuffle = false): Rdd<T> {
    const node = this.node("coalesce");
    checkPartitions(numPartitions, "coalesce", node.at);
    const parent = shuffle ? this.shuffled(numPartitions, node) : this.plan;
    return this.make({
      ...node,
      op: "coalesce",
      parent,
      groups: coalesceGroups(this.driver.partitionCount(parent), numPartitions),
    });
  }

  /**
   * Exactly `numPartitions` partitions of about equal size: rows are dealt out in turn.
   * @cost shuffle: all rows are sent
   * @memory what is sent waits in engine memory, and on disk when that is short
   * @throws at the call, when `numPartitions` is no integer from 1 to 1,000,000
   * @example
   * ```ts
   * await ctx.range(0, 6, 1, 1).repartition(2).map(() => 1).glom().collect() // => [[1, 1, 1], [1, 1, 1]]
   * ```
   */
  repartition(numPartitions: number): Rdd<T> {
    const at = callSite();
    checkPartitions(numPartitions, "repartition", at);
    return this.make(this.shuffled(numPartitions, { operator: "repartition", at }));
  }

  /**
   * Rows with their position over all partitions: `[row, index]`.
   * @cost narrow, after a stage that counts the rows of all partitions but the last, which are computed twice; of one partition
   * nothing is counted
   * @memory streams: a batch of rows at a time
   * @example
   * ```ts
   * await ctx.parallelize(["a", "b", "c"], 2).zipWithIndex().collect() // => [["a", 0], ["b", 1], ["c", 2]]
   * ```
   */
  zipWithIndex(): Rdd<[T, number]> {
    const node = this.node("zipWithIndex");
    // tasks that wait for each other run all or none
    const probe = { kind: "count", ...(!isBarrier(this.plan) && { withoutLast: true }) } as const;
    const counts = this.numPartitions < 2 ? undefined : this.driver.partitioning.probe(this.plan, probe, node);
    return this.make({ ...node, op: "zipWithIndex", parent: this.plan, counts });
  }

  private withFunction<U>(op: MapPlan["op"], fn: unknown): Rdd<U> {
    const node = this.node(op);
    return this.make({ ...node, op, parent: this.plan, fn: this.capture(fn, op, node.at) });
  }

  private shuffled(partitions: number, call: Call): Plan {
    return this.driver.partitioning.exchange(this.plan, { kind: "roundRobin", partitions }, "keys", undefined, call);
  }
}
