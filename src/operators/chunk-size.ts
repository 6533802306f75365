/**
 * How many rows are given at once: as many as make a chunk of some hundred kilobytes, by the size of those before, and fewer where
 * memory is refused. What was given cannot be spilled, so it must leave room for whoever takes it.
 */
import { type Batch, batchRowsMax } from "../data/column.ts";
import type { Arena } from "../kernel/arena.ts";
import type { Chunk } from "./chunk.ts";
import { finalRefusal, refusalOf, type SpillScope } from "./spill-scope.ts";

const bytesWanted = 256 * 1024;
/** Of which nothing is known. */
const rowsFirst = 1024;

export class ChunkSize {
  rows = rowsFirst;
  private fitting = rowsFirst;
  private rowsMost: number = batchRowsMax;

  /** So many rows took so many bytes. */
  made(rows: number, bytes: number): void {
    if (rows === 0) return;
    this.fitting = bytes === 0 ? batchRowsMax : Math.max(1, Math.floor((bytesWanted / bytes) * rows));
    this.rows = Math.min(this.rowsMost, this.fitting);
  }

  /** So many rows were too many, and are until others begin. */
  refused(rows: number): void {
    this.rows = this.rowsMost = Math.max(1, rows >>> 1);
  }

  /** Other rows begin: what was refused before may be had now. */
  begin(): void {
    this.rowsMost = batchRowsMax;
    this.rows = this.fitting;
  }
}

/** The rows that `make` makes, as many at a time as there is room for; each chunk is valid until the next. */
export function* inParts(
  scope: SpillScope,
  given: Arena,
  size: ChunkSize,
  total: number,
  make: (from: number, rows: number) => Batch,
): Generator<Chunk, void, undefined> {
  size.begin();
  for (let from = 0; from < total;) {
    const rows = Math.min(size.rows, total - from);
    given.reset();
    let batch: Batch;
    try {
      batch = scope.working(() => make(from, rows));
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (rows === 1) throw finalRefusal(refusal);
      given.close();
      size.refused(rows);
      continue;
    }
    size.made(rows, given.usedBytes);
    from += rows;
    yield { kind: "batch", batch };
  }
}
