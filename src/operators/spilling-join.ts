/**
 * A join at any memory. Rows leave in the probe side's order and, within a probe row, in the build side's; build rows without a
 * match, where those are kept, after them in the order of hashes (join-form.ts).
 *
 * The build side is kept in a table, the probe side in a list that may lie on disk. When the table does not fit, both sides go to
 * disk by ranges of hashes, probe rows with their numbers; ranges are joined one after the other, each giving its rows in probe
 * order, and those runs are merged by number. A probe row is in one range only, so all its rows stay together.
 */
import type { Batch, Column } from "../data/column.ts";
import { hashColumn } from "../data/keys.ts";
import { slice } from "../data/move.ts";
import { Arena } from "../kernel/arena.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { Chunk } from "./chunk.ts";
import { ChunkSize, inParts } from "./chunk-size.ts";
import { type HashBounds, HashRanges } from "./hash-ranges.ts";
import { HotJoin } from "./hot-join.ts";
import type { JoinForm } from "./join-form.ts";
import {
  type BuildTable,
  joinedPairs,
  JoinTable,
  keysOfNumbered,
  type Matches,
  numberedPairs,
  partOf,
  partOfUnmatched,
} from "./join-table.ts";
import { KeySet } from "./key-set.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import { SortedRuns } from "./sorted-runs.ts";
import { finalRefusal, inHalves, refusalOf, type SpillHolder, type SpillScope } from "./spill-scope.ts";
import { SpillingList } from "./spilling-list.ts";
import { UnmatchedRows } from "./unmatched-rows.ts";

const buildRows = 0;
/** `[number, [key, value]]` */
const probeRows = 1;
/** What a table must leave of the task's share, for the rows that it is joined with. */
const headroom = 0.1;
const headroomBytesMin = 8 * pageBytes;
/** Cutting a smaller one would not make room. */
const smallTableBytes = 16 * pageBytes;

export class SpillingJoin implements SpillHolder {
  private table: BuildTable | undefined;
  private ranges: HashRanges | undefined;
  private readonly unmatched: UnmatchedRows;
  private readonly probe: SpillingList;
  private probeCount = 0;
  private emitting = false;
  private readonly size = new ChunkSize();

  constructor(
    private readonly scope: SpillScope,
    private readonly form: JoinForm,
    private readonly check: () => void,
  ) {
    this.table = tableOf(scope, form);
    this.probe = new SpillingList(scope);
    this.unmatched = new UnmatchedRows(scope);
    scope.holder = this;
  }

  /** All of the build side comes before any of the probe. Batches are pairs. */
  addBuild(batch: Batch): void {
    this.scope.working(() => {
      if (this.table !== undefined) {
        try {
          this.scope.prepare(batch);
          this.table.add(batch);
          return;
        } catch (thrown) {
          refusalOf(thrown);
          this.spillBuild();
        }
      }
      this.write(buildRows, batch, pairColumns(batch)![0]);
    });
  }

  endBuild(): void {
    this.scope.working(() => {
      if (this.table !== undefined && !finished(this.scope, this.table)) this.spillBuild();
    });
  }

  addProbe(batch: Batch): void {
    this.scope.working(() => {
      if (this.table !== undefined && !this.scope.prepare(batch)) this.spillBuild();
      if (this.table === undefined) this.writeProbe(batch);
    });
    if (this.table !== undefined) this.probe.add(batch);
  }

  *emit(): Generator<Chunk, void, undefined> {
    const { scope } = this;
    // probe rows may be too large to be read back beside the table
    if (this.table !== undefined && !scope.working(() => this.probe.tryReserve()))
      scope.working(() => this.spillBuild());
    const { table } = this;
    this.emitting = true;
    if (table !== undefined) {
      for (const batch of this.probe.batches()) yield* this.joined(table, batch);
      return yield* this.unmatchedOf(table);
    }
    const [runs, ranges] = [new SortedRuns(scope, true, this.check), this.ranges!];
    scope.working(() => ranges.finish().forEach(range => this.joinRange(ranges, range, runs)));
    for (const batch of runs.merged())
      yield { kind: "batch", batch: { rows: batch.rows, root: pairColumns(batch)![1] } };
    for (const batch of this.unmatched.batches()) yield { kind: "batch", batch };
  }

  spill(): void {
    if (this.table === undefined) return;
    if (this.probe.holdsMemory) this.probe.spill();
    else if (!this.emitting) this.spillBuild();
  }

  free(): void {
    if (this.scope.holder === this) this.scope.holder = undefined;
    this.table?.free();
    this.table = undefined;
    this.probe.free();
    this.ranges?.free();
  }

  private spillBuild(): void {
    const table = this.table!;
    this.ranges = new HashRanges(this.scope, 2, table.hashBounds());
    this.table = undefined;
    table.writeTo(this.ranges, buildRows);
    table.free();
    for (const batch of this.probe.batches()) this.writeProbe(batch);
    this.probe.free();
  }

