/**
 * What operators use of this folder; each is made by the file named beside it. Writers turn JavaScript rows into columns,
 * readers turn them back, blocks are batches as one position-independent run of bytes: the same bytes are handed over
 * between threads, cached, spilled, checksummed and sent.
 */
import type { Ptr } from "../kernel/ptr.ts";
import type { Batch } from "./column.ts";

/**
 * Collects rows into columns, choosing the layout from the values it sees, batch by batch (`batch-writer.ts`). `push` is
 * generated for the layout in force; a row that does not fit widens the layout of the batch so far and goes on.
 */
export interface BatchWriter {
  push(row: unknown): void;
  readonly rows: number;
  /** Bytes of kernel memory in use by the rows so far. */
  readonly bytes: number;
  /**
   * Lets go of the values that rows so far are still kept as: strings, which may hold on to the texts they were cut from. Whoever
   * keeps rows across chunks calls it between them. When memory is refused the rows are as before.
   */
  settle(): void;
  /** The rows so far as a batch that stays valid until the next `push`, `reset` or `free`. When memory is refused they are as before. */
  finish(): Batch;
  /** The rows so far, for which no memory is needed. */
  values(): unknown[];
  /** Forgets the rows, keeps the memory and the layout as a first guess. */
  reset(): void;
  free(): void;
}

export interface WriterOptions {
  /** Where the rows are met, for errors: "the rows of map" gives `row[1] is a function, in the rows of map`. */
  readonly what?: string;
}

/** Rows of a batch as JavaScript values (`batch-reader.ts`). Strings are decoded in bulk; typed arrays are copies. */
export interface BatchReader {
  readonly rows: number;
  get(row: number): unknown;
  toArray(from?: number, to?: number): unknown[];
}

/** A batch as one run of bytes (`block.ts`). `bytes` is a multiple of 16, `ptr` is 16-byte aligned. */
export interface Block {
  readonly ptr: Ptr;
  readonly bytes: number;
}

/** A batch with memory of its own, until `free`. */
export interface OwnedBatch extends Batch {
  free(): void;
}

/** Key bytes in an allocator's memory; the caller frees both. */
export interface EncodedKeys {
  /** i32[rows + 1]; offsetsBytes were allocated. */
  readonly offsets: Ptr;
  readonly offsetsBytes: number;
  /** The keys end at the last offset; bytesLength were allocated. */
  readonly bytes: Ptr;
  readonly bytesLength: number;
}
