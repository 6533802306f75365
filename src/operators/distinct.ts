/** Each key once, as first seen, in the order of hashes. */
import type { DistinctPlan } from "../plan/nodes.ts";
import { afterReading } from "./breaker.ts";
import type { ChunkSource } from "./chunk.ts";
import { anyKeys, spillingDistinct } from "./distinct-table.ts";
import { readRows } from "./read-columns.ts";
import { SpillScope } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export function openDistinct(plan: DistinctPlan, partition: number, env: TaskEnv): ChunkSource {
  const scope = new SpillScope(env, plan.operator, plan);
  const table = spillingDistinct(scope, () => env.checkpoint(plan));
  return afterReading(
    () =>
      readRows(plan.parent, partition, env, plan, root => table.add(anyKeys, { rows: root.rows, root }), {
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
