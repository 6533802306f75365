/** All values of each key as one array: values in row order, groups in hash order. */
import type { GroupPlan } from "../plan/nodes.ts";
import { inHashOrder } from "./aggregator.ts";
import { afterReading } from "./breaker.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { GroupedRows } from "./grouped-rows.ts";
import { KeyIndex } from "./key-index.ts";
import { pairBatch } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import type { TaskEnv } from "./task-env.ts";

export function openGroup(plan: GroupPlan, partition: number, env: TaskEnv): ChunkSource {
  const account = env.memory.withOperator(plan.operator);
  const index = new KeyIndex(env.kernels, account);
  const rows = new GroupedRows(env, plan.operator);
  return afterReading(
    async () => {
      await readPairs(plan.parent, partition, env, plan, (keys, values) => rows.add(index.add(keys).ids, values));
      rows.finish(index.count);
    },
    () =>
      inHashOrder(env.kernels, account, index, (keys, ids, scratch): Chunk => {
        return { kind: "batch", batch: pairBatch(keys, rows.lists(ids, keys.rows, scratch)) };
      }),
    () => {
      rows.free();
      index.free();
    },
  );
}
