/** Lines as utf8 columns, without a JavaScript string: the line kernel finds them, the copy kernel lays them side by side. */
import { type Batch, batchRowsMax } from "../data/column.ts";
import { copyRanges, rangesLength } from "../kernel/move.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import type { SourceEnv } from "./contracts.ts";
import { LineSpans } from "./line-spans.ts";
import { Room } from "./room.ts";

const offsetsBytes = (batchRowsMax + 1) * 4;

export class LineBatches {
  private readonly spans: LineSpans;
  private readonly offsets: Ptr;
  private readonly column: Room;
  private readonly repaired: Room;
  private base: Ptr = nullPtr;

  constructor(private readonly env: SourceEnv) {
    this.spans = new LineSpans(env, batchRowsMax);
    this.offsets = env.allocator.alloc(offsetsBytes);
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

  /** The next lines, valid until the call after; undefined when there are no more. */
  next(): Batch | undefined {
    const { env, spans, offsets } = this;
    const rows = spans.next();
    if (rows === 0) return undefined;
    const length = rangesLength(env.kernels, spans.starts, spans.ends, rows);
    const bytes = this.column.ensure(length);
    copyRanges(env.kernels, this.base, spans.starts, spans.ends, rows, offsets, bytes, length);
    env.metrics.add("rowsRead", rows);
    return { rows, root: { kind: "utf8", rows, offsets, bytes } };
  }

  free(): void {
    this.spans.free();
    this.env.allocator.free(this.offsets, offsetsBytes);
    this.column.free();
    this.repaired.free();
  }
}
