/** Each key once, as first seen, in the order of hashes. */
import type { DistinctPlan } from "../plan/nodes.ts";
import { inHashOrder } from "./aggregator.ts";
import { afterReading } from "./breaker.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { readRows } from "./read-columns.ts";
import { KeyIndex } from "./key-index.ts";
import type { TaskEnv } from "./task-env.ts";

export function openDistinct(plan: DistinctPlan, partition: number, env: TaskEnv): ChunkSource {
  const account = env.memory.withOperator(plan.operator);
  const index = new KeyIndex(env.kernels, account);
  return afterReading(
    () => readRows(plan.parent, partition, env, plan, keys => void index.add(keys)),
    () => inHashOrder(env.kernels, account, index, (root): Chunk => ({ kind: "batch", batch: { rows: root.rows, root } })),
    () => index.free(),
  );
}
