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
    while (this.blocks.length > 0) {
      const arena = new Arena(this.scope.account);
      try {
        const batch = this.takeBlocks(arena);
        this.writeRuns(batch);
      } finally {
        arena.close();
      }
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

  /** As many of the first blocks as can be sorted at once, as one batch. They are dropped. */
  private takeBlocks(arena: Arena): Batch {
    const { kernels } = this.scope.env;
    for (let count = this.blocksThatFit(); ; count = (count + 1) >>> 1) {
      try {
        const batch = concat(kernels, arena, this.blocks.slice(0, count).map(({ ptr }) => openBlock(kernels, ptr)));
        this.drop(count);
        return batch;
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        if (count === 1) throw finalRefusal(refusal);
      }
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
    const { rows } = batch;
    const arena = new Arena(scope.account);
    try {
      const order = this.tryOrder(batch, arena);
      if (order !== undefined) {
        runs.begin();
        runs.append(batch, order, rows, blockBytes(kernels, batch) / rows);
        return;
      }
    } finally {
      arena.close();
    }
    const half = rows >>> 1;
    this.writeRuns(slice(batch, 0, half));
    this.writeRuns(slice(batch, half, rows));
  }

  /** Undefined when there is no memory to sort so many rows. */
  private tryOrder(batch: Batch, arena: Arena): Ptr | undefined {
    const { scope, ascending, check } = this;
    try {
      return sortOrder(scope.env.kernels, scope.account, pairColumns(batch)![0], ascending, arena, check);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (batch.rows === 1) throw finalRefusal(refusal);
      arena.close();
      return undefined;
    }
  }

  /** Undefined when the rows are, or have to be, on disk. */
  private finish(): Emission | undefined {
    const { scope } = this;
    if (this.runs.count === 0) {
      const rows = new Arena(scope.account);
      const batch = this.tryConcat(rows);
      if (batch !== undefined) {
        this.drop(this.blocks.length);
        const arena = new Arena(scope.account);
        const order = this.tryOrder(batch, arena);
        if (order !== undefined) return this.emission(batch, order, [rows, arena]);
        this.writeRuns(batch);
      }
      rows.close();
    }
    this.spill();
    if (scope.holder === this) scope.holder = undefined;
    return undefined;
  }

  private tryConcat(arena: Arena): Batch | undefined {
    const { kernels } = this.scope.env;
    try {
      return concat(kernels, arena, this.blocks.map(({ ptr }) => openBlock(kernels, ptr)));
    } catch (thrown) {
      refusalOf(thrown);
      return undefined;
    }
  }

  private emission(batch: Batch, order: Ptr, arenas: readonly Arena[]): Emission {
    const { kernels } = this.scope.env;
    let at = 0;
    return {
      next(scratch: Allocator, rowsMax: number): Chunk | undefined {
        const rows = Math.min(rowsMax, batchRowsMax, batch.rows - at);
        if (rows === 0) return undefined;
        const taken = gather(kernels, scratch, batch, offset(order, at * 4), rows);
        at += rows;
        return { kind: "batch", batch: taken };
      },
      free: () => arenas.forEach(arena => arena.close()),
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
