/**
 * What operators use of this folder; each is made by the file named beside it. Writers turn JavaScript rows into columns,
 * readers turn them back, blocks are batches as one position-independent run of bytes: the same bytes are handed over
 * between threads, cached, spilled, checksummed and sent.
 */
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { Batch } from "./column.ts";
import type { ColumnType } from "./schema.ts";

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
  /** Forgets the rows, keeps the memory and the layout as a first guess. */
  reset(): void;
  free(): void;
}

export type MakeBatchWriter = (kernels: Kernels, allocator: Allocator, options?: WriterOptions) => BatchWriter;

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

export type ReadBatch = (kernels: Kernels, batch: Batch) => BatchReader;

/** A batch as one run of bytes (`block.ts`). `bytes` is a multiple of 16, `ptr` is 16-byte aligned. */
export interface Block {
  readonly ptr: Ptr;
  readonly bytes: number;
}

export interface BlockCodec {
  /** Bytes that `sealBlock` will need. */
  blockBytes(kernels: Kernels, batch: Batch): number;
  /** Writes the batch at `ptr` (which has `blockBytes` of room): header with magic, length, rows and type; then columns. */
  sealBlock(kernels: Kernels, batch: Batch, ptr: Ptr): Block;
  /** A batch whose columns point into the block. Throws kind "data" when the header is not a block's. */
  openBlock(kernels: Kernels, ptr: Ptr, bytes?: number): Batch;
  /** Rows of a block, without opening it. */
  blockRows(kernels: Kernels, ptr: Ptr): number;
  /** Length of a block, without opening it. */
  sealedBytes(kernels: Kernels, ptr: Ptr): number;
}

/** A batch with memory of its own, until `free`. */
export interface OwnedBatch extends Batch {
  free(): void;
}

/** Column-wise moves, by kernels (`move.ts`). Results live in `allocator`, but for `slice`, whose columns are the batch's. */
export interface BatchMoves {
  slice(batch: Batch, from: number, to: number): Batch;
  /** rows[i] of the result is the batch's row indexes[i] (u32, `n` of them). */
  gather(kernels: Kernels, allocator: Allocator, batch: Batch, indexes: Ptr, n: number): OwnedBatch;
  /** One batch from several, layouts unified (a widening to *any* where they differ beyond repair). */
  concat(kernels: Kernels, allocator: Allocator, batches: readonly Batch[]): OwnedBatch;
  typeOf(column: Batch["root"]): ColumnType;
}

/** Keys (`keys.ts`): hashes into u64[rows], and the one canonical form of a value. */
export interface KeyOperations {
  /** hashes[i] = hash of row i of the column, whatever its layout. */
  hashColumn(kernels: Kernels, allocator: Allocator, column: Batch["root"], hashes: Ptr): void;
  /**
   * Canonical key bytes of every row: two values are equal exactly when their key bytes are, and `memcmp` of the bytes is the
   * total order of API.md.
   */
  encodeKeys(kernels: Kernels, allocator: Allocator, column: Batch["root"]): EncodedKeys;
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
