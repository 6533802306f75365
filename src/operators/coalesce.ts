/** Several partitions of the parent, one after the other, as one. */
import type { CoalescePlan } from "../plan/nodes.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { openPlan } from "./open.ts";
import type { TaskEnv } from "./task-env.ts";

export function openCoalesce(plan: CoalescePlan, partition: number, env: TaskEnv): ChunkSource {
  const group = plan.groups[partition]!;
  let at = 0;
  let current: ChunkSource | undefined;
  const advance = (): Chunk | undefined | Promise<Chunk | undefined> => {
    for (;;) {
      if (current === undefined) {
        const next = group[at++];
        if (next === undefined) return undefined;
        current = openPlan(plan.parent, next, env);
      }
      const chunk = current.next();
      if (chunk instanceof Promise) return chunk.then(settled => (settled === undefined ? skip() : settled));
      if (chunk !== undefined) return chunk;
      closeCurrent();
    }
  };
  const closeCurrent = () => {
    current?.close();
    current = undefined;
  };
  const skip = () => {
    closeCurrent();
    return advance();
  };
  return { next: advance, close: closeCurrent };
}
