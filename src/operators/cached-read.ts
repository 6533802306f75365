/**
 * The blocks of a cached partition as chunks: read where they lie, or one at a time out of a file, from another executor or out of
 * their packing. What is loaded is the task's until the next pull; a consumer may take it over.
 */
import { openBlock } from "../data/block.ts";
import type { Block } from "../data/contracts.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { RemoteBlocks } from "../shuffle/cached-block-client.ts";
import type { BlockFile } from "../storage/block-files.ts";
import type { CachedPartition } from "../storage/block-store.ts";
import { blockFlag } from "../storage/block-table.ts";
import { plainBytesOf, unpackBlock } from "../storage/packed-block.ts";
import { spillCodec } from "../storage/spill-codec.ts";
import type { SpillCodec } from "../storage/spill-file.ts";
import type { StagedRuns } from "../storage/staged-runs.ts";
import { type Chunk, chunkLength, type ChunkSource } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

/** Stored blocks that are loaded one at a time. */
interface StoredBlocks {
  readonly blockBytes: readonly number[];
  readonly isPacked: boolean;
  /** Where a block lies already; undefined: it is to be loaded. */
  at?(index: number): Ptr | undefined;
  load(index: number, to: Ptr): void | Promise<void>;
  close(): void;
}

/**
 * Releases the partition when it is closed. `isFresh`: this task has just filled it. Its rows are counted as read already, and what went
 * to disk is not fetched back at once.
 */
export function readCached(cached: CachedPartition, env: TaskEnv, isFresh = false): ChunkSource {
  const isPacked = (cached.flags & blockFlag.packed) !== 0;
  const { blocks } = cached;
  if (blocks !== undefined) {
    const source = readInMemory(blocks, isPacked, env, () => cached.release());
    return isFresh ? source : counted(source, env, i => blocks[i]!.bytes);
  }
  const stored = storedInFile(cached, env, isPacked, isFresh);
  const source = new LoadedSource(stored, env);
  return isFresh ? source : counted(source, env, i => stored.blockBytes[i]!);
}

/** Blocks that somebody holds in memory until the source is closed. */
export function readInMemory(
  blocks: readonly Block[],
  isPacked: boolean,
  env: TaskEnv,
  close: () => void = () => {},
): ChunkSource {
  if (!isPacked) return readInPlace(blocks, env, close);
  const blockBytes = blocks.map(({ bytes }) => bytes);
  return new LoadedSource({ blockBytes, isPacked, at: index => blocks[index]!.ptr, load: () => {}, close }, env);
}

export function readRemote(remote: RemoteBlocks, env: TaskEnv): ChunkSource {
  const stored: StoredBlocks = {
    blockBytes: remote.blockBytes,
    isPacked: (remote.flags & blockFlag.packed) !== 0,
    load: (index, to) => remote.readInto(env.kernels.u8.subarray(to, to + remote.blockBytes[index]!)),
    close: () => remote.close(),
  };
  return counted(new LoadedSource(stored, env), env, i => remote.blockBytes[i]!);
}

/** Counts what is read, a chunk a block. */
function counted(source: ChunkSource, { metrics }: TaskEnv, bytesOf: (index: number) => number): ChunkSource {
  let index = 0;
  const count = (chunk: Chunk | undefined): Chunk | undefined => {
    if (chunk === undefined) return undefined;
    metrics.inputRows += chunkLength(chunk);
    metrics.inputBytes += bytesOf(index++);
    return chunk;
  };
  return {
    next() {
      const chunk = source.next();
      return chunk instanceof Promise ? chunk.then(count) : count(chunk);
    },
    close: () => source.close(),
  };
}

function readInPlace(blocks: readonly Block[], { kernels }: TaskEnv, close: () => void): ChunkSource {
  let at = 0;
  return {
    next() {
      const block = blocks[at++];
      return block && { kind: "batch", batch: openBlock(kernels, block.ptr) };
    },
    close,
  };
}

/** Out of a file, into memory again while there is room for all of it. */
function storedInFile(cached: CachedPartition, env: TaskEnv, isPacked: boolean, isFresh: boolean): StoredBlocks {
  const memory = env.memory.withOperator("cache");
  let file: BlockFile;
  try {
    file = cached.openFile(memory);
  } catch (thrown) {
    cached.discard();
    cached.release();
    throw thrown;
  }
  const { blockBytes } = file;
  let staged: StagedRuns | undefined = isFresh ? undefined : cached.stage(blockBytes);
  let isAdopted = false;
  const read = (index: number, to: Ptr) => {
    try {
      file.read(index, to);
    } catch (thrown) {
      cached.discard();
      throw thrown;
    }
  };
  return {
    blockBytes,
    isPacked,
    at(index) {
      const ptr = staged?.add(blockBytes[index]!);
      if (ptr === undefined) {
        staged?.free();
        staged = undefined;
        return undefined;
      }
      read(index, ptr);
      // a block on its way out stays whole while the partition is pinned
      if (index === blockBytes.length - 1) isAdopted = cached.adopt(staged!, file.rows);
      return ptr;
    },
    load: read,
    close() {
      if (!isAdopted) staged?.free();
      file.close();
      cached.release();
    },
  };
}

class LoadedSource implements ChunkSource {
  private readonly memory: OperatorMemory;
  private readonly codec: SpillCodec | undefined;
  private index = 0;
  private held: Block | undefined;
  private isClosed = false;

  constructor(
    private readonly stored: StoredBlocks,
    private readonly env: TaskEnv,
  ) {
    this.memory = env.memory.withOperator("cache");
    if (stored.isPacked) this.codec = spillCodec(env.kernels, "lz4")(this.memory);
  }

  next(): Chunk | undefined | Promise<Chunk | undefined> {
    this.freeHeld();
    const { stored, memory } = this;
    const index = this.index++;
    const bytes = stored.blockBytes[index];
    if (bytes === undefined) return undefined;
    const known = stored.at?.(index);
    if (known !== undefined) return this.codec === undefined ? this.inPlace(known) : this.unpacked(known, bytes);
    const ptr = memory.alloc(bytes);
    this.held = { ptr, bytes };
    const loading = stored.load(index, ptr);
    return loading instanceof Promise ? loading.then(() => this.loaded(ptr, bytes)) : this.loaded(ptr, bytes);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.freeHeld();
    this.codec?.free();
    this.stored.close();
  }

  private inPlace(ptr: Ptr): Chunk {
    return { kind: "batch", batch: openBlock(this.env.kernels, ptr) };
  }

  private loaded(ptr: Ptr, bytes: number): Chunk {
    if (this.codec === undefined) return this.heldChunk();
    this.held = undefined;
    try {
      return this.unpacked(ptr, bytes);
    } finally {
      this.memory.free(ptr, bytes);
    }
  }

  private unpacked(packed: Ptr, bytes: number): Chunk {
    const { kernels } = this.env;
    const plainBytes = plainBytesOf(kernels, packed);
    const ptr = this.memory.alloc(plainBytes);
    this.held = { ptr, bytes: plainBytes };
    unpackBlock(kernels, this.codec!, packed, bytes, ptr);
    return this.heldChunk();
  }

  private heldChunk(): Chunk {
    const { ptr, bytes } = this.held!;
    const batch = openBlock(this.env.kernels, ptr);
    return { kind: "batch", batch, held: { ptr, bytes, take: memory => this.take(memory) } };
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
