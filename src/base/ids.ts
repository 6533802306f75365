/** Branded identifiers. All are small integers, unique within one application. */

declare const brand: unique symbol;
type Id<Name extends string> = number & { readonly [brand]: Name };

export type RddId = Id<"rdd">;
/** An exchange's output: Spark's shuffle id. */
export type ExchangeId = Id<"exchange">;
export type BroadcastId = Id<"broadcast">;
export type AccumulatorId = Id<"accumulator">;
export type JobId = Id<"job">;
export type StageId = Id<"stage">;
/** One attempt of one task; never reused. */
export type TaskAttemptId = Id<"taskAttempt">;
/** A task thread (local mode) or an executor process (cluster). */
export type ExecutorId = Id<"executor">;

/** Makes ids 0, 1, 2 … of one kind. */
export function idSequence<T extends Id<string>>(first = 0): () => T {
  let next = first;
  return () => next++ as T;
}
