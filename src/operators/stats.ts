/** Count, sum, mean, variance parts, minimum and maximum of numbers, by kernels over whole columns. */
import { readColumn } from "../data/batch-reader.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import { batchRowsMax, type Column } from "../data/column.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { ColumnStats, type Stats } from "../kernel/column-stats.ts";
import { Arena } from "../kernel/arena.ts";
import type { Chunk } from "./chunk.ts";
import { notNumber } from "./ending.ts";
import { asNumbers, rangeColumns } from "./number-columns.ts";
import type { RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

export class StatsSink implements RowSink {
  private readonly writer: BatchWriter;
  private readonly stats: ColumnStats;
  /** Numbers of one chunk. */
  private readonly scratch: Arena;

  constructor(private readonly env: TaskEnv) {
    const account = env.memory.withOperator("stats");
    this.writer = makeBatchWriter(env.kernels, account, { what: "the rows of stats" });
    this.stats = new ColumnStats(env.kernels, account);
    this.scratch = new Arena(account);
  }

  push(row: unknown): void {
    this.writer.push(row);
    if (this.writer.rows === batchRowsMax) this.flush();
  }

  takeChunk(chunk: Chunk): void {
    if (chunk.kind === "rows") {
      for (let i = 0; i < chunk.rows.length; i++) this.push(chunk.rows[i]);
      return;
    }
    this.flush();
    this.scratch.reset();
    if (chunk.kind === "batch") this.add(chunk.batch.root);
    else for (const numbers of rangeColumns(this.env.kernels, this.scratch, chunk)) this.add(numbers);
  }

  finish(): Stats {
    this.flush();
    return this.stats.result();
  }

  free(): void {
    this.writer.free();
    this.stats.free();
    this.scratch.close();
  }

  private flush(): void {
    if (this.writer.rows === 0) return;
    this.scratch.reset();
    this.add(this.writer.finish().root);
    this.writer.reset();
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
