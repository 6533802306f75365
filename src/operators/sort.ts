/**
 * Pairs of a partition in key order, stable. Keys become fixed-width or byte keys whose order is the values' order; a radix sort
 * of those gives the permutation, and rows move once.
 */
import { batchRowsMax, type Column } from "../data/column.ts";
import { encodeKeys } from "../data/keys.ts";
import { concat, gather } from "../data/move.ts";
import { Arena } from "../kernel/arena.ts";
import { orderKeys } from "../kernel/normalize.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { sortBytes, sortU64 } from "../kernel/sort.ts";
import type { SortPlan } from "../plan/nodes.ts";
import { BatchList } from "./batch-list.ts";
import { afterReading } from "./breaker.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import type { TaskEnv } from "./task-env.ts";

export function openSort(plan: SortPlan, partition: number, env: TaskEnv): ChunkSource {
  const rows = new BatchList(env, plan.operator);
  return afterReading(
    () => readPairs(plan.parent, partition, env, plan, (keys, values) => rows.add(pairBatch(keys, values))),
    () => sorted(rows, plan, env),
    () => rows.free(),
  );
}

function* sorted(rows: BatchList, plan: SortPlan, env: TaskEnv): Generator<Chunk, void, undefined> {
  if (rows.rows === 0) return;
  const { kernels } = env;
  const account = env.memory.withOperator(plan.operator);
  const all = new Arena(account);
  const scratch = new Arena(account);
  try {
    const batch = concat(kernels, all, [...rows.batches()]);
    rows.free();
    const order = sortOrder(pairColumns(batch)![0], plan, env, all);
    for (let from = 0; from < batch.rows; from += batchRowsMax) {
      scratch.reset();
      yield { kind: "batch", batch: gather(kernels, scratch, batch, offset(order, from * 4), Math.min(batchRowsMax, batch.rows - from)) };
    }
  } finally {
    scratch.close();
    all.close();
  }
}

/** u32[rows]: the rows in key order. */
function sortOrder(keys: Column, plan: SortPlan, env: TaskEnv, arena: Arena): Ptr {
  const { kernels } = env;
  const { rows } = keys;
  const account = env.memory.withOperator(plan.operator);
  const between = () => env.checkpoint(plan);
  const order = arena.alloc(rows * 4);
  const view = kernels.u32.subarray(order / 4, order / 4 + rows);
  if (keys.kind === "f64") {
    const words = account.alloc(rows * 8);
    try {
      kernels.run.iota(order, rows, 0);
      orderKeys(kernels, keys.kind, keys.values, rows, words, !plan.ascending);
      sortU64(kernels, account, words, order, rows, { between });
    } finally {
      account.free(words, rows * 8);
    }
    return order;
  }
  const bytes = new Arena(account);
  try {
    const encoded = encodeKeys(kernels, bytes, keys);
    // descending: rows backwards, sorted, backwards again, which leaves equal keys in row order
    for (let i = 0; i < rows; i++) view[i] = plan.ascending ? i : rows - 1 - i;
    sortBytes(kernels, account, encoded.offsets, encoded.bytes, order, rows, { between });
    if (!plan.ascending) view.reverse();
  } finally {
    bytes.close();
  }
  return order;
}
