/** Operators whose partitions depend on a few partitions of the parent: no rows change machines. */
import { callSite } from "../closure/stack.ts";
import { FiresteelError } from "../base/errors.ts";
import type { MapPlan, Plan } from "../plan/nodes.ts";
import { coalesceGroups } from "../planner/coalesce.ts";
import { checkPartitions } from "./partitioner.ts";
import type { Call } from "./partitioning.ts";
import { RddCore } from "./rdd-core.ts";
import type { Rdd } from "./rdd.ts";
import { unionOf } from "./union.ts";
import type { Hint, Widen } from "./widen.ts";

export abstract class RddNarrow<T> extends RddCore<T> {
  /** `fn` of every row. */
  map<U extends Hint>(fn: (row: T) => U): Rdd<Widen<U>> {
    return this.withFunction("map", fn);
  }

  /** The rows for which `fn` is truthy. */
  filter<S extends T>(fn: (row: T) => row is S): Rdd<S>;
  filter(fn: (row: T) => unknown): Rdd<T>;
  filter(fn: (row: T) => unknown): Rdd<T> {
    return this.withFunction("filter", fn);
  }

  /** All elements of `fn`'s iterables, in order. A string is refused rather than taken apart. */
  flatMap<U extends Hint>(fn: (row: T) => Iterable<U> & object): Rdd<Widen<U>> {
    return this.withFunction("flatMap", fn);
  }

  /** `fn` of each partition's rows as an iterator; what it yields are the new rows. */
  mapPartitions<U extends Hint>(
    fn: (rows: IteratorObject<T, undefined, unknown>) => Iterable<U> & object,
  ): Rdd<Widen<U>> {
    return this.withFunction("mapPartitions", fn);
  }

  /** Like `mapPartitions`, with the partition's number first. */
  mapPartitionsWithIndex<U extends Hint>(
    fn: (index: number, rows: IteratorObject<T, undefined, unknown>) => Iterable<U> & object,
  ): Rdd<Widen<U>> {
    return this.withFunction("mapPartitionsWithIndex", fn);
  }

  /** An asynchronous `fn` of every row, up to `concurrency` (16) calls in flight per task; row order is kept. */
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

  /** Each partition as one array. */
  glom(): Rdd<T[]> {
    return this.make({ ...this.node("glom"), op: "glom", parent: this.plan });
  }

  /** The rows of this and then of the others, duplicates kept. */
  union(...others: Rdd<T>[]): Rdd<T> {
    return unionOf(this.driver, [this, ...others], callSite());
  }

  /** Rows as `[fn(row), row]`. */
  keyBy<K extends Hint>(fn: (row: T) => K): Rdd<[Widen<K>, T]> {
    return this.withFunction("keyBy", fn);
  }

  /**
   * Fewer partitions without a shuffle: neighbours are joined, in order. With `shuffle` also more: see `repartition`.
   * Asking for more partitions without shuffle keeps the number, as in Spark.
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

  /** Exactly `numPartitions` partitions of about equal size, by a shuffle of rows in turn. */
  repartition(numPartitions: number): Rdd<T> {
    const at = callSite();
    checkPartitions(numPartitions, "repartition", at);
    return this.make(this.shuffled(numPartitions, { operator: "repartition", at }));
  }

  /** Rows with their position over all partitions. Counts the partitions first, inside the job, unless there is only one. */
  zipWithIndex(): Rdd<[T, number]> {
    const node = this.node("zipWithIndex");
    const counts =
      this.numPartitions < 2 ? undefined : this.driver.partitioning.probe(this.plan, { kind: "count" }, node);
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
