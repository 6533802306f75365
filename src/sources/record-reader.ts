/**
 * Runs of whole records out of a split: reads pieces of 256 KiB into kernel memory, and hands out as many of the bytes as
 * make complete records (lines, CSV records), in place. What is left over moves to the front before the next read.
 * A record longer than the buffer doubles it, up to `maxLineBytes`; a longer one is an error that names file and offset.
 */
import { FiresteelError } from "../base/errors.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { openBytes, type ByteReader } from "./byte-reader.ts";
import type { ByteSplit, Pulled, SourceEnv } from "./contracts.ts";

export const readBytes = 1 << 18;
const lineFeed = 10;
const byteOrderMark = 0xefbbbf;

/** Whole records: bytes `from` … `to` − 1 of the reader's `buffer`, valid until the next call. */
export interface RecordRun {
  readonly from: number;
  readonly to: number;
  /** Offset in the (decompressed) file of the byte at `from`. */
  readonly offset: number;
}

/**
 * Finds where the last whole record ends: called once for every byte that arrives, in order. Returns an index after its
 * end, or −1 when none ends between `from` and `to`.
 */
export type FindLastEnd = (buffer: Buffer, from: number, to: number) => number;

export const lastLineEnd: FindLastEnd = (buffer, from, to) => {
  const at = buffer.subarray(from, to).lastIndexOf(lineFeed);
  return at < 0 ? -1 : from + at + 1;
};

export interface RecordLimits {
  /** What a record is called in errors: "line". */
  readonly noun: string;
  readonly maxBytes: number;
}

export class RecordReader {
  buffer: Buffer;
  ptr: Ptr;
  private readonly bytes: ByteReader;
  private capacity: number;
  /** Unread bytes are `from` … `to`; no record ends between `from` and `scanned`. */
  private from = 0;
  private to = 0;
  private scanned = 0;
  /** File offset of the buffer's first byte. */
  private base: number;
  private skipping: boolean;
  private ended = false;
  private finished = false;
  private closed = false;

  constructor(
    readonly split: ByteSplit,
    private readonly env: SourceEnv,
    private readonly limits: RecordLimits,
    private readonly findLastEnd: FindLastEnd = lastLineEnd,
  ) {
    this.base = split.start;
    this.skipping = split.bounds === "lines" && split.start > 0;
    this.capacity = Math.min(readBytes, Math.max(16, limits.maxBytes + 2));
    this.bytes = openBytes(split, env.metrics, env.files);
    try {
      this.ptr = env.allocator.alloc(this.capacity);
    } catch (thrown) {
      this.bytes.close();
      throw thrown;
    }
    this.buffer = this.view();
  }

  /** The next run, never an empty one; undefined at the end. */
  next(): Pulled<RecordRun> {
    while (!this.finished) {
      const run = this.takeRun();
      if (run !== undefined) return run;
      if (this.finished) break;
      const got = this.bytes.read(this.roomForMore());
      if (typeof got !== "number") {
        return got.then(bytes => {
          this.received(bytes);
          return this.next();
        });
      }
      this.received(got);
    }
    return undefined;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.finished = true;
    this.bytes.close();
    this.env.allocator.free(this.ptr, this.capacity);
  }

  private received(bytes: number): void {
    if (this.closed) return;
    if (bytes === 0) this.ended = true;
    this.to += bytes;
  }

  private takeRun(): RecordRun | undefined {
    if (this.skipping && !this.skipPartialLine()) return undefined;
    const { split } = this;
    if (split.bounds === "lines" && split.compression === undefined) {
      // the split's last line begins at or before `end`, so it ends with the first line feed at or after `end`
      const stop = split.end - this.base;
      if (this.from > stop) return this.finish();
      if (this.to > stop) {
        const end = this.buffer.subarray(0, this.to).indexOf(lineFeed, Math.max(stop, this.scanned));
        if (end >= 0) return this.emit(end + 1, true);
      }
    }
    const end = this.findLastEnd(this.buffer, this.scanned, this.to);
    this.scanned = this.to;
    if (end >= 0 && !this.ended) return this.emit(end, false);
    if (this.ended) return this.from < this.to ? this.emit(this.to, true) : this.finish();
    return undefined;
  }

