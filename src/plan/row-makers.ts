/** Which operators make rows that are JavaScript values whatever comes in: of functions over partitions, and of other programs. */
import type { Plan } from "./nodes.ts";

export function makesRows(plan: Plan): boolean {
  switch (plan.op) {
    case "mapPartitions":
    case "mapPartitionsWithIndex":
    case "mapAsync":
    case "barrier":
    case "glom":
    case "zipPartitions":
    case "foldPartition":
    case "pipe":
      return true;
    default:
      return false;
  }
}
