/** Pairs of values with equal keys, in the left side's order and, within a left row, in the right side's. */
import type { JoinPlan } from "../plan/nodes.ts";
import { afterReading } from "./breaker.ts";
import type { ChunkSource } from "./chunk.ts";
import { pairBatch } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import { SpillScope } from "./spill-scope.ts";
import { SpillingJoin } from "./spilling-join.ts";
import type { TaskEnv } from "./task-env.ts";

export function openJoin(plan: JoinPlan, partition: number, env: TaskEnv): ChunkSource {
  const scope = new SpillScope(env, plan.operator);
  const join = new SpillingJoin(scope, plan.join === "left", () => env.checkpoint(plan));
  return afterReading(
    async () => {
      await readPairs(plan.right, partition, env, plan, (keys, values) => join.addRight(pairBatch(keys, values)));
      join.endRight();
      await readPairs(plan.left, partition, env, plan, (keys, values) => join.addLeft(pairBatch(keys, values)));
    },
    () => join.emit(),
    () => {
      join.free();
      scope.close();
    },
  );
}
