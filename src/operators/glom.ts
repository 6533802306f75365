/** Each partition's rows as one array. */
import type { BuiltinPlan } from "../plan/nodes.ts";
import { type Chunk, chunkToRows, type ChunkSource } from "./chunk.ts";
import { openPlan } from "./open.ts";
import type { TaskEnv } from "./task-env.ts";

export function openGlom(plan: BuiltinPlan, partition: number, env: TaskEnv): ChunkSource {
  const source = openPlan(plan.parent, partition, env);
  let done = false;
  return {
    async next(): Promise<Chunk | undefined> {
      if (done) return undefined;
      done = true;
      const all: unknown[] = [];
      for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
        for (const row of chunkToRows(env.kernels, chunk)) all.push(row);
        env.checkpoint(plan);
      }
      return { kind: "rows", rows: [all] };
    },
    close: () => source.close(),
  };
}
