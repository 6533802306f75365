/** Rows of several batches as one: in any order, or slices of each that were merged. */
import type { Batch } from "../data/column.ts";
import { concat, gather } from "../data/move.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";

/** Row i of the result is row ids[i] (u32) of all parts taken one after the other. */
export function gatherIds(
  kernels: Kernels,
  allocator: Allocator,
  parts: readonly Batch[],
  ids: Ptr,
  rows: number,
): Batch {
  if (parts.length === 1) return gather(kernels, allocator, parts[0]!, ids, rows);
  const { u32 } = kernels;
  const starts = startsOf(parts);
  const partOf = new Uint32Array(rows);
  const counts = new Uint32Array(parts.length);
  for (let i = 0; i < rows; i++) {
    const part = partAt(starts, u32[ids / 4 + i]!);
    partOf[i] = part;
    counts[part]! += 1;
  }
  const cursors = startsFrom(counts);
  const local = allocator.alloc(Math.max(4, rows * 4));
  const places = allocator.alloc(Math.max(4, rows * 4));
  for (let i = 0; i < rows; i++) {
    const part = partOf[i]!;
    const place = cursors[part]!++;
    u32[local / 4 + place] = u32[ids / 4 + i]! - starts[part]!;
    u32[places / 4 + i] = place;
  }
  const gathered: Batch[] = [];
  let from = 0;
  for (let part = 0; part < parts.length; part++) {
    const count = counts[part]!;
    if (count > 0) gathered.push(gather(kernels, allocator, parts[part]!, offset(local, from * 4), count));
    from += count;
  }
  return gather(kernels, allocator, concat(kernels, allocator, gathered), places, rows);
}

/** Where each part begins when they are taken one after the other. */
function startsOf(parts: readonly Batch[]): Float64Array {
  const starts = new Float64Array(parts.length);
  for (let i = 1; i < parts.length; i++) starts[i] = starts[i - 1]! + parts[i - 1]!.rows;
  return starts;
}

function startsFrom(counts: Uint32Array): Uint32Array {
  const starts = new Uint32Array(counts.length);
  for (let i = 1; i < counts.length; i++) starts[i] = starts[i - 1]! + counts[i - 1]!;
  return starts;
}

/** The last part that begins at or before the row. */
function partAt(starts: Float64Array, row: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
