/**
 * Operators that combine two Rdds row by row: side by side, each with each, and as sets. Sets compare rows by value; what of the
 * right side is needed for that is each row once.
 */
import { FiresteelError } from "../base/errors.ts";
import type { Plan } from "../plan/nodes.ts";
import { partitionerOf, samePartitioning } from "../plan/partition-count.ts";
import { type PartitionerLike, partitionsMax } from "./partitioner.ts";
import { type Call, obeys } from "./partitioning.ts";
import { RddNarrow } from "./rdd-narrow.ts";
import type { Rdd } from "./rdd.ts";
import type { Hint, Widen } from "./widen.ts";

export abstract class RddCombining<T> extends RddNarrow<T> {
  /**
   * Rows of both side by side, as pairs. Both must have equally many partitions, and equally many rows in each.
   * @cost narrow
   * @memory streams: a chunk of rows of either side
   * @throws when the numbers of partitions differ, at the call; when those of rows do, in the task, naming both
   * @example
   * ```ts
   * const words = ctx.parallelize(["a", "bb", "ccc"], 2);
   * await words.zip(words.map(word => word.length)).collect() // => [["a", 1], ["bb", 2], ["ccc", 3]]
   * ```
   */
  zip<U>(other: Rdd<U>): Rdd<[T, U]> {
    const node = this.node("zip");
    return this.make({ ...node, op: "zip", left: this.plan, right: this.partner(other, node) });
  }

  /**
   * `fn` of both Rdds' rows of a partition, as two iterators; what it yields are the new rows. Both must have equally many
   * partitions; how many rows each has does not matter.
   * @cost narrow
   * @memory rows are read as the iterators are; those of a source that must be waited for are first read whole, and spill
   * @throws when the numbers of partitions differ; when `fn` is asynchronous or gives no iterable
   * @example
   * ```ts
   * const longer = ctx.range(1, 5, 1, 1).zipPartitions(ctx.range(1, 3, 1, 1), (a, b) => [[...a].length, [...b].length]);
   * await longer.collect() // => [4, 2]
   * ```
   */
  zipPartitions<U, V extends Hint>(
    other: Rdd<U>,
    fn: (a: IteratorObject<T, undefined, unknown>, b: IteratorObject<U, undefined, unknown>) => Iterable<V> & object,
  ): Rdd<Widen<V>> {
    const node = this.node("zipPartitions");
    const right = this.partner(other, node);
    return this.make({
      ...node,
      op: "zipPartitions",
      left: this.plan,
      right,
      fn: this.capture(fn, "zipPartitions", node.at),
    });
  }

  /**
   * Rows with a number that no other row has: of n partitions the i-th gives i, i + n, i + 2n and so on. Unlike `zipWithIndex` it
   * counts nothing first, and leaves gaps.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @example
   * ```ts
   * await ctx.parallelize(["a", "b", "c"], 2).zipWithUniqueId().collect() // => [["a", 0], ["b", 1], ["c", 3]]
   * ```
   */
  zipWithUniqueId(): Rdd<[T, number]> {
    const node = this.node("zipWithUniqueId");
    return this.make({ ...node, op: "zipWithUniqueId", parent: this.plan, partitions: this.numPartitions });
  }

  /**
   * Each row with each row of the other. Of this Rdd's partition a and the other's b, of n, partition a · n + b is made.
   * @cost narrow; every partition is computed once for each of the other Rdd's: cache what is dear
   * @memory a task keeps the other's partition in engine memory; what does not fit spills
   * @throws at the call, when `other` is no Rdd of this Context, or there would be more partitions than an Rdd may have: 1,000,000
   * @example
   * ```ts
   * const [ab, numbers] = [ctx.parallelize(["a", "b"], 1), ctx.parallelize([1, 2], 1)];
   * await ab.cartesian(numbers).collect() // => [["a", 1], ["a", 2], ["b", 1], ["b", 2]]
   * ```
   */
  cartesian<U>(other: Rdd<U>): Rdd<[T, U]> {
    const node = this.node("cartesian");
    const right = this.driver.planOf(other, "cartesian", node.at);
    checkProduct(this.numPartitions, this.driver.partitionCount(right), node);
    return this.make({ ...node, op: "cartesian", left: this.plan, right });
  }

