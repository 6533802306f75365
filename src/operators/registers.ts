/**
 * Where values fall in a HyperLogLog sketch (Flajolet and others 2007): the first bits of a value's hash name one of 2^precision
 * registers, and the zeros that the other bits begin with, and the one after them, are its rank. Rows leave as
 * `[[key, register], 2^-rank]`, or `[register, 2^-rank]`; the least weight of each register is the sketch. Hashes are of values alone,
 * so neither the layout of rows nor the way they take changes a sketch.
 */
import { readColumn } from "../data/batch-reader.ts";
import { makeBatchWriter, makePairWriter } from "../data/batch-writer.ts";
import { type Batch, batchRowsMax, type Column } from "../data/column.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { hashColumn } from "../data/hash.ts";
import { slice } from "../data/move.ts";
import { sliceColumn } from "../data/slice.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { RegistersPlan } from "../plan/nodes.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { rangeColumns } from "./number-columns.ts";
import { openPlan } from "./open.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import { isFull, resetWriter } from "./row-buffer.ts";
import { notAPair } from "./row-errors.ts";
import { finalRefusal, refusalOf } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export function openRegisters(plan: RegistersPlan, partition: number, env: TaskEnv): ChunkSource {
  const source = openPlan(plan.parent, partition, env);
  const registers = new Registers(plan, env);
  let pieces: Iterator<Batch> = [].values();
  const begin = (chunk: Chunk | undefined): Chunk | undefined | Promise<Chunk | undefined> => {
    if (chunk === undefined) return undefined;
    pieces = registers.of(chunk);
    env.checkpoint(plan);
    return next();
  };
  const next = (): Chunk | undefined | Promise<Chunk | undefined> => {
    const piece = pieces.next();
    if (piece.done !== true) return { kind: "batch", batch: piece.value };
    const chunk = source.next();
    return chunk instanceof Promise ? chunk.then(begin) : begin(chunk);
  };
  return {
    next,
    close() {
      registers.close();
      source.close();
    },
  };
}

/** 2^-rank, by rank. */
const weights = Float64Array.from({ length: 66 }, (_, rank) => 2 ** -rank);

class Registers {
  private readonly account: OperatorMemory;
  private readonly writer: BatchWriter;
  /** Of what is given, which is valid until the next. */
  private readonly made: Arena;
  private readonly ofPairs: boolean;

  constructor(
    private readonly plan: RegistersPlan,
    private readonly env: TaskEnv,
  ) {
    this.account = env.memory.withOperator(plan.operator);
    this.made = new Arena(this.account);
    this.ofPairs = plan.of === "pairs";
    this.writer = this.ofPairs
      ? makePairWriter(env.kernels, this.account, plan.operator)
      : makeBatchWriter(env.kernels, this.account, { what: `the rows of ${plan.operator}` });
  }

  *of(chunk: Chunk): Generator<Batch, void, undefined> {
    const { kernels } = this.env;
    if (chunk.kind === "rows") return yield* this.ofRows(chunk.rows);
    if (chunk.kind === "range") {
      if (this.ofPairs && chunk.count > 0) throw notAPair(chunk.start, this.plan.operator);
      const numbers = new Arena(this.account);
      try {
        for (const column of rangeColumns(kernels, numbers, chunk))
          yield* this.ofColumn({ rows: column.rows, root: column });
      } finally {
        numbers.close();
      }
      return;
    }
    if (!this.ofPairs || pairColumns(chunk.batch) !== undefined) return yield* this.inPieces(chunk.batch);
    throw notAPair(readColumn(kernels, chunk.batch.root).get(0), this.plan.operator);
  }

  close(): void {
    this.writer.free();
    this.made.close();
  }

  private *inPieces({ rows, root }: Batch): Generator<Batch, void, undefined> {
    for (let from = 0; from < rows; from += batchRowsMax) {
      const to = Math.min(rows, from + batchRowsMax);
      yield* this.ofColumn({ rows: to - from, root: to - from === rows ? root : sliceColumn(root, from, to) });
    }
  }

  /** Through a writer, which is emptied when it is full or refused memory. */
  private *ofRows(rows: readonly unknown[]): Generator<Batch, void, undefined> {
    const { writer } = this;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      if (this.ofPairs && !(Array.isArray(row) && row.length === 2)) throw notAPair(row, this.plan.operator);
      try {
        writer.push(row);
      } catch (thrown) {
        if (!(thrown instanceof MemoryRefused) || writer.rows === 0) throw thrown;
        yield* this.ofColumn(writer.finish());
        writer.free();
        writer.push(row);
      }
      if (!isFull(writer.rows, writer)) continue;
      yield* this.ofColumn(writer.finish());
      resetWriter(writer);
    }
    if (writer.rows === 0) return;
    yield* this.ofColumn(writer.finish());
    resetWriter(writer);
  }

  /** In halves, where memory is too short for all rows. */
  private *ofColumn(batch: Batch): Generator<Batch, void, undefined> {
    const { rows } = batch;
    let made: Batch | undefined;
    try {
      made = this.registersOf(batch);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (rows === 1) throw finalRefusal(refusal);
      this.made.close();
    }
    if (made !== undefined) return yield made;
    yield* this.ofColumn(slice(batch, 0, rows >>> 1));
    yield* this.ofColumn(slice(batch, rows >>> 1, rows));
  }

  private registersOf(batch: Batch): Batch {
    const { kernels } = this.env;
    const { made } = this;
    const { rows } = batch;
    const [keys, hashed] = this.ofPairs ? pairColumns(batch)! : [undefined, batch.root];
    made.reset();
    const hashes = made.alloc(rows * 8);
    const numbers = made.alloc(rows * 8);
    const lightest = made.alloc(rows * 8);
    hashColumn(kernels, made, hashed, hashes);
    this.take(hashes / 4, numbers / 8, lightest / 8, rows);
    const registers: Column = { kind: "f64", rows, values: numbers };
    return pairBatch(keys === undefined ? registers : pairBatch(keys, registers).root, {
      kind: "f64",
      rows,
      values: lightest,
    });
  }

  /** Of u64 hashes, whose high words come second. */
  private take(hashes: number, numbers: number, lightest: number, rows: number): void {
    const { u32, f64 } = this.env.kernels;
    const { precision } = this.plan;
    const restBits = 32 - precision;
    for (let i = 0; i < rows; i++) {
      const low = u32[hashes + 2 * i]!;
      const high = u32[hashes + 2 * i + 1]!;
      const rest = precision === 32 ? 0 : high << precision;
      f64[numbers + i] = precision === 32 ? high : high >>> restBits;
      f64[lightest + i] = weights[rest === 0 ? restBits + Math.clz32(low) + 1 : Math.clz32(rest) + 1]!;
    }
  }
}
