/**
 * Small results that later stages need before they start: row counts of partitions or of keys, or a sample of keys from which the bounds
 * of a range partitioner follow. A sample is a function of the partition's rows and its number alone.
 */
import { Buffer } from "node:buffer";
import { Random } from "../base/random.ts";
import { readColumn } from "../data/batch-reader.ts";
import type { Column } from "../data/column.ts";
import { compareNumbers } from "../data/compare.ts";
import { keyOf, keyOfText } from "../data/key-bytes.ts";
import { sliceColumn } from "../data/slice.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Plan, ProbePlan } from "../plan/nodes.ts";
import { chunkLength, chunkToRows } from "./chunk.ts";
import { Reservoir } from "./reservoir.ts";
import { Strata } from "./sample-copies.ts";
import { drive } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

/**
 * As Spark's RangePartitioner does, three times as many keys are taken a map task as are needed. Spark's 20 a partition of the
 * result make partitions differ by an eighth, often enough for the larger ones not to fit memory; more are cheap while they are few.
 */
const samplesPerPartition = { wanted: 100, least: 20 };
const cheapSamples = 1e5;
const samplesMax = 1e6;
const oversampling = 3;

/** Numbers as they are, other keys as key bytes: bounds are found where the user's classes are not known. */
type SampledKey = number | Uint8Array;

interface Sample {
  readonly rows: number;
  readonly keys: readonly SampledKey[];
}

export async function runProbe(
  plan: ProbePlan,
  partition: number,
  env: TaskEnv,
): Promise<number | readonly number[] | Sample> {
  const { probe } = plan;
  if (probe.kind === "countKeys") return countKeys(plan, probe.fractions, partition, env);
  if (probe.kind === "count") {
    let rows = 0;
    await drive(plan.parent, partition, env, {
      push: () => void rows++,
      takeChunk: chunk => void (rows += chunkLength(chunk)),
    });
    return rows;
  }
  const size = Math.ceil((oversampling * samplesOf(probe.partitions)) / Math.max(1, probe.mapPartitions));
  // who needs the keys alone does not make the values
  const { id, operator, at, parent } = plan;
  const keysOnly: Plan = probe.key === "pair" ? { op: "keys", id, operator, at, parent } : parent;
  const reservoir = new Reservoir(size, new Random(partition * 0x9e3779b1 + 1));
  const keys: SampledKey[] = [];
  const push = (key: unknown) => {
    if (reservoir.passes(1) < 0) return;
    const sampled = sampledKey(key);
    keys[reservoir.take()] = sampled;
  };
  const takeColumn = (column: Column) => {
    for (let from = 0; from < column.rows;) {
      const skipped = reservoir.passes(column.rows - from);
      if (skipped < 0) return;
      from += skipped + 1;
      const sampled = keyInColumn(env.kernels, column, from - 1);
      keys[reservoir.take()] = sampled;
    }
  };
  await drive(keysOnly, partition, env, {
    push,
    takeChunk(chunk) {
      if (chunk.kind === "batch") takeColumn(chunk.batch.root);
      else for (const key of chunkToRows(env.kernels, chunk)) push(key);
    },
  });
  return { rows: reservoir.rows, keys };
}

/** Pairs of each key that has a fraction; others are refused. */
async function countKeys(plan: ProbePlan, fractions: Uint8Array, partition: number, env: TaskEnv): Promise<number[]> {
  const strata = new Strata(fractions, plan.operator);
  const counts = strata.fractions.map(() => 0);
  const { id, operator, at, parent } = plan;
  await drive({ op: "keys", id, operator, at, parent }, partition, env, {
    push: key => void counts[strata.of(key)]!++,
  });
  return counts;
}

function samplesOf(partitions: number): number {
  const { wanted, least } = samplesPerPartition;
  return Math.min(samplesMax, Math.max(least * partitions, Math.min(cheapSamples, wanted * partitions)));
}

function sampledKey(key: unknown): SampledKey {
  return typeof key === "number" ? key : keyOf(key);
}

function keyInColumn(kernels: Kernels, column: Column, row: number): SampledKey {
  if (column.kind === "f64") return kernels.f64[column.values / 8 + row]!;
  if (column.kind !== "utf8") return sampledKey(readColumn(kernels, sliceColumn(column, row, row + 1)).get(0));
  const at = column.offsets / 4 + row;
  return keyOfText(kernels.u8, column.bytes + kernels.u32[at]!, column.bytes + kernels.u32[at + 1]!);
}

/** A probe's value from its tasks' results, in partition order: counts as they are, samples as bounds. */
export function gatherProbe(plan: ProbePlan, results: readonly unknown[]): unknown {
  if (plan.probe.kind !== "sample") return results;
  return rangeBounds(results as readonly Sample[], plan.probe.partitions);
}

/**
 * At most `partitions` − 1 ascending, distinct bounds that cut the weighted sample into even parts: all numbers, or all
 * key bytes.
 */
export function rangeBounds(samples: readonly Sample[], partitions: number): readonly number[] | readonly Uint8Array[] {
  const weighted = samples.flatMap(({ rows, keys }) => keys.map(key => ({ key, weight: rows / keys.length })));
  if (weighted.every(({ key }) => typeof key === "number")) {
    return cut(weighted as readonly Weighted<number>[], partitions, compareNumbers);
  }
  const encoded = weighted.map(({ key, weight }) => ({ key: typeof key === "number" ? keyOf(key) : key, weight }));
  return cut(encoded, partitions, Buffer.compare);
}

interface Weighted<K> {
  readonly key: K;
  readonly weight: number;
}

function cut<K>(weighted: readonly Weighted<K>[], partitions: number, compare: (a: K, b: K) => number): K[] {
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const bounds: K[] = [];
  let seen = 0;
  for (const { key, weight } of weighted.toSorted((a, b) => compare(a.key, b.key))) {
    seen += weight;
    if (bounds.length >= partitions - 1) break;
    const target = ((bounds.length + 1) * total) / partitions;
    if (seen < target) continue;
    if (bounds.length === 0 || compare(bounds[bounds.length - 1]!, key) < 0) bounds.push(key);
  }
  return bounds;
}
