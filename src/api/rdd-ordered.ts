/**
 * Sorting: the order of values is total across types (numbers before strings, and so on: see data/compare.ts), stable, and the
 * bounds of the partitions come from a sample that is taken inside the job.
 */
import { callSite } from "../closure/stack.ts";
import type { Plan } from "../plan/nodes.ts";
import { checkPartitions } from "./partitioner.ts";
import type { Call } from "./partitioning.ts";
import { RddPairs } from "./rdd-pairs.ts";
import type { Rdd } from "./rdd.ts";
import type { Pair } from "./widen.ts";

export abstract class RddOrdered<T> extends RddPairs<T> {
  /** Pairs in key order over all partitions. Equal keys keep the order of partitions and rows. */
  sortByKey<K, V>(this: RddOrdered<Pair<K, V>>, ascending = true, numPartitions?: number): Rdd<[K, V]> {
    return this.make(this.sorted(this.plan, ascending, numPartitions, { operator: "sortByKey", at: callSite() }));
  }

  /** Rows in the order of `keyOf` of each. */
  sortBy(keyOf: (row: T) => unknown, ascending = true, numPartitions?: number): Rdd<T> {
    const node = this.node("sortBy");
    const keyed: Plan = {
      ...this.node("sortBy", node.at),
      op: "keyBy",
      parent: this.plan,
      fn: this.capture(keyOf, "sortBy", node.at),
    };
    return this.make({ ...node, op: "values", parent: this.sorted(keyed, ascending, numPartitions, node) });
  }

  private sorted(parent: Plan, ascending: boolean, numPartitions: number | undefined, call: Call): Plan {
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
