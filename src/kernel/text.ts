/**
 * Splitting text in kernel memory into lines and tokens, and checking its encoding.
 *
 * A `TextCursor` remembers between calls where the piece at hand starts and how far it has been searched, so text may come in
 * chunks and pieces be taken in batches; a long line is searched once. Positions are u32 relative to the same `base` throughout.
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

const bytesPerCall = 8 << 20;
const cursorBytes = 16;

/** Where found pieces go: u32 positions, `capacity` of each. `starts` must not be `ends`. */
export interface Pieces {
  readonly starts: Ptr;
  readonly ends: Ptr;
  readonly capacity: number;
}

export class TextCursor {
  private readonly at: Ptr;
  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {
    this.at = allocator.alloc(cursorBytes);
    this.moveTo(0);
  }

  /** Start of the piece that has not ended yet. */
  get start(): number {
    return this.kernels.u32[this.at >>> 2]!;
  }

  /** Everything before this has been searched. */
  get searched(): number {
    return this.kernels.u32[(this.at >>> 2) + 1]!;
  }

  /** Line ends that `lineTokens` has passed since `moveTo`. */
  get lineEnds(): number {
    return this.kernels.u32[(this.at >>> 2) + 2]!;
  }

  /** Begins a piece at `start`; its bytes before `searched` are known to hold no separator. */
  moveTo(start: number, searched = start): void {
    this.kernels.u32[this.at >>> 2] = start;
    this.kernels.u32[(this.at >>> 2) + 1] = searched;
    this.kernels.u32[(this.at >>> 2) + 2] = 0;
  }

  /**
   * The lines that end before `to`, at LF or CRLF, neither of which is part of them. Returns how many; fewer than the capacity
   * when `to` has been reached.
   */
  lines(base: Ptr, to: number, out: Pieces): number {
    return this.pieces(to, out, (starts, ends, room) =>
      this.kernels.run.splitLines(base, this.at, to, starts, ends, room),
    );
  }

  /** The tokens that end before `to` at `separator`, a byte below 0x80. */
  tokens(base: Ptr, to: number, separator: number, out: Pieces): number {
    return this.pieces(to, out, (starts, ends, room) =>
      this.kernels.run.splitTokens(base, this.at, to, separator, starts, ends, room),
    );
  }

  /** The tokens of lines: what splitting every line at the separator gives, in one pass. A line's last token ends with it. */
  lineTokens(base: Ptr, to: number, separator: number, out: Pieces): number {
    return this.pieces(to, out, (starts, ends, room) =>
      this.kernels.run.splitLineTokens(base, this.at, to, separator, starts, ends, room),
    );
  }

  free(): void {
    this.allocator.free(this.at, cursorBytes);
  }

  private pieces(to: number, out: Pieces, split: (starts: Ptr, ends: Ptr, room: number) => number): number {
    let count = 0;
    while (count < out.capacity && this.searched < to) {
      count += split(offset(out.starts, count * 4), offset(out.ends, count * 4), out.capacity - count);
    }
    return count;
  }
}

export interface ColumnTokens extends Pieces {
  /** The row of each token. */
  readonly rows: Ptr;
}

/** Splits every string of a column at a separator, in portions; like `split` a string with none is one token. */
export class ColumnTokenizer {
  private readonly at: Ptr;
  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly offsets: Ptr,
    private readonly bytes: Ptr,
    private readonly n: number,
  ) {
    this.at = allocator.alloc(cursorBytes);
    const word = this.at >>> 2;
    kernels.u32[word] = 0;
    kernels.u32[word + 1] = kernels.u32[word + 2] = kernels.u32[offsets >>> 2]!;
  }

  /** The next tokens, positions within the column's bytes. Returns how many; 0 after the last. */
  next(separator: number, out: ColumnTokens): number {
    let count = 0;
    while (count < out.capacity && this.kernels.u32[this.at >>> 2]! < this.n) {
      count += this.kernels.run.splitColumn(
        this.offsets,
        this.bytes,
        this.n,
        separator,
        this.at,
        offset(out.starts, count * 4),
        offset(out.ends, count * 4),
        offset(out.rows, count * 4),
        out.capacity - count,
      );
    }
    return count;
  }

  free(): void {
    this.allocator.free(this.at, cursorBytes);
  }
}

/** Whether no byte is above 0x7F, so that every byte is a character. */
export function isAscii(kernels: Kernels, bytes: Ptr, n: number): boolean {
  for (let from = 0; from < n; from += bytesPerCall) {
    if (kernels.run.isAscii(offset(bytes, from), Math.min(bytesPerCall, n - from)) === 0) return false;
  }
  return true;
}

/** Position of the first byte that begins no well-formed UTF-8 sequence, −1 when there is none. */
export function utf8Valid(kernels: Kernels, bytes: Ptr, n: number): number {
  for (let at = 0; at < n;) {
    const stop = Math.min(n, at + bytesPerCall);
    at = kernels.run.utf8Valid(bytes, at, stop, n) >>> 0;
    if (at < stop) return at;
  }
  return -1;
}

/** How many U+FFFD a decoder (WHATWG's, not fatal) writes for what is not well-formed. */
export function utf8Replacements(kernels: Kernels, allocator: Allocator, bytes: Ptr, n: number): number {
  const counter = allocator.alloc(cursorBytes);
  kernels.u32[counter >>> 2] = 0;
  for (let at = 0; at < n;) {
    at = kernels.run.utf8Replacements(bytes, at, Math.min(n, at + bytesPerCall), n, counter) >>> 0;
  }
  const count = kernels.u32[counter >>> 2]!;
  allocator.free(counter, cursorBytes);
  return count;
}
