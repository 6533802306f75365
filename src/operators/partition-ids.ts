/**
 * Which partition each row of a column goes to: u32 ids, by a partitioner's plan. A function of the key's value alone, except
 * for round robin, which is one of the row's position and its partition.
 */
import { FiresteelError } from "../base/errors.ts";
import { readColumn } from "../data/batch-reader.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import type { Column } from "../data/column.ts";
import { encodeKeys, hashColumn } from "../data/keys.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { orderKeys } from "../kernel/normalize.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { PartitionerPlan } from "../plan/nodes.ts";
import { preview } from "./row-errors.ts";
import type { TaskEnv } from "./task-env.ts";

/** Writes u32[rows] at `ids`; `scratch` is the caller's to reset. */
export type AssignPartitions = (keys: Column, ids: Ptr, scratch: Allocator) => void;

export function partitionAssigner(plan: PartitionerPlan, operator: string, env: TaskEnv): AssignPartitions {
  const { kernels } = env;
  switch (plan.kind) {
    case "hash":
      return (keys, ids, scratch) => {
        const hashes = scratch.alloc(Math.max(8, keys.rows * 8));
        hashColumn(kernels, scratch, keys, hashes);
        kernels.run.partitionIds(hashes, keys.rows, plan.partitions, ids);
      };
    case "range":
      return rangeAssigner(env.probeValue(plan.probe.exchange) as readonly unknown[], plan.ascending, env);
    case "custom":
      return customAssigner(env.instantiate(plan.fn), plan.partitions, operator, kernels);
    case "roundRobin": {
      // rows of one partition go round from a start of its own, so that small partitions do not all feed partition 0
      let next = Math.imul(env.partition + 1, 0x9e3779b1) >>> 0;
      return (keys, ids) => {
        const out = kernels.u32.subarray(ids / 4, ids / 4 + keys.rows);
        next %= plan.partitions;
        for (let i = 0; i < out.length; i++) {
          out[i] = next;
          if (++next === plan.partitions) next = 0;
        }
      };
    }
  }
}

function rangeAssigner(bounds: readonly unknown[], ascending: boolean, env: TaskEnv): AssignPartitions {
  const { kernels } = env;
  const { run, u32 } = kernels;
  const account = env.memory.withOperator("range partitioner");
  const numeric = bounds.every(bound => typeof bound === "number");
  const writer = makeBatchWriter(kernels, account);
  for (const bound of bounds) writer.push(bound);
  const column = writer.finish().root;
  const boundOrder = account.alloc(Math.max(8, bounds.length * 8));
  if (numeric && column.kind === "f64") orderKeys(kernels, "f64", column.values, bounds.length, boundOrder);
  const encodedBounds = encodeKeys(kernels, account, column);
  return (keys, ids, scratch) => {
    const { rows } = keys;
    if (numeric && keys.kind === "f64") run.rangeIdsF64(keys.values, rows, boundOrder, bounds.length, ids);
    else {
      const encoded = encodeKeys(kernels, scratch, keys);
      run.rangeIdsBytes(encoded.offsets, encoded.bytes, rows, encodedBounds.offsets, encodedBounds.bytes, bounds.length, ids);
    }
    if (ascending) return;
    const view = u32.subarray(ids / 4, ids / 4 + rows);
    for (let i = 0; i < rows; i++) view[i] = bounds.length - view[i]!;
  };
}

function customAssigner(partition: (...args: unknown[]) => unknown, partitions: number, operator: string, kernels: Kernels): AssignPartitions {
  return (keys, ids) => {
    const values = readColumn(kernels, keys).toArray();
    const out = kernels.u32.subarray(ids / 4, ids / 4 + keys.rows);
    for (let i = 0; i < out.length; i++) {
      const id = partition(values[i]);
      if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= partitions) {
        throw new FiresteelError(
          "user",
          `the partitioner given to ${operator} returned ${preview(id)} for the key ${preview(values[i])}, but there are ${partitions} partitions`,
          { hint: `return an integer from 0 to ${partitions - 1}` },
        );
      }
      out[i] = id as number;
    }
  };
}
