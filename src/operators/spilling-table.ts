/**
 * Rows by key, at any memory: what fits is kept in a table, the rest goes to disk by ranges of hashes, and the ranges are done
 * one after the other, each in a table of its own and, if it must be, cut into ranges again.
 *
 * Promises, whatever memory there is and whenever it runs out:
 * - groups leave in the order of their keys' hashes, equal hashes in the order in which they were first seen;
 * - a group meets its rows in the order in which they came, first what it had made of earlier ones, if anything;
 * - a key looks as it did when first seen.
 *
 * - what no cut parts, because one key or group is huge, is read into JavaScript's own values, key by key (`fromDisk`).
 *
 * A table that can go on with the groups it has (`addKnown`) keeps them to the end of the input, and only rows of other groups are
 * written. Nothing is combined that was made apart.
 */
import { blockBytes } from "../data/block.ts";
import type { Batch, Column } from "../data/column.ts";
import { hashColumn } from "../data/keys.ts";
import { slice } from "../data/move.ts";
import { sliceColumn } from "../data/slice.ts";
import { hasSpans, withoutSpans } from "../data/spans.ts";
import type { MemoryRefused } from "../kernel/allocator.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import type { ReservedArena } from "../kernel/reserved-arena.ts";
import type { Chunk } from "./chunk.ts";
import { type Emission, emitted } from "./emission.ts";
import { type HashBounds, HashRanges, type RangeReader, takeRows } from "./hash-ranges.ts";
import { refusalOf, type SpillHolder, type SpillScope } from "./spill-scope.ts";

/** Of rows whose strings are copied into scratch memory, which has other uses too. */
const copiedRowsMax = 2048;
const copiedBytesMax = 64 * 1024;

/** What a table says of rows it could not all take. */
export interface Remainder {
  /** u64: of all rows of the batch. */
  readonly hashes: Ptr;
  /** u32[rows]: the rows it did not take. */
  readonly indexes: Ptr;
  readonly rows: number;
}

export interface TableKind {
  /** How many kinds of batches a table takes; those with lower numbers come first. */
  readonly inputs: number;
  /** `isPart`: of a range of what was too much for one table. */
  make(isPart: boolean): KeyedTable;
  keysOf(batch: Batch): Column;
  /** The groups of a range that is all of one hash, and too much for a table: from as many readings of it as that takes. */
  fromDisk(open: () => RangeReader): Generator<Chunk, void, undefined>;
}

export interface KeyedTable {
  /** Takes all rows or, when memory is refused, none. */
  add(input: number, batch: Batch): void;
  /** Takes the rows of groups it has; makes none. All that memory is needed for comes first, so a refusal changes nothing. */
  addKnown?(input: number, batch: Batch, scratch: ReservedArena): Remainder;
  hashBounds(): HashBounds;
  /** Writes all it holds, after any refusal. What was written is all that is needed to go on with. */
  writeTo(ranges: HashRanges): void;
  /** The groups in hash order. A refusal leaves the table as it was; an emission takes it over. */
  finish(): Emission;
  free(): void;
}

export class SpillingTable implements SpillHolder {
  private table: KeyedTable | undefined;
  private ranges: HashRanges | undefined;

  /** `bounds`: of the hashes that will come, where they are known. */
  constructor(
    private readonly scope: SpillScope,
    private readonly kind: TableKind,
    private readonly check: () => void,
    private readonly bounds?: HashBounds,
  ) {
    this.table = kind.make(bounds !== undefined);
    scope.holder = this;
  }

  add(input: number, batch: Batch): void {
    if (batch.rows > 0) this.scope.working(() => this.addRows(input, batch));
  }

  /** No more rows come: the groups. Each chunk is valid until the next. */
  *emit(): Generator<Chunk, void, undefined> {
    const { scope } = this;
    const emission = scope.working(() => this.finish());
    if (emission !== undefined) yield* emitted(scope, emission);
    else yield* this.emitRanges(this.ranges!);
  }

  private *emitRanges(ranges: HashRanges): Generator<Chunk, void, undefined> {
    const { scope, kind } = this;
    for (const range of scope.working(() => ranges.finish())) {
      const part = new SpillingTable(scope, kind, this.check, ranges.boundsOf(range));
      try {
        const emission = scope.working(() => part.emissionOf(ranges, range));
        if (emission === "too much of one hash") {
          part.free();
          yield* kind.fromDisk(() => ranges.open(range));
        } else if (emission !== undefined) yield* emitted(scope, emission);
        else yield* part.emitRanges(part.ranges!);
      } finally {
        part.free();
      }
    }
  }

  /** Of a range, read into this table; undefined when it has to be cut into ranges again. */
  private emissionOf(ranges: HashRanges, range: number): Emission | "too much of one hash" | undefined {
    try {
      this.readFrom(ranges, range);
      return this.finish();
    } catch (thrown) {
      if (!(thrown instanceof OneHash)) throw thrown;
      return "too much of one hash";
    }
  }

