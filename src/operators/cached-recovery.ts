/**
 * Reads a cached partition; one whose file proves damaged or gone, or has a block that finds no room, is had `again`, from its first
 * row, less the rows already given.
 */
import { FiresteelError } from "../base/errors.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import type { CachedPartition } from "../storage/block-store.ts";
import { readCached } from "./cached-read.ts";
import { type Chunk, chunkLength, type ChunkSource, chunkWithout } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

/** `isFresh`: this task has just filled it. */
export function readChecked(
  hit: CachedPartition,
  env: TaskEnv,
  again: () => ChunkSource,
  isFresh = false,
): ChunkSource {
  if (hit.blocks !== undefined) return readCached(hit, env, isFresh);
  try {
    return new FileSource(readCached(hit, env, isFresh), again);
  } catch (thrown) {
    if (!isUnreadable(thrown)) throw thrown;
    return again();
  }
}

/** Reads on where a file proves to be damaged, or a block of it finds no room. */
class FileSource implements ChunkSource {
  private given = 0;
  /** Rows of the second source that the first has given. */
  private toSkip = 0;
  private isSecond = false;

  constructor(
    private source: ChunkSource,
    private readonly again: () => ChunkSource,
  ) {}

  next(): Chunk | undefined | Promise<Chunk | undefined> {
    if (this.isSecond) return this.fromSecond();
    try {
      const chunk = this.source.next();
      if (chunk instanceof Promise) return chunk;
      if (chunk !== undefined) this.given += chunkLength(chunk);
      return chunk;
    } catch (thrown) {
      if (!isUnreadable(thrown)) throw thrown;
    }
    // its pin goes, and with the last pin the damaged file
    this.source.close();
    this.source = this.again();
    this.isSecond = true;
    this.toSkip = this.given;
    return this.fromSecond();
  }

  close(): void {
    this.source.close();
  }

  private async fromSecond(): Promise<Chunk | undefined> {
    for (;;) {
      const chunk = await this.source.next();
      if (chunk === undefined || this.toSkip === 0) return chunk;
      const rows = chunkLength(chunk);
      if (rows <= this.toSkip) {
        this.toSkip -= rows;
        continue;
      }
      const skipped = this.toSkip;
      this.toSkip = 0;
      return chunkWithout(chunk, skipped);
    }
  }
}

/** Damaged, or a block is larger than what memory there is in one piece. */
function isUnreadable(thrown: unknown): boolean {
  return thrown instanceof MemoryRefused || (thrown instanceof FiresteelError && thrown.kind === "data");
}
