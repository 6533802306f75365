/**
 * Sorted runs of pairs on disk, and their merge: pairs in the order of their first elements, equal ones in the order of runs and,
 * within a run, as they stand there. Only a block of each run is in memory; when there are too many runs for that, neighbours
 * are merged into one first.
 */
import { blockBytes } from "../data/block.ts";
import type { Batch } from "../data/column.ts";
import { encodeKeys } from "../data/keys.ts";
import { concat, gather, slice } from "../data/move.ts";
import { Arena } from "../kernel/arena.ts";
import { Merger } from "../kernel/merge.ts";
import { orderKeys } from "../kernel/normalize.ts";
import { partShift } from "../kernel/parts.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import type { ArenaMark } from "../kernel/reserved-arena.ts";
import type { Segment } from "../storage/spill-file.ts";
import { areAlike, PartColumns, type Parts } from "./gather-parts.ts";
import { pairColumns } from "./pair-buffer.ts";
import { finalRefusal, refusalOf, SegmentReader, type SpillScope } from "./spill-scope.ts";

/** Plain bytes of one block, about; a merge holds two blocks and their keys for each run. */
const blockBytesWanted = 32 * 1024;
const bytesPerRun = 3 * blockBytesWanted;
const runsMax = 256;
/** Of the merged rows that are made at once. */
const mergedBytesWanted = 96 * 1024;
const mergedRowsMax = 8192;
const unknownShift = -2;

/** What the windows of a merge show of the keys: numbers or strings, where all are, as they are in their columns. */
type KeyForm = "numbers" | "text" | "encoded";

class Run {
  readonly segments: Segment[] = [];
  rows = 0;
  bytes = 0;
}

export class SortedRuns {
  private runs: Run[] = [];
  private keyForm: KeyForm | undefined;

  constructor(
    private readonly scope: SpillScope,
    private readonly ascending: boolean,
    private readonly check: () => void,
  ) {}

  get count(): number {
    return this.runs.length;
  }

  /** Begins a run, to which `append` adds. */
  begin(): void {
    this.runs.push(new Run());
  }

  /** Adds the pairs with these ids (u32, of all of the parts' rows) to the run begun last, where they belong behind those before. */
  append(parts: Parts, ids: Ptr, bytesPerRow: number): void {
    const run = this.runs[this.runs.length - 1]!;
    const { rows } = parts;
    const blockRows = Math.max(1, Math.floor(blockBytesWanted / Math.max(1, bytesPerRow)));
    for (const batch of parts.batches) this.noteKeys(batch);
    const before = run.segments.length;
    for (let from = 0; from < rows; from += blockRows) {
      this.scope.writeParts(parts, offset(ids, from * 4), Math.min(blockRows, rows - from), run.segments);
      this.check();
    }
    run.rows += rows;
    for (let i = before; i < run.segments.length; i++) run.bytes += run.segments[i]!.rawLength;
  }

  /** Adds all pairs of a batch. */
  appendAll(batch: Batch): void {
    const { scope } = this;
    const run = this.runs[this.runs.length - 1]!;
    const bytesPerRow = blockBytes(scope.env.kernels, batch) / batch.rows;
    const blockRows = Math.max(1, Math.floor(blockBytesWanted / bytesPerRow));
    this.noteKeys(batch);
    const before = run.segments.length;
    for (let from = 0; from < batch.rows; from += blockRows) {
      scope.writeAll(slice(batch, from, Math.min(batch.rows, from + blockRows)), run.segments);
    }
    run.rows += batch.rows;
    for (let i = before; i < run.segments.length; i++) run.bytes += run.segments[i]!.rawLength;
  }

  private noteKeys(batch: Batch): void {
    const { kind } = pairColumns(batch)![0];
    const form = kind === "f64" ? "numbers" : kind === "utf8" && this.ascending ? "text" : "encoded";
    this.keyForm = this.keyForm === undefined || this.keyForm === form ? form : "encoded";
  }

  /** All pairs in order, each batch valid until the next. */
  *merged(): Generator<Batch, void, undefined> {
    const { scope } = this;
    const merge = scope.working(() => this.openLastMerge());
    if (merge === undefined) return;
    try {
      for (;;) {
        const batch = scope.working(() => merge.next());
        if (batch === undefined) return;
        yield batch;
      }
    } finally {
      merge.free();
    }
  }

  /** The merge of all runs that are left; undefined when there is none. Where memory is short fewer are merged at once. */
  private openLastMerge(): Merge | undefined {
    for (let fanMax = runsMax; ; fanMax >>>= 1) {
      try {
        this.mergePasses(fanMax);
        return this.runs.length === 0 ? undefined : this.openMerge(this.runs);
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        if (fanMax <= 2) throw finalRefusal(refusal);
        fanMax = Math.min(fanMax, Math.max(4, this.runs.length));
      }
    }
  }

