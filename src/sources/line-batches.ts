/**
 * Lines, or their words, without JavaScript strings: the line kernel finds them, and they stay where they were read, as spans. For
 * who needs lines as a column the copy kernel lays them side by side.
 */
import { type Batch, batchRowsMax, type SpanColumn } from "../data/column.ts";
import { copyRanges, rangesLength } from "../kernel/move.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import type { SourceEnv } from "./contracts.ts";
import { LineSpans } from "./line-spans.ts";
import { Room } from "./room.ts";

export class LineBatches {
  private readonly spans: LineSpans;
  private readonly offsets: Room;
  private readonly column: Room;
  private readonly repaired: Room;
  private base: Ptr = nullPtr;

  /** `separator`: lines are split at it. */
  constructor(
    private readonly env: SourceEnv,
    separator?: number,
  ) {
    this.spans = new LineSpans(env, batchRowsMax, separator);
    this.offsets = new Room(env);
    this.column = new Room(env);
    this.repaired = new Room(env);
  }

  /** Whole lines of well-formed UTF-8, which stay where they are until the last batch of them. */
  start(base: Ptr, length: number): void {
    this.base = base;
    this.spans.start(base, length);
  }

  /** Lines that had to be decoded first, because some bytes of theirs are not UTF-8. */
  startRepaired(text: string): void {
    const encoded = Buffer.from(text);
    const base = this.repaired.ensure(encoded.length);
    this.env.kernels.u8.set(encoded, base);
    this.start(base, encoded.length);
  }

  /** The next lines, or words, valid until the call after; undefined when there are no more. */
  next(): SpanColumn | undefined {
    const { starts, ends } = this.spans;
    const rows = this.spans.next();
    if (rows === 0) return undefined;
    this.env.metrics.add("rowsRead", this.lines);
    return { kind: "spans", rows, starts, ends, bytes: this.base };
  }

  /** Lines that ended in what `next` gave last. */
  get lines(): number {
    return this.spans.lines;
  }

  /** Lines that `next` gave, side by side. */
  copy({ rows, starts, ends, bytes: from }: SpanColumn): Batch {
    const { kernels } = this.env;
    const length = rangesLength(kernels, starts, ends, rows);
    const offsets = this.offsets.ensure((batchRowsMax + 1) * 4);
    const bytes = this.column.ensure(length);
    copyRanges(kernels, from, starts, ends, rows, offsets, bytes, length);
    return { rows, root: { kind: "utf8", rows, offsets, bytes } };
  }

  free(): void {
    this.spans.free();
    this.offsets.free();
    this.column.free();
    this.repaired.free();
  }
}
