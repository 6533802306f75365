/**
 * Pairs on their way into a breaker: keys and values in two writers, so that each becomes a column of its own whatever
 * the other's type. Full at `batchRowsMax` rows; the owner then takes the columns and resets.
 */
import type { Batch, Column } from "../data/column.ts";
import { batchRowsMax } from "../data/column.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import type { BatchWriter } from "../data/contracts.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { notAPair } from "./row-errors.ts";

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
    this.keys.push(row[0]);
    this.values.push(row[1]);
    if (++this.rows === batchRowsMax) this.flush();
  }

  flush(): void {
    if (this.rows === 0) return;
    this.onFull(this.keys.finish().root, this.values.finish().root);
    this.keys.reset();
    this.values.reset();
    this.rows = 0;
  }

  free(): void {
    this.keys.free();
    this.values.free();
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
