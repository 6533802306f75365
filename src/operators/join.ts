/** Pairs of values with equal keys, in the probe side's order and, within a probe row, in the build side's. */
import type { JoinPlan } from "../plan/nodes.ts";
import { afterReading } from "./breaker.ts";
import type { ChunkSource } from "./chunk.ts";
import { joinForms } from "./join-form.ts";
import { pairBatch } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import { SpillScope } from "./spill-scope.ts";
import { SpillingJoin } from "./spilling-join.ts";
import type { TaskEnv } from "./task-env.ts";

export function openJoin(plan: JoinPlan, partition: number, env: TaskEnv): ChunkSource {
  const form = joinForms[plan.join];
  const [probe, build] = form.isSwapped ? [plan.right, plan.left] : [plan.left, plan.right];
  const scope = new SpillScope(env, plan.operator, plan);
  const join = new SpillingJoin(scope, form, () => env.checkpoint(plan));
  return afterReading(
    async () => {
      await readPairs(build, partition, env, plan, (keys, values) => join.addBuild(pairBatch(keys, values)), { scope });
      join.endBuild();
      await readPairs(probe, partition, env, plan, (keys, values) => join.addProbe(pairBatch(keys, values)), { scope });
    },
    () => join.emit(),
    () => {
      join.free();
      scope.close();
    },
  );
}
