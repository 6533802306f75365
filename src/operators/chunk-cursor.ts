/**
 * A source read some rows at a time, whatever the length of its chunks: for operators that put the rows of two sources, or rows and
 * something else, side by side. Rows that come as columns, or as a range, can be taken as a column.
 */
import { readBatch } from "../data/batch-reader.ts";
import { batchRowsMax, type Column } from "../data/column.ts";
import { sliceColumn } from "../data/slice.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { type Chunk, chunkLength, type ChunkSource } from "./chunk.ts";

export class ChunkCursor {
  /** Rows taken so far. */
  taken = 0;
  private chunk: Chunk | undefined;
  private at = 0;
  private ended = false;
  /** The rows of a batch, once they are wanted as JavaScript values. */
  private read: readonly unknown[] | undefined;

  constructor(
    private readonly kernels: Kernels,
    private readonly source: ChunkSource,
  ) {}

  /** Rows that can be taken now. None after `fill`: the source has ended. */
  get ready(): number {
    return this.chunk === undefined ? 0 : Math.min(batchRowsMax, chunkLength(this.chunk) - this.at);
  }

  get isColumns(): boolean {
    return this.chunk?.kind !== "rows";
  }

  /** Sees to it that rows are ready, or the source has ended; what was taken before is then no longer valid. */
  fill(): Promise<void> | undefined {
    while (!this.ended && this.ready === 0) {
      const chunk = this.source.next();
      if (chunk instanceof Promise) {
        return chunk.then(settled => {
          this.begin(settled);
          return this.fill();
        });
      }
      this.begin(chunk);
    }
    return undefined;
  }

  /** The next rows as a column, which a range writes into `allocator`; of sources of columns. Stays until `advance`. */
  column(rows: number, allocator: Allocator): Column {
    const { chunk, at, kernels } = this;
    if (chunk?.kind === "batch") return sliceColumn(chunk.batch.root, at, at + rows);
    const values = allocator.alloc(Math.max(8, rows * 8));
    if (chunk?.kind === "range") kernels.run.writeRange(chunk.start, chunk.step, at, rows, values);
    return { kind: "f64", rows, values };
  }

  /** The i-th of the next rows. */
  value(i: number): unknown {
    const { chunk, at } = this;
    if (chunk?.kind === "rows") return chunk.rows[at + i];
    if (chunk?.kind === "range") return chunk.start + (at + i) * chunk.step;
    if (chunk !== undefined) this.read ??= readBatch(this.kernels, chunk.batch).toArray();
    return this.read?.[at + i];
  }

  advance(rows: number): void {
    this.at += rows;
    this.taken += rows;
  }

  close(): void {
    this.source.close();
  }

  private begin(chunk: Chunk | undefined): void {
    this.chunk = chunk;
    this.at = 0;
    this.read = undefined;
    this.ended = chunk === undefined;
  }
}
