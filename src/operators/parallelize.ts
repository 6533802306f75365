/** Rows that the driver had at hand, shipped inside the plan or, where there are many, fetched from it. */
import { decodeValue } from "../data/value-codec.ts";
import type { ParallelizePlan } from "../plan/nodes.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

export function openParallelize(plan: ParallelizePlan, partition: number, env: TaskEnv): ChunkSource {
  const slice = plan.slices[partition]!;
  let isGiven = false;
  const give = (bytes: Uint8Array): Chunk | undefined => {
    const rows = decodeValue(bytes) as unknown[];
    env.metrics.inputRows += rows.length;
    return rows.length === 0 ? undefined : { kind: "rows", rows };
  };
  return {
    next() {
      if (isGiven) return undefined;
      isGiven = true;
      if (slice instanceof Uint8Array) return give(slice);
      return env.fetchBlob(slice as { hash: string; bytes: number }).then(give);
    },
    close: () => void (isGiven = true),
  };
}
