/**
 * Each row of a left partition with each row of a right one, left rows in their order and, within one, right rows in theirs. The
 * right partition is read once and kept, in memory or on disk; left rows are read as they are wanted. Pairs are made of columns.
 */
import { blockBytes } from "../data/block.ts";
import { type Batch, batchRowsMax, type Column } from "../data/column.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { gather, slice } from "../data/move.ts";
import { Arena } from "../kernel/arena.ts";
import type { CartesianPlan } from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { ChunkCursor } from "./chunk-cursor.ts";
import { KeptRows } from "./kept-rows.ts";
import { openPlan } from "./open.ts";
import { pairBatch } from "./pair-buffer.ts";
import { readRows } from "./read-columns.ts";
import { isFull, resetWriter } from "./row-buffer.ts";
import { finalRefusal, refusalOf, SpillScope } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

/** Of the pairs that are made at once. */
const pairsBytesMax = 256 * 1024;

export function openCartesian(plan: CartesianPlan, partition: number, env: TaskEnv): ChunkSource {
  const ofRight = partitionCount(plan.right);
  const lefts = openPlan(plan.left, Math.floor(partition / ofRight), env);
  const scope = new SpillScope(env, plan.operator, plan);
  const product = new Product(scope, new ChunkCursor(env.kernels, lefts), () => env.checkpoint(plan));
  const give = () => product.next();
  let isRead = false;
  return {
    next() {
      if (isRead) return give();
      isRead = true;
      return readRows(plan.right, partition % ofRight, env, plan, root => product.addRight(root), { scope }).then(
        () => {
          product.endRight();
          return give();
        },
      );
    },
    close() {
      product.free();
      lefts.close();
    },
  };
}

class Product {
  private readonly right: KeptRows;
  /** What the pairs given last lie in. */
  private readonly given: Arena;
  private readonly writer: BatchWriter;
  private readonly numbers: Arena;
  private pairs: Iterator<Chunk, void, undefined> | undefined;

  constructor(
    private readonly scope: SpillScope,
    private readonly left: ChunkCursor,
    private readonly check: () => void,
  ) {
    const { env, account, operator } = scope;
    this.right = new KeptRows(scope);
    this.given = new Arena(account);
    this.numbers = new Arena(account);
    this.writer = makeBatchWriter(env.kernels, account, { what: `the rows of ${operator}` });
  }

  addRight(root: Column): void {
    this.right.add({ rows: root.rows, root });
  }

  endRight(): void {
    this.right.finish();
  }

  next(): Chunk | undefined | Promise<Chunk | undefined> {
    if (this.right.rows === 0) return undefined;
    for (;;) {
      const step = this.pairs?.next();
      if (step !== undefined && step.done !== true) return step.value;
      this.pairs = undefined;
      const waiting = this.left.fill();
      if (waiting !== undefined) return waiting.then(() => this.next());
      if (this.left.ready === 0) return undefined;
      this.pairs = this.pairsOf(this.takeLeft());
    }
  }

  free(): void {
    this.right.free();
    this.given.close();
    this.numbers.close();
    this.writer.free();
    if (this.scope.holder === this.right) this.scope.holder = undefined;
    this.scope.close();
  }

  /** The next left rows as columns. */
  private takeLeft(): Batch {
    const { left, writer, numbers } = this;
    if (left.isColumns) {
      const batch = this.leftColumns(left.ready);
      left.advance(batch.rows);
      return batch;
    }
    resetWriter(writer);
    for (let i = 0; i < left.ready && !isFull(writer.rows, writer); i++) {
      try {
        writer.push(left.value(i));
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        // those before it go first
        if (writer.rows > 0) break;
        if (!this.spilledRight()) throw finalRefusal(refusal);
        i--;
      }
    }
    const batch = writer.finish();
    left.advance(batch.rows);
    return batch;
  }

  /** Of a range as many as there is room for. */
  private leftColumns(wanted: number): Batch {
    const { left, numbers } = this;
    numbers.reset();
    for (let rows = wanted; ;) {
      try {
        return { rows, root: left.column(rows, numbers) };
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        if (this.spilledRight()) continue;
        if (rows === 1) throw finalRefusal(refusal);
        rows >>>= 1;
      }
    }
  }

