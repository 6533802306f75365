/** Rows that the driver had at hand, shipped inside the plan. */
import { decodeValue } from "../data/value-codec.ts";
import type { ParallelizePlan } from "../plan/nodes.ts";
import { type ChunkSource, chunksOf } from "./chunk.ts";

export function openParallelize(plan: ParallelizePlan, partition: number): ChunkSource {
  const rows = decodeValue(plan.slices[partition]!) as unknown[];
  return chunksOf(rows.length === 0 ? [] : [{ kind: "rows", rows }]);
}
