/**
 * Order-preserving keys of columns, as u64 for single columns and as bytes for anything.
 *
 * u64 keys: unsigned order of the keys is the order of the values (−0 equals 0, NaN last), reversed when `descending`. A number
 * has the same key in an f64, f32 and i32 column, so keys of several batches compare.
 */
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

const rowsPerCall = 1 << 20;

/** Layouts that have u64 keys; "date" is an f64 of milliseconds. */
export type OrderedKind = "f64" | "f32" | "i32" | "i64" | "bool" | "date";

const widths = { f64: 8, date: 8, i64: 8, f32: 4, i32: 4, bool: 1 } as const;

export function orderKeys(
  kernels: Kernels,
  kind: OrderedKind,
  values: Ptr,
  n: number,
  keys: Ptr,
  descending = false,
): void {
  const { run } = kernels;
  const by = {
    f64: run.orderF64,
    date: run.orderF64,
    i64: run.orderI64,
    f32: run.orderF32,
    i32: run.orderI32,
    bool: run.orderBool,
  };
  const flip = descending ? -1 : 0;
  for (let from = 0; from < n; from += rowsPerCall) {
    by[kind](offset(values, from * widths[kind]), Math.min(rowsPerCall, n - from), flip, offset(keys, from * 8));
  }
}

/** For sortWords: the key of an i32 in the high half of each word, its row number in the low one. */
export function orderWordsI32(kernels: Kernels, values: Ptr, n: number, words: Ptr, descending = false): void {
  for (let from = 0; from < n; from += rowsPerCall) {
    const rows = Math.min(rowsPerCall, n - from);
    kernels.run.orderWordsI32(offset(values, from * 4), rows, from, descending ? -1 : 0, offset(words, from * 8));
  }
}

/**
 * The range of numbers that are all integers, over all spans; undefined when one is not, or when they are further apart than 32
 * bits tell.
 */
export function integerRange(
  kernels: Kernels,
  spans: readonly { readonly values: Ptr; readonly rows: number }[],
  scratch: Ptr,
): { readonly least: number; readonly greatest: number } | undefined {
  const { f64, run } = kernels;
  f64[scratch / 8] = Infinity;
  f64[scratch / 8 + 1] = -Infinity;
  for (const { values, rows } of spans) {
    for (let from = 0; from < rows; from += rowsPerCall) {
      if (run.widenIntegers(offset(values, from * 8), Math.min(rowsPerCall, rows - from), scratch) === 0)
        return undefined;
    }
  }
  const [least, greatest] = [f64[scratch / 8]!, f64[scratch / 8 + 1]!];
  return greatest - least < 2 ** 32 ? { least, greatest } : undefined;
}

/** For sortWords: integers in the high half of each word, relative to the range's end, `first` + i in the low one. */
export function orderWordsF64(
  kernels: Kernels,
  values: Ptr,
  n: number,
  first: number,
  { least, greatest }: { readonly least: number; readonly greatest: number },
  words: Ptr,
  descending = false,
): void {
  for (let from = 0; from < n; from += rowsPerCall) {
    const rows = Math.min(rowsPerCall, n - from);
    const origin = descending ? greatest : least;
    const [at, to] = [offset(values, from * 8), offset(words, from * 8)];
    kernels.run.orderWordsF64(at, rows, first + from, origin, Number(descending), to);
  }
}

/** The row numbers of words, as u32; `indexes` may be `words`. */
export function indexesOfWords(kernels: Kernels, words: Ptr, n: number, indexes: Ptr): void {
  for (let from = 0; from < n; from += rowsPerCall) {
    kernels.run.indexesOfWords(offset(words, from * 8), Math.min(rowsPerCall, n - from), offset(indexes, from * 4));
  }
}
