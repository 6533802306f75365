/**
 * Where rows end in one number that rows are added to in their order: a sum, or a count. Generated code ends in it itself where it
 * can; the sink adds the rows that come otherwise. The sum is that of a plain loop from 0, bit for bit, whoever adds.
 */
import { FiresteelError } from "../base/errors.ts";
import { readColumn } from "../data/batch-reader.ts";
import type { Column } from "../data/column.ts";
import { Arena } from "../kernel/arena.ts";
import { type Chunk, chunkLength } from "./chunk.ts";
import { asNumbers } from "./number-columns.ts";
import { preview } from "./row-errors.ts";
import type { RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";

/** `total` is never −0. */
export type Ending = { readonly kind: "sum"; total: number } | { readonly kind: "count"; rows: number };

export class CountSink implements RowSink {
  readonly ending: Extract<Ending, { kind: "count" }> = { kind: "count", rows: 0 };
  /** Nobody looks at them. */
  readonly spans = "rows";

  push(): void {
    this.ending.rows++;
  }

  takeChunk(chunk: Chunk): void {
    this.ending.rows += chunkLength(chunk);
  }
}

export class SumSink implements RowSink {
  readonly ending: Extract<Ending, { kind: "sum" }> = { kind: "sum", total: 0 };
  private readonly scratch: Arena;

  constructor(private readonly env: TaskEnv) {
    this.scratch = new Arena(env.memory.withOperator("sum"));
  }

  push(row: unknown): void {
    if (typeof row !== "number") throw notNumber(row);
    this.ending.total += row;
  }

  takeChunk(chunk: Chunk): void {
    switch (chunk.kind) {
      case "rows":
        for (let i = 0; i < chunk.rows.length; i++) this.push(chunk.rows[i]);
        return;
      case "range": {
        let { total } = this.ending;
        for (let i = 0; i < chunk.count; i++) total += chunk.start + i * chunk.step;
        this.ending.total = total;
        return;
      }
      case "batch":
        this.add(chunk.batch.root);
    }
  }

  free(): void {
    this.scratch.close();
  }

  private add(column: Column): void {
    const { kernels } = this.env;
    this.scratch.reset();
    const numbers = asNumbers(kernels, this.scratch, column);
    if (numbers === undefined) {
      for (const row of readColumn(kernels, column).toArray()) this.push(row);
      return;
    }
    const { f64 } = kernels;
    const at = numbers / 8;
    let { total } = this.ending;
    for (let i = 0; i < column.rows; i++) total += f64[at + i]!;
    this.ending.total = total;
  }
}

export function notNumber(row: unknown): FiresteelError {
  return new FiresteelError("user", `sum, mean and stats need numbers, but a row is ${preview(row)}`, {
    hint: "map the rows to numbers first",
  });
}
