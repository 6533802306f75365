/**
 * A persisted partition in a barrier stage, whose tasks must do the same: when all have theirs they read them, else all compute, and
 * those that miss theirs fill it. They tell each other before anything is read.
 */
import { fromWire } from "../base/errors.ts";
import type { RddId } from "../base/ids.ts";
import type { ChunkSource } from "./chunk.ts";
import type { SyncAnswer } from "./task-context.ts";
import type { TaskEnv } from "./task-env.ts";

export interface CachedTogether {
  readonly id: RddId;
  readonly partition: number;
  /** Another executor is said to have it. */
  readonly isElsewhere: boolean;
  /** Gathers a message of each task. */
  readonly gather: (message: string) => Promise<SyncAnswer>;
  readonly readOrFill: () => ChunkSource;
  readonly compute: () => ChunkSource;
}

const has = "has";

export function cachedTogether(
  { blocks, memory }: Pick<TaskEnv, "blocks" | "memory">,
  { id, partition, isElsewhere, gather, readOrFill, compute }: CachedTogether,
): ChunkSource {
  let chosen: ChunkSource | undefined;
  const choose = async (): Promise<ChunkSource> => {
    // it stays until everybody has answered
    const hit = blocks.get(id, partition, memory);
    const isHere = hit !== undefined || isElsewhere;
    try {
      const answer = await gather(isHere ? has : "");
      if (!answer.ok) throw fromWire(answer.error);
      return answer.messages.every(message => message === has) || !isHere ? readOrFill() : compute();
    } finally {
      hit?.release();
    }
  };
  return {
    next() {
      if (chosen !== undefined) return chosen.next();
      return choose().then(source => (chosen = source).next());
    },
    close: () => chosen?.close(),
  };
}
