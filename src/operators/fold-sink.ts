/**
 * All rows of a partition folded into one value, in order: chunks of columns by the fold's native code where it has some, rows that
 * are JavaScript values as they are.
 */
import { readColumn } from "../data/batch-reader.ts";
import { batchRowsMax, type Column } from "../data/column.ts";
import { sliceColumn } from "../data/slice.ts";
import { decodeValue } from "../data/value-codec.ts";
import { Arena } from "../kernel/arena.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import type { Chunk } from "./chunk.ts";
import { type Fold, FoldedValues } from "./folded-values.ts";
import { rangeColumns } from "./number-columns.ts";
import type { RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

export class FoldSink implements RowSink {
  private value: unknown;
  private some = false;
  /** While all rows have come as columns. */
  private columns: FoldedValues | undefined;
  private readonly arena: Arena;
  private readonly scratch: Arena;
  /** u32: the one group, for every row of a batch. */
  private ids: Ptr = nullPtr;

  constructor(
    private readonly env: TaskEnv,
    operator: string,
    private readonly fold: Fold,
  ) {
    const account = env.memory.withOperator(operator);
    this.arena = new Arena(account);
    this.scratch = new Arena(account);
    this.columns = new FoldedValues(env.kernels, account, fold, env.metrics);
  }

  push(row: unknown): void {
    this.leaveColumns();
    const { zero, merge } = this.fold;
    if (this.some) this.value = merge(this.value, row);
    else this.value = zero === undefined ? row : merge(decodeValue(zero), row);
    this.some = true;
  }

  takeChunk(chunk: Chunk): void {
    const { kernels } = this.env;
    if (chunk.kind === "rows") {
      for (let i = 0; i < chunk.rows.length; i++) this.push(chunk.rows[i]);
      return;
    }
    this.scratch.reset();
    if (chunk.kind === "batch") this.add(chunk.batch.root);
    else for (const numbers of rangeColumns(kernels, this.scratch, chunk)) this.add(numbers);
  }

  /** `[]` when there was no row. */
  finish(): unknown[] {
    this.leaveColumns();
    return this.some ? [this.value] : [];
  }

  free(): void {
    this.columns?.free();
    this.columns = undefined;
    this.arena.close();
    this.scratch.close();
  }

  private add(column: Column): void {
    const { kernels } = this.env;
    const { columns } = this;
    if (columns === undefined) {
      this.env.metrics.jsRows += column.rows;
      for (const row of readColumn(kernels, column).toArray()) this.push(row);
      return;
    }
    if (this.ids === nullPtr) {
      this.ids = this.arena.alloc(batchRowsMax * 4);
      kernels.u32.fill(0, this.ids / 4, this.ids / 4 + batchRowsMax);
    }
    for (let from = 0; from < column.rows; from += batchRowsMax) {
      columns.add(this.ids, sliceColumn(column, from, Math.min(column.rows, from + batchRowsMax)), 1);
    }
  }

  /** On in JavaScript, for good. */
  private leaveColumns(): void {
    const { columns } = this;
    if (columns === undefined) return;
    this.columns = undefined;
    this.some = columns.groups > 0;
    if (this.some) this.value = columns.get(0);
    columns.free();
  }
}