  private *pairsOf(left: Batch): Generator<Chunk, void, undefined> {
    const { right } = this;
    if (right.count === 1) {
      yield* this.withOneBatch(left, right.batch(0));
      return;
    }
    for (let i = 0; i < left.rows; i++) {
      for (let j = 0; j < right.count; j++) yield* this.rowWith(left, i, right.batch(j));
    }
  }

  /** Some left rows at a time, as many as make a batch of pairs. */
  private *withOneBatch(left: Batch, right: Batch): Generator<Chunk, void, undefined> {
    let together = Math.floor(this.pairsAtOnce(left, right) / right.rows);
    for (let i = 0; i < left.rows;) {
      const rows = Math.min(together, left.rows - i);
      if (rows < 2) {
        yield* this.rowWith(left, i++, right);
        continue;
      }
      const chunk = this.attempt(() => this.rowsWith(left, i, rows, right));
      if (chunk === undefined) together = rows >>> 1;
      else {
        i += rows;
        yield chunk;
      }
    }
  }

  /** One left row with all of a right batch. */
  private *rowWith(left: Batch, i: number, right: Batch): Generator<Chunk, void, undefined> {
    this.check();
    let most = this.pairsAtOnce(slice(left, i, i + 1), right);
    for (let from = 0; from < right.rows;) {
      const rows = Math.min(most, right.rows - from);
      const chunk = this.attempt(() => {
        const lefts = this.repeated(left, i, rows);
        return pairBatch(lefts, slice(right, from, from + rows).root);
      }, rows === 1);
      if (chunk === undefined) most = rows >>> 1;
      else {
        from += rows;
        yield chunk;
      }
    }
  }

  private rowsWith(left: Batch, i: number, rows: number, right: Batch): Batch {
    const { kernels } = this.scope.env;
    const { u32 } = kernels;
    const count = rows * right.rows;
    const ofLeft = this.given.alloc(count * 4);
    const ofRight = this.given.alloc(count * 4);
    for (let row = 0; row < rows; row++) {
      const at = row * right.rows;
      u32.fill(i + row, ofLeft / 4 + at, ofLeft / 4 + at + right.rows);
      for (let k = 0; k < right.rows; k++) u32[ofRight / 4 + at + k] = k;
    }
    const lefts = gather(kernels, this.given, left, ofLeft, count).root;
    return pairBatch(lefts, gather(kernels, this.given, right, ofRight, count).root);
  }

  private repeated(left: Batch, i: number, rows: number): Column {
    if (rows === 1) return slice(left, i, i + 1).root;
    const { kernels } = this.scope.env;
    const indexes = this.given.alloc(rows * 4);
    kernels.u32.fill(i, indexes / 4, indexes / 4 + rows);
    return gather(kernels, this.given, left, indexes, rows).root;
  }

  /** Undefined when memory is too short for so many; `isLeast`: fewer cannot be made. */
  private attempt(make: () => Batch, isLeast = false): Chunk | undefined {
    this.given.reset();
    for (;;) {
      try {
        return { kind: "batch", batch: this.scope.working(make) };
      } catch (thrown) {
        const refusal = refusalOf(thrown);
        this.given.close();
        if (this.spilledRight()) continue;
        if (isLeast) throw finalRefusal(refusal);
        return undefined;
      }
    }
  }

  /** Makes room, if the right side can. */
  private spilledRight(): boolean {
    const { right, scope } = this;
    if (!right.holdsMemory) return false;
    scope.working(() => right.spill());
    return true;
  }

  private pairsAtOnce(left: Batch, right: Batch): number {
    const { kernels } = this.scope.env;
    const bytesPerPair = blockBytes(kernels, left) / left.rows + blockBytes(kernels, right) / right.rows;
    return Math.max(1, Math.min(batchRowsMax, Math.floor(pairsBytesMax / bytesPerPair)));
  }
}
