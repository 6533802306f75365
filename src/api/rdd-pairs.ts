/**
 * Operators on pairs `[key, value]`, by `this` typing: on other Rdds they do not compile, and at run time the first row that is
 * not a pair is named. Keys are equal by value, deep (NaN equals NaN, −0 equals 0). Groups leave in the order of their
 * keys' hashes, which is the same in every run.
 */
import type { CallSite } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { builtin } from "../operators/builtin-functions.ts";
import type { CombinePlan, Plan, PlanFunction } from "../plan/nodes.ts";
import { partitionerOf } from "../plan/partition-count.ts";
import { encodeAt } from "./encode-at.ts";
import type { PartitionerLike } from "./partitioner.ts";
import { type Call, obeys } from "./partitioning.ts";
import { RddPairValues } from "./rdd-pair-values.ts";
import type { Rdd } from "./rdd.ts";
import type { Grown, Hint, Pair, ValueOf, Widen } from "./widen.ts";

export abstract class RddPairs<T> extends RddPairValues<T> {
  /**
   * The values of each key folded by `fn`, in the order of partitions and rows; in map tasks first, so `fn` should be associative.
   * @cost shuffle: one value a key and map task is sent; none when the keys are in place
   * @memory one value a key; short of memory, a task goes on folding the keys that it has and writes rows of new ones to disk
   * @throws in the task, when a row is no pair
   * @example
   * ```ts
   * const words = ctx.parallelize(["a", "b", "a"]).map(word => [word, 1]);
   * await words.reduceByKey((a, b) => a + b).collect() // => [["b", 1], ["a", 2]]
   * ```
   */
  reduceByKey<K, V>(
    this: RddPairs<Pair<K, V>>,
    fn: (a: ValueOf<T>, b: ValueOf<T>) => ValueOf<T>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, V]> {
    const node = this.node("reduceByKey");
    const reduce = this.capture(fn, "reduceByKey", node.at);
    return this.combined(
      { create: undefined, zero: undefined, mergeValue: reduce, mergeCombiners: reduce },
      "reduceByKey",
      node.at,
      partitioner,
    );
  }

  /**
   * Like `reduceByKey`, starting each key, in each map task, with a fresh copy of `zero`.
   * @cost shuffle: one value a key and map task is sent; none when the keys are in place
   * @memory one value a key; short of memory, rows of new keys go to disk
   * @throws at the call, when `zero` cannot be sent; in the task, when a row is no pair
   * @example
   * ```ts
   * const pairs = ctx.parallelize([["a", 2], ["a", 3], ["b", 4]], 1);
   * await pairs.foldByKey(1, (a, b) => a * b).collect() // => [["b", 4], ["a", 6]]
   * ```
   */
  foldByKey<K, V>(
    this: RddPairs<Pair<K, V>>,
    zero: ValueOf<T>,
    fn: (a: ValueOf<T>, b: ValueOf<T>) => ValueOf<T>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, V]> {
    const node = this.node("foldByKey");
    const fold = this.capture(fn, "foldByKey", node.at);
    return this.combined(
      { create: undefined, zero: encodeAt(zero, "the zero value", node.at), mergeValue: fold, mergeCombiners: fold },
      "foldByKey",
      node.at,
      partitioner,
    );
  }

