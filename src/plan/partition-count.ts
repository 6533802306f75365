/** How many partitions a plan has, and which partitioner its rows are known to obey. */
import { invariant } from "../base/assert.ts";
import type { PartitionerPlan, Plan } from "./nodes.ts";

export function partitionCount(plan: Plan): number {
  switch (plan.op) {
    case "parallelize":
      return plan.slices.length;
    case "range":
    case "kept":
      return plan.partitions;
    case "files":
      invariant(plan.scan !== undefined, `the splits of ${String(plan.paths)} are not planned yet`);
      return plan.scan.splits.length;
    case "union":
      return plan.parents.reduce((sum, parent) => sum + partitionCount(parent), 0);
    case "coalesce":
      return plan.groups.length;
    case "exchange":
      return plan.partitioner.partitions;
    case "cogroup":
      return partitionCount(plan.parents[0]!);
    case "join":
    case "semiJoin":
    case "zip":
    case "zipPartitions":
      return partitionCount(plan.left);
    case "cartesian":
      return partitionCount(plan.left) * partitionCount(plan.right);
    default:
      return partitionCount(plan.parent);
  }
}

/** The partitioner that the rows' keys obey, where it is known; operators that keep keys keep it. */
export function partitionerOf(plan: Plan): PartitionerPlan | undefined {
  switch (plan.op) {
    case "exchange":
      return plan.rows === "pairs" && plan.partitioner.kind !== "roundRobin" ? plan.partitioner : undefined;
    case "coalesce":
    case "files":
    case "kept":
      return plan.partitioner;
    case "aggregate":
    case "group":
    case "distinct":
    case "sort":
    case "filter":
    case "sample":
    case "filterByRange":
    case "mapValues":
    case "flatMapValues":
      return partitionerOf(plan.parent);
    case "join":
    case "semiJoin":
      return partitionerOf(plan.left);
    case "cogroup":
      return partitionerOf(plan.parents[0]!);
    case "union":
      // of more than one it is a coalesce that knows
      return plan.parents.length === 1 ? partitionerOf(plan.parents[0]!) : undefined;
    default:
      return undefined;
  }
}

/** Equal partitioners put equal keys in the same partition, so a shuffle between them is saved. */
export function samePartitioning(a: PartitionerPlan, b: PartitionerPlan): boolean {
  if (a.kind === "hash") return b.kind === "hash" && a.partitions === b.partitions;
  if (a.kind === "range") return b.kind === "range" && a.probe.exchange === b.probe.exchange;
  if (a.kind === "custom") return b.kind === "custom" && a.identity === b.identity && a.partitions === b.partitions;
  return false;
}
