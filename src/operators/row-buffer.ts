/**
 * Rows on their way into columns. A batch is full at `batchRowsMax` rows or some hundred kilobytes, whichever comes first, and
 * earlier when memory for another row is refused: so that rows of any size pass through little memory.
 */
import { type Batch, batchRowsMax } from "../data/column.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import type { BatchWriter } from "../data/contracts.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { rowTooLarge } from "./large-rows.ts";
import { refusalOf } from "./spill-scope.ts";

const batchBytesMax = 512 * 1024;

export class RowBuffer {
  private readonly writer: BatchWriter;

  /** `what` is for errors: "the rows of map". What `onFull` gets is valid during the call. */
  constructor(
    kernels: Kernels,
    allocator: Allocator,
    private readonly what: string,
    private readonly onFull: (batch: Batch) => void,
    /** Spills rows that lie on the same account, which is not asked to; false when there are none. */
    private readonly madeRoom: () => boolean = () => false,
  ) {
    this.writer = makeBatchWriter(kernels, allocator, { what });
  }

  get rows(): number {
    return this.writer.rows;
  }

  push(row: unknown): void {
    const { writer } = this;
    try {
      writer.push(row);
    } catch (thrown) {
      refusalOf(thrown);
      this.flush();
      writer.free();
      this.pushAlone(row);
    }
    if (isFull(writer.rows, writer)) this.flush();
  }

  private pushAlone(row: unknown): void {
    try {
      this.writer.push(row);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (!this.madeRoom()) throw rowTooLarge(refusal, this.what, row);
      this.pushAlone(row);
    }
  }

  /** Between chunks: keeps no text of a chunk alive. */
  settle(): void {
    this.writer.settle();
  }

  flush(): void {
    const { writer } = this;
    if (writer.rows === 0) return;
    this.onFull(writer.finish());
    resetWriter(writer);
  }

  free(): void {
    this.writer.free();
  }
}

/** Looks at bytes now and then only, but at those of the first rows each time: they may be large. */
export function isFull(rows: number, writer: Pick<BatchWriter, "bytes">): boolean {
  return rows === batchRowsMax || ((rows < 64 || (rows & 63) === 0) && writer.bytes > batchBytesMax);
}

/** Ready for the next batch, without keeping the memory of an exceptional one. */
export function resetWriter(writer: BatchWriter): void {
  if (writer.bytes > 2 * batchBytesMax) writer.free();
  else writer.reset();
}
