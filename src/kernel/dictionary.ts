/** Dictionary columns: the codes that rows have, each once, so that work on values is done once a value. */
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

const rowsPerCall = 1 << 20;

/** u32 vectors: `seen` one a value of the dictionary, `order` one a row or value (whichever are fewer), `local` one a row. */
export interface DistinctCodes {
  readonly seen: Ptr;
  readonly order: Ptr;
  readonly local: Ptr;
}

/**
 * The different codes of n rows into `order`, first seen first, and of each row its code's place there into `local`. `values` is
 * the length of the dictionary. Returns how many different ones there are.
 */
export function distinctCodes(kernels: Kernels, codes: Ptr, n: number, values: number, out: DistinctCodes): number {
  const { run } = kernels;
  run.fill4(out.seen, values, -1);
  let count = 0;
  for (let from = 0; from < n; from += rowsPerCall) {
    const rows = Math.min(rowsPerCall, n - from);
    const local = offset(out.local, from * 4);
    count = run.distinctCodes(offset(codes, from * 4), rows, out.seen, out.order, local, count);
  }
  return count;
}