  /**
   * `seqOp` folds a key's values into a copy of `zero` in map tasks, `combOp` joins what those give.
   * @cost shuffle: one result a key and map task is sent; none when the keys are in place
   * @memory one result a key; short of memory, rows of new keys go to disk
   * @throws at the call, when `zero` cannot be sent; in the task, when a row is no pair
   * @example
   * ```ts
   * const pairs = ctx.parallelize([["a", 2], ["a", 5], ["b", 4]]);
   * const most = pairs.aggregateByKey(0, (most, n) => Math.max(most, n), (a, b) => Math.max(a, b));
   * await most.collect() // => [["b", 4], ["a", 5]]
   * ```
   */
  aggregateByKey<K, V, Z extends Hint, U extends Hint = Grown<Z>>(
    this: RddPairs<Pair<K, V>>,
    zero: Z & NoInfer<U>,
    seqOp: (acc: U, value: V) => U,
    combOp: (a: U, b: U) => U,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, NoInfer<U>]> {
    const node = this.node("aggregateByKey");
    const mergeValue = this.capture(seqOp, "aggregateByKey", node.at);
    const mergeCombiners = this.capture(combOp, "aggregateByKey", node.at);
    return this.combined(
      { create: undefined, zero: encodeAt(zero, "the zero value", node.at), mergeValue, mergeCombiners },
      "aggregateByKey",
      node.at,
      partitioner,
    );
  }

  /**
   * What the others by key are made of: `create` makes a key's first value in a map task into what `mergeValue` adds further ones
   * to; `mergeCombiners` joins the results of map tasks.
   * @cost shuffle: one result a key and map task is sent; none when the keys are in place
   * @memory one result a key; short of memory, rows of new keys go to disk
   * @throws in the task, when a row is no pair
   * @example
   * ```ts
   * const pairs = ctx.parallelize([["a", 2], ["a", 5], ["b", 4]]);
   * const sums = pairs.combineByKey(
   *   n => [n, 1],
   *   ([sum, count], n) => [sum + n, count + 1],
   *   (a, b) => [a[0] + b[0], a[1] + b[1]],
   * );
   * await sums.collect() // => [["b", [4, 1]], ["a", [7, 2]]]
   * ```
   */
  combineByKey<K, V, F extends Hint, C extends Hint = Grown<F>>(
    this: RddPairs<Pair<K, V>>,
    create: (value: V) => F & NoInfer<C>,
    mergeValue: (acc: C, value: V) => C,
    mergeCombiners: (a: C, b: C) => C,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, NoInfer<C>]> {
    const node = this.node("combineByKey");
    const functions = [create, mergeValue, mergeCombiners].map(fn => this.capture(fn, "combineByKey", node.at));
    const [first, second, third] = functions as [PlanFunction, PlanFunction, PlanFunction];
    return this.combined(
      { create: first, zero: undefined, mergeValue: second, mergeCombiners: third },
      "combineByKey",
      node.at,
      partitioner,
    );
  }

  /**
   * All values of each key as an array, in the order of partitions and rows. To fold them, `reduceByKey` and its kin send less.
   * @cost shuffle: all rows are sent; none when the keys are in place
   * @memory values lie in engine memory and spill to disk; a group too large for that becomes an array on the heap, which it must fit
   * @throws in the task, when a row is no pair
   * @example
   * ```ts
   * const pairs = ctx.parallelize([["a", 1], ["b", 2], ["a", 3]]);
   * await pairs.groupByKey().collect() // => [["b", [2]], ["a", [1, 3]]]
   * ```
   */
  groupByKey<K, V>(this: RddPairs<Pair<K, V>>, partitioner?: PartitionerLike<K>): Rdd<[K, V[]]> {
    const node = this.node("groupByKey");
    return this.make({ ...node, op: "group", parent: this.exchanged(node, partitioner) });
  }

  /**
   * Rows grouped by `fn` of each: `[fn(row), rows]`.
   * @cost shuffle: all rows are sent
   * @memory rows lie in engine memory and spill to disk; a group too large for that becomes an array on the heap, which it must fit
   * @throws at the call, when the partitioner is none; in the task, when `fn` returns a Promise
   * @example
   * ```ts
   * const byParity = ctx.range(5).groupBy(n => (n % 2 === 0 ? "even" : "odd"));
   * await byParity.collectAsMap() // => new Map([["even", [0, 2, 4]], ["odd", [1, 3]]])
   * ```
   */
  groupBy<K extends Hint>(fn: (row: T) => K, partitioner?: PartitionerLike<Widen<K>>): Rdd<[Widen<K>, T[]]> {
    const node = this.node("groupBy");
    const keyed = this.make<[Widen<K>, T]>({
      ...this.node("groupBy", node.at),
      op: "keyBy",
      parent: this.plan,
      fn: this.capture(fn, "groupBy", node.at),
    });
    return this.make({ ...node, op: "group", parent: keyed.exchanged(node, partitioner) });
  }