  /** True once the line that the previous split reads is behind us. */
  private skipPartialLine(): boolean {
    const at = this.buffer.subarray(this.from, this.to).indexOf(lineFeed);
    if (at < 0) {
      this.from = this.scanned = this.to;
      // no line can begin in this split any more
      if (this.ended || this.base + this.to >= this.split.end) this.finished = true;
      return false;
    }
    this.from += at + 1;
    this.scanned = this.from;
    this.skipping = false;
    return true;
  }

  private emit(end: number, isLast: boolean): RecordRun | undefined {
    let from = this.from;
    this.from = end;
    this.finished = isLast;
    if (this.base + from === 0 && end >= 3 && this.buffer.readUIntBE(0, 3) === byteOrderMark) from += 3;
    if (from === end) return undefined;
    return { from, to: end, offset: this.base + from };
  }

  private finish(): undefined {
    this.finished = true;
    return undefined;
  }

  /** Space after the unread bytes; moves or grows the buffer to have some. */
  private roomForMore(): Buffer {
    const unread = this.to - this.from;
    if (unread > this.limits.maxBytes) throw this.tooLong();
    if (unread === this.capacity)
      this.resize(Math.min(this.capacity * 2, Math.max(readBytes, this.limits.maxBytes + 2)));
    else if (this.capacity > readBytes * 16 && unread < readBytes / 2) this.resize(readBytes);
    else if (this.from > 0) this.buffer.copyWithin(0, this.from, this.to);
    this.base += this.from;
    this.scanned -= this.from;
    this.from = 0;
    this.to = unread;
    return this.buffer.subarray(unread, this.readLimit(unread));
  }

  /** Splits of exact records end where they end; others read little beyond their end. */
  private readLimit(unread: number): number {
    const { split } = this;
    if (split.compression !== undefined) return this.capacity;
    const position = this.base + unread;
    // bytes that were added to the file since the job was planned are not read
    const wanted = split.bounds === "records" ? split.end - position : Math.max(split.end - position + 4096, 65536);
    return unread + Math.max(0, Math.min(this.capacity - unread, wanted, split.fileBytes - position));
  }

  private resize(capacity: number): void {
    const { env } = this;
    let ptr: Ptr;
    try {
      ptr = env.allocator.alloc(capacity);
    } catch (thrown) {
      if (!(thrown instanceof MemoryRefused)) throw thrown;
      throw new FiresteelError(
        "resource",
        `not enough engine memory for a ${this.limits.noun} of ${this.split.path} that begins at byte ${this.base + this.from} ` +
          `and is longer than ${this.to - this.from} bytes`,
        { hint: "raise firesteel.executor.memory, or check that the file has line ends", cause: thrown },
      );
    }
    const old = { ptr: this.ptr, capacity: this.capacity };
    env.kernels.u8.copyWithin(ptr, old.ptr + this.from, old.ptr + this.to);
    this.ptr = ptr;
    this.capacity = capacity;
    this.buffer = this.view();
    env.allocator.free(old.ptr, old.capacity);
  }

  private view(): Buffer {
    return Buffer.from(this.env.kernels.memory.buffer as unknown as ArrayBuffer, this.ptr, this.capacity);
  }

  private tooLong(): FiresteelError {
    const { noun, maxBytes } = this.limits;
    const at = this.base + this.from;
    return new FiresteelError(
      "resource",
      `a ${noun} of ${this.split.path} is longer than ${maxBytes} bytes; it begins at byte ${at}`,
      {
        hint: "raise firesteel.text.maxLineBytes, or check that the file has line ends",
        isPermanent: true,
      },
    );
  }
}
