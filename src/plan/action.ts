/** What a job does with each partition of its final plan. Every task gives one encoded result; the driver folds them in partition order. */
import type { PlanFunction } from "./nodes.ts";

export type Action =
  /** Rows as sealed blocks, at most `limit` of them. */
  | { readonly kind: "collect"; readonly limit: number | undefined }
  | { readonly kind: "count" }
  /** Rows that are numbers, added up in their order from 0. */
  | { readonly kind: "sum" }
  /** `[]` of an empty partition, else `[value]`. */
  | { readonly kind: "reduce"; readonly fn: PlanFunction }
  | { readonly kind: "aggregate"; readonly zero: Uint8Array; readonly fn: PlanFunction }
  /** The first `n` rows by the comparator, or by the values' total order; `[]` … in order. */
  | {
      readonly kind: "takeOrdered";
      readonly rows: number;
      readonly comparator: PlanFunction | undefined;
      readonly descending: boolean;
    }
  /** Kernel sums over rows that are numbers: `[count, sum, mean, m2, min, max]`. */
  | { readonly kind: "stats" }
  | { readonly kind: "foreach"; readonly fn: PlanFunction }
  | { readonly kind: "foreachPartition"; readonly fn: PlanFunction }
  /** The function's value for the partition's rows. */
  | { readonly kind: "runPartition"; readonly fn: PlanFunction }
  | { readonly kind: "saveText"; readonly output: { readonly path: string } };
