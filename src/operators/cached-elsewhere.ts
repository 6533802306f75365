/**
 * A persisted partition that this executor does not have: read from one that has it, or else what `otherwise` gives. It is not
 * cached here, as in Spark. When the other one fails before its first block, nothing is lost; later, the task fails and is retried.
 */
import { openBlock } from "../data/block.ts";
import type { Block } from "../data/contracts.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { RemoteBlocks } from "../shuffle/cached-block-client.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

export function cachedElsewhere(
  env: TaskEnv,
  find: () => Promise<RemoteBlocks | undefined>,
  otherwise: () => ChunkSource,
): ChunkSource {
  let chosen: ChunkSource | undefined;
  const choose = async (): Promise<Chunk | undefined> => {
    const remote = await find();
    const source = remote && new RemoteSource(remote, env);
    try {
      const first = await source?.next();
      if (source !== undefined) {
        chosen = source;
        return first;
      }
    } catch (thrown) {
      source!.close();
      if (!isLost(thrown)) throw thrown;
    }
    chosen = otherwise();
    return chosen.next();
  };
  return {
    next: () => (chosen === undefined ? choose() : chosen.next()),
    close: () => chosen?.close(),
  };
}

class RemoteSource implements ChunkSource {
  private readonly memory: OperatorMemory;
  private at = 0;
  private held: Block | undefined;

  constructor(
    private readonly remote: RemoteBlocks,
    private readonly env: TaskEnv,
  ) {
    this.memory = env.memory.withOperator("cache");
  }

  async next(): Promise<Chunk | undefined> {
    this.freeHeld();
    const bytes = this.remote.blockBytes[this.at++];
    if (bytes === undefined) return undefined;
    const { kernels } = this.env;
    const ptr = this.memory.alloc(bytes);
    this.held = { ptr, bytes };
    await this.remote.readInto(kernels.u8.subarray(ptr, ptr + bytes));
    return { kind: "batch", batch: openBlock(kernels, ptr), held: { ptr, bytes, take: memory => this.take(memory) } };
  }

  close(): void {
    this.freeHeld();
    this.remote.close();
  }

  private take(memory: OperatorMemory): boolean {
    if (this.held === undefined) return false;
    memory.takeOver(this.memory, this.held.ptr, this.held.bytes);
    this.held = undefined;
    return true;
  }

  private freeHeld(): void {
    if (this.held !== undefined) this.memory.free(this.held.ptr, this.held.bytes);
    this.held = undefined;
  }
}

function isLost(thrown: unknown): boolean {
  return (thrown as { kind?: unknown }).kind === "lost";
}
