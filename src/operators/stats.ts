/** Count, sum, mean, variance parts, minimum and maximum of numbers, by kernels over whole columns. */
import { FiresteelError } from "../base/errors.ts";
import { readColumn } from "../data/batch-reader.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import { batchRowsMax, type Column } from "../data/column.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { ColumnStats, type Stats } from "../kernel/column-stats.ts";
import { type Chunk, chunkToRows } from "./chunk.ts";
import { preview } from "./row-errors.ts";
import type { RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

export class StatsSink implements RowSink {
  private readonly writer: BatchWriter;
  private readonly stats: ColumnStats;

  constructor(private readonly env: TaskEnv) {
    const account = env.memory.withOperator("stats");
    this.writer = makeBatchWriter(env.kernels, account, { what: "the rows of stats" });
    this.stats = new ColumnStats(env.kernels, account);
  }

  push(row: unknown): void {
    this.writer.push(row);
    if (this.writer.rows === batchRowsMax) this.flush();
  }

  takeChunk(chunk: Chunk): void {
    if (chunk.kind === "batch") {
      this.flush();
      this.add(chunk.batch.root);
    } else for (const row of chunkToRows(this.env.kernels, chunk)) this.push(row);
  }

  finish(): Stats {
    this.flush();
    return this.stats.result();
  }

  private flush(): void {
    if (this.writer.rows === 0) return;
    this.add(this.writer.finish().root);
    this.writer.reset();
  }

  private add(column: Column): void {
    const { kernels } = this.env;
    if (column.kind === "f64") {
      this.stats.add(column.values, column.rows);
      return;
    }
    for (const row of readColumn(kernels, column).toArray()) {
      if (typeof row === "number") continue;
      throw new FiresteelError("user", `sum, mean and stats need numbers, but a row is ${preview(row)}`, {
        hint: "map the rows to numbers first",
      });
    }
    // numbers in another layout, such as i32 from a source
    const values = makeBatchWriter(kernels, this.env.memory.withOperator("stats"));
    for (const row of readColumn(kernels, column).toArray()) values.push(row);
    const widened = values.finish().root;
    if (widened.kind === "f64") this.stats.add(widened.values, widened.rows);
    values.free();
  }
}
