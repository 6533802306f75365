/** Rows of the left side whose key is, or is not, among the rows of the right side, in the left side's order. */
import type { Column } from "../data/column.ts";
import type { SemiJoinPlan } from "../plan/nodes.ts";
import { afterReading } from "./breaker.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { joinForms } from "./join-form.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import { readPairs, readRows } from "./read-columns.ts";
import { SpillScope } from "./spill-scope.ts";
import { SpillingJoin } from "./spilling-join.ts";
import type { TaskEnv } from "./task-env.ts";

export function openSemiJoin(plan: SemiJoinPlan, partition: number, env: TaskEnv): ChunkSource {
  const scope = new SpillScope(env, plan.operator, plan);
  const join = new SpillingJoin(scope, joinForms[plan.keeps], () => env.checkpoint(plan));
  const readLeft = () =>
    plan.key === "pair"
      ? readPairs(plan.left, partition, env, plan, (keys, values) => join.addProbe(pairBatch(keys, values)), { scope })
      : readRows(plan.left, partition, env, plan, rows => join.addProbe(asKeys(rows)), { scope });
  return afterReading(
    async () => {
      await readRows(plan.right, partition, env, plan, rows => join.addBuild(asKeys(rows)), { scope });
      join.endBuild();
      await readLeft();
    },
    () => (plan.key === "pair" ? join.emit() : keysIn(join.emit())),
    () => {
      join.free();
      scope.close();
    },
  );
}

/** Rows as the keys of pairs without values. */
function asKeys(rows: Column) {
  return pairBatch(rows, { kind: "constant", rows: rows.rows, value: undefined });
}

function* keysIn(chunks: Iterable<Chunk>): Generator<Chunk, void, undefined> {
  for (const chunk of chunks) {
    if (chunk.kind !== "batch") yield chunk;
    else yield { kind: "batch", batch: { rows: chunk.batch.rows, root: pairColumns(chunk.batch)![0] } };
  }
}
