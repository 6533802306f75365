/**
 * Rows by group, and joins. The build side's keys get ids from a group table; `RowLists` collects the ids of its rows and
 * sorts the row numbers by them. The probe side looks its keys up in the same table, and `JoinProbe` gives the pairs, in
 * probe order and, for one probe row, in build order. Works on ids alone, so for keys of any kind.
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { nullPtr, offset, type Ptr } from "./ptr.ts";
import { allocAll, clear, move } from "./regions.ts";

/** The build row of a probe row without a match, in outer joins. */
export const noRow = 0xffffffff;

const callRows = 65536;
const rowsMin = 8192;
/** Row numbers are u32, and the last of them means none. */
const rowsMax = 2 ** 32 - 2;

/** Rows of group g: rows[starts[g] … starts[g + 1]). Plain data: other threads may probe it. */
export interface Lists {
  readonly groups: number;
  /** u32[groups + 1] */
  readonly starts: Ptr;
  /** u32[rows] */
  readonly rows: Ptr;
}

export class RowLists {
  /** Rows added so far, those without a group included. */
  rows = 0;
  private ids = nullPtr;
  private capacity = 0;
  private lists: Lists | undefined;
  private rowsBytes = 0;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {}

  /** The next n rows, by the ids of their keys. Throws `MemoryRefused` and changes nothing. */
  add(ids: Ptr, n: number): void {
    if (n === 0) return;
    if (this.rows + n > this.capacity) {
      const capacity = Math.min(rowsMax, Math.max(rowsMin, this.rows + n, this.capacity * 2));
      const grown = this.allocator.alloc(capacity * 4);
      move(this.kernels, this.ids, this.rows * 4, grown);
      this.freeIds();
      this.ids = grown;
      this.capacity = capacity;
    }
    move(this.kernels, ids, n * 4, offset(this.ids, this.rows * 4));
    this.rows += n;
  }

  /** Makes the lists of groups 0 … groups − 1, and forgets the ids. Throws `MemoryRefused` and changes nothing. */
  finish(groups: number): Lists {
    const { run } = this.kernels;
    const rowsBytes = Math.max(16, this.rows * 4);
    const [starts, rows] = allocAll(this.allocator, [startsBytes(groups), rowsBytes]) as [Ptr, Ptr];
    clear(this.kernels, starts, startsBytes(groups));
    this.eachPart((ids, n) => run.countLists(ids, n, starts, groups));
    for (let from = 1; from < groups + 2; from += callRows)
      run.sumLists(starts, from, Math.min(groups + 2, from + callRows));
    this.eachPart((ids, n, first) => run.fillLists(ids, n, first, starts, rows, groups));
    this.freeIds();
    this.rowsBytes = rowsBytes;
    this.lists = { groups, starts, rows };
    return this.lists;
  }

  free(): void {
    this.freeIds();
    if (this.lists === undefined) return;
    this.allocator.free(this.lists.starts, startsBytes(this.lists.groups));
    this.allocator.free(this.lists.rows, this.rowsBytes);
    this.lists = undefined;
  }

  private eachPart(run: (ids: Ptr, n: number, first: number) => void): void {
    for (let from = 0; from < this.rows; from += callRows) {
      run(offset(this.ids, from * 4), Math.min(callRows, this.rows - from), from);
    }
  }

  private freeIds(): void {
    if (this.capacity > 0) this.allocator.free(this.ids, this.capacity * 4);
    this.capacity = 0;
  }
}

/** One more than there are groups, and the one that the making of the lists needs. */
function startsBytes(groups: number): number {
  return (groups + 2) * 4;
}

/** Pairs of one probe batch after the other. */
export class JoinProbe {
  private readonly cursor: Ptr;
  private ids = nullPtr;
  private n = 0;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly lists: Lists,
    private readonly mode: "inner" | "leftOuter",
  ) {
    this.cursor = allocator.alloc(8);
  }

  /** Begins a batch: ids u32[n] of the probe rows' keys, `noGroup` where the build side has none. */
  begin(ids: Ptr, n: number): void {
    this.ids = ids;
    this.n = n;
    clear(this.kernels, this.cursor, 8);
  }

  /** True when every pair of the batch has been given. */
  get done(): boolean {
    return this.kernels.u32[this.cursor / 4]! >= this.n;
  }

  /**
   * The next pairs, at most `capacity` (> 0) of them: row numbers of the batch into probeRows u32[capacity], and of the build
   * side into buildRows. Returns how many; fewer than `capacity` only when the batch is done.
   */
  next(probeRows: Ptr, buildRows: Ptr, capacity: number): number {
    const { groups, starts, rows } = this.lists;
    const outer = this.mode === "leftOuter" ? 1 : 0;
    let count = 0;
    while (count < capacity && !this.done) {
      const to = Math.min(this.n, this.kernels.u32[this.cursor / 4]! + callRows);
      count += this.kernels.run.probeLists(
        this.ids,
        to,
        starts,
        rows,
        groups,
        outer,
        offset(probeRows, count * 4),
        offset(buildRows, count * 4),
        Math.min(callRows, capacity - count),
        this.cursor,
      );
    }
    return count;
  }

  free(): void {
    this.allocator.free(this.cursor, 8);
  }
}
