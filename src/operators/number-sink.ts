/**
 * What takes numbers one after the other, in whatever form they come: rows, ranges, columns. A row that is no number is an error. How
 * many are taken at once is for the sink to say: by default each by itself.
 */
import { FiresteelError } from "../base/errors.ts";
import { readColumn } from "../data/batch-reader.ts";
import type { Column } from "../data/column.ts";
import { Arena } from "../kernel/arena.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { Chunk } from "./chunk.ts";
import { asNumbers } from "./number-columns.ts";
import { preview } from "./row-errors.ts";
import type { RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

export abstract class NumberSink implements RowSink {
  private readonly scratch: Arena;

  constructor(
    private readonly env: TaskEnv,
    operator: string,
  ) {
    this.scratch = new Arena(env.memory.withOperator(operator));
  }

  protected abstract add(row: number): void;

  protected addRange(start: number, step: number, count: number): void {
    for (let i = 0; i < count; i++) this.add(start + i * step);
  }

  /** Numbers of a column: f64s at `values`. */
  protected addNumbers({ f64 }: Kernels, values: Ptr, count: number): void {
    const at = values / 8;
    for (let i = 0; i < count; i++) this.add(f64[at + i]!);
  }

  push(row: unknown): void {
    if (typeof row !== "number") throw notNumber(row);
    this.add(row);
  }

  takeChunk(chunk: Chunk): void {
    switch (chunk.kind) {
      case "rows":
        for (let i = 0; i < chunk.rows.length; i++) this.push(chunk.rows[i]);
        return;
      case "range":
        return this.addRange(chunk.start, chunk.step, chunk.count);
      case "batch":
        this.addColumn(chunk.batch.root);
    }
  }

  free(): void {
    this.scratch.close();
  }

  private addColumn(column: Column): void {
    const { kernels } = this.env;
    this.scratch.reset();
    const numbers = asNumbers(kernels, this.scratch, column);
    if (numbers !== undefined) return this.addNumbers(kernels, numbers, column.rows);
    for (const row of readColumn(kernels, column).toArray()) this.push(row);
  }
}

export function notNumber(row: unknown): FiresteelError {
  return new FiresteelError("user", `numeric actions need numbers, but a row is ${preview(row)}`, {
    hint: "map the rows to numbers first",
    isPermanent: true,
  });
}