  /** Probe rows get the numbers that follow. */
  private writeProbe(batch: Batch): void {
    const { scratch, env } = this.scope;
    this.scope.prepare(batch);
    const mark = scratch.mark();
    try {
      const numbers = scratch.alloc(batch.rows * 8);
      for (let i = 0; i < batch.rows; i++) env.kernels.f64[numbers / 8 + i] = this.probeCount + i;
      this.probeCount += batch.rows;
      this.write(
        probeRows,
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

  private *joined(table: BuildTable, batch: Batch): Generator<Chunk, void, undefined> {
    const { scope, form } = this;
    const { kernels } = scope.env;
    const given = new Arena(scope.work);
    try {
      for (const { part: some, matches } of matchesOf(table, batch, each => pairColumns(each)![0])) {
        yield* inParts(scope, given, this.size, matches.rows, (from, rows) => {
          const part = partOf(matches, from, rows);
          return joinedPairs(kernels, given, form, some, part, table.valuesOf(part, given));
        });
      }
    } finally {
      given.close();
    }
  }

  private *unmatchedOf(table: BuildTable): Generator<Chunk, void, undefined> {
    const { scope } = this;
    const given = new Arena(scope.work);
    try {
      for (const rows of table.unmatched()) {
        yield* inParts(scope, given, this.size, rows.rows, (from, n) =>
          table.unmatchedPairs(partOfUnmatched(rows, from, n), given),
        );
      }
    } finally {
      given.close();
    }
  }

  /** Joins the rows of one range into runs of `[number, joined row]`. */
  private joinRange(ranges: HashRanges, range: number, runs: SortedRuns): void {
    const bounds = ranges.boundsOf(range);
    const { scope, form, unmatched } = this;
    const part = new RangeJoin(scope, form, bounds, runs, unmatched);
    try {
      const isHot = this.feed(ranges, range, part);
      if (isHot) {
        part.free();
        new HotJoin(scope, form, runs, unmatched, this.check).join(
          ranges.segmentsOf(range, buildRows),
          ranges.segmentsOf(range, probeRows),
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

  /** True when the build side does not fit and is all of one hash, so that cutting it does not help. */
  private feed(ranges: HashRanges, range: number, part: RangeJoin): boolean {
    const reader = ranges.open(range);
    try {
      for (let block = reader.next(); block !== undefined; block = reader.next()) {
        const { input, batch } = block;
        if (!(input === buildRows ? part.addBuild(batch) : part.addProbe(batch))) {
          if (part.isHot) return true;
          this.write(input, batch, input === buildRows ? pairColumns(batch)![0] : keysOfNumbered(batch), part.ranges!);
        }
        this.check();
      }
    } finally {
      reader.free();
    }
    part.end();
    return part.isHot;
  }
}

/** One range: a table and a run, or ranges again. */
class RangeJoin {
  ranges: HashRanges | undefined;
  isHot = false;
  private table: BuildTable | undefined;
  private begun = false;

  constructor(
    private readonly scope: SpillScope,
    private readonly form: JoinForm,
    private readonly bounds: HashBounds,
    private readonly runs: SortedRuns,
    private readonly unmatchedRows: UnmatchedRows,
  ) {
    this.table = tableOf(scope, form);
  }

  /** False when the rows have to be written to ranges, or the range is hot. */
  addBuild(batch: Batch): boolean {
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

  addProbe(batch: Batch): boolean {
    const table = this.beginProbe();
    if (table === undefined) return false;
    for (const { part, matches } of matchesOf(table, batch, keysOfNumbered)) this.append(table, part, matches);
    return true;
  }

  /** No more rows come. */
  end(): void {
    if (!this.form.keepsBuild) return;
    const table = this.beginProbe();
    if (table === undefined) return;
    for (const rows of table.unmatched()) {
      inHalves(rows.rows, (from, n) => {
        const { scratch } = this.scope;
        const mark = scratch.mark();
        try {
          this.unmatchedRows.add(table.unmatchedPairs(partOfUnmatched(rows, from, n), scratch));
        } finally {
          scratch.release(mark);
        }
      });
    }
  }

  free(): void {
    this.table?.free();
    this.table = undefined;
  }

  /** The table, with all build rows; undefined when it does not fit. */
  private beginProbe(): BuildTable | undefined {
    if (this.table === undefined || this.begun) return this.table;
    if (finished(this.scope, this.table)) {
      this.begun = true;
      this.runs.begin();
    } else this.cut();
    return this.table;
  }

  private cut(): void {
    const table = this.table!;
    this.table = undefined;
    if (this.bounds.low === this.bounds.high) this.isHot = true;
    else {
      this.ranges = new HashRanges(this.scope, 2, this.bounds);
      table.writeTo(this.ranges, buildRows);
    }
    table.free();
  }

  private append(table: BuildTable, numbered: Batch, matches: Matches): void {
    const { scratch, env } = this.scope;
    inHalves(matches.rows, (from, rows) => {
      const mark = scratch.mark();
      try {
        const part = partOf(matches, from, rows);
        const values = table.valuesOf(part, scratch);
        this.runs.appendAll(numberedPairs(env.kernels, scratch, this.form, numbered, part, values));
      } finally {
        scratch.release(mark);
      }
    });
  }
}

const tableOf = (scope: SpillScope, form: JoinForm): BuildTable =>
  form.tests === undefined ? new JoinTable(scope, form) : new KeySet(scope, form.tests);

/** The matches of a batch's rows; of one half after the other, where there is too little memory to look for all. */
function* matchesOf(
  table: BuildTable,
  batch: Batch,
  keysOf: (batch: Batch) => Column,
): Generator<{ readonly part: Batch; readonly matches: Matches }, void, undefined> {
  let begun = false;
  try {
    for (const matches of table.matches(keysOf(batch))) {
      begun = true;
      yield { part: batch, matches };
    }
    return;
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    if (begun || batch.rows === 1) throw finalRefusal(refusal);
  }
  const half = batch.rows >>> 1;
  yield* matchesOf(table, slice(batch, 0, half), keysOf);
  yield* matchesOf(table, slice(batch, half, batch.rows), keysOf);
}

/** Finishes a table; false, and the table is as it was, when there is too little memory for that or for what follows. */
function finished(scope: SpillScope, table: BuildTable): boolean {
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
