/** The kernel benchmarks by family, imported when they are run: one line a `*.bench.ts` file. */
import type { BenchCase } from "./harness.ts";

interface Family {
  readonly cases: readonly BenchCase[];
}

export const families: Readonly<Record<string, () => Promise<Family>>> = {
  aggregate: () => import("./aggregate.bench.ts"),
  bitmap: () => import("./bitmap.bench.ts"),
  csv: () => import("./csv.bench.ts"),
  dictionary: () => import("./dictionary.bench.ts"),
  group: () => import("./group.bench.ts"),
  hash: () => import("./hash.bench.ts"),
  "hash-order": () => import("./hash-order.bench.ts"),
  join: () => import("./join.bench.ts"),
  "key-bytes": () => import("./key-bytes.bench.ts"),
  lz4: () => import("./lz4.bench.ts"),
  merge: () => import("./merge.bench.ts"),
  "merge-sort": () => import("./merge-sort.bench.ts"),
  move: () => import("./move.bench.ts"),
  normalize: () => import("./normalize.bench.ts"),
  planes: () => import("./planes.bench.ts"),
  parquet: () => import("./parquet.bench.ts"),
  parts: () => import("./parts.bench.ts"),
  partition: () => import("./partition.bench.ts"),
  snappy: () => import("./snappy.bench.ts"),
  sort: () => import("./sort.bench.ts"),
  strings: () => import("./strings.bench.ts"),
  text: () => import("./text.bench.ts"),
};
