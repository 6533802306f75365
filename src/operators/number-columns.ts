/** Numbers of any layout, and ranges, as f64 arrays in kernel memory. */
import type { Column } from "../data/column.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { Chunk } from "./chunk.ts";

/** Rows that one kernel call writes. */
const callRows = 8192;

/** The column's rows as f64: where they are or, of another layout, in `allocator`. Undefined when a row may be no number. */
export function asNumbers(kernels: Kernels, allocator: Allocator, column: Column): Ptr | undefined {
  const { run, u8 } = kernels;
  const { rows } = column;
  if (column.kind === "f64") return column.values;
  if (column.kind === "optional") {
    const hasAbsent = u8.subarray(column.validity, column.validity + rows).includes(0);
    return hasAbsent ? undefined : asNumbers(kernels, allocator, column.item);
  }
  if (column.kind !== "i32" && column.kind !== "f32" && column.kind !== "u8") return undefined;
  const widen = column.kind === "i32" ? run.widenI32 : column.kind === "f32" ? run.widenF32 : run.widenU8;
  const numbers = allocator.alloc(Math.max(8, rows * 8));
  widen(column.values, rows, numbers);
  return numbers;
}

/** A range as columns of some thousand numbers, each valid until the next. */
export function* rangeColumns(
  kernels: Kernels,
  allocator: Allocator,
  range: Extract<Chunk, { kind: "range" }>,
): Generator<Column & { kind: "f64" }, void, undefined> {
  const { start, step, count } = range;
  const values = allocator.alloc(callRows * 8);
  for (let from = 0; from < count; from += callRows) {
    const rows = Math.min(callRows, count - from);
    kernels.run.writeRange(start, step, from, rows, values);
    yield { kind: "f64", rows, values };
  }
}
