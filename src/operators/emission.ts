/**
 * The rows an operator gives when it has read all, made a batch at a time from what it holds. When memory runs short the rest is
 * made at once, written to disk, and given from there: the same rows in the same order.
 */
import type { Batch } from "../data/column.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import { sealRowsOnHeap } from "../data/heap-block.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Segment } from "../storage/spill-file.ts";
import { type Chunk, chunkLength, chunkToRows } from "./chunk.ts";
import { ChunkSize } from "./chunk-size.ts";
import { finalRefusal, inHalves, refusalOf, SegmentReader, type SpillHolder, type SpillScope } from "./spill-scope.ts";

export interface Emission {
  /**
   * The next rows, about `rowsMax` at most, in `scratch` memory; undefined at the end. A refusal leaves the place where it was. With
   * `inPlace` a single row, which may be large, can be given where it lies: valid until `free`, where others are valid beyond.
   */
  next(scratch: Allocator, rowsMax: number, inPlace: boolean): Chunk | undefined;
  /** The next row as JavaScript's own value, which takes no kernel memory: for a row too large to be made there beside what is held. */
  nextAsValue?(): unknown;
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
  private segments: Segment[] = [];
  private reader: SegmentReader | undefined;
  private spilled = false;
  /** The row that comes next, after those on disk, cannot be made in kernel memory. */
  private isStuck = false;
  private rowsMax = spilledRowsMax;
  private readonly size = new ChunkSize();

  constructor(
    private readonly scope: SpillScope,
    private readonly emission: Emission,
  ) {
    this.given = new Arena(scope.work);
  }

  next(): Chunk | undefined {
    return this.scope.working(() => {
      for (;;) {
        const batch = this.readSpilled();
        if (batch !== undefined) return { kind: "batch", batch };
        if (this.spilled) return undefined;
        if (this.isStuck) {
          this.isStuck = false;
          return { kind: "rows", rows: [this.emission.nextAsValue!()] };
        }
        const made = this.make();
        if (made !== undefined) return made.chunk;
        this.spill();
      }
    });
  }

  /** The next rows of those on disk. */
  private readSpilled(): Batch | undefined {
    while (this.reader !== undefined || this.segments.length > 0) {
      this.given.close();
      if (this.reader === undefined) {
        this.reader = new SegmentReader(this.scope, this.segments, true);
        this.segments = [];
      }
      const batch = this.reader.next();
      if (batch !== undefined) return batch;
      this.reader.free();
      this.reader = undefined;
    }
    return undefined;
  }

  /** The next rows, fewer of them when memory is short; undefined when there is too little even for that. */
  private make(): { readonly chunk: Chunk | undefined } | undefined {
    for (;;) {
      try {
        this.given.reset();
        const chunk = this.emission.next(this.given, this.size.rows, false);
        if (chunk !== undefined) this.size.made(chunkLength(chunk), this.given.usedBytes);
        return { chunk };
      } catch (thrown) {
        refusalOf(thrown);
        this.given.close();
        if (this.size.rows <= givenRowsMin) return undefined;
        this.size.refused(this.size.rows);
      }
    }
  }

  spill(): void {
    if (this.spilled || this.isStuck) return;
    const { scratch } = this.scope;
    for (let more = true; more;) {
      const mark = scratch.mark();
      try {
        more = this.spillNext(scratch);
      } finally {
        scratch.release(mark);
      }
    }
    this.spilled = !this.isStuck;
    if (this.spilled) this.emission.free();
  }

  free(): void {
    this.reader?.free();
    this.given.close();
    if (!this.spilled) this.emission.free();
  }

  /** Writes some rows; false at the end, or before a row that cannot be made. */
  private spillNext(scratch: Allocator): boolean {
    let chunk: Chunk | undefined;
    try {
      chunk = this.emission.next(scratch, this.rowsMax, true);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (this.rowsMax === 1) {
        if (this.emission.nextAsValue === undefined) throw finalRefusal(refusal);
        this.isStuck = true;
        this.rowsMax = spilledRowsMax;
        return false;
      }
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
    const what = { what: `the rows of ${operator}` };
    inHalves(values.length, (from, rows) => {
      const mark = scratch.mark();
      const writer = makeBatchWriter(env.kernels, scratch, what);
      try {
        for (let i = from; i < from + rows; i++) writer.push(values[i]);
        const written: Segment[] = [];
        this.scope.writeAll(writer.finish(), written);
        this.segments.push(...written);
      } catch (thrown) {
        refusalOf(thrown);
        if (rows > 1) throw thrown;
        const row = values.slice(from, from + 1);
        this.segments.push(
          this.scope.writePlain(sealRowsOnHeap(row, heap => makeBatchWriter(heap.kernels, heap.allocator, what))),
        );
      } finally {
        writer.free();
        scratch.release(mark);
      }
    });
  }
}
