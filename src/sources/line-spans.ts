/** The lines of a run of bytes as spans, found by the line kernel a few thousand at a time. LF and CRLF are not part of them. */
import type { Pieces } from "../kernel/text.ts";
import { TextCursor } from "../kernel/text.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import type { SourceEnv } from "./contracts.ts";

export class LineSpans implements Pieces {
  /** u32 positions from the run's first byte, of the spans that `next` found last. */
  readonly starts: Ptr;
  readonly ends: Ptr;
  private readonly cursor: TextCursor;
  private base: Ptr = nullPtr;
  private length = 0;
  private ended = true;

  constructor(
    private readonly env: SourceEnv,
    readonly capacity: number,
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
    if (this.ended) return 0;
    let found = this.cursor.lines(this.base, this.length, this);
    if (found === this.capacity) return found;
    this.ended = true;
    const { start } = this.cursor;
    if (start < this.length) {
      this.env.kernels.u32[(this.starts >>> 2) + found] = start;
      this.env.kernels.u32[(this.ends >>> 2) + found] = this.length;
      found++;
    }
    return found;
  }

  free(): void {
    this.cursor.free();
    this.env.allocator.free(this.starts, this.capacity * 4);
    this.env.allocator.free(this.ends, this.capacity * 4);
  }
}