  /**
   * Each row once. Of equal rows the first is kept.
   * @cost shuffle: each row once a map task is sent; none when a partitioner is known, as equal rows are together then
   * @memory the rows that differ, in engine memory, spilling to disk
   * @throws at the call, when the partitioner is none
   * @example
   * ```ts
   * await ctx.parallelize([3, 1, 3, 1]).distinct().sortBy(n => n).collect() // => [1, 3]
   * ```
   */
  distinct(partitioner?: PartitionerLike<T>): Rdd<T> {
    const node = this.node("distinct");
    const { partitioning } = this.driver;
    const isPlaced =
      partitionerOf(this.plan) !== undefined && (partitioner === undefined || partitioner === this.numPartitions);
    if (isPlaced) return this.make({ ...node, op: "distinct", parent: this.plan });
    const by = partitioning.choose(partitioner ?? Math.max(1, this.numPartitions), [this.plan], node, "row");
    return this.make({
      ...node,
      op: "distinct",
      parent: partitioning.exchange(this.plan, by, "keys", { kind: "distinct" }, node),
    });
  }

  /**
   * Pairs placed by key. Later operators by key with the same partitioner need no shuffle.
   * @cost shuffle: all rows are sent; none when they are placed so already
   * @memory what is sent waits in engine memory, and on disk when that is short
   * @throws at the call, when the partitioner is none; in the task, when a custom one gives no partition's number
   * @example
   * ```ts
   * const placed = ctx.range(4).map(n => [n, n]).partitionBy({ numPartitions: 2, partition: key => key % 2 });
   * await placed.keys().glom().collect() // => [[0, 2], [1, 3]]
   * ```
   */
  partitionBy<K, V>(this: RddPairs<Pair<K, V>>, partitioner: PartitionerLike<K>): Rdd<[K, V]> {
    return this.make(this.exchanged({ operator: "partitionBy", at: callSite() }, partitioner));
  }

  /** @internal */
  exchanged(call: Call, partitioner: PartitionerLike<never> | undefined): Plan {
    const { partitioning } = this.driver;
    return partitioning.placed(this.plan, partitioning.choose(partitioner, [this.plan], call), call);
  }

  /** One value a key; combined in map tasks first, unless keys are in place. @internal */
  protected combinedPlan(
    parent: Plan,
    combine: CombinePlan,
    call: Call,
    partitioner: PartitionerLike<never> | undefined,
  ): Plan {
    const { partitioning } = this.driver;
    const by = partitioning.choose(partitioner, [parent], call);
    const node = this.node(call.operator, call.at);
    if (obeys(parent, by)) return { ...node, op: "aggregate", parent, combine, from: "values" };
    const exchange = partitioning.exchange(parent, by, "pairs", { kind: "combine", combine }, call);
    return { ...node, op: "aggregate", parent: exchange, combine, from: "combiners" };
  }

  private combined<R>(
    combine: CombinePlan,
    operator: string,
    at: CallSite | undefined,
    partitioner: PartitionerLike<never> | undefined,
  ): Rdd<R> {
    return this.make(this.combinedPlan(this.plan, combine, { operator, at }, partitioner));
  }
}

/** Counts per key as a plan: what countByKey and countByValue run. @internal */
export const countCombine: CombinePlan = {
  create: undefined,
  zero: undefined,
  mergeValue: builtin("add"),
  mergeCombiners: builtin("add"),
};
