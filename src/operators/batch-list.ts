/**
 * Rows kept in kernel memory as sealed blocks, in order: what breakers hold before they emit. Rows come one by one or as
 * columns; they are read back as batches.
 */
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import { type Batch, batchRowsMax } from "../data/column.ts";
import type { Block, BatchWriter } from "../data/contracts.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import { batchesOf, type ChunkSource } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

export class BatchList {
  private readonly blocks: Block[] = [];
  private writer: BatchWriter | undefined;
  private kept = 0;

  constructor(
    private readonly env: TaskEnv,
    private readonly operator: string,
    private readonly memory: OperatorMemory = env.memory.withOperator(operator),
  ) {}

  get rows(): number {
    return this.kept + (this.writer?.rows ?? 0);
  }

  push(row: unknown): void {
    this.writer ??= makeBatchWriter(this.env.kernels, this.memory, { what: `the rows of ${this.operator}` });
    this.writer.push(row);
    if (this.writer.rows === batchRowsMax) this.flush();
  }

  /** Keeps a copy of the batch. */
  add(batch: Batch): void {
    this.flush();
    if (batch.rows > 0) this.keep(batch);
  }

  *batches(): Generator<Batch, void, undefined> {
    this.flush();
    for (const { ptr } of this.blocks) yield openBlock(this.env.kernels, ptr);
  }

  /** All rows in order, as a source; its `close` frees the list. */
  drain(): ChunkSource {
    return batchesOf(this.batches(), () => this.free());
  }

  free(): void {
    for (const { ptr, bytes } of this.blocks) this.memory.free(ptr, bytes);
    this.blocks.length = 0;
    this.kept = 0;
    this.writer?.free();
    this.writer = undefined;
  }

  private flush(): void {
    const { writer } = this;
    if (writer === undefined || writer.rows === 0) return;
    this.keep(writer.finish());
    writer.reset();
  }

  private keep(batch: Batch): void {
    const { kernels } = this.env;
    const ptr = this.memory.alloc(blockBytes(kernels, batch));
    this.blocks.push(sealBlock(kernels, batch, ptr));
    this.kept += batch.rows;
  }
}
