/**
 * The batches of an object file that begin in a split, as batches: the index at the file's end tells which, so a split is any range
 * of bytes. Blocks are read into kernel memory and checked before they are opened.
 */
import { FiresteelError } from "../base/errors.ts";
import { openBlock } from "../data/block.ts";
import { readBatch } from "../data/batch-reader.ts";
import type { Batch } from "../data/column.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import { type ByteReader, openBytes } from "./byte-reader.ts";
import { cutFile, splitGoalBytes } from "./byte-splits.ts";
import { type ByteSplit, bytesUnknown, chunkRowsMax } from "./contracts.ts";
import type { InputFile, Pulled, RowSource, Scan, SourceEnv } from "./contracts.ts";
import {
  batchHeaderBytes,
  crcOf,
  damaged,
  entryBytes,
  footerBytes,
  headerBytes,
  type ObjectFooter,
  readBatchHeader,
  readFooter,
  readIndex,
  withoutFooter,
} from "./object-format.ts";

/** What `next` makes of the value, now or when it is there. */
function after<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

export function planObjects(files: readonly InputFile[], minPartitions: number): Scan {
  const goalBytes = splitGoalBytes(files, minPartitions);
  const splits = files.flatMap(file => {
    if (file.wholeOnly === true || file.bytes === bytesUnknown) {
      throw new FiresteelError(
        "user",
        `cannot read ${file.path} as an object file: its server gives no parts of files`,
        {
          hint: "copy it to where parts can be read",
        },
      );
    }
    // compressed or not by their names, object files are read as they are
    const { compression: _compression, ...plain } = file;
    return cutFile(plain, goalBytes).map(split => ({ ...split, bounds: "records" as const }));
  });
  return { format: { format: "objects" }, splits };
}

export function openObjects(split: ByteSplit, env: SourceEnv): RowSource {
  return new ObjectReader(split, env);
}

class ObjectReader implements RowSource {
  readonly columnar = true;
  /** Offsets of the split's batches, and of what follows them; undefined before the index was read. */
  private offsets: readonly number[] | undefined;
  private nextOffset = 0;
  private bytes: ByteReader | undefined;
  private block: Ptr = nullPtr;
  private blockRoom = 0;
  private rows: unknown[] = [];
  private closed = false;

  constructor(
    private readonly split: ByteSplit,
    private readonly env: SourceEnv,
  ) {}

  nextBatch(): Pulled<Batch> {
    return this.offsets === undefined ? after(this.readOffsets(), () => this.readBatch()) : this.readBatch();
  }

  nextChunk(): Pulled<unknown[]> {
    if (this.rows.length > 0) return this.takeRows();
    return after(this.nextBatch(), batch => {
      if (batch === undefined) return undefined;
      this.rows = readBatch(this.env.kernels, batch).toArray();
      return this.takeRows();
    });
  }

  close(): void {
    this.closed = true;
    this.bytes?.close();
    if (this.block !== nullPtr) this.env.allocator.free(this.block, this.blockRoom);
    this.block = nullPtr;
    this.rows = [];
  }

  private takeRows(): unknown[] {
    return this.rows.length <= chunkRowsMax ? this.rows.splice(0) : this.rows.splice(0, chunkRowsMax);
  }

  private readOffsets(): void | Promise<void> {
    const { split } = this;
    const { path, fileBytes } = split;
    const footerAt = Math.max(0, fileBytes - footerBytes);
    return after(this.readRange(footerAt, fileBytes), bytes => {
      const footer = readFooter(path, bytes, fileBytes);
      if (footer === undefined) {
        return after(this.readRange(0, Math.min(headerBytes, fileBytes)), header => {
          throw withoutFooter(path, header, fileBytes);
        });
      }
      const indexBytes = footer.batches * entryBytes;
      return after(this.readRange(footer.indexOffset, footer.indexOffset + indexBytes), index =>
        this.choose(readIndex(path, index, footer), footer),
      );
    });
  }