  /** Merges neighbours until all runs that are left can be merged at once. A refusal leaves whole runs. */
  private mergePasses(fanMax: number): void {
    for (;;) {
      const fan = Math.max(2, Math.min(fanMax, Math.floor((this.scope.availableBytes() * 0.6) / bytesPerRun)));
      if (this.runs.length <= fan) return;
      const merged: Run[] = [];
      for (let from = 0; from < this.runs.length; from += fan) {
        const neighbours = this.runs.slice(from, from + fan);
        merged.push(neighbours.length === 1 ? neighbours[0]! : this.mergeToRun(neighbours));
      }
      this.runs = merged;
    }
  }

  private mergeToRun(runs: readonly Run[]): Run {
    const run = new Run();
    const merge = this.openMerge(runs);
    try {
      for (let batch = merge.next(blockBytesWanted); batch !== undefined; batch = merge.next(blockBytesWanted)) {
        this.scope.writeAll(batch, run.segments);
        run.rows += batch.rows;
        this.check();
      }
    } finally {
      merge.free();
    }
    run.bytes = run.segments.reduce((sum, { rawLength }) => sum + rawLength, 0);
    return run;
  }

  private openMerge(runs: readonly Run[]): Merge {
    return new Merge(this.scope, runs, this.ascending, this.keyForm ?? "encoded");
  }
}

/** One block of a run. */
class Window {
  batch: Batch | undefined;
  private readonly reader: SegmentReader;
  private readonly keys: Arena;
  private left: number;

  constructor(
    private readonly scope: SpillScope,
    run: Run,
    private readonly ascending: boolean,
    private readonly form: KeyForm,
  ) {
    this.reader = new SegmentReader(scope, run.segments);
    this.keys = new Arena(scope.work);
    this.left = run.segments.length;
  }

  /** Shows the merger the next block. */
  advance(merger: Merger, run: number): void {
    const { kernels } = this.scope.env;
    this.batch = this.reader.next();
    this.left--;
    this.keys.reset();
    if (this.batch === undefined) {
      merger.setWindow(run, { keys: nullPtr, rows: 0, isLast: true });
      return;
    }
    const { rows } = this.batch;
    const isLast = this.left <= 0;
    const [keys] = pairColumns(this.batch)!;
    if (this.form === "text" && keys.kind === "utf8") {
      merger.setWindow(run, { keys: keys.offsets, bytes: keys.bytes, rows, isLast });
      return;
    }
    if (this.form === "numbers" && keys.kind === "f64") {
      const ordered = this.keys.alloc(rows * 8);
      orderKeys(kernels, "f64", keys.values, rows, ordered, !this.ascending);
      merger.setWindow(run, { keys: ordered, rows, isLast });
      return;
    }
    const encoded = encodeKeys(kernels, this.keys, keys);
    if (!this.ascending) {
      // no key begins another, so the order of the inverted bytes is the opposite one
      const bytes = kernels.u32[encoded.offsets / 4 + rows]!;
      kernels.run.xorBytes(encoded.bytes, bytes, 0xff, encoded.bytes);
    }
    merger.setWindow(run, { keys: encoded.offsets, bytes: encoded.bytes, rows, isLast });
  }

  free(): void {
    this.reader.free();
    this.keys.close();
  }
}

interface Merged {
  readonly runs: Ptr;
  readonly rows: Ptr;
  readonly n: number;
  /** What is made of them lies behind. */
  readonly mark: ArenaMark;
}

class Merge {
  private readonly merger: Merger;
  private readonly windows: Window[] = [];
  /** What was given last lies in scratch memory from here on. */
  private readonly given: ArenaMark;
  private readonly bytesPerRow: number;
  private readonly first: Int32Array;
  private readonly counts: Int32Array;
  private readonly starts: Int32Array;
  /** Of the ids of rows in windows; −1 when the windows are not alike. */
  private shift = unknownShift;
  private present: readonly Batch[] = [];
  /** The run whose next block is wanted before more can be merged. */
  private wanted = -1;
  /** Merged rows that were not given yet: row i is row rows[i] of run runs[i]'s window. */
  private merged: Merged | undefined;
  private done = false;

  constructor(
    private readonly scope: SpillScope,
    runs: readonly Run[],
    ascending: boolean,
    form: KeyForm,
  ) {
    const { env, work } = scope;
    this.merger = new Merger(env.kernels, work, form === "numbers" ? "u64" : "bytes", runs.length);
    this.given = scope.scratch.mark();
    this.first = new Int32Array(runs.length);
    this.counts = new Int32Array(runs.length);
    this.starts = new Int32Array(runs.length);
    const rows = runs.reduce((sum, run) => sum + run.rows, 0);
    this.bytesPerRow = runs.reduce((sum, run) => sum + run.bytes, 0) / Math.max(1, rows);
    try {
      for (const run of runs) this.windows.push(new Window(scope, run, ascending, form));
      for (const i of this.windows.keys()) this.advance(i);
    } catch (thrown) {
      this.free();
      throw thrown;
    }
  }

