/**
 * One value a key, on the reduce side: folds what the exchange brings, in map order. The parent's pairs hold combiners when map
 * tasks combined first, raw values when the keys were already in place.
 */
import type { AggregatePlan, CombinePlan } from "../plan/nodes.ts";
import { Aggregator } from "./aggregator.ts";
import type { ChunkSource } from "./chunk.ts";
import type { Fold } from "./folded-values.ts";
import { afterReading } from "./breaker.ts";
import { readPairs } from "./read-columns.ts";
import type { TaskEnv } from "./task-env.ts";

export function openAggregate(plan: AggregatePlan, partition: number, env: TaskEnv): ChunkSource {
  const account = env.memory.withOperator(plan.operator);
  const aggregator = new Aggregator(env.kernels, account, plan.from === "values" ? foldOfValues(plan.combine, env) : foldOfCombiners(plan.combine, env));
  return afterReading(
    () => readPairs(plan.parent, partition, env, plan, (keys, values) => aggregator.add(keys, values)),
    () => aggregator.emit(),
    () => aggregator.free(),
  );
}

export function foldOfValues(combine: CombinePlan, env: TaskEnv): Fold {
  return {
    create: combine.create && env.instantiate(combine.create),
    zero: combine.zero,
    merge: env.instantiate(combine.mergeValue),
  };
}

export function foldOfCombiners(combine: CombinePlan, env: TaskEnv): Fold {
  return { create: undefined, zero: undefined, merge: env.instantiate(combine.mergeCombiners) };
}
