/** The package's public face: what `import … from "firesteel"` gives. */
export { Accumulator } from "./api/accumulator.ts";
export { Broadcast } from "./api/broadcast.ts";
export { Context, type ContextOptions, type LogLevel } from "./api/context.ts";
export type { PoolInfo } from "./api/context-jobs.ts";
export type { Estimate } from "./api/estimates.ts";
export {
  HashPartitioner,
  type KnownPartitioner,
  type Partitioner,
  type PartitionerLike,
  RangePartitioner,
} from "./api/partitioner.ts";
export type { PipeOptions } from "./api/rdd-pipe.ts";
export { Rdd } from "./api/rdd.ts";
export type { BarrierRows, RddBarrier } from "./api/rdd-barrier.ts";
export type { ExecutorInfo, JobInfo, StageInfo, StatusTracker } from "./api/status-tracker.ts";
export type { SaveTextOptions } from "./api/rdd-saving.ts";
export { version } from "./api/version.ts";
export type { ActionOptions, Pair, Stats, Widen } from "./api/widen.ts";
export { type ErrorKind, FiresteelError, type SourcePosition } from "./base/errors.ts";
export { FiresteelFiles } from "./operators/added-files.ts";
export { type BarrierTaskInfo, type TaskContext, taskContext } from "./operators/task-context.ts";
export { StorageLevel } from "./plan/storage-level.ts";
export type { OutputCodec } from "./sources/codecs.ts";
export type {
  CsvOptions,
  CsvType,
  JsonOptions,
  JsonType,
  MalformedMode,
  ParquetOptions,
  PathSpec,
  TextOptions,
} from "./sources/options.ts";
