/**
 * Partitioners as users give them, and as plans hold them. A partitioner decides by the key's value alone; two that are equal
 * save a shuffle between their Rdds.
 */
import { FiresteelError, type SourcePosition } from "../base/errors.ts";
import { callSite } from "../closure/stack.ts";
import { preview } from "../operators/row-errors.ts";
import type { PartitionerPlan } from "../plan/nodes.ts";
import { checkNamed } from "./plain-arguments.ts";

/**
 * A user's own partitioner: `partition(key)` must give an integer from 0 to `numPartitions` − 1, by the key's value alone, and
 * ships as a closure. Two calls with the same object agree, so that the second saves its shuffle.
 * @throws in the task, when `partition` gives no partition's number
 * @example
 * ```ts
 * const byParity = { numPartitions: 2, partition: (key: number) => key % 2 };
 * await ctx.range(4).map(n => [n, n]).partitionBy(byParity).keys().glom().collect() // => [[0, 2], [1, 3]]
 * ```
 */
export interface Partitioner<K = unknown> {
  readonly numPartitions: number;
  partition(key: K): number;
}

/** @internal */
export const partitionsMax = 1_000_000;

/**
 * Places keys by the hash of their value: `numPartitions` ranges of hashes. Two with the same number agree.
 * @throws when `numPartitions` is no integer from 1 to 1,000,000
 * @example
 * ```ts
 * const pairs = ctx.parallelize([["a", 1], ["b", 2]]).reduceByKey((a, b) => a + b, new HashPartitioner(4));
 * pairs.partitioner // => { kind: "hash", numPartitions: 4 }
 * ```
 */
export class HashPartitioner {
  /** Only for typing: not everything with a number of partitions is one. */
  declare protected readonly places: "byHash";
  constructor(readonly numPartitions: number) {
    checkPartitions(numPartitions, "HashPartitioner", callSite());
  }
}

/**
 * Places keys by ranges of about equal size, found inside the job from a sample of the first Rdd that it is used on.
 * @throws when `numPartitions` is no integer from 1 to 1,000,000
 * @example
 * ```ts
 * const pairs = ctx.range(0, 6).map(n => [n, n]);
 * await pairs.partitionBy(new RangePartitioner(2)).keys().glom().collect() // => [[0, 1, 2], [3, 4, 5]]
 * ```
 */
export class RangePartitioner {
  readonly ascending: boolean;
  constructor(
    readonly numPartitions: number,
    options: { readonly ascending?: boolean } = {},
  ) {
    const at = callSite();
    checkPartitions(numPartitions, "RangePartitioner", at);
    checkNamed("RangePartitioner", ["ascending"], options, "write new RangePartitioner(n, { ascending: false })");
    this.ascending = options.ascending ?? true;
    checkAscending(this.ascending, "RangePartitioner", at);
  }
}

/** A comparator is what other sorts take there. @internal */
export function checkAscending(ascending: unknown, operator: string, at: SourcePosition | undefined): void {
  if (typeof ascending === "boolean") return;
  throw new FiresteelError("user", `${operator} needs true or false for ascending, but got ${preview(ascending)}`, {
    hint:
      typeof ascending === "function"
        ? "it sorts by the order of values: give sortBy a function that makes a key of a row"
        : "false sorts from the greatest down",
    at,
  });
}

/** What operators take where Spark takes a number or a partitioner. */
export type PartitionerLike<K = unknown> = number | HashPartitioner | RangePartitioner | Partitioner<K>;

/** What `rdd.partitioner` tells of a partitioner. */
export interface KnownPartitioner {
  readonly kind: "hash" | "range" | "custom";
  readonly numPartitions: number;
}

/** @internal */
export function checkPartitions(partitions: number, operator: string, at?: SourcePosition): void {
  if (Number.isSafeInteger(partitions) && partitions >= 1 && partitions <= partitionsMax) return;
  const limit = partitionsMax.toLocaleString("en");
  throw new FiresteelError(
    "user",
    `${operator} needs a number of partitions from 1 to ${limit}, but got ${preview(partitions)}`,
    {
      hint: "give a positive integer, or leave it out for the default",
      at,
    },
  );
}

/** @internal */
export function knownPartitioner(plan: PartitionerPlan | undefined): KnownPartitioner | undefined {
  if (plan === undefined || plan.kind === "roundRobin") return undefined;
  return { kind: plan.kind, numPartitions: plan.partitions };
}
