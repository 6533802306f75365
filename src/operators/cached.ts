/**
 * A persisted plan's partition: from the cache when it is there; else from another executor's; else computed, put there and read
 * from there. What does not fit is handed on uncached, blocks written so far first, so nothing is computed twice.
 */
import type { RddId } from "../base/ids.ts";
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import type { Batch } from "../data/column.ts";
import type { BatchWriter, Block } from "../data/contracts.ts";
import type { Plan } from "../plan/nodes.ts";
import type { CachedPartition } from "../storage/block-store.ts";
import type { CacheWriter } from "../storage/cache-writer.ts";
import { cachedElsewhere } from "./cached-elsewhere.ts";
import { type Chunk, chunkLength, chunkToRows, type ChunkSource } from "./chunk.ts";
import { isFull } from "./row-buffer.ts";
import type { TaskEnv } from "./task-env.ts";

export function cachedSource(
  id: RddId,
  partition: number,
  plan: Plan,
  env: TaskEnv,
  compute: () => ChunkSource,
): ChunkSource {
  const hit = env.blocks.get(id, partition, env.memory);
  if (hit !== undefined) return readCached(hit, env);
  const fill = () => {
    const writer = env.blocks.openWriter(id, partition, env.memory);
    return writer === undefined ? compute() : new FillingSource(writer, plan, env, compute());
  };
  const { cachedElsewhere: find } = env;
  return find === undefined ? fill() : cachedElsewhere(env, () => find(id, partition), fill);
}

function readCached(cached: CachedPartition, env: TaskEnv): ChunkSource {
  let at = 0;
  return {
    next: () => blockChunk(env, cached.blocks[at++]),
    close: () => cached.release(),
  };
}

function blockChunk(env: TaskEnv, block: Block | undefined): Chunk | undefined {
  return block && { kind: "batch", batch: openBlock(env.kernels, block.ptr) };
}

class FillingSource implements ChunkSource {
  private readonly rows: BatchWriter;
  private readonly waiting: Chunk[] = [];
  private filled: ChunkSource | undefined;
  private overflowed = false;
  private at = 0;

  constructor(
    private readonly writer: CacheWriter,
    private readonly plan: Plan,
    private readonly env: TaskEnv,
    private readonly source: ChunkSource,
  ) {
    this.rows = makeBatchWriter(env.kernels, env.memory.withOperator("cache"), {
      what: `the rows of ${plan.operator}`,
    });
  }

  next(): Chunk | undefined | Promise<Chunk | undefined> {
    if (this.filled !== undefined) return this.filled.next();
    if (!this.overflowed) return this.fill().then(() => this.next());
    const written = blockChunk(this.env, this.writer.blocks[this.at++]);
    return written ?? this.waiting.shift() ?? this.source.next();
  }

  close(): void {
    this.filled?.close();
    this.writer.abort();
    this.source.close();
    this.rows.free();
  }

  /** Reads the source into the cache, to its end or until there is no room. */
  private async fill(): Promise<void> {
    const { env, source, writer } = this;
    let total = 0;
    for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
      const fits =
        chunk.kind === "batch" ? this.flush() && this.append(chunk.batch) : this.push(chunkToRows(env.kernels, chunk));
      if (!fits) {
        if (chunk.kind === "batch") this.waiting.push(chunk);
        this.overflowed = true;
        return;
      }
      total += chunkLength(chunk);
      env.checkpoint(this.plan);
    }
    const cached = this.flush() ? writer.commit(total) : undefined;
    if (cached !== undefined) this.filled = readCached(cached, env);
    else this.overflowed = true;
  }

  private push(rows: readonly unknown[]): boolean {
    for (let i = 0; i < rows.length; i++) {
      this.rows.push(rows[i]);
      if (isFull(this.rows.rows, this.rows) && !this.flush()) {
        this.waiting.push({ kind: "rows", rows: rows.slice(i + 1) });
        return false;
      }
    }
    this.rows.settle();
    return true;
  }

  /** Seals the rows collected so far; when they do not fit they wait to be handed on. */
  private flush(): boolean {
    if (this.rows.rows === 0) return true;
    const batch = this.rows.finish();
    const fits = this.append(batch);
    if (!fits) this.waiting.push({ kind: "batch", batch });
    else this.rows.reset();
    return fits;
  }

  private append(batch: Batch): boolean {
    const { kernels } = this.env;
    return this.writer.append(blockBytes(kernels, batch), ptr => void sealBlock(kernels, batch, ptr));
  }
}
