/** For each key the arrays of its values in every parent, parents in order; groups in hash order. */
import type { Column } from "../data/column.ts";
import type { CogroupPlan } from "../plan/nodes.ts";
import { inHashOrder } from "./aggregator.ts";
import { afterReading } from "./breaker.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { GroupedRows } from "./grouped-rows.ts";
import { KeyIndex } from "./key-index.ts";
import { pairBatch } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import type { TaskEnv } from "./task-env.ts";

export function openCogroup(plan: CogroupPlan, partition: number, env: TaskEnv): ChunkSource {
  const account = env.memory.withOperator(plan.operator);
  const index = new KeyIndex(env.kernels, account);
  const sides = plan.parents.map(() => new GroupedRows(env, plan.operator));
  return afterReading(
    async () => {
      for (const [i, parent] of plan.parents.entries()) {
        await readPairs(parent, partition, env, plan, (keys, values) => sides[i]!.add(index.add(keys).ids, values));
      }
      for (const side of sides) side.finish(index.count);
    },
    () =>
      inHashOrder(env.kernels, account, index, (keys, ids, scratch): Chunk => {
        const fields: Column[] = sides.map(side => side.lists(ids, keys.rows, scratch));
        return { kind: "batch", batch: pairBatch(keys, { kind: "struct", rows: keys.rows, shape: { of: "tuple" }, fields }) };
      }),
    () => {
      for (const side of sides) side.free();
      index.free();
    },
  );
}