  spill(): void {
    if (this.table === undefined) return;
    this.beginRanges();
    this.writeTable();
  }

  free(): void {
    if (this.scope.holder === this) this.scope.holder = undefined;
    this.table?.free();
    this.table = undefined;
    this.ranges?.free();
  }

  private addRows(input: number, batch: Batch): void {
    if (this.ranges === undefined) {
      try {
        this.scope.prepare(batch);
        this.table!.add(input, batch);
        return;
      } catch (thrown) {
        this.beginRanges(refusalOf(thrown));
        if (this.table!.addKnown === undefined) this.writeTable();
      }
    }
    if (hasSpans(batch.root)) {
      this.addCopied(input, batch);
      return;
    }
    const { scratch } = this.scope;
    const mark = scratch.mark();
    try {
      if (this.table === undefined || !this.tookKnown(this.table, input, batch)) this.writeRaw(input, batch);
    } finally {
      scratch.release(mark);
    }
  }

  /** Rows of which some are to be written, with their strings in scratch memory: few at a time, so that most of it is left. */
  private addCopied(input: number, batch: Batch): void {
    const { scratch, env } = this.scope;
    for (let from = 0; from < batch.rows;) {
      let rows = Math.min(copiedRowsMax, batch.rows - from);
      while (rows > 1 && blockBytes(env.kernels, slice(batch, from, from + rows)) > copiedBytesMax) rows >>>= 1;
      const mark = scratch.mark();
      try {
        const root = withoutSpans(env.kernels, scratch, sliceColumn(batch.root, from, from + rows));
        this.addRows(input, { rows, root });
      } finally {
        scratch.release(mark);
      }
      from += rows;
    }
  }

  /** False, and the table is on disk, when it lacks the memory to go on. */
  private tookKnown(table: KeyedTable, input: number, batch: Batch): boolean {
    const { scratch } = this.scope;
    const mark = scratch.mark();
    let rest: Remainder;
    try {
      rest = table.addKnown!(input, batch, scratch);
    } catch (thrown) {
      refusalOf(thrown);
      // writing needs it
      scratch.release(mark);
      this.writeTable();
      return false;
    }
    if (rest.rows === batch.rows) this.ranges!.write(input, batch, rest.hashes);
    else if (rest.rows > 0) this.writeRest(input, batch, rest);
    return true;
  }

  private writeRest(input: number, batch: Batch, rest: Remainder): void {
    const { scratch } = this.scope;
    const mark = scratch.mark();
    try {
      const taken = this.takeRest(batch, rest);
      if (taken !== undefined) {
        this.ranges!.write(input, taken.batch, taken.hashes);
        return;
      }
    } finally {
      scratch.release(mark);
    }
    const half = rest.rows >>> 1;
    this.writeRest(input, batch, { ...rest, rows: half });
    this.writeRest(input, batch, { ...rest, indexes: offset(rest.indexes, half * 4), rows: rest.rows - half });
  }

  /** Undefined when there is no memory for so many; a single row needs none. */
  private takeRest(batch: Batch, { hashes, indexes, rows }: Remainder): ReturnType<typeof takeRows> | undefined {
    try {
      return takeRows(this.scope, batch, hashes, indexes, rows);
    } catch (thrown) {
      refusalOf(thrown);
      return undefined;
    }
  }

  private writeRaw(input: number, batch: Batch): void {
    const { scratch, env } = this.scope;
    const hashes = scratch.alloc(batch.rows * 8);
    hashColumn(env.kernels, scratch, this.kind.keysOf(batch), hashes);
    this.ranges!.write(input, batch, hashes);
  }

  private beginRanges(refusal?: MemoryRefused): void {
    if (this.ranges !== undefined) return;
    const bounds = this.bounds ?? this.table!.hashBounds();
    if (refusal !== undefined && bounds.low === bounds.high) throw new OneHash();
    this.ranges = new HashRanges(this.scope, this.kind.inputs, bounds);
  }

  private writeTable(): void {
    const { table } = this;
    this.table = undefined;
    table!.writeTo(this.ranges!);
    table!.free();
  }

  /** Undefined when the groups are, or have to be, on disk. */
  private finish(): Emission | undefined {
    const { table, scope } = this;
    if (this.ranges === undefined) {
      try {
        const emission = table!.finish();
        this.table = undefined;
        return emission;
      } catch (thrown) {
        this.beginRanges(refusalOf(thrown));
      }
    }
    if (this.table !== undefined) this.writeTable();
    if (scope.holder === this) scope.holder = undefined;
    return undefined;
  }

  private readFrom(ranges: HashRanges, range: number): void {
    const reader = ranges.open(range);
    try {
      for (let block = reader.next(); block !== undefined; block = reader.next()) {
        this.add(block.input, block.batch);
        this.check();
      }
    } finally {
      reader.free();
    }
  }
}

/** Cutting by hash cannot help. */
class OneHash extends Error {
  constructor() {
    super("rows of one hash do not fit");
  }
}
