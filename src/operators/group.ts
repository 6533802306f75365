/** All values of each key as one array: values in row order, groups in hash order. */
import type { GroupPlan } from "../plan/nodes.ts";
import { afterReading } from "./breaker.ts";
import type { ChunkSource } from "./chunk.ts";
import { spillingGroups } from "./grouped-table.ts";
import { pairBatch } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import { SpillScope } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export function openGroup(plan: GroupPlan, partition: number, env: TaskEnv): ChunkSource {
  const scope = new SpillScope(env, plan.operator, plan);
  const groups = spillingGroups(scope, 1, { column: ([values]) => values!, row: ([values]) => values! }, () =>
    env.checkpoint(plan),
  );
  return afterReading(
    () =>
      readPairs(plan.parent, partition, env, plan, (keys, values) => groups.add(0, pairBatch(keys, values)), { scope }),
    () => groups.emit(),
    () => {
      groups.free();
      scope.close();
    },
  );
}
