/** Files as rows: opens the partition's split by its format and counts what was read, replaced and dropped. */
import type { InputSplit, ScanFormat, SourceMetric } from "../sources/contracts.ts";
import { openSplit } from "../sources/open-split.ts";
import { invariant } from "../base/assert.ts";
import type { FilesPlan } from "../plan/nodes.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

export function openFiles(plan: FilesPlan, partition: number, env: TaskEnv): ChunkSource {
  invariant(plan.scan !== undefined, "a file plan without splits");
  const split = plan.scan.splits[partition] as InputSplit;
  const source = openSplit(plan.scan.format as ScanFormat, split, {
    kernels: env.kernels,
    allocator: env.memory.withOperator(plan.operator),
    metrics: { add: (metric: SourceMetric, amount: number) => env.count(metric, amount, split.path) },
  });
  const toChunk = (rows: unknown[] | undefined): Chunk | undefined => rows && { kind: "rows", rows };
  return {
    next() {
      const rows = source.nextChunk();
      return rows instanceof Promise ? rows.then(toChunk) : toChunk(rows);
    },
    close: () => source.close(),
  };
}
