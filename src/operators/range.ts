/** Numbers from a start by a step; nothing is stored. Partition boundaries are Spark's: i·rows/partitions, rounded down. */
import type { RangePlan } from "../plan/nodes.ts";
import type { ChunkSource } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

const rangeChunkRows = 65536;

export function openRange(plan: RangePlan, partition: number, { metrics }: TaskEnv): ChunkSource {
  let at = Math.floor((partition * plan.rows) / plan.partitions);
  const end = Math.floor(((partition + 1) * plan.rows) / plan.partitions);
  return {
    next() {
      if (at >= end) return undefined;
      const count = Math.min(rangeChunkRows, end - at);
      const start = plan.start + at * plan.step;
      at += count;
      metrics.inputRows += count;
      return { kind: "range", start, step: plan.step, count };
    },
    close() {},
  };
}
