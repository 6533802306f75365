/** For each key the arrays of its values in every parent, parents in order; groups in hash order. */
import type { Column } from "../data/column.ts";
import type { CogroupPlan } from "../plan/nodes.ts";
import { afterReading } from "./breaker.ts";
import type { ChunkSource } from "./chunk.ts";
import { spillingGroups } from "./grouped-table.ts";
import { pairBatch } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import { SpillScope } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export function openCogroup(plan: CogroupPlan, partition: number, env: TaskEnv): ChunkSource {
  const scope = new SpillScope(env, plan.operator, plan);
  const groups = spillingGroups(scope, plan.parents.length, { column: tupleOf, row: lists => lists }, () =>
    env.checkpoint(plan),
  );
  return afterReading(
    async () => {
      for (const [input, parent] of plan.parents.entries()) {
        await readPairs(parent, partition, env, plan, (keys, values) => groups.add(input, pairBatch(keys, values)), {
          scope,
        });
      }
    },
    () => groups.emit(),
    () => {
      groups.free();
      scope.close();
    },
  );
}

function tupleOf(fields: readonly Column[]): Column {
  return { kind: "struct", rows: fields[0]!.rows, shape: { of: "tuple" }, fields };
}
