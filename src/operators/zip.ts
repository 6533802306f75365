/**
 * Rows of two sources side by side, as pairs. Where both sides are columns the pairs are their columns, without a copy. The sources
 * must have equally many rows; which have how many is said when the shorter has ended.
 */
import { FiresteelError } from "../base/errors.ts";
import { Arena } from "../kernel/arena.ts";
import type { ZipPlan } from "../plan/nodes.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { ChunkCursor } from "./chunk-cursor.ts";
import { openPlan } from "./open.ts";
import { pairBatch } from "./pair-buffer.ts";
import { refusalOf } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export function openZip(plan: ZipPlan, partition: number, env: TaskEnv): ChunkSource {
  const left = new ChunkCursor(env.kernels, openPlan(plan.left, partition, env));
  const right = new ChunkCursor(env.kernels, openPlan(plan.right, partition, env));
  const scratch = new Arena(env.memory.withOperator(plan.operator));
  const fillRight = () => right.fill();
  const give = (): Chunk | undefined | Promise<Chunk | undefined> => {
    if (left.ready === 0 && right.ready === 0) return undefined;
    if (left.ready === 0 || right.ready === 0) return refuse(plan, partition, left, right);
    return pairs(left, right, scratch);
  };
  return {
    next() {
      const waiting = left.fill();
      const filled = waiting === undefined ? right.fill() : waiting.then(fillRight);
      return filled === undefined ? give() : filled.then(give);
    },
    close() {
      scratch.close();
      left.close();
      right.close();
    },
  };
}

function pairs(left: ChunkCursor, right: ChunkCursor, scratch: Arena): Chunk {
  const rows = Math.min(left.ready, right.ready);
  const chunk =
    (left.isColumns && right.isColumns ? asColumns(left, right, rows, scratch) : undefined) ??
    asRows(left, right, rows);
  left.advance(rows);
  right.advance(rows);
  return chunk;
}

/** Undefined when there is no memory for the numbers of a range. */
function asColumns(left: ChunkCursor, right: ChunkCursor, rows: number, scratch: Arena): Chunk | undefined {
  scratch.reset();
  try {
    return { kind: "batch", batch: pairBatch(left.column(rows, scratch), right.column(rows, scratch)) };
  } catch (thrown) {
    refusalOf(thrown);
    return undefined;
  }
}

function asRows(left: ChunkCursor, right: ChunkCursor, count: number): Chunk {
  const rows = new Array<unknown>(count);
  for (let i = 0; i < count; i++) rows[i] = [left.value(i), right.value(i)];
  return { kind: "rows", rows };
}

/** Counts what is left of the longer side. */
async function refuse(plan: ZipPlan, partition: number, left: ChunkCursor, right: ChunkCursor): Promise<never> {
  for (const side of [left, right]) {
    while (side.ready > 0) {
      side.advance(side.ready);
      await side.fill();
    }
  }
  throw new FiresteelError(
    "user",
    `zip needs equally many rows in each partition, but partition ${partition} has ${left.taken} on the left and ${right.taken} on the right`,
    {
      hint: "zip what was made of the same Rdd row by row, or join both by zipWithIndex()",
      at: plan.at,
      isPermanent: true,
    },
  );
}
