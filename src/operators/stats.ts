/** Count, sum, mean, variance parts, minimum and maximum of numbers, by kernels over whole columns. */
import { readColumn } from "../data/batch-reader.ts";
import type { Column } from "../data/column.ts";
import { ColumnStats, type Stats } from "../kernel/column-stats.ts";
import { Arena } from "../kernel/arena.ts";
import type { Chunk } from "./chunk.ts";
import { asNumbers, rangeColumns } from "./number-columns.ts";
import { notNumber } from "./number-sink.ts";
import { RowBuffer } from "./row-buffer.ts";
import type { RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

export class StatsSink implements RowSink {
  private readonly buffer: RowBuffer;
  private readonly stats: ColumnStats;
  /** Numbers of one chunk. */
  private readonly scratch: Arena;

  constructor(private readonly env: TaskEnv) {
    const account = env.memory.withOperator("stats");
    this.buffer = new RowBuffer(env.kernels, account, "the rows of stats", batch => {
      this.scratch.reset();
      this.add(batch.root);
    });
    this.stats = new ColumnStats(env.kernels, account);
    this.scratch = new Arena(account);
  }

  push(row: unknown): void {
    this.buffer.push(row);
  }

  takeChunk(chunk: Chunk): void {
    if (chunk.kind === "rows") {
      for (let i = 0; i < chunk.rows.length; i++) this.push(chunk.rows[i]);
      return;
    }
    this.buffer.flush();
    this.scratch.reset();
    if (chunk.kind === "batch") this.add(chunk.batch.root);
    else for (const numbers of rangeColumns(this.env.kernels, this.scratch, chunk)) this.add(numbers);
  }

  finish(): Stats {
    this.buffer.flush();
    return this.stats.result();
  }

  free(): void {
    this.buffer.free();
    this.stats.free();
    this.scratch.close();
  }

  private add(column: Column): void {
    const { kernels } = this.env;
    const numbers = asNumbers(kernels, this.scratch, column);
    if (numbers !== undefined) {
      this.stats.add(numbers, column.rows);
      return;
    }
    const rows = readColumn(kernels, column).toArray() as number[];
    for (const row of rows) {
      if (typeof row === "number") continue;
      throw notNumber(row);
    }
    // numbers in a layout of mixed values
    const values = this.scratch.alloc(column.rows * 8);
    kernels.f64.set(rows, values / 8);
    this.stats.add(values, column.rows);
  }
}
