/**
 * Pairs of a partition in key order, stable, at any memory: sorted at once when they fit; else sorted runs go to disk as memory
 * fills, and are merged. Runs are made of rows that came together, and equal keys leave in the order of runs, so the order of the
 * rows does not depend on where the runs were cut. Rows stay in the pieces they came in: what is sorted are their numbers.
 */
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import { type Batch, batchRowsMax, type Column } from "../data/column.ts";
import type { Block } from "../data/contracts.ts";
import { slice } from "../data/move.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import type { Chunk, HeldBlock } from "./chunk.ts";
import { type Emission, emitted } from "./emission.ts";
import { Parts } from "./gather-parts.ts";
import { pairColumns } from "./pair-buffer.ts";
import { isText, sortBytesPerRow, sortedIds } from "./sort-order.ts";
import { SortedRuns } from "./sorted-runs.ts";
import { finalRefusal, refusalOf, type SpillHolder, type SpillScope } from "./spill-scope.ts";

/** What sorting takes for a row, beside the bytes of its key. */
const bytesPerSortedRow = sortBytesPerRow + 4;
/** Less is not worth a run, unless memory is refused. */
const heldBytesMin = 512 * 1024;
const margin = 1.1;

interface Kept {
  readonly batch: Batch;
  /** What is freed with the batch; none when it lies in memory of others. */
  readonly block: Block | undefined;
  /** Of the batch, wherever it lies. */
  readonly bytes: number;
  /** Bytes that sorting takes for its rows. */
  readonly sortingBytes: number;
}

export class SpillingSort implements SpillHolder {
  private readonly kept: Kept[] = [];
  private bytes = 0;
  private sortingBytes = 0;
  private readonly runs: SortedRuns;

  constructor(
    private readonly scope: SpillScope,
    private readonly ascending: boolean,
    private readonly check: () => void,
  ) {
    this.runs = new SortedRuns(scope, ascending, check);
    scope.holder = this;
  }

  /** Keeps a batch of pairs: the block that it lies in, if it can be had, else a copy. */
  add(batch: Batch, held?: HeldBlock): void {
    if (batch.rows > 0)
      this.scope.working(() => (held === undefined ? this.keepCopy(batch) : this.keepHeld(batch, held)));
  }

  /** No more rows come: all of them in order, or one side of them. */
  *emit(side?: 0 | 1): Generator<Chunk, void, undefined> {
    const { scope } = this;
    if (this.kept.length === 0 && this.runs.count === 0) return;
    const emission = scope.working(() => this.finish(side));
    if (emission !== undefined) yield* emitted(scope, emission);
    else for (const batch of this.runs.merged()) yield { kind: "batch", batch: sideOf(batch, side) };
  }

  /** Sorts what is in memory, and writes it. */
  spill(): void {
    while (this.kept.length > 0) {
      let count = this.countThatFits();
      while (count > 1 && !this.spillFirst(count)) count >>>= 1;
      if (count > 1) continue;
      this.writeRuns(this.kept[0]!.batch);
      this.drop(1);
    }
  }

  free(): void {
    if (this.scope.holder === this) this.scope.holder = undefined;
    this.drop(this.kept.length);
  }

  private keepCopy(batch: Batch): void {
    const { scope } = this;
    const { kernels } = scope.env;
    const bytes = blockBytes(kernels, batch);
    const sortingBytes = sortingBytesOf(scope, batch);
    if (!this.willFit(bytes, sortingBytes)) this.spill();
    try {
      scope.prepare(batch);
      const block = sealBlock(kernels, batch, scope.account.alloc(bytes));
      this.keep({ batch: openBlock(kernels, block.ptr), block, bytes, sortingBytes });
    } catch (thrown) {
      refusalOf(thrown);
      this.spill();
      this.writeRuns(batch);
    }
  }

  private keepHeld(batch: Batch, held: HeldBlock): void {
    const { scope } = this;
    const { ptr, bytes } = held;
    const sortingBytes = sortingBytesOf(scope, batch);
    if (!this.willFit(0, sortingBytes)) this.spill();
    scope.prepare(batch);
    this.keep({ batch, block: held.take(scope.account) ? { ptr, bytes } : undefined, bytes, sortingBytes });
  }

  private keep(kept: Kept): void {
    this.kept.push(kept);
    this.bytes += kept.bytes;
    this.sortingBytes += kept.sortingBytes;
  }

  /** Whether there will be room to sort what is here with a batch more. Runs are longer when that is noticed in time. */
  private willFit(bytes: number, sortingBytes: number): boolean {
    if (this.bytes < heldBytesMin) return true;
    return (bytes + this.sortingBytes + sortingBytes) * margin <= this.scope.availableBytes();
  }

  /** How many of the first blocks can be sorted together, about. */
  private countThatFits(): number {
    let room = this.scope.availableBytes();
    let count = 0;
    for (const { sortingBytes } of this.kept) {
      room -= sortingBytes * margin;
      if (room < 0) break;
      count++;
    }
    return Math.max(1, count);
  }

