/**
 * The lines of a run of bytes as spans, or what splitting each line at a character gives, found by the line kernel a few thousand at
 * a time. LF and CRLF are not part of them.
 */
import type { Pieces } from "../kernel/text.ts";
import { TextCursor } from "../kernel/text.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import type { SourceEnv } from "./contracts.ts";

const lineFeed = 10;

export class LineSpans implements Pieces {
  /** u32 positions from the run's first byte, of the spans that `next` found last. */
  readonly starts: Ptr;
  readonly ends: Ptr;
  /** Lines that ended in the spans that `next` found last. */
  lines = 0;
  private readonly cursor: TextCursor;
  private base: Ptr = nullPtr;
  private length = 0;
  private ended = true;

  constructor(
    private readonly env: SourceEnv,
    readonly capacity: number,
    /** An ASCII character that ends no line. */
    private readonly separator?: number,
  ) {
    this.cursor = new TextCursor(env.kernels, env.allocator);
    this.starts = env.allocator.alloc(capacity * 4);
    this.ends = env.allocator.alloc(capacity * 4);
  }

  /** Whole lines; the last one may lack its end. */
  start(base: Ptr, length: number): void {
    this.base = base;
    this.length = length;
    this.ended = false;
    this.cursor.moveTo(0);
  }

  /** How many spans were found; 0 after the last. */
  next(): number {
    this.lines = 0;
    if (this.ended) return 0;
    const { cursor, base, length, separator } = this;
    const before = cursor.lineEnds;
    let found =
      separator === undefined ? cursor.lines(base, length, this) : cursor.lineTokens(base, length, separator, this);
    this.lines = separator === undefined ? found : cursor.lineEnds - before;
    if (found === this.capacity) return found;
    this.ended = true;
    if (this.endsInLine()) return found;
    const { u32 } = this.env.kernels;
    u32[(this.starts >>> 2) + found] = cursor.start;
    u32[(this.ends >>> 2) + found] = length;
    this.lines++;
    return found + 1;
  }

  private endsInLine(): boolean {
    const { length, base } = this;
    return length === 0 || this.env.kernels.u8[base + length - 1] === lineFeed;
  }

  free(): void {
    this.cursor.free();
    this.env.allocator.free(this.starts, this.capacity * 4);
    this.env.allocator.free(this.ends, this.capacity * 4);
  }
}
