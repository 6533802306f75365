/** The reduce side of an exchange: the blocks of one partition, map outputs in map order, each opened in place. */
import { openBlock } from "../data/block.ts";
import type { Block } from "../data/contracts.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { ExchangePlan } from "../plan/nodes.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

export function openExchange(plan: ExchangePlan, partition: number, env: TaskEnv): ChunkSource {
  const reader = env.exchanges.openReader(
    env.mapOutputs(plan.exchange),
    partition,
    env.memory.withOperator(plan.operator),
  );
  let countedBytes = 0;
  const open = (block: Block | undefined): Chunk | undefined => {
    if (block === undefined) return undefined;
    env.metrics.shuffleReadBytes += block.bytes;
    const batch = openBlock(env.kernels, block.ptr);
    env.metrics.shuffleReadRows += batch.rows;
    const held = { ptr: block.ptr, bytes: block.bytes, take: (memory: OperatorMemory) => reader.take(memory) };
    return { kind: "batch", batch, held };
  };
  return {
    next() {
      const block = reader.next();
      if (!(block instanceof Promise)) return open(block);
      const startMs = performance.now();
      return block.then(given => {
        env.metrics.fetchWaitMs += performance.now() - startMs;
        return open(given);
      });
    },
    close() {
      env.metrics.remoteReadBytes += reader.remoteBytes - countedBytes;
      countedBytes = reader.remoteBytes;
      reader.close();
    },
  };
}
