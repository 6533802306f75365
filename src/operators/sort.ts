/** Pairs of a partition in key order, equal keys in row order. */
import type { SortPlan } from "../plan/nodes.ts";
import { afterReading } from "./breaker.ts";
import type { ChunkSource } from "./chunk.ts";
import { pairBatch } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import { SpillScope } from "./spill-scope.ts";
import { SpillingSort } from "./spilling-sort.ts";
import type { TaskEnv } from "./task-env.ts";

export function openSort(plan: SortPlan, partition: number, env: TaskEnv): ChunkSource {
  const scope = new SpillScope(env, plan.operator, plan);
  const sort = new SpillingSort(scope, plan.ascending, () => env.checkpoint(plan));
  let side: 0 | 1 | undefined;
  const source = afterReading(
    () =>
      readPairs(plan.parent, partition, env, plan, (keys, values, held) => sort.add(pairBatch(keys, values), held), {
        scope,
      }),
    () => sort.emit(side),
    () => {
      sort.free();
      scope.close();
    },
  );
  return { ...source, giveOnly: wanted => void (side = wanted) };
}
