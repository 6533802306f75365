/** One partition of a local checkpoint: kept by an executor when the task ends, or found to have no room anywhere. */
import { invariant } from "../base/assert.ts";
import type { Plan } from "../plan/nodes.ts";
import { keeps } from "../plan/storage-level.ts";
import { openPlan } from "./open.ts";
import type { TaskEnv } from "./task-env.ts";

/** Whether it is kept, here or by another executor. */
export async function runKeep(plan: Plan, partition: number, env: TaskEnv): Promise<boolean> {
  invariant(keeps(plan.storage), "a local checkpoint is of a persisted plan");
  if (env.blocks.has(plan.id, partition)) return true;
  const remote = await env.cachedElsewhere?.(plan.id, partition);
  remote?.close();
  if (remote !== undefined) return true;
  const source = openPlan(plan, partition, env);
  try {
    while ((await source.next()) !== undefined) env.checkpoint(plan);
  } finally {
    source.close();
  }
  return env.blocks.has(plan.id, partition);
}
