/** The order of a column's rows by value: u32 row numbers, equal rows in row order. */
import type { Column } from "../data/column.ts";
import { encodeKeys } from "../data/keys.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { orderKeys } from "../kernel/normalize.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { sortBytes, sortU64 } from "../kernel/sort.ts";

/** Besides the order in `arena` it takes up to 24 bytes a row, and the keys' bytes when they are not numbers, for a while. */
export function sortOrder(
  kernels: Kernels,
  account: Allocator,
  keys: Column,
  ascending: boolean,
  arena: Arena,
  between: () => void,
): Ptr {
  const { rows } = keys;
  const order = arena.alloc(rows * 4);
  const view = kernels.u32.subarray(order / 4, order / 4 + rows);
  if (keys.kind === "f64") {
    const words = account.alloc(rows * 8);
    try {
      kernels.run.iota(order, rows, 0);
      orderKeys(kernels, keys.kind, keys.values, rows, words, !ascending);
      sortU64(kernels, account, words, order, rows, { between });
    } finally {
      account.free(words, rows * 8);
    }
    return order;
  }
  const bytes = new Arena(account);
  try {
    const encoded = encodeKeys(kernels, bytes, keys);
    // descending: rows backwards, sorted, backwards again, which leaves equal keys in row order
    for (let i = 0; i < rows; i++) view[i] = ascending ? i : rows - 1 - i;
    sortBytes(kernels, account, encoded.offsets, encoded.bytes, order, rows, { between });
    if (!ascending) view.reverse();
  } finally {
    bytes.close();
  }
  return order;
}
