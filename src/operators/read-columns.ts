/**
 * A plan's partition as columns: straight from the batches where there are some (what an exchange brings always is), through
 * writers where rows are JavaScript values. Columns are valid during the call that gets them.
 */
import type { Column } from "../data/column.ts";
import type { Plan } from "../plan/nodes.ts";
import { chunkToRows, type HeldBlock } from "./chunk.ts";
import { PairBuffer, pairColumns } from "./pair-buffer.ts";
import { RowBuffer } from "./row-buffer.ts";
import { drive } from "./sink.ts";
import type { SpillScope } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export interface ReadOptions {
  /** Keys, or rows, that are strings may come as spans: for tables that copy keys when they first meet them. */
  readonly spans?: boolean;
  /** Whose working memory is set aside before the first rows take any. */
  readonly scope?: SpillScope;
}

/** Key and value columns of every row of the parent, in order; `held` is the block that both lie in, when there is one. */
export async function readPairs(
  parent: Plan,
  partition: number,
  env: TaskEnv,
  by: Plan,
  take: (keys: Column, values: Column, held?: HeldBlock) => void,
  options?: ReadOptions,
): Promise<void> {
  const buffer = new PairBuffer(env.kernels, env.memory.withOperator(by.operator), by.operator, take);
  try {
    await drive(parent, partition, env, {
      ...(options?.spans === true && { spans: "keys" }),
      begin: () => void options?.scope?.prepare(),
      push: row => buffer.push(row),
      settle: () => buffer.settle(),
      takeChunk(chunk) {
        const columns = chunk.kind === "batch" ? pairColumns(chunk.batch) : undefined;
        if (columns === undefined) {
          for (const row of chunkToRows(env.kernels, chunk)) buffer.push(row);
          return;
        }
        buffer.flush();
        take(...columns, chunk.kind === "batch" ? chunk.held : undefined);
      },
    });
    buffer.flush();
  } finally {
    buffer.free();
  }
}

/** All rows of the parent, in order, each batch as one column. */
export async function readRows(
  parent: Plan,
  partition: number,
  env: TaskEnv,
  by: Plan,
  take: (rows: Column) => void,
  options?: ReadOptions,
): Promise<void> {
  const buffer = new RowBuffer(env.kernels, env.memory.withOperator(by.operator), `the rows of ${by.operator}`, batch =>
    take(batch.root),
  );
  try {
    await drive(parent, partition, env, {
      ...(options?.spans === true && { spans: "rows" }),
      begin: () => void options?.scope?.prepare(),
      push: row => buffer.push(row),
      settle: () => buffer.settle(),
      takeChunk(chunk) {
        if (chunk.kind !== "batch") {
          for (const row of chunkToRows(env.kernels, chunk)) buffer.push(row);
          return;
        }
        buffer.flush();
        take(chunk.batch.root);
      },
    });
    buffer.flush();
  } finally {
    buffer.free();
  }
}
