/**
 * Pairs whose keys lie between two, by the total order of values. A partition that the ranges of the parent's partitioner say has
 * none is not read at all. Keys in columns are compared where they are, or as key bytes.
 */
import { Buffer } from "node:buffer";
import type { Batch, Column } from "../data/column.ts";
import { compareNumbers, compareValues } from "../data/compare.ts";
import { keyOf } from "../data/key-bytes.ts";
import { encodeKeys } from "../data/keys.ts";
import { gather } from "../data/move.ts";
import { decodeValue } from "../data/value-codec.ts";
import { Arena } from "../kernel/arena.ts";
import type { FilterByRangePlan, RangePartitionerPlan } from "../plan/nodes.ts";
import { type Chunk, chunksOf, chunkToRows, type ChunkSource } from "./chunk.ts";
import { openPlan } from "./open.ts";
import { pairColumns } from "./pair-buffer.ts";
import { notAPair } from "./row-errors.ts";
import { refusalOf } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

interface Between {
  readonly lower: unknown;
  readonly upper: unknown;
  readonly lowerKey: Uint8Array;
  readonly upperKey: Uint8Array;
}

export function openFilterByRange(plan: FilterByRangePlan, partition: number, env: TaskEnv): ChunkSource {
  const [lower, upper] = [decodeValue(plan.lower), decodeValue(plan.upper)];
  const between = { lower, upper, lowerKey: keyOf(lower), upperKey: keyOf(upper) };
  if (!mayHave(between, plan.ranges, partition, env)) return chunksOf([]);
  const source = openPlan(plan.parent, partition, env);
  const scratch = new Arena(env.memory.withOperator(plan.operator));
  /** The first row that is no pair fails when those before it have been given. */
  let failure: Error | undefined;
  const filterRows = (rows: readonly unknown[]): Chunk => {
    const kept: unknown[] = [];
    for (const row of rows) {
      if (!Array.isArray(row) || row.length !== 2) {
        failure = notAPair(row, plan.operator);
        if (kept.length === 0) throw failure;
        break;
      }
      if (compareValues(lower, row[0]) <= 0 && compareValues(row[0], upper) <= 0) kept.push(row);
    }
    return { kind: "rows", rows: kept };
  };
  const filter = (chunk: Chunk | undefined): Chunk | undefined => {
    if (chunk === undefined) return undefined;
    const keys = chunk.kind === "batch" ? pairColumns(chunk.batch)?.[0] : undefined;
    if (chunk.kind !== "batch" || keys === undefined) return filterRows(chunkToRows(env.kernels, chunk));
    scratch.reset();
    try {
      return { kind: "batch", batch: filterBatch(chunk.batch, keys, between, scratch, env) };
    } catch (thrown) {
      refusalOf(thrown);
      return filterRows(chunkToRows(env.kernels, chunk));
    }
  };
  return {
    next() {
      if (failure !== undefined) throw failure;
      const chunk = source.next();
      return chunk instanceof Promise ? chunk.then(filter) : filter(chunk);
    },
    close() {
      scratch.close();
      source.close();
    },
  };
}

function mayHave(
  { lowerKey, upperKey }: Between,
  ranges: RangePartitionerPlan | undefined,
  partition: number,
  env: TaskEnv,
): boolean {
  if (Buffer.compare(lowerKey, upperKey) > 0) return false;
  if (ranges === undefined) return true;
  const bounds = (env.probeValue(ranges.probe.exchange) as readonly (number | Uint8Array)[]).map(bound =>
    typeof bound === "number" ? keyOf(bound) : bound,
  );
  const rangeOf = (key: Uint8Array) => bounds.filter(bound => Buffer.compare(bound, key) < 0).length;
  const range = ranges.ascending ? partition : bounds.length - partition;
  return rangeOf(lowerKey) <= range && range <= rangeOf(upperKey);
}

function filterBatch(batch: Batch, keys: Column, between: Between, scratch: Arena, { kernels }: TaskEnv): Batch {
  const isKept = keyTest(keys, between, scratch, kernels);
  const indexes = scratch.alloc(Math.max(4, batch.rows * 4));
  let kept = 0;
  for (let i = 0; i < batch.rows; i++) if (isKept(i)) kernels.u32[indexes / 4 + kept++] = i;
  return kept === batch.rows ? batch : gather(kernels, scratch, batch, indexes, kept);
}

function keyTest(
  keys: Column,
  { lower, upper, lowerKey, upperKey }: Between,
  scratch: Arena,
  kernels: TaskEnv["kernels"],
): (row: number) => boolean {
  if (keys.kind === "f64" && typeof lower === "number" && typeof upper === "number") {
    const values = kernels.f64.subarray(keys.values / 8, keys.values / 8 + keys.rows);
    return i => compareNumbers(lower, values[i]!) <= 0 && compareNumbers(values[i]!, upper) <= 0;
  }
  const { offsets, bytes } = encodeKeys(kernels, scratch, keys);
  const { i32, u8 } = kernels;
  return i => {
    const [from, to] = [bytes + i32[offsets / 4 + i]!, bytes + i32[offsets / 4 + i + 1]!];
    return compareBytes(lowerKey, u8, from, to) <= 0 && compareBytes(upperKey, u8, from, to) >= 0;
  };
}

/** The order of a bound and a key in kernel memory. */
function compareBytes(bound: Uint8Array, u8: Uint8Array, from: number, to: number): number {
  const length = Math.min(bound.length, to - from);
  for (let i = 0; i < length; i++) {
    const difference = bound[i]! - u8[from + i]!;
    if (difference !== 0) return difference;
  }
  return bound.length - (to - from);
}