  /** Valid until the next call; undefined at the end. */
  next(bytesWanted = mergedBytesWanted): Batch | undefined {
    const { scratch } = this.scope;
    if (this.merged !== undefined) return this.takeSome(this.merged);
    const capacity = Math.max(1, Math.min(mergedRowsMax, Math.floor(bytesWanted / this.bytesPerRow)));
    while (!this.done) {
      if (this.wanted >= 0) this.advance(this.wanted);
      this.wanted = -1;
      scratch.release(this.given);
      const runs = scratch.alloc(capacity * 4);
      const rows = scratch.alloc(capacity * 4);
      const step = this.merger.next(runs, rows, capacity);
      if (step.kind === "refill") this.wanted = step.run;
      if (step.kind === "done") this.done = true;
      if (step.rows > 0) return this.takeSome({ runs, rows, n: step.rows, mark: scratch.mark() });
    }
    return undefined;
  }

  /** As many of the rows as there is memory for; one, however large, is given from its window. */
  private takeSome({ runs, rows, n, mark }: Merged): Batch {
    const { scratch } = this.scope;
    for (let count = n; ; count = Math.max(1, count >>> 1)) {
      scratch.release(mark);
      try {
        const batch = count === 1 ? this.rowOf(runs, rows) : this.take(runs, rows, count);
        this.merged =
          count === n
            ? undefined
            : { runs: offset(runs, count * 4), rows: offset(rows, count * 4), n: n - count, mark };
        return batch;
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        if (count === 1) throw finalRefusal(refusal);
      }
    }
  }

  private rowOf(runs: Ptr, rows: Ptr): Batch {
    const { u32 } = this.scope.env.kernels;
    // it may be an id already, of which the lower bits are the row
    const row = this.shift < 0 ? u32[rows / 4]! : u32[rows / 4]! % 2 ** this.shift;
    return slice(this.windows[u32[runs / 4]!]!.batch!, row, row + 1);
  }

  private advance(run: number): void {
    this.windows[run]!.advance(this.merger, run);
    this.shift = unknownShift;
  }

  free(): void {
    this.merger.free();
    for (const window of this.windows) window.free();
    this.scope.scratch.release(this.given);
  }

  private take(runs: Ptr, rows: Ptr, n: number): Batch {
    const { scratch, env } = this.scope;
    const { kernels } = env;
    const { u32 } = kernels;
    if (this.shift === unknownShift) this.lookAtWindows();
    const { shift } = this;
    if (shift < 0) return this.takeUnlike(u32.subarray(runs / 4), u32.subarray(rows / 4), n);
    for (let i = 0; i < n; i++) u32[rows / 4 + i] = (u32[runs / 4 + i]! << shift) | u32[rows / 4 + i]!;
    return new PartColumns(kernels, scratch, this.present, shift).gather(scratch, rows, n);
  }

  private lookAtWindows(): void {
    const open = this.windows.flatMap(({ batch }) => batch ?? []);
    const longest = open.reduce((most, { rows }) => Math.max(most, rows), 0);
    this.shift = (areAlike(open) ? partShift(this.windows.length, longest) : undefined) ?? -1;
    // a run that has ended has no window, and no rows that could be taken
    this.present = Array.from(this.windows, ({ batch }) => batch ?? open[0]!);
  }

  /** A merge takes the rows of a run one after the other: slices of the runs, put together, then put in order. */
  private takeUnlike(runs: Uint32Array, rows: Uint32Array, n: number): Batch {
    const { first, counts, starts, windows } = this;
    const { scratch, env } = this.scope;
    const { kernels } = env;
    counts.fill(0);
    for (let i = 0; i < n; i++) {
      const run = runs[i]!;
      if (counts[run]! === 0) first[run] = rows[i]!;
      counts[run]!++;
    }
    const slices: Batch[] = [];
    let start = 0;
    for (let run = 0; run < windows.length; run++) {
      const count = counts[run]!;
      starts[run] = start;
      start += count;
      if (count > 0) slices.push(slice(windows[run]!.batch!, first[run]!, first[run]! + count));
    }
    if (slices.length === 1) return slices[0]!;
    const order = scratch.alloc(n * 4);
    const places = kernels.u32.subarray(order / 4, order / 4 + n);
    for (let i = 0; i < n; i++) {
      const run = runs[i]!;
      places[i] = starts[run]! + rows[i]! - first[run]!;
    }
    return gather(kernels, scratch, concat(kernels, scratch, slices), order, n);
  }
}
