/**
 * One value a key, on the reduce side: folds what the exchange brings, in map order. The parent's pairs hold combiners when map
 * tasks combined first, raw values when the keys were already in place.
 */
import type { AggregatePlan, CombinePlan } from "../plan/nodes.ts";
import { rowsToFold, spillingAggregate } from "./aggregated-table.ts";
import type { ChunkSource } from "./chunk.ts";
import type { Fold } from "./folded-values.ts";
import { afterReading } from "./breaker.ts";
import { isWorthCode } from "./native-source.ts";
import { nativeFold } from "./native-fold.ts";
import { pairBatch } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import { isThenable, promised } from "./row-errors.ts";
import { SpillScope } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export function openAggregate(plan: AggregatePlan, partition: number, env: TaskEnv): ChunkSource {
  const scope = new SpillScope(env, plan.operator, plan);
  const fold = plan.from === "values" ? foldOfValues(plan.combine, env) : foldOfCombiners(plan.combine, env);
  const table = spillingAggregate(scope, fold, () => env.checkpoint(plan));
  return afterReading(
    () =>
      readPairs(plan.parent, partition, env, plan, (keys, values) => table.add(rowsToFold, pairBatch(keys, values)), {
        scope,
        spans: true,
      }),
    () => table.emit(),
    () => {
      table.free();
      scope.close();
    },
  );
}

export function foldOfValues({ create, zero, mergeValue }: CombinePlan, env: TaskEnv): Fold {
  return {
    create: create && withoutPromises(env.instantiate(create)),
    zero,
    merge: env.instantiate(mergeValue),
    native: env.mayRunNative ? nativeFold({ create, zero, merge: mergeValue }, () => isWorthCode(env)) : undefined,
  };
}

/** Of combineByKey: what merges next would make text of a Promise. */
function withoutPromises(create: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return value => {
    const first = create(value);
    if (isThenable(first)) throw promised("combineByKey", first);
    return first;
  };
}

export function foldOfCombiners({ mergeCombiners }: CombinePlan, env: TaskEnv): Fold {
  const none = { create: undefined, zero: undefined };
  return {
    ...none,
    merge: env.instantiate(mergeCombiners),
    native: env.mayRunNative ? nativeFold({ ...none, merge: mergeCombiners }, () => isWorthCode(env)) : undefined,
  };
}
