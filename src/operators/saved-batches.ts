/**
 * Rows on their way into an object file. Where its batches are cut, and how each is laid out, follows from the rows alone: neither
 * refused memory nor the batches that rows came in leave a trace. So equal rows are equal bytes at any memory.
 *
 * Each batch begins with a layout of its own; its bytes are looked at when no string waits to be encoded; and a batch that engine
 * memory has no room for is made on the heap, from its first row to where it would have ended.
 */
import type { Batch } from "../data/column.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { heapBytesFirst, heapBytesMax, withHeap } from "../data/heap-block.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { isFull } from "./row-buffer.ts";
import { finalRefusal, refusalOf } from "./spill-scope.ts";

const what = { what: "the saved rows" };

export class SavedBatches {
  private writer: BatchWriter;
  /** Of the writer. */
  private memory: Kernels;
  private heapBytes = 0;

  /** What `onFull` gets is valid during the call; it is in engine memory or on the heap. */
  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly onFull: (memory: Kernels, batch: Batch) => void,
  ) {
    this.memory = kernels;
    this.writer = makeBatchWriter(kernels, allocator, what);
  }

  push(row: unknown): void {
    this.withRoom(() => this.writer.push(row));
    const { rows } = this.writer;
    if (isFull(rows, this.settled)) this.flush();
  }

  /** Between chunks: keeps no text of a chunk alive. */
  settle(): void {
    this.withRoom(() => this.writer.settle());
  }

  flush(): void {
    if (this.writer.rows === 0) return;
    this.onFull(
      this.memory,
      this.withRoom(() => this.writer.finish()),
    );
    this.writer.free();
    if (this.memory === this.kernels) return;
    this.heapBytes = 0;
    this.memory = this.kernels;
    this.writer = makeBatchWriter(this.kernels, this.allocator, what);
  }

  free(): void {
    this.writer.free();
  }

  /** What is counted before strings are encoded depends on when others were. */
  private readonly settled = (() => {
    const batches = this;
    return {
      get bytes() {
        batches.settle();
        return batches.writer.bytes;
      },
    };
  })();

  /** Goes on with the same rows elsewhere until there is room; what is refused leaves the writer as it was. */
  private withRoom<T>(step: () => T): T {
    for (;;) {
      try {
        return step();
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        if (this.heapBytes >= heapBytesMax) throw finalRefusal(refusal);
        this.moveRows();
      }
    }
  }

  private moveRows(): void {
    const rows = this.writer.values();
    this.writer.free();
    withHeap(this.heapBytes === 0 ? heapBytesFirst : this.heapBytes * 2, ({ kernels, allocator }, bytes) => {
      const writer = makeBatchWriter(kernels, allocator, what);
      for (const row of rows) writer.push(row);
      [this.memory, this.writer, this.heapBytes] = [kernels, writer, bytes];
    });
  }
}
