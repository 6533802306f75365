/**
 * Unions as Spark makes them: partitions one after the other; but where all parents obey one partitioner, partition i is the i-th
 * of every parent, and the partitioner stays known.
 */
import type { CallSite } from "../closure/contracts.ts";
import type { Plan } from "../plan/nodes.ts";
import { partitionerOf, samePartitioning } from "../plan/partition-count.ts";
import type { Driver } from "./driver.ts";
import { checkPartitions } from "./partitioner.ts";
import type { Rdd } from "./rdd.ts";

export function unionOf<T>(driver: Driver, rdds: readonly unknown[], at: CallSite | undefined): Rdd<T> {
  const parents = rdds
    .map(rdd => driver.planOf(rdd, "union", at))
    .filter((plan, _, all) => all.length === 1 || driver.partitionCount(plan) > 0);
  const node = { id: driver.nextRddId(), operator: "union", at };
  const union: Plan = { ...node, op: "union", parents };
  const partitions = parents.reduce((sum, plan) => sum + driver.partitionCount(plan), 0);
  if (partitions > 0) checkPartitions(partitions, "union", at);
  const partitioner = parents.length > 1 ? partitionerOf(parents[0]!) : undefined;
  if (partitioner === undefined || !parents.every(plan => isPlacedBy(plan, partitioner)))
    return driver.makeRdd<T>(union);
  const groups = Array.from({ length: partitioner.partitions }, (_, i) =>
    parents.map((_, k) => i + k * partitioner.partitions),
  );
  return driver.makeRdd<T>({ ...node, id: driver.nextRddId(), op: "coalesce", parent: union, groups, partitioner });
}

function isPlacedBy(plan: Plan, partitioner: NonNullable<ReturnType<typeof partitionerOf>>): boolean {
  const known = partitionerOf(plan);
  return known !== undefined && samePartitioning(known, partitioner);
}
