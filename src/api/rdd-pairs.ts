/**
 * Operators on pairs `[key, value]`, by `this` typing: on other Rdds they do not compile, and at run time the first row that is
 * not a pair is named. Keys are equal by value, deep (NaN equals NaN, −0 equals 0). Groups leave in the order of their
 * keys' hashes, which is the same in every run.
 */
import type { CallSite } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { builtin } from "../operators/builtin-functions.ts";
import type { CombinePlan, JoinPlan, PartitionerPlan, Plan, PlanFunction } from "../plan/nodes.ts";
import { partitionerOf, samePartitioning } from "../plan/partition-count.ts";
import { encodeAt } from "./encode-at.ts";
import type { PartitionerLike } from "./partitioner.ts";
import type { Call } from "./partitioning.ts";
import { RddNarrow } from "./rdd-narrow.ts";
import type { Rdd } from "./rdd.ts";
import type { Grown, Hint, Pair, ValueOf, Widen } from "./widen.ts";

export abstract class RddPairs<T> extends RddNarrow<T> {
  keys<K>(this: RddPairs<Pair<K, unknown>>): Rdd<K> {
    return this.make({ ...this.node("keys"), op: "keys", parent: this.plan });
  }

  values<V>(this: RddPairs<Pair<unknown, V>>): Rdd<V> {
    return this.make({ ...this.node("values"), op: "values", parent: this.plan });
  }

  /** Keys stay where they are, so a known partitioner stays known. */
  mapValues<K, V, U extends Hint>(this: RddPairs<Pair<K, V>>, fn: (value: V) => U): Rdd<[K, Widen<U>]> {
    const node = this.node("mapValues");
    return this.make({ ...node, op: "mapValues", parent: this.plan, fn: this.capture(fn, "mapValues", node.at) });
  }

  flatMapValues<K, V, U extends Hint>(
    this: RddPairs<Pair<K, V>>,
    fn: (value: V) => Iterable<U> & object,
  ): Rdd<[K, Widen<U>]> {
    const node = this.node("flatMapValues");
    return this.make({
      ...node,
      op: "flatMapValues",
      parent: this.plan,
      fn: this.capture(fn, "flatMapValues", node.at),
    });
  }

  /** Values of each key folded by `fn`, in the order of partitions and rows; combined in map tasks first. */
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

  /** Like `reduceByKey`, starting each key, in each map task, with a fresh copy of `zero`. */
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

  /** `seqOp` folds values into a copy of `zero` in map tasks, `combOp` joins what they give. */
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

  /** All values of each key, in the order of partitions and rows. Nothing is combined before the shuffle. */
  groupByKey<K, V>(this: RddPairs<Pair<K, V>>, partitioner?: PartitionerLike<K>): Rdd<[K, V[]]> {
    const node = this.node("groupByKey");
    return this.make({ ...node, op: "group", parent: this.exchanged(node, partitioner) });
  }

  /** Rows grouped by `fn` of each. */
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

  /** Each row once. The first of equal rows is kept. Where a partitioner is known, equal rows are together already. */
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

  /** Pairs placed by key; saves later shuffles by the same partitioner. */
  partitionBy<K, V>(this: RddPairs<Pair<K, V>>, partitioner: PartitionerLike<K>): Rdd<[K, V]> {
    return this.make(this.exchanged({ operator: "partitionBy", at: callSite() }, partitioner));
  }

  /** For each left value each right value of its key, in the left side's order. */
  join<K, V, W>(
    this: RddPairs<Pair<K, V>>,
    other: Rdd<Pair<K, W>> | Rdd<[K, W]>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, [V, W]]> {
    return this.joined("inner", "join", other, partitioner);
  }

  leftOuterJoin<K, V, W>(
    this: RddPairs<Pair<K, V>>,
    other: Rdd<Pair<K, W>> | Rdd<[K, W]>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, [V, W | undefined]]> {
    return this.joined("left", "leftOuterJoin", other, partitioner);
  }

  /** All values of each key on each side. */
  cogroup<K, V, W>(
    this: RddPairs<Pair<K, V>>,
    other: Rdd<Pair<K, W>> | Rdd<[K, W]>,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, [V[], W[]]]> {
    const node = this.node("cogroup");
    const parents = [this.plan, this.driver.planOf(other, "cogroup", node.at)];
    const by = this.driver.partitioning.choose(partitioner, parents, node);
    return this.make({ ...node, op: "cogroup", parents: parents.map(parent => this.placed(parent, by, node)) });
  }

  /** @internal */
  exchanged(call: Call, partitioner: PartitionerLike<never> | undefined): Plan {
    return this.placed(this.plan, this.driver.partitioning.choose(partitioner, [this.plan], call), call);
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

  /** A plan's pairs with keys placed by `partitioner`: the plan itself when they are so already. */
  private placed(plan: Plan, partitioner: PartitionerPlan, call: Call): Plan {
    return obeys(plan, partitioner)
      ? plan
      : this.driver.partitioning.exchange(plan, partitioner, "pairs", undefined, call);
  }

  private combined<R>(
    combine: CombinePlan,
    operator: string,
    at: CallSite | undefined,
    partitioner: PartitionerLike<never> | undefined,
  ): Rdd<R> {
    return this.make(this.combinedPlan(this.plan, combine, { operator, at }, partitioner));
  }

  private joined<R>(
    join: JoinPlan["join"],
    operator: string,
    other: unknown,
    partitioner: PartitionerLike<never> | undefined,
  ): Rdd<R> {
    const node = this.node(operator);
    const right = this.driver.planOf(other, operator, node.at);
    const by = this.driver.partitioning.choose(partitioner, [this.plan, right], node);
    return this.make({
      ...node,
      op: "join",
      join,
      left: this.placed(this.plan, by, node),
      right: this.placed(right, by, node),
    });
  }
}

function obeys(plan: Plan, partitioner: PartitionerPlan): boolean {
  const known = partitionerOf(plan);
  return known !== undefined && samePartitioning(known, partitioner);
}

/** Counts per key as a plan: what countByKey and countByValue run. @internal */
export const countCombine: CombinePlan = {
  create: undefined,
  zero: undefined,
  mergeValue: builtin("add"),
  mergeCombiners: builtin("add"),
};
