/**
 * Rows with a number each: their position in the whole Rdd, for which the counts of the partitions before come from a probe, or one
 * that needs no counting. Of rows in columns the numbers are a column beside them.
 */
import { Arena } from "../kernel/arena.ts";
import type { Plan, ZipWithIndexPlan, ZipWithUniqueIdPlan } from "../plan/nodes.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { ChunkCursor } from "./chunk-cursor.ts";
import { openPlan } from "./open.ts";
import { pairBatch } from "./pair-buffer.ts";
import { refusalOf } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export function openZipWithIndex(plan: ZipWithIndexPlan, partition: number, env: TaskEnv): ChunkSource {
  const counts = plan.counts === undefined ? [] : (env.probeValue(plan.counts.exchange) as readonly number[]);
  let first = 0;
  for (let i = 0; i < partition; i++) first += counts[i]!;
  return numbered(plan.parent, plan.operator, partition, env, first, 1);
}

export function openZipWithUniqueId(plan: ZipWithUniqueIdPlan, partition: number, env: TaskEnv): ChunkSource {
  return numbered(plan.parent, plan.operator, partition, env, partition, plan.partitions);
}

function numbered(
  parent: Plan,
  operator: string,
  partition: number,
  env: TaskEnv,
  first: number,
  step: number,
): ChunkSource {
  const cursor = new ChunkCursor(env.kernels, openPlan(parent, partition, env));
  const scratch = new Arena(env.memory.withOperator(operator));
  const asColumns = (rows: number, from: number): Chunk | undefined => {
    scratch.reset();
    try {
      const values = scratch.alloc(rows * 8);
      env.kernels.run.writeRange(from, step, 0, rows, values);
      return { kind: "batch", batch: pairBatch(cursor.column(rows, scratch), { kind: "f64", rows, values }) };
    } catch (thrown) {
      // without memory for the numbers they are JavaScript's
      refusalOf(thrown);
      return undefined;
    }
  };
  const asRows = (count: number, from: number): Chunk => {
    const rows = new Array<unknown>(count);
    for (let i = 0; i < count; i++) rows[i] = [cursor.value(i), from + i * step];
    return { kind: "rows", rows };
  };
  const give = (): Chunk | undefined => {
    const rows = cursor.ready;
    if (rows === 0) return undefined;
    const from = first + cursor.taken * step;
    const chunk = (cursor.isColumns ? asColumns(rows, from) : undefined) ?? asRows(rows, from);
    cursor.advance(rows);
    return chunk;
  };
  return {
    next() {
      const waiting = cursor.fill();
      return waiting === undefined ? give() : waiting.then(give);
    },
    close() {
      scratch.close();
      cursor.close();
    },
  };
}
