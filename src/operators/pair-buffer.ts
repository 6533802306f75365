/**
 * Pairs on their way into a breaker: keys and values in two writers, so that each becomes a column of its own whatever
 * the other's type. Full as row-buffer.ts says; the owner then takes the columns.
 */
import type { Batch, Column } from "../data/column.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { sliceColumn } from "../data/slice.ts";
import type { Allocator, MemoryRefused } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { notAPair } from "./row-errors.ts";
import { isFull, resetWriter } from "./row-buffer.ts";
import { refusalOf } from "./spill-scope.ts";

export class PairBuffer {
  private readonly keys: BatchWriter;
  private readonly values: BatchWriter;
  private rows = 0;

  constructor(
    kernels: Kernels,
    allocator: Allocator,
    private readonly operator: string,
    private readonly onFull: (keys: Column, values: Column) => void,
  ) {
    this.keys = makeBatchWriter(kernels, allocator, { what: `the keys of ${operator}` });
    this.values = makeBatchWriter(kernels, allocator, { what: `the values of ${operator}` });
  }

  push(row: unknown): void {
    if (!(Array.isArray(row) && row.length === 2)) throw notAPair(row, this.operator);
    const { keys, values } = this;
    try {
      keys.push(row[0]);
      values.push(row[1]);
    } catch (thrown) {
      this.retry(row, refusalOf(thrown));
    }
    this.rows++;
    if (isFull(this.rows, values) || isFull(this.rows, keys)) this.flush();
  }

  flush(): void {
    if (this.rows === 0) return;
    const { keys, values, rows } = this;
    this.rows = 0;
    // a key whose value was refused memory may be there as well
    this.onFull(sliceColumn(keys.finish().root, 0, rows), values.finish().root);
    resetWriter(keys);
    resetWriter(values);
  }

  free(): void {
    this.keys.free();
    this.values.free();
  }

  /** Memory for a pair was refused: those before it go on first. */
  private retry(pair: readonly unknown[], refusal: MemoryRefused): void {
    if (this.rows === 0) throw refusal;
    this.flush();
    this.free();
    this.keys.push(pair[0]);
    this.values.push(pair[1]);
  }
}

/** A batch of pairs from its two columns. */
export function pairBatch(keys: Column, values: Column): Batch {
  return { rows: keys.rows, root: { kind: "struct", rows: keys.rows, shape: { of: "tuple" }, fields: [keys, values] } };
}

/** The key and value columns, when the batch's rows are pairs by their layout. */
export function pairColumns(batch: Batch): readonly [Column, Column] | undefined {
  const { root } = batch;
  return root.kind === "struct" && root.shape.of === "tuple" && root.fields.length === 2 ? [root.fields[0]!, root.fields[1]!] : undefined;
}
