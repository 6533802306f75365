/** The package's public face: what `import … from "firesteel"` gives. */
export { Accumulator } from "./api/accumulator.ts";
export { Broadcast } from "./api/broadcast.ts";
export { Context, type ContextOptions } from "./api/context.ts";
export {
  HashPartitioner,
  type KnownPartitioner,
  type Partitioner,
  type PartitionerLike,
  RangePartitioner,
} from "./api/partitioner.ts";
export { Rdd } from "./api/rdd.ts";
export { version } from "./api/version.ts";
export type { ActionOptions, Pair, Stats, Widen } from "./api/widen.ts";
export { type ErrorKind, FiresteelError, type SourcePosition } from "./base/errors.ts";
export { type TaskContext, taskContext } from "./operators/task-context.ts";
export { StorageLevel } from "./plan/storage-level.ts";
export type { CsvOptions, JsonOptions, ParquetOptions, TextOptions } from "./sources/options.ts";
