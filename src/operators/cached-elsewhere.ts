/**
 * A persisted partition that this executor does not have: read from one that has it, or else what `otherwise` gives. It is not
 * cached here, as in Spark. When the other one fails before its first block, nothing is lost; later, the task fails and is retried.
 */
import type { RemoteBlocks } from "../shuffle/cached-block-client.ts";
import { readRemote } from "./cached-read.ts";
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
    const source = remote && readRemote(remote, env);
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

function isLost(thrown: unknown): boolean {
  return (thrown as { kind?: unknown }).kind === "lost";
}
