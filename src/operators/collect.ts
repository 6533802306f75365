/** Rows for the driver, as sealed blocks one after the other in one array of bytes. */
import { blockBytes, sealBlock } from "../data/block.ts";
import type { Batch } from "../data/column.ts";
import { slice } from "../data/move.ts";
import { type Chunk, chunkToRows } from "./chunk.ts";
import { RowBuffer } from "./row-buffer.ts";
import { enough, type RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

export class CollectSink implements RowSink {
  private readonly parts: Uint8Array[] = [];
  private readonly buffer: RowBuffer;
  private rows = 0;

  constructor(
    private readonly env: TaskEnv,
    private readonly limit: number = Infinity,
  ) {
    this.buffer = new RowBuffer(env.kernels, env.memory.withOperator("collect"), "the collected rows", batch =>
      this.seal(batch),
    );
  }

  push(row: unknown): void {
    if (this.rows >= this.limit) throw enough;
    this.buffer.push(row);
    this.rows++;
    if (this.rows >= this.limit) throw enough;
  }

  takeChunk(chunk: Chunk): void {
    if (chunk.kind !== "batch") {
      for (const row of chunkToRows(this.env.kernels, chunk)) this.push(row);
      return;
    }
    this.buffer.flush();
    const wanted = Math.min(chunk.batch.rows, this.limit - this.rows);
    this.seal(wanted === chunk.batch.rows ? chunk.batch : slice(chunk.batch, 0, wanted));
    this.rows += wanted;
    if (this.rows >= this.limit) throw enough;
  }

  settle(): void {
    this.buffer.settle();
  }

  finish(): Uint8Array {
    this.buffer.flush();
    this.buffer.free();
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
