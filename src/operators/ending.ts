/**
 * Where rows end in one number that rows are added to in their order: a sum, or a count. Generated code ends in it itself where it
 * can; the sink adds the rows that come otherwise. The sum is that of a plain loop from 0, bit for bit, whoever adds.
 */
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { type Chunk, chunkLength } from "./chunk.ts";
import { NumberSink } from "./number-sink.ts";
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

export class SumSink extends NumberSink {
  readonly ending: Extract<Ending, { kind: "sum" }> = { kind: "sum", total: 0 };

  constructor(env: TaskEnv) {
    super(env, "sum");
  }

  protected override add(row: number): void {
    this.ending.total += row;
  }

  protected override addRange(start: number, step: number, count: number): void {
    let { total } = this.ending;
    for (let i = 0; i < count; i++) total += start + i * step;
    this.ending.total = total;
  }

  protected override addNumbers({ run }: Kernels, values: Ptr, count: number): void {
    this.ending.total = run.foldSumF64(values, count, this.ending.total);
  }
}
