/** Rows with their position in the whole Rdd; the counts of the partitions before come from a probe. */
import type { ZipWithIndexPlan } from "../plan/nodes.ts";
import { type Chunk, chunkToRows, type ChunkSource } from "./chunk.ts";
import { openPlan } from "./open.ts";
import type { TaskEnv } from "./task-env.ts";

export function openZipWithIndex(plan: ZipWithIndexPlan, partition: number, env: TaskEnv): ChunkSource {
  const counts = plan.counts === undefined ? [] : (env.probeValue(plan.counts.exchange) as readonly number[]);
  let index = 0;
  for (let i = 0; i < partition; i++) index += counts[i]!;
  const source = openPlan(plan.parent, partition, env);
  const number = (chunk: Chunk | undefined): Chunk | undefined =>
    chunk && { kind: "rows", rows: chunkToRows(env.kernels, chunk).map(row => [row, index++]) };
  return {
    next() {
      const chunk = source.next();
      return chunk instanceof Promise ? chunk.then(number) : number(chunk);
    },
    close: () => source.close(),
  };
}
