/** An asynchronous function over rows: up to `concurrency` calls in flight, results in row order. */
import type { MapAsyncPlan } from "../plan/nodes.ts";
import { type Chunk, chunkToRows, type ChunkSource } from "./chunk.ts";
import { openPlan } from "./open.ts";
import type { TaskEnv } from "./task-env.ts";

export function openMapAsync(plan: MapAsyncPlan, partition: number, env: TaskEnv): ChunkSource {
  const source = openPlan(plan.parent, partition, env);
  const fn = env.instantiate(plan.fn);
  return {
    async next(): Promise<Chunk | undefined> {
      const chunk = await source.next();
      if (chunk === undefined) return undefined;
      const rows = chunkToRows(env.kernels, chunk);
      const results = new Array<unknown>(rows.length);
      let next = 0;
      let failed = false;
      const lane = async () => {
        while (next < rows.length && !failed) {
          const i = next++;
          try {
            results[i] = await fn(rows[i]);
          } catch (error) {
            failed = true;
            throw error;
          }
          if (i % 64 === 0) env.checkpoint(plan);
        }
      };
      await Promise.all(Array.from({ length: Math.min(plan.concurrency, rows.length) }, lane));
      return { kind: "rows", rows: results };
    },
    close: () => source.close(),
  };
}