  /**
   * The rows that both have, each once, in the order of their hashes.
   * @cost shuffle: each row of a map task once
   * @memory a task keeps its rows of the other Rdd, each once, in engine memory; what does not fit spills
   * @throws at the call, when `other` is no Rdd of this Context, or the partitioner is none
   * @example
   * ```ts
   * const rdd = ctx.parallelize([1, 2, 2, 3]).intersection(ctx.parallelize([2, 3, 4]));
   * await rdd.sortBy(n => n).collect() // => [2, 3]
   * ```
   */
  intersection(other: Rdd<T>, partitioner?: PartitionerLike<T>): Rdd<T> {
    const node = this.node("intersection");
    const right = this.driver.planOf(other, "intersection", node.at);
    const both = this.placedRows(right, partitioner, true, node);
    const common: Plan = {
      ...this.node("intersection", node.at),
      op: "semiJoin",
      keeps: "matched",
      key: "row",
      ...both,
    };
    return this.make({ ...node, op: "distinct", parent: common });
  }

  /**
   * The rows that the other Rdd does not have, in their order, duplicates kept.
   * @cost shuffle: all rows of this Rdd, and each of the other's once a map task; none of pairs in place by a known partitioner
   * @memory a task keeps its rows of the other Rdd, each once, in engine memory; what does not fit spills
   * @throws at the call, when `other` is no Rdd of this Context, or the partitioner is none
   * @example
   * ```ts
   * await ctx.parallelize([1, 2, 2, 3, 3], 1).subtract(ctx.parallelize([2, 4]), 1).collect() // => [1, 3, 3]
   * ```
   */
  subtract(other: Rdd<T>, partitioner?: PartitionerLike<T>): Rdd<T> {
    const node = this.node("subtract");
    const right = this.driver.planOf(other, "subtract", node.at);
    const both = this.placedRows(right, partitioner, false, node);
    return this.make({ ...node, op: "semiJoin", keeps: "unmatched", key: "row", ...both });
  }

  /** Another Rdd with as many partitions. */
  private partner(other: unknown, { operator, at }: Call): Plan {
    const plan = this.driver.planOf(other, operator, at);
    const counts = [this.numPartitions, this.driver.partitionCount(plan)];
    if (counts[0] === counts[1]) return plan;
    throw new FiresteelError(
      "user",
      `${operator} needs Rdds with equally many partitions, but they have ${counts[0]} and ${counts[1]}`,
      { hint: "make both with the same number of partitions; repartition places rows anew", at },
    );
  }

  /**
   * Both Rdds with equal rows in the same partition. Pairs that obey a known partitioner stay: equal pairs have equal keys. Of the
   * others the rows are what is placed.
   */
  private placedRows(
    right: Plan,
    given: PartitionerLike<T> | undefined,
    onlyDistinct: boolean,
    call: Call,
  ): { readonly left: Plan; readonly right: Plan } {
    const { partitioning } = this.driver;
    const left = this.plan;
    const known = partitionerOf(left);
    if (known !== undefined) {
      const isAsked = given !== undefined && samePartitioning(known, partitioning.choose(given, [left], call, "row"));
      const isDefault = given === undefined && (!onlyDistinct || obeys(right, known));
      if (isAsked || isDefault) return { left, right: partitioning.placed(right, known, call) };
    }
    // Spark's defaults: as many partitions as this Rdd has for what stays of it, the most of both for what they share
    const wanted = given ?? (onlyDistinct ? undefined : Math.max(1, this.numPartitions));
    const by = partitioning.choose(wanted, [left, right], call, "row");
    const distinct = { kind: "distinct" } as const;
    return {
      left: partitioning.exchange(left, by, "keys", onlyDistinct ? distinct : undefined, call),
      right: partitioning.exchange(right, by, "keys", distinct, call),
    };
  }
}

function checkProduct(left: number, right: number, { at }: Call): void {
  const partitions = left * right;
  if (partitions <= partitionsMax) return;
  const [made, ofLeft, ofRight, most] = [partitions, left, right, partitionsMax].map(n => n.toLocaleString("en"));
  throw new FiresteelError(
    "user",
    `cartesian would make ${made} partitions of ${ofLeft} and ${ofRight}, but an Rdd has at most ${most}`,
    { hint: "coalesce both to fewer partitions first", at },
  );
}
