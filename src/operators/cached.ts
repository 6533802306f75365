/**
 * A persisted plan's partition: from the cache when it is there; else from another executor's; else computed, put there and read
 * from there. What has no room, in memory or on disk as its level allows, is handed on uncached, blocks written so far first, so
 * nothing is computed twice. A damaged or missing file is: from its first row, less the rows already given.
 */
import type { RddId } from "../base/ids.ts";
import type { Plan } from "../plan/nodes.ts";
import { StorageLevel } from "../plan/storage-level.ts";
import { cachedElsewhere } from "./cached-elsewhere.ts";
import { FillingSource } from "./cached-fill.ts";
import { readChecked } from "./cached-recovery.ts";
import type { ChunkSource } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

export function cachedSource(
  id: RddId,
  partition: number,
  plan: Plan,
  env: TaskEnv,
  compute: () => ChunkSource,
): ChunkSource {
  const fill = () => {
    const writer = env.blocks.openWriter(id, partition, env.memory, plan.storage ?? StorageLevel.MEMORY_ONLY);
    return writer === undefined ? compute() : new FillingSource(writer, plan, env, compute);
  };
  const hit = env.blocks.get(id, partition, env.memory);
  if (hit !== undefined) return readChecked(hit, env, fill);
  const { cachedElsewhere: find } = env;
  return find === undefined ? fill() : cachedElsewhere(env, () => find(id, partition), fill);
}
