/**
 * The rows an operator gives when it has read all, made a batch at a time from what it holds. When memory runs short the rest is
 * made at once, written to disk, and given from there: the same rows in the same order.
 */
import type { Batch } from "../data/column.ts";
import { batchRowsMax } from "../data/column.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import { slice } from "../data/move.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Segment } from "../storage/spill-file.ts";
import { type Chunk, chunkToRows } from "./chunk.ts";
import { refusalOf, SegmentReader, type SpillHolder, type SpillScope } from "./spill-scope.ts";

export interface Emission {
  /** The next rows, about `rowsMax` at most, in `scratch` memory; undefined at the end. A refusal leaves the place where it was. */
  next(scratch: Allocator, rowsMax: number): Chunk | undefined;
  /** Frees what the rows are made of. */
  free(): void;
}

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

  constructor(
    private readonly scope: SpillScope,
    private readonly emission: Emission,
  ) {
    this.given = new Arena(scope.account);
  }

  next(): Chunk | undefined {
    return this.scope.working(() => {
      this.given.reset();
      if (!this.spilled) {
        try {
          return this.emission.next(this.given, batchRowsMax);
        } catch (thrown) {
          refusalOf(thrown);
          this.spill();
        }
      }
      this.given.close();
      this.reader ??= new SegmentReader(this.scope, this.segments);
      const batch = this.reader.next();
      return batch && { kind: "batch", batch };
    });
  }

  spill(): void {
    if (this.spilled) return;
    const { scratch } = this.scope;
    for (let more = true; more; ) {
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
      if (this.rowsMax === 1) throw refusal;
      this.rowsMax >>>= 1;
      return true;
    }
    if (chunk === undefined) return false;
    if (chunk.kind === "batch") this.write(chunk.batch);
    else this.writeValues(chunkToRows(this.scope.env.kernels, chunk));
    return true;
  }

  private write(batch: Batch): void {
    try {
      this.segments.push(this.scope.write(batch));
      return;
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (batch.rows === 1) throw refusal;
    }
    const half = batch.rows >>> 1;
    this.write(slice(batch, 0, half));
    this.write(slice(batch, half, batch.rows));
  }

  private writeValues(rows: readonly unknown[]): void {
    const { env, account, operator } = this.scope;
    const writer = makeBatchWriter(env.kernels, account, { what: `the rows of ${operator}` });
    try {
      for (const row of rows) writer.push(row);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      writer.free();
      if (rows.length === 1) throw refusal;
      const half = rows.length >>> 1;
      this.writeValues(rows.slice(0, half));
      this.writeValues(rows.slice(half));
      return;
    }
    try {
      this.write(writer.finish());
    } finally {
      writer.free();
    }
  }
}
