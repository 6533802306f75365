/**
 * Partitioners as users give them, and as plans hold them. A partitioner decides by the key's value alone; two that are equal
 * save a shuffle between their Rdds.
 */
import { FiresteelError, type SourcePosition } from "../base/errors.ts";
import type { PartitionerPlan } from "../plan/nodes.ts";

/** A user's own partitioner: `partition(key)` must give an integer from 0 to numPartitions − 1, and ships as a closure. */
export interface Partitioner<K = unknown> {
  readonly numPartitions: number;
  partition(key: K): number;
}

const partitionsMax = 1_000_000;

/** By the hash of the key's value. Spark's HashPartitioner. */
export class HashPartitioner {
  constructor(readonly numPartitions: number) {
    checkPartitions(numPartitions, "HashPartitioner");
  }
}

/** By ranges of about equal size, found from a sample of the keys inside the job. Spark's RangePartitioner. */
export class RangePartitioner {
  readonly ascending: boolean;
  constructor(
    readonly numPartitions: number,
    options: { readonly ascending?: boolean } = {},
  ) {
    checkPartitions(numPartitions, "RangePartitioner");
    this.ascending = options.ascending ?? true;
  }
}

/** What operators take where Spark takes a number or a partitioner. */
export type PartitionerLike<K = unknown> = number | HashPartitioner | RangePartitioner | Partitioner<K>;

/** `rdd.partitioner`, where it is known. */
export interface KnownPartitioner {
  readonly kind: "hash" | "range" | "custom";
  readonly numPartitions: number;
}

/** @internal */
export function checkPartitions(partitions: number, operator: string, at?: SourcePosition): void {
  if (Number.isSafeInteger(partitions) && partitions >= 1 && partitions <= partitionsMax) return;
  const got = typeof partitions === "number" ? partitions : partitions === null ? "null" : typeof partitions;
  const limit = partitionsMax.toLocaleString("en");
  throw new FiresteelError("user", `${operator} needs a number of partitions from 1 to ${limit}, but got ${got}`, {
    hint: "give a positive integer, or leave it out for the default",
    at,
  });
}

/** @internal */
export function knownPartitioner(plan: PartitionerPlan | undefined): KnownPartitioner | undefined {
  if (plan === undefined || plan.kind === "roundRobin") return undefined;
  return { kind: plan.kind, numPartitions: plan.partitions };
}
