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
  /** Rows that are numbers, counted between each two neighbours of ascending edges. */
  | { readonly kind: "histogram"; readonly edges: readonly number[] }
  | { readonly kind: "foreach"; readonly fn: PlanFunction }
  | { readonly kind: "foreachPartition"; readonly fn: PlanFunction }
  /** The function's value for the partition's rows. */
  | { readonly kind: "runPartition"; readonly fn: PlanFunction }
  /** Lines, of one part a partition. */
  | { readonly kind: "saveText"; readonly output: { readonly path: string }; readonly codec?: "gzip" | "zstd" }
  /** Values as blocks, of one part a partition. */
  | { readonly kind: "saveObjects"; readonly output: { readonly path: string }; readonly isCheckpoint?: boolean }
  /** Whether the partition of a persisted plan is kept by an executor, computed if need be. */
  | { readonly kind: "keep" };
