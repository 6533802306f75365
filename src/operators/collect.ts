/** Rows for the driver, as sealed blocks one after the other in one array of bytes. */
import { blockBytes, sealBlock } from "../data/block.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import { type Batch, batchRowsMax } from "../data/column.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { slice } from "../data/move.ts";
import { type Chunk, chunkToRows } from "./chunk.ts";
import { enough, type RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

export class CollectSink implements RowSink {
  private readonly parts: Uint8Array[] = [];
  private readonly writer: BatchWriter;
  private rows = 0;

  constructor(
    private readonly env: TaskEnv,
    private readonly limit: number = Infinity,
  ) {
    this.writer = makeBatchWriter(env.kernels, env.memory.withOperator("collect"), { what: "the collected rows" });
  }

  push(row: unknown): void {
    if (this.rows >= this.limit) throw enough;
    this.writer.push(row);
    this.rows++;
    if (this.writer.rows === batchRowsMax) this.flush();
    if (this.rows >= this.limit) throw enough;
  }

  takeChunk(chunk: Chunk): void {
    if (chunk.kind !== "batch") {
      for (const row of chunkToRows(this.env.kernels, chunk)) this.push(row);
      return;
    }
    this.flush();
    const wanted = Math.min(chunk.batch.rows, this.limit - this.rows);
    this.seal(wanted === chunk.batch.rows ? chunk.batch : slice(chunk.batch, 0, wanted));
    this.rows += wanted;
    if (this.rows >= this.limit) throw enough;
  }

  finish(): Uint8Array {
    this.flush();
    this.writer.free();
    this.env.metrics.rowsOut += this.rows;
    if (this.parts.length === 1) return this.parts[0]!;
    const bytes = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  private flush(): void {
    if (this.writer.rows === 0) return;
    this.seal(this.writer.finish());
    this.writer.reset();
  }

  private seal(batch: Batch): void {
    if (batch.rows === 0) return;
    const { kernels, memory } = this.env;
    const bytes = blockBytes(kernels, batch);
    const ptr = memory.alloc(bytes);
    sealBlock(kernels, batch, ptr);
    this.parts.push(kernels.u8.slice(ptr, ptr + bytes));
    memory.free(ptr, bytes);
  }
}
