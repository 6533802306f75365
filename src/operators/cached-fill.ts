/**
 * Computes a persisted partition into the cache, to its end, and reads it from there. Where there is no room (any more), what is
 * written so far is handed on and then the rest; where a disk fails that rows had gone to, they are computed once more, uncached.
 */
import { blockBytes, sealBlock } from "../data/block.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import type { Batch } from "../data/column.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { sealOnHeap } from "../data/heap-block.ts";
import { slice } from "../data/move.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { Plan } from "../plan/nodes.ts";
import { isPacked, keeps } from "../plan/storage-level.ts";
import { CacheLost, type CacheWriter } from "../storage/cache-writer.ts";
import { packBlock, packedBytesMax } from "../storage/packed-block.ts";
import { spillCodec } from "../storage/spill-codec.ts";
import type { SpillCodec } from "../storage/spill-file.ts";
import { readInMemory } from "./cached-read.ts";
import { readChecked } from "./cached-recovery.ts";
import { type Chunk, chunkLength, chunkToRows, chunkWithout, type ChunkSource } from "./chunk.ts";
import { rowTooLarge } from "./large-rows.ts";
import { isFull, resetWriter } from "./row-buffer.ts";
import { finalRefusal, refusalOf } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export class FillingSource implements ChunkSource {
  private readonly memory: OperatorMemory;
  private readonly rows: BatchWriter;
  private codec: SpillCodec | undefined;
  private readonly waiting: Chunk[] = [];
  private source: ChunkSource;
  /** What is read once all is computed, or there is no room for more. */
  private filled: ChunkSource | undefined;
  private isWhole = false;

  constructor(
    private readonly writer: CacheWriter,
    private readonly plan: Plan,
    private readonly env: TaskEnv,
    private readonly compute: () => ChunkSource,
  ) {
    this.source = compute();
    this.memory = env.memory.withOperator("cache");
    this.rows = makeBatchWriter(env.kernels, this.memory, { what: `the rows of ${plan.operator}` });
    if (keeps(plan.storage) && isPacked(plan.storage)) this.codec = spillCodec(env.kernels, "lz4")(this.memory);
  }

  next(): Chunk | undefined | Promise<Chunk | undefined> {
    if (this.filled === undefined) return this.fillOrRestart().then(() => this.next());
    const next = this.filled.next();
    if (next !== undefined || this.isWhole) return next;
    return this.waiting.shift() ?? this.source.next();
  }

  close(): void {
    this.filled?.close();
    this.writer.abort();
    this.source.close();
    this.freeWriting();
  }

  private freeWriting(): void {
    this.rows.free();
    this.codec?.free();
    this.codec = undefined;
  }

  private async fillOrRestart(): Promise<void> {
    try {
      await this.fill();
    } catch (thrown) {
      if (!(thrown instanceof CacheLost)) throw thrown;
      this.env.warn?.(`a partition of ${this.plan.operator} is not kept on disk and computed again: ${thrown.message}`);
      this.writer.abort();
      this.source.close();
      this.waiting.length = 0;
      this.source = this.compute();
      this.filled = this.source;
      this.isWhole = true;
    }
  }

  /** Reads the source into the cache, to its end or until there is no room. */
  private async fill(): Promise<void> {
    const { env, writer } = this;
    let total = 0;
    for (let chunk = await this.source.next(); chunk !== undefined; chunk = await this.source.next()) {
      const fits = chunk.kind === "batch" ? this.add(chunk) : this.push(chunkToRows(env.kernels, chunk));
      if (!fits) return this.overflowed();
      total += chunkLength(chunk);
      env.checkpoint(this.plan);
    }
    const cached = this.flush() ? writer.commit(total) : undefined;
    if (cached === undefined) return this.overflowed();
    this.isWhole = true;
    // reading takes as much as writing did
    this.freeWriting();
    this.filled = readChecked(cached, env, this.compute, true);
  }

  private overflowed(): void {
    // the writer frees them
    this.filled = readInMemory(this.writer.blocks, this.codec !== undefined, this.env);
  }

  /** A chunk of columns; what does not fit of it waits to be handed on. */
  private add(chunk: Chunk & { kind: "batch" }): boolean {
    const taken = this.flush() ? this.append(chunk.batch) : 0;
    if (taken < chunk.batch.rows) this.waiting.push(chunkWithout(chunk, taken));
    return taken === chunk.batch.rows;
  }

  private push(rows: readonly unknown[]): boolean {
    for (let i = 0; i < rows.length; i++) {
      if (!this.pushRow(rows[i])) {
        this.waiting.push({ kind: "rows", rows: rows.slice(i) });
        return false;
      }
      if (isFull(this.rows.rows, this.rows) && !this.flush()) {
        this.waiting.push({ kind: "rows", rows: rows.slice(i + 1) });
        return false;
      }
    }
    this.rows.settle();
    return true;
  }

  /** What was collected goes on first where there is no room beside it; false when that does not fit the cache. */
  private pushRow(row: unknown): boolean {
    try {
      this.rows.push(row);
    } catch (thrown) {
      refusalOf(thrown);
      if (!this.flush()) return false;
      this.rows.free();
      this.pushAlone(row);
    }
    return true;
  }

  private pushAlone(row: unknown): void {
    try {
      this.rows.push(row);
    } catch (thrown) {
      throw rowTooLarge(refusalOf(thrown), `the rows of ${this.plan.operator}`, row);
    }
  }

  /** Seals the rows collected so far; when they do not fit they wait to be handed on. */
  private flush(): boolean {
    if (this.rows.rows === 0) return true;
    const batch = this.rows.finish();
    const taken = this.append(batch);
    if (taken < batch.rows) this.waiting.push(chunkWithout({ kind: "batch", batch }, taken));
    else resetWriter(this.rows);
    return taken === batch.rows;
  }

  /** Gives how many of the rows fit, the first ones. In halves, where the task's memory is too short to write them at once. */
  private append(batch: Batch): number {
    const { rows } = batch;
    try {
      return this.appendBlock(batch) ? rows : 0;
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (rows === 1) throw finalRefusal(refusal);
    }
    const half = rows >>> 1;
    const taken = this.append(slice(batch, 0, half));
    return taken < half ? taken : half + this.append(slice(batch, half, rows));
  }

  private appendBlock(batch: Batch): boolean {
    const { kernels } = this.env;
    const bytes = blockBytes(kernels, batch);
    return this.codec === undefined
      ? this.writer.append(
          bytes,
          ptr => void sealBlock(kernels, batch, ptr),
          () => sealOnHeap(kernels, batch),
        )
      : this.appendPacked(batch, bytes, this.codec);
  }

  private appendPacked(batch: Batch, bytes: number, codec: SpillCodec): boolean {
    const { memory } = this;
    const { kernels } = this.env;
    const plain = memory.alloc(bytes);
    try {
      sealBlock(kernels, batch, plain);
      const room = packedBytesMax(bytes);
      const packed = memory.alloc(room);
      try {
        const packedBytes = packBlock(kernels, codec, plain, bytes, packed);
        return this.writer.append(packedBytes, ptr => kernels.u8.copyWithin(ptr, packed, packed + packedBytes));
      } finally {
        memory.free(packed, room);
      }
    } finally {
      memory.free(plain, bytes);
    }
  }
}
