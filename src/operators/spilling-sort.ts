/**
 * Pairs of a partition in key order, stable, at any memory: sorted at once when they fit; else sorted runs go to disk as memory
 * fills, and are merged. Runs are made of rows that came together, and equal keys leave in the order of runs, so the order of the
 * rows does not depend on where the runs were cut.
 */
import { blockBytes, blockRows, openBlock, sealBlock } from "../data/block.ts";
import { type Batch, batchRowsMax } from "../data/column.ts";
import type { Block } from "../data/contracts.ts";
import { concat, gather, slice } from "../data/move.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import type { Chunk } from "./chunk.ts";
import { type Emission, emitted } from "./emission.ts";
import { pairColumns } from "./pair-buffer.ts";
import { sortOrder } from "./sort-order.ts";
import { SortedRuns } from "./sorted-runs.ts";
import { finalRefusal, refusalOf, type SpillHolder, type SpillScope } from "./spill-scope.ts";

/** What sorting takes for a row, beside a copy of the rows. */
const bytesPerSortedRow = 32;
/** Less is not worth a run, unless memory is refused. */
const heldBytesMin = 512 * 1024;
const margin = 1.1;

export class SpillingSort implements SpillHolder {
  private readonly blocks: Block[] = [];
  private rows = 0;
  private bytes = 0;
  private readonly runs: SortedRuns;

  constructor(
    private readonly scope: SpillScope,
    private readonly ascending: boolean,
    private readonly check: () => void,
  ) {
    this.runs = new SortedRuns(scope, ascending, check);
    scope.holder = this;
  }

  /** Keeps a copy of a batch of pairs. */
  add(batch: Batch): void {
    if (batch.rows > 0) this.scope.working(() => this.keep(batch));
  }

  /** No more rows come: all of them, in order. */
  *emit(): Generator<Chunk, void, undefined> {
    const { scope } = this;
    if (this.rows === 0 && this.runs.count === 0) return;
    const emission = scope.working(() => this.finish());
    if (emission !== undefined) yield* emitted(scope, emission);
    else for (const batch of this.runs.merged()) yield { kind: "batch", batch };
  }

  /** Sorts what is in memory, and writes it. */
  spill(): void {
    const { kernels } = this.scope.env;
    while (this.blocks.length > 0) {
      const count = this.blocksThatFit();
      if (count > 1 && this.spillJoined(count)) continue;
      this.writeRuns(openBlock(kernels, this.blocks[0]!.ptr));
      this.drop(1);
    }
  }

  free(): void {
    if (this.scope.holder === this) this.scope.holder = undefined;
    this.drop(this.blocks.length);
  }

  private keep(batch: Batch): void {
    const { scope } = this;
    const { kernels } = scope.env;
    const bytes = blockBytes(kernels, batch);
    if (!this.willFit(bytes, batch.rows)) this.spill();
    try {
      scope.prepare(batch);
      this.blocks.push(sealBlock(kernels, batch, scope.account.alloc(bytes)));
    } catch (thrown) {
      refusalOf(thrown);
      this.spill();
      this.writeRuns(batch);
      return;
    }
    this.rows += batch.rows;
    this.bytes += bytes;
  }

  /** Whether there will be room to sort what is here with so many rows more. Runs are longer when that is noticed in time. */
  private willFit(bytes: number, rows: number): boolean {
    if (this.bytes < heldBytesMin) return true;
    const sorting = this.bytes + bytes + (this.rows + rows) * bytesPerSortedRow;
    return (bytes + sorting) * margin <= this.scope.availableBytes();
  }

  /** The first blocks as one run; false when there is no room to put them together. */
  private spillJoined(count: number): boolean {
    const arena = new Arena(this.scope.account);
    try {
      const batch = this.tryConcat(arena, count);
      if (batch === undefined) return false;
      this.drop(count);
      this.writeRuns(batch);
      return true;
    } finally {
      arena.close();
    }
  }

  private blocksThatFit(): number {
    const { scope, blocks } = this;
    let room = scope.availableBytes();
    let count = 0;
    while (count < blocks.length) {
      const { ptr, bytes } = blocks[count]!;
      room -= bytes + blockRows(scope.env.kernels, ptr) * bytesPerSortedRow;
      if (room < 0) break;
      count++;
    }
    return Math.max(1, count);
  }

  /** Writes the rows as a run, or as several where memory is too short to sort them at once. */
  private writeRuns(batch: Batch): void {
    const { scope, runs } = this;
    const { kernels } = scope.env;
    const { scratch } = scope;
    const { rows } = batch;
    const mark = scratch.mark();
    try {
      const order = this.tryOrder(batch, scratch);
      if (order !== undefined) {
        runs.begin();
        runs.append(batch, order, rows, blockBytes(kernels, batch) / rows);
        return;
      }
    } finally {
      scratch.release(mark);
    }
    const half = rows >>> 1;
    this.writeRuns(slice(batch, 0, half));
    this.writeRuns(slice(batch, half, rows));
  }

  /** Undefined when there is no memory to sort so many rows. */
  private tryOrder(batch: Batch, allocator: Allocator): Ptr | undefined {
    const { scope, ascending, check } = this;
    try {
      return sortOrder(scope.env.kernels, allocator, pairColumns(batch)![0], ascending, check);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (batch.rows === 1) throw finalRefusal(refusal);
      return undefined;
    }
  }

  /** Undefined when the rows are, or have to be, on disk. */
  private finish(): Emission | undefined {
    const { scope } = this;
    if (this.runs.count === 0) {
      const arena = new Arena(scope.account);
      const batch = this.tryConcat(arena, this.blocks.length);
      if (batch !== undefined) {
        this.drop(this.blocks.length);
        const order = this.tryOrder(batch, scope.account);
        if (order !== undefined) return this.emission(batch, order, arena);
        this.writeRuns(batch);
      }
      arena.close();
    }
    this.spill();
    if (scope.holder === this) scope.holder = undefined;
    return undefined;
  }

  /** The first blocks as one batch; undefined when there is no room for that. */
  private tryConcat(arena: Arena, count: number): Batch | undefined {
    const { kernels } = this.scope.env;
    try {
      return concat(
        kernels,
        arena,
        this.blocks.slice(0, count).map(({ ptr }) => openBlock(kernels, ptr)),
      );
    } catch (thrown) {
      refusalOf(thrown);
      arena.close();
      return undefined;
    }
  }

  private emission(batch: Batch, order: Ptr, arena: Arena): Emission {
    const { account, env } = this.scope;
    const { kernels } = env;
    let at = 0;
    return {
      next(scratch: Allocator, rowsMax: number): Chunk | undefined {
        const rows = Math.min(rowsMax, batchRowsMax, batch.rows - at);
        if (rows === 0) return undefined;
        const taken = gather(kernels, scratch, batch, offset(order, at * 4), rows);
        at += rows;
        return { kind: "batch", batch: taken };
      },
      free() {
        account.free(order, batch.rows * 4);
        arena.close();
      },
    };
  }

  private drop(count: number): void {
    const { account, env } = this.scope;
    for (const { ptr, bytes } of this.blocks.splice(0, count)) {
      this.rows -= blockRows(env.kernels, ptr);
      this.bytes -= bytes;
      account.free(ptr, bytes);
    }
  }
}
