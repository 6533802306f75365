/**
 * Groups of keys with one folded value each: the body of every aggregate, on the map side and on the reduce side. Rows are
 * folded in the order they come.
 */
import type { Column } from "../data/column.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { type Fold, FoldedValues, type RowCounters } from "./folded-values.ts";
import { KeyIndex } from "./key-index.ts";
import type { TableSize } from "./table-sizes.ts";

export class Aggregator {
  readonly keys: KeyIndex;
  readonly values: FoldedValues;

  constructor(kernels: Kernels, allocator: Allocator, fold: Fold, counters: RowCounters, expected?: TableSize) {
    this.keys = new KeyIndex(kernels, allocator, expected);
    this.values = new FoldedValues(kernels, allocator, fold, counters);
  }

  /** Folds all rows or, when memory is refused, none; keys that it met first may then stay behind, without a value. */
  add(keys: Column, values: Column): void {
    const ids = this.keys.add(keys);
    this.values.add(ids, values, this.keys.count);
  }

  free(): void {
    this.keys.free();
    this.values.free();
  }
}
