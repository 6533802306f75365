/**
 * Which partition each row of a column goes to: u32 ids, by a partitioner's plan. A function of the key's value alone, except
 * for round robin, which is one of the row's position and its partition.
 */
import { FiresteelError } from "../base/errors.ts";
import { readColumn } from "../data/batch-reader.ts";
import type { Column } from "../data/column.ts";
import { keyOf, textOfKey } from "../data/key-bytes.ts";
import { encodeKeys, hashColumn } from "../data/keys.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { orderKeys } from "../kernel/normalize.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { type BytesBounds, rangeIdsBytes, writeBoundWords } from "../kernel/partition.ts";
import { allocAll } from "../kernel/regions.ts";
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
      return rangeAssigner(
        env.probeValue(plan.probe.exchange) as readonly (number | Uint8Array)[],
        plan.ascending,
        env,
      );
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

function rangeAssigner(bounds: readonly (number | Uint8Array)[], ascending: boolean, env: TaskEnv): AssignPartitions {
  const { kernels } = env;
  const { run, u32 } = kernels;
  const account = env.memory.withOperator("range partitioner");
  const numbers = numericBounds(bounds, kernels, account);
  const keyBounds = bounds.map(bound => (typeof bound === "number" ? keyOf(bound) : bound));
  const encoded = putBounds(keyBounds, kernels, account);
  const texts = keyBounds.map(textOfKey);
  const text = texts.every(bytes => bytes !== undefined) ? putBounds(texts, kernels, account) : undefined;
  return (keys, ids, scratch) => {
    const { rows } = keys;
    if (numbers !== undefined && keys.kind === "f64") run.rangeIdsF64(keys.values, rows, numbers, bounds.length, ids);
    else {
      // the bytes of strings order as the strings do
      const isText = text !== undefined && keys.kind === "utf8";
      const { offsets, bytes } = isText ? keys : encodeKeys(kernels, scratch, keys);
      const bound = isText ? text : encoded;
      rangeIdsBytes(kernels, offsets, bytes, rows, bound, ids);
    }
    if (ascending) return;
    const view = u32.subarray(ids / 4, ids / 4 + rows);
    for (let i = 0; i < rows; i++) view[i] = bounds.length - view[i]!;
  };
}

/** Bounds that are all numbers, as the words whose order is theirs. */
function numericBounds(
  bounds: readonly (number | Uint8Array)[],
  kernels: Kernels,
  allocator: Allocator,
): Ptr | undefined {
  if (!bounds.every(bound => typeof bound === "number")) return undefined;
  const words = allocator.alloc(Math.max(8, bounds.length * 8));
  kernels.f64.set(bounds, words / 8);
  orderKeys(kernels, "f64", words, bounds.length, words);
  return words;
}

function putBounds(keys: readonly Uint8Array[], kernels: Kernels, allocator: Allocator): BytesBounds {
  const count = keys.length;
  const length = keys.reduce((sum, key) => sum + key.length, 0);
  const [offsets, bytes, words] = allocAll(allocator, [count * 4 + 4, Math.max(8, length), Math.max(8, count * 8)]);
  const bounds = { count, offsets: offsets!, bytes: bytes!, words: words! };
  let at = 0;
  for (const [i, key] of keys.entries()) {
    kernels.u32[bounds.offsets / 4 + i] = at;
    kernels.u8.set(key, bounds.bytes + at);
    at += key.length;
  }
  kernels.u32[bounds.offsets / 4 + count] = at;
  writeBoundWords(kernels, bounds);
  return bounds;
}

function customAssigner(
  partition: (...args: unknown[]) => unknown,
  partitions: number,
  operator: string,
  kernels: Kernels,
): AssignPartitions {
  return (keys, ids) => {
    const values = readColumn(kernels, keys).toArray();
    const out = kernels.u32.subarray(ids / 4, ids / 4 + keys.rows);
    for (let i = 0; i < out.length; i++) {
      const id = partition(values[i]);
      if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= partitions) {
        throw new FiresteelError(
          "user",
          `the partitioner given to ${operator} returned ${preview(id)} for the key ${preview(values[i])}, but there are ${partitions} partitions`,
          { hint: `return an integer from 0 to ${partitions - 1}`, isPermanent: true },
        );
      }
      out[i] = id as number;
    }
  };
}
