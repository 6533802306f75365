/**
 * Pairs on their way into a breaker: keys and values become a column each, whatever the other's type. Full as row-buffer.ts
 * says; the owner then takes the columns.
 */
import type { Batch, Column } from "../data/column.ts";
import { makePairWriter } from "../data/batch-writer.ts";
import type { BatchWriter } from "../data/contracts.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { rowTooLarge } from "./large-rows.ts";
import { notAPair } from "./row-errors.ts";
import { isFull, resetWriter } from "./row-buffer.ts";
import { refusalOf } from "./spill-scope.ts";

export class PairBuffer {
  private readonly writer: BatchWriter;

  constructor(
    kernels: Kernels,
    allocator: Allocator,
    private readonly operator: string,
    private readonly onFull: (keys: Column, values: Column) => void,
  ) {
    this.writer = makePairWriter(kernels, allocator, operator);
  }

  push(row: unknown): void {
    if (!(Array.isArray(row) && row.length === 2)) throw notAPair(row, this.operator);
    const { writer } = this;
    try {
      writer.push(row);
    } catch (thrown) {
      // memory for a pair was refused: those before it go on first
      refusalOf(thrown);
      this.flush();
      writer.free();
      this.pushAlone(row);
    }
    if (isFull(writer.rows, writer)) this.flush();
  }

  private pushAlone(row: readonly unknown[]): void {
    try {
      this.writer.push(row);
    } catch (thrown) {
      throw rowTooLarge(refusalOf(thrown), `the pairs of ${this.operator}`, row);
    }
  }

  /** Between chunks: keeps no text of a chunk alive. */
  settle(): void {
    this.writer.settle();
  }

  flush(): void {
    const { writer } = this;
    if (writer.rows === 0) return;
    const [keys, values] = pairColumns(writer.finish())!;
    this.onFull(keys, values);
    resetWriter(writer);
  }

  free(): void {
    this.writer.free();
  }
}

/** A batch of pairs from its two columns. */
export function pairBatch(keys: Column, values: Column): Batch {
  return { rows: keys.rows, root: { kind: "struct", rows: keys.rows, shape: { of: "tuple" }, fields: [keys, values] } };
}

/** The key and value columns, when the batch's rows are pairs by their layout. */
export function pairColumns(batch: Batch): readonly [Column, Column] | undefined {
  const { root } = batch;
  return root.kind === "struct" && root.shape.of === "tuple" && root.fields.length === 2
    ? [root.fields[0]!, root.fields[1]!]
    : undefined;
}