  /** The first blocks as one run; false when there is no room to sort them. */
  private spillFirst(count: number): boolean {
    const { scope, runs } = this;
    const { scratch } = scope;
    const parts = this.partsOf(count);
    const mark = scratch.mark();
    try {
      const order = this.tryOrder(parts, scratch, scratch);
      if (order === undefined) return false;
      const bytes = this.kept.slice(0, count).reduce((sum, kept) => sum + kept.bytes, 0);
      runs.begin();
      runs.append(parts, order, bytes / parts.rows);
      this.drop(count);
      return true;
    } finally {
      scratch.release(mark);
    }
  }

  /** Writes the rows as a run, or as several where memory is too short to sort them at once. */
  private writeRuns(batch: Batch): void {
    const { scope, runs } = this;
    const { kernels } = scope.env;
    const { scratch } = scope;
    const { rows } = batch;
    const mark = scratch.mark();
    try {
      const parts = new Parts(kernels, [batch]);
      const order = this.tryOrder(parts, scratch, scratch);
      if (order !== undefined) {
        runs.begin();
        runs.append(parts, order, blockBytes(kernels, batch) / rows);
        return;
      }
    } finally {
      scratch.release(mark);
    }
    const half = rows >>> 1;
    this.writeRuns(slice(batch, 0, half));
    this.writeRuns(slice(batch, half, rows));
  }

  /** Undefined when there is no memory to sort so many rows, or for what taking them by number needs. */
  private tryOrder(parts: Parts, allocator: Allocator, tables: Allocator): Ptr | undefined {
    const { scope, ascending, check } = this;
    const { batches } = parts;
    try {
      if (parts.rows === 1) return onlyId(scope.env.kernels, allocator);
      parts.prepare(tables);
      return sortedIds(scope.env.kernels, allocator, parts, keysOf, ascending, check);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (batches.length === 1 && batches[0]!.rows === 1) throw finalRefusal(refusal);
      return undefined;
    }
  }

  /** Undefined when the rows are, or have to be, on disk. */
  private finish(side: 0 | 1 | undefined): Emission | undefined {
    const { scope } = this;
    if (this.runs.count === 0) {
      const parts = this.partsOf(this.kept.length);
      const tables = new Arena(scope.account);
      const order = this.tryOrder(parts, scope.account, tables);
      if (order !== undefined) return this.emission(parts, order, tables, side);
      tables.close();
    }
    this.spill();
    if (scope.holder === this) scope.holder = undefined;
    return undefined;
  }

  private emission(parts: Parts, order: Ptr, tables: Arena, side: 0 | 1 | undefined): Emission {
    const { account, env } = this.scope;
    const narrow = side === undefined ? undefined : parts.narrowed(batch => sideOf(batch, side), tables);
    const drop = () => this.drop(this.kept.length);
    let at = 0;
    return {
      next(scratch: Allocator, rowsMax: number, inPlace: boolean): Chunk | undefined {
        const rows = Math.min(rowsMax, batchRowsMax, parts.rows - at);
        if (rows === 0) return undefined;
        const ids = offset(order, at * 4);
        const batch =
          rows === 1 && inPlace
            ? sideOf(parts.row(env.kernels.u32[ids / 4]!), side)
            : (narrow?.take(scratch, ids, rows) ?? sideOf(parts.take(scratch, ids, rows), side));
        at += rows;
        return { kind: "batch", batch };
      },
      free() {
        account.free(order, Math.max(16, parts.rows * 4));
        tables.close();
        drop();
      },
    };
  }

  private partsOf(count: number): Parts {
    const batches = this.kept.slice(0, count).map(({ batch }) => batch);
    return new Parts(this.scope.env.kernels, batches);
  }

  private drop(count: number): void {
    const { account } = this.scope;
    for (const { block, bytes, sortingBytes } of this.kept.splice(0, count)) {
      this.bytes -= bytes;
      this.sortingBytes -= sortingBytes;
      if (block !== undefined) account.free(block.ptr, block.bytes);
    }
  }
}

/** The order of one row, which may be too large for anything to be made of its key. */
function onlyId({ u32 }: Kernels, allocator: Allocator): Ptr {
  const id = allocator.alloc(16);
  u32[id / 4] = 0;
  return id;
}

function sideOf(batch: Batch, side: 0 | 1 | undefined): Batch {
  return side === undefined ? batch : { rows: batch.rows, root: pairColumns(batch)![side] };
}

function keysOf(batch: Batch): Column {
  return pairColumns(batch)![0];
}

function sortingBytesOf(scope: SpillScope, batch: Batch): number {
  const keys = keysOf(batch);
  if (keys.kind === "f64") return batch.rows * bytesPerSortedRow;
  const keyBytes = blockBytes(scope.env.kernels, { rows: keys.rows, root: keys });
  // strings are put together, other keys are written as bytes then
  return batch.rows * bytesPerSortedRow + (isText(keys) ? keyBytes : 2 * keyBytes);
}
