/**
 * Small results that later stages need before they start: row counts of partitions, or a sample of keys from which the bounds
 * of a range partitioner follow. A sample is a function of the partition's rows and its number alone.
 */
import { Buffer } from "node:buffer";
import { Random } from "../base/random.ts";
import { readColumn } from "../data/batch-reader.ts";
import type { Column } from "../data/column.ts";
import { compareNumbers } from "../data/compare.ts";
import { keyOf } from "../data/key-bytes.ts";
import { sliceColumn } from "../data/slice.ts";
import type { Plan, ProbePlan } from "../plan/nodes.ts";
import { chunkLength, chunkToRows } from "./chunk.ts";
import { Reservoir } from "./reservoir.ts";
import { drive } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

/** Spark's RangePartitioner: about 20 sampled keys a partition of the result, three times as many are taken a map task. */
const samplesPerPartition = 20;
const samplesMax = 1e6;
const oversampling = 3;

/** Numbers as they are, other keys as key bytes: bounds are found where the user's classes are not known. */
type SampledKey = number | Uint8Array;

interface Sample {
  readonly rows: number;
  readonly keys: readonly SampledKey[];
}

export async function runProbe(plan: ProbePlan, partition: number, env: TaskEnv): Promise<number | Sample> {
  const { probe } = plan;
  if (probe.kind === "count") {
    let rows = 0;
    await drive(plan.parent, partition, env, {
      push: () => void rows++,
      takeChunk: chunk => void (rows += chunkLength(chunk)),
    });
    return rows;
  }
  const size = Math.ceil(
    (oversampling * Math.min(samplesPerPartition * probe.partitions, samplesMax)) / Math.max(1, probe.mapPartitions),
  );
  // who needs the keys alone does not make the values
  const { id, operator, at, parent } = plan;
  const keysOnly: Plan = probe.key === "pair" ? { op: "keys", id, operator, at, parent } : parent;
  const reservoir = new Reservoir(size, new Random(partition * 0x9e3779b1 + 1));
  const keys: SampledKey[] = [];
  const sample = (key: unknown) => {
    const sampled = typeof key === "number" ? key : keyOf(key);
    keys[reservoir.take()] = sampled;
  };
  const push = (key: unknown) => {
    if (reservoir.passes(1) >= 0) sample(key);
  };
  const takeColumn = (column: Column) => {
    for (let from = 0; from < column.rows;) {
      const skipped = reservoir.passes(column.rows - from);
      if (skipped < 0) return;
      from += skipped + 1;
      sample(readColumn(env.kernels, sliceColumn(column, from - 1, from)).get(0));
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

/** A probe's value from its tasks' results, in partition order: counts as they are, samples as bounds. */
export function gatherProbe(plan: ProbePlan, results: readonly unknown[]): unknown {
  if (plan.probe.kind === "count") return results;
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
