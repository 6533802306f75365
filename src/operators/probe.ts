/**
 * Small results that later stages need before they start: row counts of partitions, or a sample of keys from which the bounds
 * of a range partitioner follow. A sample is a function of the partition's rows and its number alone.
 */
import { Random } from "../base/random.ts";
import { compareValues } from "../data/compare.ts";
import type { ProbePlan } from "../plan/nodes.ts";
import { chunkLength } from "./chunk.ts";
import { notAPair } from "./row-errors.ts";
import { drive } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

/** Spark's RangePartitioner: about 20 sampled keys a partition of the result, three times as many are taken a map task. */
const samplesPerPartition = 20;
const samplesMax = 1e6;
const oversampling = 3;

interface Sample {
  readonly rows: number;
  readonly keys: readonly unknown[];
}

export async function runProbe(plan: ProbePlan, partition: number, env: TaskEnv): Promise<number | Sample> {
  const { probe } = plan;
  if (probe.kind === "count") {
    let rows = 0;
    await drive(plan.parent, partition, env, { push: () => void rows++, takeChunk: chunk => void (rows += chunkLength(chunk)) });
    return rows;
  }
  const size = Math.ceil((oversampling * Math.min(samplesPerPartition * probe.partitions, samplesMax)) / Math.max(1, probe.mapPartitions));
  const random = new Random(partition * 0x9e3779b1 + 1);
  const keys: unknown[] = [];
  let rows = 0;
  await drive(plan.parent, partition, env, {
    push(row) {
      rows++;
      // reservoir sampling: Vitter 1985, algorithm R
      const at = keys.length < size ? keys.length : random.below(rows);
      if (at >= size) return;
      if (probe.key === "row") keys[at] = row;
      else {
        if (!Array.isArray(row) || row.length !== 2) throw notAPair(row, plan.operator);
        keys[at] = row[0];
      }
    },
  });
  return { rows, keys };
}

/** A probe's value from its tasks' results, in partition order: counts as they are, samples as bounds. */
export function gatherProbe(plan: ProbePlan, results: readonly unknown[]): unknown {
  if (plan.probe.kind === "count") return results;
  return rangeBounds(results as readonly Sample[], plan.probe.partitions);
}

/** At most `partitions` − 1 ascending, distinct bounds that cut the weighted sample into even parts. */
export function rangeBounds(samples: readonly Sample[], partitions: number): unknown[] {
  const weighted: { key: unknown; weight: number }[] = [];
  for (const { rows, keys } of samples) {
    for (const key of keys) weighted.push({ key, weight: rows / keys.length });
  }
  weighted.sort((a, b) => compareValues(a.key, b.key));
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const bounds: unknown[] = [];
  let seen = 0;
  for (const { key, weight } of weighted) {
    seen += weight;
    if (bounds.length >= partitions - 1) break;
    const target = ((bounds.length + 1) * total) / partitions;
    if (seen < target) continue;
    if (bounds.length === 0 || compareValues(bounds[bounds.length - 1], key) < 0) bounds.push(key);
  }
  return bounds;
}
