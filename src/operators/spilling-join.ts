/**
 * A join at any memory. Rows leave in the left side's order and, within a left row, in the right side's.
 *
 * The right side is kept in a table, the left side in a list that may lie on disk. When the table does not fit, both sides go to
 * disk by ranges of hashes, left rows with their numbers; ranges are joined one after the other, each giving its rows in left
 * order, and those runs are merged by number. A left row is in one range only, so all its rows stay together.
 */
import type { Batch, Column } from "../data/column.ts";
import { hashColumn } from "../data/keys.ts";
import { Arena } from "../kernel/arena.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { Chunk } from "./chunk.ts";
import { type HashBounds, HashRanges } from "./hash-ranges.ts";
import { HotJoin } from "./hot-join.ts";
import { joinedPairs, JoinTable, keysOfNumbered, type Matches, numberedPairs, partOf } from "./join-table.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import { SortedRuns } from "./sorted-runs.ts";
import { finalRefusal, inHalves, refusalOf, type SpillHolder, type SpillScope } from "./spill-scope.ts";
import { SpillingList } from "./spilling-list.ts";

const rightRows = 0;
/** `[number, [key, value]]` */
const leftRows = 1;
/** What a table must leave of the task's share, for the rows that it is joined with. */
const headroom = 0.1;
const headroomBytesMin = 8 * pageBytes;
/** Cutting a smaller one would not make room. */
const smallTableBytes = 16 * pageBytes;

export class SpillingJoin implements SpillHolder {
  private table: JoinTable | undefined;
  private ranges: HashRanges | undefined;
  private readonly left: SpillingList;
  private leftCount = 0;
  private emitting = false;

  constructor(
    private readonly scope: SpillScope,
    private readonly keepsLeft: boolean,
    private readonly check: () => void,
  ) {
    this.table = new JoinTable(scope, keepsLeft);
    this.left = new SpillingList(scope);
    scope.holder = this;
  }

  /** All of the right side comes before any of the left. Batches are pairs. */
  addRight(batch: Batch): void {
    this.scope.working(() => {
      if (this.table !== undefined) {
        try {
          this.scope.prepare(batch);
          this.table.add(batch);
          return;
        } catch (thrown) {
          refusalOf(thrown);
          this.spillRight();
        }
      }
      this.write(rightRows, batch, pairColumns(batch)![0]);
    });
  }

  endRight(): void {
    this.scope.working(() => {
      if (this.table !== undefined && !finished(this.scope, this.table)) this.spillRight();
    });
  }

  addLeft(batch: Batch): void {
    this.scope.working(() => {
      // the list could not even write a row for which nothing is set aside; without the table there is room
      if (this.table !== undefined && !this.scope.prepare(batch)) this.spillRight();
      if (this.table === undefined) this.writeLeft(batch);
    });
    if (this.table !== undefined) this.left.add(batch);
  }

  *emit(): Generator<Chunk, void, undefined> {
    const { scope, table } = this;
    this.emitting = true;
    if (table !== undefined) {
      for (const batch of this.left.batches()) yield* this.joined(table, batch);
      return;
    }
    const runs = new SortedRuns(scope, true, this.check);
    scope.working(() => {
      const ranges = this.ranges!;
      for (const range of ranges.finish()) this.joinRange(ranges, range, runs);
    });
    for (const batch of runs.merged())
      yield { kind: "batch", batch: { rows: batch.rows, root: pairColumns(batch)![1] } };
  }

  spill(): void {
    if (this.table === undefined) return;
    if (this.left.holdsMemory) this.left.spill();
    else if (!this.emitting) this.spillRight();
  }

  free(): void {
    if (this.scope.holder === this) this.scope.holder = undefined;
    this.table?.free();
    this.table = undefined;
    this.left.free();
    this.ranges?.free();
  }

  private spillRight(): void {
    const table = this.table!;
    this.ranges = new HashRanges(this.scope, 2, table.hashBounds());
    this.table = undefined;
    table.writeTo(this.ranges, rightRows);
    table.free();
    for (const batch of this.left.batches()) this.writeLeft(batch);
    this.left.free();
  }

  /** Left rows get the numbers that follow. */
  private writeLeft(batch: Batch): void {
    const { scratch, env } = this.scope;
    this.scope.prepare(batch);
    const mark = scratch.mark();
    try {
      const numbers = scratch.alloc(batch.rows * 8);
      for (let i = 0; i < batch.rows; i++) env.kernels.f64[numbers / 8 + i] = this.leftCount + i;
      this.leftCount += batch.rows;
      this.write(
        leftRows,
        pairBatch({ kind: "f64", rows: batch.rows, values: numbers }, batch.root),
        pairColumns(batch)![0],
      );
    } finally {
      scratch.release(mark);
    }
  }

  private write(input: number, batch: Batch, keys: Column, ranges = this.ranges!): void {
    const { scratch, env } = this.scope;
    const mark = scratch.mark();
    try {
      const hashes = scratch.alloc(batch.rows * 8);
      hashColumn(env.kernels, scratch, keys, hashes);
      ranges.write(input, batch, hashes);
    } finally {
      scratch.release(mark);
    }
  }

