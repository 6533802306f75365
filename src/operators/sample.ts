/**
 * A sample of a partition's rows, in their order, copies of one row beside each other. Columns stay columns: the rows taken are
 * gathered. What is taken of a chunk leaves in pieces, since a large fraction makes many rows of few.
 */
import { readColumn } from "../data/batch-reader.ts";
import type { Batch } from "../data/column.ts";
import { gather } from "../data/move.ts";
import type { OwnedBatch } from "../data/contracts.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { SamplePlan } from "../plan/nodes.ts";
import { type Chunk, chunkLength, chunkRows, type ChunkSource, chunkToRows } from "./chunk.ts";
import { openPlan } from "./open.ts";
import { pairColumns } from "./pair-buffer.ts";
import { notAPair } from "./row-errors.ts";
import { type Copies, copiesOf } from "./sample-copies.ts";
import { finalRefusal, refusalOf } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export function openSample(plan: SamplePlan, partition: number, env: TaskEnv): ChunkSource {
  const source = openPlan(plan.parent, partition, env);
  const copies = copiesOf(plan, partition, env);
  const pieces = new Pieces(plan, env, copies);
  let ended = false;
  const next = (): Chunk | undefined | Promise<Chunk | undefined> => {
    for (;;) {
      const piece = pieces.next();
      if (piece !== undefined || ended) return piece;
      const chunk = source.next();
      if (chunk instanceof Promise) return chunk.then(take);
      start(chunk);
    }
  };
  const start = (chunk: Chunk | undefined) => {
    if (chunk !== undefined) {
      pieces.start(chunk);
      env.checkpoint(plan);
    } else {
      ended = true;
      copies.finish();
    }
  };
  const take = (chunk: Chunk | undefined) => {
    start(chunk);
    return next();
  };
  return {
    next,
    close() {
      pieces.close();
      source.close();
    },
  };
}

/** What is taken of one chunk, a few thousand rows at a time. */
class Pieces {
  private chunk: Chunk | undefined;
  private rows: readonly unknown[] | undefined;
  private keys: readonly unknown[] | undefined;
  private length = 0;
  /** The row to take next, and how often it still is to be taken. */
  private row = 0;
  private copiesLeft = 0;
  /** Numbers of the rows of a piece. */
  private readonly indexes = new Uint32Array(chunkRows);
  private taken = 0;
  private given = 0;
  private readonly account: OperatorMemory;
  private readonly scratch: Arena;
  private held: OwnedBatch | undefined;

  constructor(
    private readonly plan: SamplePlan,
    private readonly env: TaskEnv,
    private readonly copies: Copies,
  ) {
    this.account = env.memory.withOperator(plan.operator);
    this.scratch = new Arena(this.account);
  }

  start(chunk: Chunk): void {
    const { kernels } = this.env;
    this.chunk = chunk;
    this.length = chunkLength(chunk);
    this.row = 0;
    this.copiesLeft = 0;
    this.rows = chunk.kind === "rows" ? chunk.rows : undefined;
    this.keys = undefined;
    if (!this.copies.takesKeys) return;
    const columns = chunk.kind === "batch" ? pairColumns(chunk.batch) : undefined;
    if (columns !== undefined) this.keys = readColumn(kernels, columns[0]).toArray();
    else this.rows ??= chunkToRows(kernels, chunk);
  }

  next(): Chunk | undefined {
    this.release();
    if (this.given === this.taken) this.fill();
    return this.taken === 0 ? undefined : this.give();
  }

  close(): void {
    this.release();
    this.scratch.close();
  }

  private release(): void {
    this.held?.free();
    this.held = undefined;
  }

  /** The next rows that are taken, by number. */
  private fill(): void {
    const { indexes, copies } = this;
    let taken = 0;
    if (copies.passes !== undefined) {
      while (taken < indexes.length && this.row < this.length) {
        this.row += copies.passes(this.length - this.row);
        if (this.row < this.length) indexes[taken++] = this.row++;
      }
      this.taken = taken;
      this.given = 0;
      return;
    }
    while (taken < indexes.length) {
      if (this.copiesLeft === 0) {
        if (this.row === this.length) break;
        this.copiesLeft = copies.of(copies.takesKeys ? this.keyOf(this.row) : undefined);
        this.row++;
        continue;
      }
      indexes[taken++] = this.row - 1;
      this.copiesLeft--;
    }
    this.taken = taken;
    this.given = 0;
  }

  private keyOf(at: number): unknown {
    if (this.keys !== undefined) return this.keys[at];
    const row = this.rows![at];
    if (Array.isArray(row) && row.length === 2) return row[0];
    throw notAPair(row, this.plan.operator);
  }

  private give(): Chunk {
    const { chunk, indexes, given, taken } = this;
    if (chunk!.kind === "batch") return { kind: "batch", batch: this.gathered(chunk!.batch) };
    this.given = taken;
    if (chunk!.kind === "range") {
      const { start, step } = chunk!;
      return this.numbers(taken, i => start + indexes[i]! * step);
    }
    const rows = chunk!.rows;
    return { kind: "rows", rows: Array.from({ length: taken - given }, (_, i) => rows[indexes[given + i]!]) };
  }

  /** As a column or, without memory for one, as JavaScript's numbers. */
  private numbers(rows: number, numberOf: (i: number) => number): Chunk {
    const { f64 } = this.env.kernels;
    this.scratch.reset();
    try {
      const values = this.scratch.alloc(rows * 8);
      for (let i = 0; i < rows; i++) f64[values / 8 + i] = numberOf(i);
      return { kind: "batch", batch: { rows, root: { kind: "f64", rows, values } } };
    } catch (thrown) {
      refusalOf(thrown);
      return { kind: "rows", rows: Array.from({ length: rows }, (_, i) => numberOf(i)) };
    }
  }

  /** As many of the rows as there is memory for. */
  private gathered(batch: Batch): Batch {
    const { kernels } = this.env;
    this.scratch.reset();
    for (let rows = this.taken - this.given; ; rows = rows >>> 1) {
      try {
        const indexes = this.scratch.alloc(rows * 4);
        kernels.u32.set(this.indexes.subarray(this.given, this.given + rows), indexes / 4);
        this.held = gather(kernels, this.account, batch, indexes, rows);
        this.given += rows;
        return this.held;
      } catch (thrown) {
        if (!(thrown instanceof MemoryRefused)) throw thrown;
        if (rows === 1) throw finalRefusal(thrown);
      }
    }
  }
}
