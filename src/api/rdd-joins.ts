/**
 * Joins of pairs by key, and what is left of one side without the keys of another. Both sides' pairs are placed by one partitioner;
 * a side that obeys it already is not moved. Joined rows leave in the order of the side that is looked up row by row: the left one,
 * for `rightOuterJoin` the right one.
 */
import type { JoinPlan, Plan } from "../plan/nodes.ts";
import { HashPartitioner, type PartitionerLike } from "./partitioner.ts";
import { obeys } from "./partitioning.ts";
import { partitionerOf } from "../plan/partition-count.ts";
import { RddCore } from "./rdd-core.ts";
import { RddPairs } from "./rdd-pairs.ts";
import type { Rdd } from "./rdd.ts";
import type { Pair } from "./widen.ts";

/** Pairs with the same keys. */
type Paired<K, W> = Rdd<Pair<K, W>> | Rdd<[K, W]>;

export abstract class RddJoins<T> extends RddPairs<T> {
  /**
   * For each left value each right value of its key: `[key, [left, right]]`, in the left side's order.
   * @cost shuffle: both sides are sent, but not one whose keys are in place
   * @memory a task keeps the right side in a table; when it does not fit, both sides spill to disk by ranges of hashes
   * @throws at the call, when `other` is no Rdd of this Context; in the task, when a row is no pair
   * @example
   * ```ts
   * const ages = ctx.parallelize([["ann", 31], ["bob", 27]]);
   * const towns = ctx.parallelize([["ann", "Bergen"], ["ann", "Oslo"]]);
   * await ages.join(towns).collect() // => [["ann", [31, "Bergen"]], ["ann", [31, "Oslo"]]]
   * ```
   */
  join<K, V, W>(this: RddJoins<Pair<K, V>>, other: Paired<K, W>, partitioner?: PartitionerLike<K>): Rdd<[K, [V, W]]> {
    return this.joined("inner", "join", other, partitioner);
  }

  /**
   * Like `join`; left values without a right one come with undefined.
   * @cost shuffle: both sides are sent, but not one whose keys are in place
   * @memory a task keeps the right side in a table; when it does not fit, both sides spill to disk by ranges of hashes
   * @throws at the call, when `other` is no Rdd of this Context; in the task, when a row is no pair
   * @example
   * ```ts
   * const ages = ctx.parallelize([["ann", 31], ["bob", 27]]);
   * const towns = ctx.parallelize([["ann", "Oslo"]]);
   * await ages.leftOuterJoin(towns).collectAsMap() // => new Map([["ann", [31, "Oslo"]], ["bob", [27, undefined]]])
   * ```
   */
  leftOuterJoin<K, V, W>(
    this: RddJoins<Pair<K, V>>,
    other: Paired<K, W>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, [V, W | undefined]]> {
    return this.joined("left", "leftOuterJoin", other, partitioner);
  }

  /**
   * For each right value each left value of its key, or undefined; in the right side's order and, within a right row, in the left
   * side's.
   * @cost shuffle: both sides, except those that obey the partitioner already
   * @memory as `join`, with the sides exchanged
   * @throws at the call, when `other` is no Rdd of this Context; in the task, when a row is no pair
   * @example
   * ```ts
   * const [ages, towns] = [ctx.parallelize([["ann", 31]], 1), ctx.parallelize([["bob", "Rome"], ["ann", "Oslo"]], 1)];
   * await ages.rightOuterJoin(towns).collect() // => [["bob", [undefined, "Rome"]], ["ann", [31, "Oslo"]]]
   * ```
   */
  rightOuterJoin<K, V, W>(
    this: RddJoins<Pair<K, V>>,
    other: Paired<K, W>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, [V | undefined, W]]> {
    return this.joined("right", "rightOuterJoin", other, partitioner);
  }

  /**
   * Like `leftOuterJoin`; right rows without a match leave too, after the others of their partition, by the hashes of their keys.
   * @cost shuffle: both sides, except those that obey the partitioner already
   * @memory as `join`
   * @throws at the call, when `other` is no Rdd of this Context; in the task, when a row is no pair
   * @example
   * ```ts
   * const [ages, towns] = [ctx.parallelize([["ann", 31]], 1), ctx.parallelize([["bob", "Rome"], ["ann", "Oslo"]], 1)];
   * await ages.fullOuterJoin(towns).collect() // => [["ann", [31, "Oslo"]], ["bob", [undefined, "Rome"]]]
   * ```
   */
  fullOuterJoin<K, V, W>(
    this: RddJoins<Pair<K, V>>,
    other: Paired<K, W>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, [V | undefined, W | undefined]]> {
    return this.joined("full", "fullOuterJoin", other, partitioner);
  }

