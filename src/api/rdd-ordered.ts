/**
 * Sorting: the order of values is total across types (numbers before strings, and so on: see data/compare.ts), stable, and the
 * bounds of the partitions come from a sample that is taken inside the job.
 */
import { FiresteelError } from "../base/errors.ts";
import { callSite } from "../closure/stack.ts";
import type { Plan } from "../plan/nodes.ts";
import { partitionerOf } from "../plan/partition-count.ts";
import { encodeAt } from "./encode-at.ts";
import { checkAscending, checkPartitions, type PartitionerLike } from "./partitioner.ts";
import type { Call } from "./partitioning.ts";
import { RddJoins } from "./rdd-joins.ts";
import type { Rdd } from "./rdd.ts";
import type { Pair } from "./widen.ts";

export abstract class RddOrdered<T> extends RddJoins<T> {
  /**
   * Pairs in key order over all partitions. Equal keys keep the order of partitions and rows.
   * @cost shuffle: all rows are sent, after a stage that samples the keys: this Rdd is computed twice, so `cache()` it when it is
   * dear
   * @memory a task sorts its partition in engine memory; what does not fit goes to disk as sorted runs, which are merged
   * @throws at the call, when `numPartitions` is no integer from 1 to 1,000,000, or `ascending` no boolean; in the task, when a row
   * is no pair
   * @example
   * ```ts
   * await ctx.parallelize([["b", 1], ["a", 2]]).sortByKey().collect() // => [["a", 2], ["b", 1]]
   * ```
   */
  sortByKey<K, V>(this: RddOrdered<Pair<K, V>>, ascending = true, numPartitions?: number): Rdd<[K, V]> {
    return this.make(this.sorted(this.plan, ascending, numPartitions, { operator: "sortByKey", at: callSite() }));
  }

  /**
   * Rows in the order of `keyOf` of each, over all partitions. Rows with equal keys keep their order.
   * @cost shuffle: all rows are sent, after a stage that samples the keys: this Rdd is computed twice, so `cache()` it when it is
   * dear
   * @memory a task sorts its partition in engine memory; what does not fit goes to disk as sorted runs, which are merged
   * @throws at the call, when `numPartitions` is no integer from 1 to 1,000,000, `ascending` no boolean, or `keyOf` a comparator
   * @example
   * ```ts
   * await ctx.parallelize(["pear", "fig", "apple"]).sortBy(word => word.length, false).collect() // => ["apple", "pear", "fig"]
   * ```
   */
  sortBy(keyOf: (row: T) => unknown, ascending = true, numPartitions?: number): Rdd<T> {
    const node = this.node("sortBy");
    if (typeof keyOf === "function" && keyOf.length > 1)
      throw new FiresteelError("user", `sortBy needs a function of one row, but got one of ${keyOf.length}`, {
        hint: "give the key to sort by: row => row.age, or row => [row.name, -row.age]; takeOrdered takes a comparator",
        at: node.at,
      });
    const keyed: Plan = {
      ...this.node("sortBy", node.at),
      op: "keyBy",
      parent: this.plan,
      fn: this.capture(keyOf, "sortBy", node.at),
    };
    return this.make({ ...node, op: "values", parent: this.sorted(keyed, ascending, numPartitions, node) });
  }

  /**
   * The pairs whose keys lie from `lower` to `upper`, both included, in the order of values. After a sort, or `partitionBy` with a
   * RangePartitioner, partitions that have none of them are not read.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @throws when a row is no pair, and when a bound cannot ship
   * @example
   * ```ts
   * const rdd = ctx.parallelize([[3, "c"], [1, "a"], [2, "b"]] as [number, string][]).sortByKey();
   * await rdd.filterByRange(2, 3).collect() // => [[2, "b"], [3, "c"]]
   * ```
   */
  filterByRange<K, V>(this: RddOrdered<Pair<K, V>>, lower: K, upper: K): Rdd<[K, V]> {
    const node = this.node("filterByRange");
    const known = partitionerOf(this.plan);
    return this.make({
      ...node,
      op: "filterByRange",
      parent: this.plan,
      lower: encodeAt(lower, "the lower bound", node.at),
      upper: encodeAt(upper, "the upper bound", node.at),
      ranges: known?.kind === "range" ? known : undefined,
    });
  }

  /**
   * Pairs placed by a partitioner, each partition in key order; equal keys keep the order of partitions and rows. Cheaper than
   * `partitionBy` and a sort of each partition: rows are sorted as they arrive.
   * @cost shuffle: all pairs, unless they obey the partitioner already
   * @memory a task sorts its partition in engine memory; what does not fit spills
   * @throws when a row is no pair, and when the partitioner is none
   * @example
   * ```ts
   * const rdd = ctx.parallelize([[3, "c"], [1, "a"], [2, "b"]] as [number, string][]);
   * const oddAndEven = { numPartitions: 2, partition: (key: number) => key % 2 };
   * await rdd.repartitionAndSortWithinPartitions(oddAndEven).keys().glom().collect() // => [[2], [1, 3]]
   * ```
   */
  repartitionAndSortWithinPartitions<K, V>(this: RddOrdered<Pair<K, V>>, partitioner: PartitionerLike<K>): Rdd<[K, V]> {
    const node = this.node("repartitionAndSortWithinPartitions");
    // left out, it would be the known or default one
    const parent = this.exchanged(node, partitioner ?? (null as never));
    return this.make({ ...node, op: "sort", parent, ascending: true });
  }

  private sorted(parent: Plan, ascending: boolean, numPartitions: number | undefined, call: Call): Plan {
    checkAscending(ascending, call.operator, call.at);
    const partitions = numPartitions ?? Math.max(1, this.numPartitions);
    checkPartitions(partitions, call.operator, call.at);
    const { partitioning } = this.driver;
    const exchange = partitioning.exchange(
      parent,
      partitioning.range(parent, partitions, ascending, call),
      "pairs",
      undefined,
      call,
    );
    return { ...this.node(call.operator, call.at), op: "sort", parent: exchange, ascending };
  }
}
