/** Feeds the first rows in the order of values. Of columns of numbers only those are looked at twice that may be among them. */
import type { Column } from "../data/column.ts";
import { Arena } from "../kernel/arena.ts";
import { type Chunk, chunkToRows } from "./chunk.ts";
import { asNumbers, rangeColumns } from "./number-columns.ts";
import type { RowSink } from "./sink.ts";
import type { TaskEnv } from "./task-env.ts";
import type { TopRows } from "./top-rows.ts";

export class TopSink implements RowSink {
  private readonly scratch: Arena;

  constructor(
    private readonly env: TaskEnv,
    private readonly top: TopRows,
    private readonly descending: boolean,
  ) {
    this.scratch = new Arena(env.memory.withOperator("takeOrdered"));
  }

  push(row: unknown): void {
    this.top.push(row);
  }

  takeChunk(chunk: Chunk): void {
    const { kernels } = this.env;
    const { scratch } = this;
    scratch.reset();
    if (chunk.kind === "range")
      for (const column of rangeColumns(kernels, scratch, chunk)) this.pushNumbers(column.values / 8, column.rows);
    else if (chunk.kind === "rows" || !this.tookNumbers(chunk.batch.root))
      for (const row of chunkToRows(kernels, chunk)) this.top.push(row);
  }

  free(): void {
    this.scratch.close();
  }

  private tookNumbers(column: Column): boolean {
    const numbers = asNumbers(this.env.kernels, this.scratch, column);
    if (numbers !== undefined) this.pushNumbers(numbers / 8, column.rows);
    return numbers !== undefined;
  }

  private pushNumbers(at: number, rows: number): void {
    const { top, descending } = this;
    const numbers = this.env.kernels.f64.subarray(at, at + rows);
    for (let i = 0; i < rows; i++) {
      const last = top.last?.row;
      if (typeof last === "number" && last === last) i = nextBeyond(numbers, i, last, descending);
      if (i < rows) top.push(numbers[i]);
    }
  }
}

/** The first row from i on that comes before `last` in the order, in which NaN is the greatest. */
function nextBeyond(numbers: Float64Array, i: number, last: number, descending: boolean): number {
  if (descending) while (i < numbers.length && numbers[i]! <= last) i++;
  else while (i < numbers.length && !(numbers[i]! < last)) i++;
  return i;
}