  /** Those that begin in the split. */
  private choose(all: readonly number[], { indexOffset }: ObjectFooter): void {
    const { start, end } = this.split;
    const first = all.findIndex(offset => offset >= start);
    const found = all.filter(offset => offset >= start && offset < end);
    this.offsets = [...found, all[first + found.length] ?? indexOffset];
    if (found.length > 0) this.bytes = this.open(found[0]!, this.offsets.at(-1)!);
  }

  private readBatch(): Pulled<Batch> {
    const { offsets, bytes, split } = this;
    if (this.closed || bytes === undefined || this.nextOffset + 1 >= offsets!.length) return undefined;
    const at = offsets![this.nextOffset]!;
    const roomBytes = offsets![++this.nextOffset]! - at - batchHeaderBytes;
    if (roomBytes < 0) throw damaged(split.path, "its index does not hold together", at);
    return after(this.readInto(bytes, Buffer.alloc(batchHeaderBytes), at), header => {
      if (this.closed) return undefined;
      const { bytes: blockBytes, crc } = readBatchHeader(split.path, header, at);
      if (blockBytes !== roomBytes) throw damaged(split.path, "a batch is not as long as its index says", at);
      const into = this.roomFor(blockBytes, at);
      return after(this.readInto(bytes, into, at + batchHeaderBytes), block =>
        this.closed ? undefined : this.opened(block, crc, at),
      );
    });
  }

  private opened(block: Buffer, crc: number, at: number): Batch {
    const { path } = this.split;
    if (crcOf(block) !== crc) throw damaged(path, "the checksum of a batch does not match", at);
    let batch: Batch;
    try {
      batch = openBlock(this.env.kernels, this.block, block.length);
    } catch (thrown) {
      throw damaged(path, `a batch cannot be read: ${(thrown as Error).message}`, at, thrown);
    }
    this.env.metrics.add("rowsRead", batch.rows);
    return batch;
  }

  private roomFor(bytes: number, at: number): Buffer {
    const { allocator, kernels } = this.env;
    if (bytes > this.blockRoom || this.block === nullPtr) {
      if (this.block !== nullPtr) allocator.free(this.block, this.blockRoom);
      this.block = nullPtr;
      try {
        this.block = allocator.alloc(Math.max(16, bytes));
      } catch (thrown) {
        if (!(thrown instanceof MemoryRefused)) throw thrown;
        throw new FiresteelError(
          "resource",
          `not enough engine memory for a batch of ${this.split.path} at byte ${at}, which has ${bytes} bytes`,
          { hint: "raise firesteel.executor.memory", cause: thrown },
        );
      }
      this.blockRoom = Math.max(16, bytes);
    }
    return Buffer.from(kernels.memory.buffer as unknown as ArrayBuffer, this.block, bytes);
  }

  private open(from: number, to: number): ByteReader {
    return openBytes({ ...this.split, start: from, end: to }, this.env.metrics, this.env.files);
  }

  private readRange(from: number, to: number): Buffer | Promise<Buffer> {
    const reader = this.open(from, to);
    const close = () => reader.close();
    try {
      const read = this.readInto(reader, Buffer.alloc(to - from), from);
      if (read instanceof Promise) return read.finally(close);
      close();
      return read;
    } catch (thrown) {
      close();
      throw thrown;
    }
  }

  /** Fills `into`; `at` is its place in the file. */
  private readInto(reader: ByteReader, into: Buffer, at: number): Buffer | Promise<Buffer> {
    let filled = 0;
    const received = (got: number) => {
      if (got === 0 && !this.closed)
        throw damaged(this.split.path, "it has become shorter since the job was planned", at + filled);
      filled += got;
    };
    const more = (): Buffer | Promise<Buffer> => {
      while (filled < into.length && !this.closed) {
        const got = reader.read(into.subarray(filled));
        if (typeof got !== "number") {
          return got.then(bytes => {
            received(bytes);
            return more();
          });
        }
        received(got);
      }
      return into;
    };
    return more();
  }
}