  /** The joined rows of a left batch, as many at a time as there is room for. */
  private *joined(table: JoinTable, batch: Batch): Generator<Chunk, void, undefined> {
    const { scope } = this;
    const given = new Arena(scope.account);
    try {
      for (const matches of table.matches(pairColumns(batch)![0])) {
        let rows = matches.rows;
        for (let from = 0; from < matches.rows;) {
          const part = partOf(matches, from, Math.min(rows, matches.rows - from));
          given.reset();
          let joined: Batch;
          try {
            joined = scope.working(() =>
              joinedPairs(scope.env.kernels, given, batch, part, table.valuesOf(part, given)),
            );
          } catch (thrown) {
            const refusal = refusalOf(thrown);
            if (part.rows === 1) throw finalRefusal(refusal);
            given.close();
            rows = part.rows >>> 1;
            continue;
          }
          from += part.rows;
          yield { kind: "batch", batch: joined };
        }
      }
    } finally {
      given.close();
    }
  }

  /** Joins the rows of one range into runs of `[number, joined row]`. */
  private joinRange(ranges: HashRanges, range: number, runs: SortedRuns): void {
    const bounds = ranges.boundsOf(range);
    const part = new RangeJoin(this.scope, this.keepsLeft, bounds, runs);
    try {
      const isHot = this.feed(ranges, range, part);
      if (isHot) {
        part.free();
        new HotJoin(this.scope, this.keepsLeft, runs, this.check).join(
          ranges.segmentsOf(range, rightRows),
          ranges.segmentsOf(range, leftRows),
        );
        return;
      }
      const parts = part.ranges;
      part.free();
      if (parts !== undefined) for (const each of parts.finish()) this.joinRange(parts, each, runs);
    } finally {
      part.free();
    }
  }

  /** True when the right side does not fit and is all of one hash, so that cutting it does not help. */
  private feed(ranges: HashRanges, range: number, part: RangeJoin): boolean {
    const reader = ranges.open(range);
    try {
      for (let block = reader.next(); block !== undefined; block = reader.next()) {
        const { input, batch } = block;
        if (!(input === rightRows ? part.addRight(batch) : part.addLeft(batch))) {
          if (part.isHot) return true;
          this.write(input, batch, input === rightRows ? pairColumns(batch)![0] : keysOfNumbered(batch), part.ranges!);
        }
        this.check();
      }
    } finally {
      reader.free();
    }
    return false;
  }
}

/** One range: a table and a run, or ranges again. */
class RangeJoin {
  ranges: HashRanges | undefined;
  isHot = false;
  private table: JoinTable | undefined;
  private begun = false;

  constructor(
    private readonly scope: SpillScope,
    keepsLeft: boolean,
    private readonly bounds: HashBounds,
    private readonly runs: SortedRuns,
  ) {
    this.table = new JoinTable(scope, keepsLeft);
  }

  /** False when the rows have to be written to ranges, or the range is hot. */
  addRight(batch: Batch): boolean {
    if (this.table === undefined) return false;
    try {
      this.table.add(batch);
      return true;
    } catch (thrown) {
      refusalOf(thrown);
      this.cut();
      return false;
    }
  }

  addLeft(batch: Batch): boolean {
    if (this.table !== undefined && !this.begun) {
      if (finished(this.scope, this.table)) {
        this.begun = true;
        this.runs.begin();
      } else this.cut();
    }
    if (this.table === undefined) return false;
    for (const matches of this.table.matches(keysOfNumbered(batch))) this.append(this.table, batch, matches);
    return true;
  }

  free(): void {
    this.table?.free();
    this.table = undefined;
  }

  private cut(): void {
    const table = this.table!;
    this.table = undefined;
    if (this.bounds.low === this.bounds.high) this.isHot = true;
    else {
      this.ranges = new HashRanges(this.scope, 2, this.bounds);
      table.writeTo(this.ranges, rightRows);
    }
    table.free();
  }

  private append(table: JoinTable, numbered: Batch, matches: Matches): void {
    const { scratch, env } = this.scope;
    inHalves(matches.rows, (from, rows) => {
      const mark = scratch.mark();
      try {
        const part = partOf(matches, from, rows);
        this.runs.appendAll(numberedPairs(env.kernels, scratch, numbered, part, table.valuesOf(part, scratch)));
      } finally {
        scratch.release(mark);
      }
    });
  }
}

/** Finishes a table; false, and the table is as it was, when there is too little memory for that or for what follows. */
function finished(scope: SpillScope, table: JoinTable): boolean {
  try {
    table.finish();
  } catch (thrown) {
    refusalOf(thrown);
    return false;
  }
  const free = scope.availableBytes();
  if (scope.account.usedBytes < smallTableBytes) return true;
  return free >= Math.max(headroomBytesMin, (scope.account.usedBytes + free) * headroom);
}
