/** Rows that the driver had at hand, shipped inside the plan or, where there are many, fetched from it. */
import { decodeValue } from "../data/value-codec.ts";
import type { ParallelizePlan } from "../plan/nodes.ts";
import { type Chunk, type ChunkSource, chunksOf } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

export function openParallelize(plan: ParallelizePlan, partition: number, env: TaskEnv): ChunkSource {
  const slice = plan.slices[partition]!;
  if (slice instanceof Uint8Array) return chunksOf(chunksIn(slice));
  let fetched: Chunk[] | undefined;
  return {
    next: () => fetched?.shift() ?? (fetched === undefined ? fetchFirst() : undefined),
    close: () => void (fetched = []),
  };
  async function fetchFirst(): Promise<Chunk | undefined> {
    fetched = chunksIn(await env.fetchBlob(slice as { hash: string; bytes: number }));
    return fetched.shift();
  }
}

function chunksIn(slice: Uint8Array): Chunk[] {
  const rows = decodeValue(slice) as unknown[];
  return rows.length === 0 ? [] : [{ kind: "rows", rows }];
}
