/** A plan's partition as one value: folded in row order, by native code where the function has some. */
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import { FoldSink } from "./fold-sink.ts";
import { nativeFold } from "./native-fold.ts";
import { isWorthCode } from "./native-source.ts";
import { isThenable, promised } from "./row-errors.ts";
import { drive } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

export interface RowsFold {
  /** Whose memory it is. */
  readonly operator: string;
  /** Encoded; a copy starts the fold, and the first row is merged into it. */
  readonly zero: Uint8Array | undefined;
  readonly fn: PlanFunction;
}

/** The partition's rows as one value; none of an empty one. */
export async function foldRows(
  { operator, zero, fn }: RowsFold,
  plan: Plan,
  partition: number,
  env: TaskEnv,
): Promise<unknown[]> {
  const native = env.mayRunNative
    ? nativeFold({ create: undefined, zero, merge: fn }, () => isWorthCode(env))
    : undefined;
  const sink = new FoldSink(env, operator, { create: undefined, zero, merge: env.instantiate(fn), native });
  try {
    await drive(plan, partition, env, sink);
    const values = sink.finish();
    // an action's tasks do not know what it is called
    if (isThenable(values[0])) throw promised(undefined, values[0]);
    return values;
  } finally {
    sink.free();
  }
}
