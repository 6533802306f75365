/**
 * Rows for the driver, as sealed blocks one after the other in one array of bytes. A task does not make more of them than the driver
 * takes of the whole job.
 */
import type { Batch } from "../data/column.ts";
import { sealOnHeap } from "../data/heap-block.ts";
import { slice } from "../data/move.ts";
import { type Chunk, chunkToRows } from "./chunk.ts";
import { taskResultTooLarge } from "./result-too-large.ts";
import { RowBuffer } from "./row-buffer.ts";
import { enough, type RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

export class CollectSink implements RowSink {
  private readonly parts: Uint8Array[] = [];
  private readonly buffer: RowBuffer;
  private rows = 0;
  private bytes = 0;
  /** 0: as many as there are. */
  private readonly bytesMax: number;

  constructor(
    private readonly env: TaskEnv,
    private readonly limit: number = Infinity,
  ) {
    this.buffer = new RowBuffer(env.kernels, env.memory.withOperator("collect"), "the collected rows", batch =>
      this.seal(batch),
    );
    this.bytesMax = env.setting("firesteel.driver.maxResultSize") as number;
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
    this.env.metrics.resultRows += this.rows;
    if (this.parts.length === 1) return this.parts[0]!;
    const bytes = new Uint8Array(this.bytes);
    let at = 0;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  private seal(batch: Batch): void {
    if (batch.rows === 0) return;
    const part = sealOnHeap(this.env.kernels, batch);
    this.parts.push(part);
    this.bytes += part.length;
    if (this.bytesMax > 0 && this.bytes > this.bytesMax) throw taskResultTooLarge(this.bytes, this.bytesMax);
  }
}
