/**
 * The rows an operator gives when it has read all, made a batch at a time from what it holds. When memory runs short the rest is
 * made at once, written to disk, and given from there: the same rows in the same order.
 */
import { batchRowsMax } from "../data/column.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Segment } from "../storage/spill-file.ts";
import { type Chunk, chunkToRows } from "./chunk.ts";
import { finalRefusal, inHalves, refusalOf, SegmentReader, type SpillHolder, type SpillScope } from "./spill-scope.ts";

export interface Emission {
  /** The next rows, about `rowsMax` at most, in `scratch` memory; undefined at the end. A refusal leaves the place where it was. */
  next(scratch: Allocator, rowsMax: number): Chunk | undefined;
  /** Frees what the rows are made of. */
  free(): void;
}

/** With memory for less than these it is better to make the rest at once and free what it is made of. */
const givenRowsMin = 128;
/** Rows of one block on disk, at first. */
const spilledRowsMax = 1024;

/** Gives an emission's chunks, each valid until the next, and frees it. */
export function* emitted(scope: SpillScope, emission: Emission): Generator<Chunk, void, undefined> {
  const source = new SpillableEmission(scope, emission);
  scope.holder = source;
  try {
    for (let chunk = source.next(); chunk !== undefined; chunk = source.next()) yield chunk;
  } finally {
    if (scope.holder === source) scope.holder = undefined;
    source.free();
  }
}

class SpillableEmission implements SpillHolder {
  /** What the chunk given last lies in; spilling leaves it alone. */
  private readonly given: Arena;
  private readonly segments: Segment[] = [];
  private reader: SegmentReader | undefined;
  private spilled = false;
  private rowsMax = spilledRowsMax;
  private givenRowsMax: number = batchRowsMax;

  constructor(
    private readonly scope: SpillScope,
    private readonly emission: Emission,
  ) {
    this.given = new Arena(scope.account);
  }

  next(): Chunk | undefined {
    return this.scope.working(() => {
      if (!this.spilled) {
        const made = this.make();
        if (made !== undefined) return made.chunk;
        this.spill();
      }
      this.given.close();
      this.reader ??= new SegmentReader(this.scope, this.segments);
      const batch = this.reader.next();
      return batch && { kind: "batch", batch };
    });
  }

  /** The next rows, fewer of them when memory is short; undefined when there is too little even for that. */
  private make(): { readonly chunk: Chunk | undefined } | undefined {
    for (;;) {
      try {
        this.given.reset();
        return { chunk: this.emission.next(this.given, this.givenRowsMax) };
      } catch (thrown) {
        refusalOf(thrown);
        this.given.close();
        if (this.givenRowsMax <= givenRowsMin) return undefined;
        this.givenRowsMax >>>= 2;
      }
    }
  }

  spill(): void {
    if (this.spilled) return;
    const { scratch } = this.scope;
    for (let more = true; more;) {
      const mark = scratch.mark();
      try {
        more = this.spillNext(scratch);
      } finally {
        scratch.release(mark);
      }
    }
    this.spilled = true;
    this.emission.free();
  }

  free(): void {
    this.reader?.free();
    this.given.close();
    if (!this.spilled) this.emission.free();
  }

  /** Writes some rows; false at the end. */
  private spillNext(scratch: Allocator): boolean {
    let chunk: Chunk | undefined;
    try {
      chunk = this.emission.next(scratch, this.rowsMax);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (this.rowsMax === 1) throw finalRefusal(refusal);
      this.rowsMax >>>= 1;
      return true;
    }
    if (chunk === undefined) return false;
    if (chunk.kind === "batch") this.scope.writeAll(chunk.batch, this.segments);
    else this.writeValues(chunkToRows(this.scope.env.kernels, chunk));
    return true;
  }

  private writeValues(values: readonly unknown[]): void {
    const { env, scratch, operator } = this.scope;
    inHalves(values.length, (from, rows) => {
      const mark = scratch.mark();
      const writer = makeBatchWriter(env.kernels, scratch, { what: `the rows of ${operator}` });
      try {
        for (let i = from; i < from + rows; i++) writer.push(values[i]);
        const written: Segment[] = [];
        this.scope.writeAll(writer.finish(), written);
        this.segments.push(...written);
      } finally {
        writer.free();
        scratch.release(mark);
      }
    });
  }
}
