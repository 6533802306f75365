/**
 * Groups of keys with one folded value each: the body of every aggregate, on the map side and on the reduce side. Rows are
 * folded in the order they come; groups leave in the order of their keys' hashes, equal hashes in first-seen order.
 */
import type { Column } from "../data/column.ts";
import { batchRowsMax } from "../data/column.ts";
import { gather } from "../data/move.ts";
import { readColumn } from "../data/batch-reader.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import { orderByHash } from "../kernel/hash-order.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import type { Chunk } from "./chunk.ts";
import { type Fold, FoldedValues } from "./folded-values.ts";
import { KeyIndex } from "./key-index.ts";
import { pairBatch } from "./pair-buffer.ts";

export class Aggregator {
  private readonly keys: KeyIndex;
  private readonly values: FoldedValues;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    fold: Fold,
  ) {
    this.keys = new KeyIndex(kernels, allocator);
    this.values = new FoldedValues(kernels, allocator, fold);
  }

  get groups(): number {
    return this.keys.count;
  }

  add(keys: Column, values: Column): void {
    const { ids } = this.keys.add(keys);
    this.values.add(ids, values, this.keys.count);
  }

  /** `[key, accumulator]` rows in hash order. Each chunk is valid until the next. */
  *emit(): Generator<Chunk, void, undefined> {
    const { kernels, keys, values } = this;
    yield* inHashOrder(kernels, this.allocator, keys, (keyColumn, indexes, scratch) => {
      const { rows } = keyColumn;
      const { vector } = values;
      if (vector === undefined) {
        const keyRows = readColumn(kernels, keyColumn).toArray();
        const ids = kernels.u32.subarray(indexes / 4, indexes / 4 + rows);
        return { kind: "rows", rows: keyRows.map((key, i) => [key, values.get(ids[i]!)]) };
      }
      const numbers = scratch.alloc(rows * 8);
      kernels.run.gather8(vector, indexes, rows, numbers);
      return { kind: "batch", batch: pairBatch(keyColumn, { kind: "f64", rows, values: numbers }) };
    });
  }

  free(): void {
    this.keys.free();
    this.values.free();
  }
}

/**
 * The keys of an index in hash order, a batch at a time: `make` gets the batch's keys and their ids (u32), and memory for what
 * it makes of them.
 */
export function* inHashOrder<T>(
  kernels: Kernels,
  allocator: Allocator,
  keys: KeyIndex,
  make: (keys: Column, ids: Ptr, scratch: Arena) => T,
): Generator<T, void, undefined> {
  const total = keys.count;
  if (total === 0) return;
  const all = new Arena(allocator);
  const scratch = new Arena(allocator);
  try {
    const order = all.alloc(total * 4);
    orderByHash(kernels, all, keys.hashes, total, order);
    const column = keys.keys(all);
    for (let from = 0; from < total; from += batchRowsMax) {
      const rows = Math.min(batchRowsMax, total - from);
      scratch.reset();
      const ids = offset(order, from * 4);
      const batch = gather(kernels, scratch, { rows: total, root: column }, ids, rows);
      yield make(batch.root, ids, scratch);
    }
  } finally {
    scratch.close();
    all.close();
  }
}