  /**
   * The pairs whose keys the other Rdd does not have, in their order. Of the other side only the keys are looked at.
   * @cost shuffle: all pairs of this Rdd, and each key of the other's once a map task; none of what obeys the partitioner already
   * @memory a task keeps its keys of the other Rdd, each once, in engine memory; what does not fit spills
   * @throws at the call, when `other` is no Rdd of this Context; in the task, when a row is no pair
   * @example
   * ```ts
   * const pairs = ctx.parallelize([["a", 1], ["b", 2], ["a", 3]], 1);
   * await pairs.subtractByKey(ctx.parallelize([["b", true]]), 1).collect() // => [["a", 1], ["a", 3]]
   * ```
   */
  subtractByKey<K, V, W>(
    this: RddJoins<Pair<K, V>>,
    other: Paired<K, W>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, V]> {
    const node = this.node("subtractByKey");
    const { partitioning } = this.driver;
    const given = this.driver.planOf(other, "subtractByKey", node.at);
    const known = partitionerOf(this.plan);
    const by =
      partitioner === undefined && known !== undefined
        ? known
        : partitioning.choose(partitioner ?? new HashPartitioner(Math.max(1, this.numPartitions)), [this.plan], node);
    const keys: Plan = { ...this.node("subtractByKey", node.at), op: "keys", parent: given };
    return this.make({
      ...node,
      op: "semiJoin",
      keeps: "unmatched",
      key: "pair",
      left: partitioning.placed(this.plan, by, node),
      right: obeys(given, by) ? keys : partitioning.exchange(keys, by, "keys", { kind: "distinct" }, node),
    });
  }

  /**
   * All values of each key, an array for this and for each other Rdd, up to three; groups leave in the order of their keys' hashes.
   * @cost shuffle: all sides, except those that obey the partitioner already
   * @memory a task keeps all its values in engine memory; what does not fit spills; a group too large for that becomes arrays on the heap, which it must fit
   * @throws at the call, when `other` is no Rdd of this Context; in the task, when a row is no pair
   * @example
   * ```ts
   * const [ages, towns] = [ctx.parallelize([["ann", 31], ["ann", 32]], 1), ctx.parallelize([["ann", "Oslo"]], 1)];
   * await ages.cogroup(towns).collect() // => [["ann", [[31, 32], ["Oslo"]]]]
   * ```
   */
  cogroup<K, V, W>(
    this: RddJoins<Pair<K, V>>,
    other: Paired<K, W>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, [V[], W[]]]>;
  cogroup<K, V, W, X>(
    this: RddJoins<Pair<K, V>>,
    other1: Paired<K, W>,
    other2: Paired<K, X>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, [V[], W[], X[]]]>;
  cogroup<K, V, W, X, Y>(
    this: RddJoins<Pair<K, V>>,
    other1: Paired<K, W>,
    other2: Paired<K, X>,
    other3: Paired<K, Y>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, [V[], W[], X[], Y[]]]>;
  cogroup(...given: unknown[]): Rdd<never> {
    const last = given.at(-1);
    const hasPartitioner = given.length > 1 && mayBePartitioner(last);
    return this.cogrouped(
      "cogroup",
      hasPartitioner ? given.slice(0, -1) : given,
      hasPartitioner ? (last as PartitionerLike<never> | undefined) : undefined,
    );
  }

  /**
   * `cogroup` under its other name, without a partitioner of one's own.
   * @cost shuffle: all sides, except those that obey a known partitioner already
   * @memory as `cogroup`
   * @throws at the call, when `other` is no Rdd of this Context; in the task, when a row is no pair
   * @example
   * ```ts
   * const [a, b, c] = [1, 2, 3].map(n => ctx.parallelize([["key", n]], 1));
   * await a!.groupWith(b!, c!).collect() // => [["key", [[1], [2], [3]]]]
   * ```
   */
  groupWith<K, V, W>(this: RddJoins<Pair<K, V>>, other: Paired<K, W>): Rdd<[K, [V[], W[]]]>;
  groupWith<K, V, W, X>(
    this: RddJoins<Pair<K, V>>,
    other1: Paired<K, W>,
    other2: Paired<K, X>,
  ): Rdd<[K, [V[], W[], X[]]]>;
  groupWith<K, V, W, X, Y>(
    this: RddJoins<Pair<K, V>>,
    other1: Paired<K, W>,
    other2: Paired<K, X>,
    other3: Paired<K, Y>,
  ): Rdd<[K, [V[], W[], X[], Y[]]]>;
  groupWith(...others: unknown[]): Rdd<never> {
    return this.cogrouped("groupWith", others, undefined);
  }

  private cogrouped(
    operator: string,
    others: readonly unknown[],
    partitioner: PartitionerLike<never> | undefined,
  ): Rdd<never> {
    const node = this.node(operator);
    const { partitioning } = this.driver;
    const parents = [this.plan, ...others.map(other => this.driver.planOf(other, operator, node.at))];
    const by = partitioning.choose(partitioner, parents, node);
    return this.make({ ...node, op: "cogroup", parents: parents.map(parent => partitioning.placed(parent, by, node)) });
  }

  private joined<R>(
    join: JoinPlan["join"],
    operator: string,
    other: unknown,
    partitioner: PartitionerLike<never> | undefined,
  ): Rdd<R> {
    const node = this.node(operator);
    const { partitioning } = this.driver;
    const right = this.driver.planOf(other, operator, node.at);
    const by = partitioning.choose(partitioner, [this.plan, right], node);
    return this.make({
      ...node,
      op: "join",
      join,
      left: partitioning.placed(this.plan, by, node),
      right: partitioning.placed(right, by, node),
    });
  }
}

/** What stands last in a call that has Rdds before it: no other Rdd, nor an array in place of one. */
function mayBePartitioner(last: unknown): boolean {
  return !(last instanceof RddCore) && !Array.isArray(last);
}
