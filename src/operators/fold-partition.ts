/** A partition's rows folded into one, for trees of folds. Rows of an empty partition: the zero value where there is one, or none. */
import { decodeValue } from "../data/value-codec.ts";
import type { FoldPartitionPlan } from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { foldRows } from "./fold-rows.ts";
import type { TaskEnv } from "./task-env.ts";

export function openFoldPartition(plan: FoldPartitionPlan, partition: number, env: TaskEnv): ChunkSource {
  let done = false;
  return {
    async next(): Promise<Chunk | undefined> {
      if (done) return undefined;
      done = true;
      const { zero, fn, parent, operator, groups } = plan;
      const rows = await foldRows({ operator, zero, fn }, parent, partition, env);
      if (rows.length === 0 && zero !== undefined) rows.push(decodeValue(zero));
      const group = Math.floor((partition * groups) / partitionCount(plan));
      return { kind: "rows", rows: rows.map(row => [group, row]) };
    },
    close() {},
  };
}
