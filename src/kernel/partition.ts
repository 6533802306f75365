/**
 * Rows to partitions: ids from hashes or ranges, how many rows each gets, and where every row goes, in stable order.
 *
 * The usual way: ids → `countPartitions` → `startsOf` → `scatterIndexes`, then every column moves by gather; or, when the batch
 * is far larger than the cache, `scatterPositions` and scatter. `scatterBytes` moves strings without an index vector.
 */
import type { Kernels } from "./kernels.ts";
import { fill, rowsWithin } from "./move.ts";
import { offset, type Ptr } from "./ptr.ts";

const rowsPerCall = 1 << 18;
const bytesPerCall = 8 << 20;
/** Searching byte bounds costs up to a microsecond a row. */
const searchedRowsPerCall = 1 << 13;

/** ids[i] (u32) = the high 32 bits of hash i × parts ÷ 2³²: ascending hashes have ascending ids. */
export function partitionIds(kernels: Kernels, hashes: Ptr, n: number, parts: number, ids: Ptr): void {
  eachPart(n, rowsPerCall, (from, rows) =>
    kernels.run.partitionIds(offset(hashes, from * 8), rows, parts, offset(ids, from * 4)),
  );
}

/**
 * ids[i] = how many of the `boundCount` ascending bounds are below key i (u64 keys of normalize.ts); equal goes to the lower
 * side. For a descending order make both keys and bounds with `descending`.
 */
export function rangeIdsU64(kernels: Kernels, keys: Ptr, n: number, bounds: Ptr, boundCount: number, ids: Ptr): void {
  eachPart(n, rowsPerCall, (from, rows) =>
    kernels.run.rangeIdsU64(offset(keys, from * 8), rows, bounds, boundCount, offset(ids, from * 4)),
  );
}

/** The same for numbers as they are, ascending; the bounds are u64 keys (`orderF64`). */
export function rangeIdsF64(kernels: Kernels, values: Ptr, n: number, bounds: Ptr, boundCount: number, ids: Ptr): void {
  eachPart(n, rowsPerCall, (from, rows) =>
    kernels.run.rangeIdsF64(offset(values, from * 8), rows, bounds, boundCount, offset(ids, from * 4)),
  );
}

/** Bounds that are byte strings, with a word of each one's first bytes (`writeBoundWords`). */
export interface BytesBounds {
  readonly count: number;
  readonly offsets: Ptr;
  readonly bytes: Ptr;
  /** u64[count] */
  readonly words: Ptr;
}

/** Fills the words of bounds in. */
export function writeBoundWords(kernels: Kernels, { offsets, bytes, count, words }: BytesBounds): void {
  kernels.run.boundWords(offsets, bytes, count, words);
}

/** The same for byte strings in memcmp order, bounds as offsets and bytes too. */
export function rangeIdsBytes(
  kernels: Kernels,
  offsets: Ptr,
  bytes: Ptr,
  n: number,
  { offsets: boundOffsets, bytes: boundBytes, words, count }: BytesBounds,
  ids: Ptr,
): void {
  eachPart(n, searchedRowsPerCall, (from, rows) => {
    const [at, to] = [offset(offsets, from * 4), offset(ids, from * 4)];
    kernels.run.rangeIdsBytes(at, bytes, rows, boundOffsets, boundBytes, words, count, to);
  });
}

/** counts[0 … parts) (u32) = rows of each partition. */
export function countPartitions(kernels: Kernels, ids: Ptr, n: number, parts: number, counts: Ptr): void {
  fill(kernels, 4, counts, parts, 0);
  eachPart(n, rowsPerCall, (from, rows) => kernels.run.histogram(offset(ids, from * 4), rows, counts));
}

/** byteCounts[0 … parts) (u32) = bytes of each partition's rows. */
export function countPartitionBytes(
  kernels: Kernels,
  ids: Ptr,
  offsets: Ptr,
  n: number,
  parts: number,
  byteCounts: Ptr,
): void {
  fill(kernels, 4, byteCounts, parts, 0);
  eachPart(n, rowsPerCall, (from, rows) =>
    kernels.run.histogramBytes(offset(ids, from * 4), offset(offsets, from * 4), rows, byteCounts),
  );
}

/** starts[p] = sum of the counts before p; `starts` may be `counts`. Returns the sum of all. */
export function startsOf(kernels: Kernels, counts: Ptr, parts: number, starts: Ptr): number {
  const { u32 } = kernels;
  let sum = 0;
  for (let p = 0; p < parts; p++) {
    const rows = u32[(counts >>> 2) + p]!;
    u32[(starts >>> 2) + p] = sum;
    sum += rows;
  }
  return sum;
}

/** indexes: the rows in order of partition, and of row within each. `cursors` are starts, and end as ends. */
export function scatterIndexes(kernels: Kernels, ids: Ptr, n: number, cursors: Ptr, indexes: Ptr): void {
  eachPart(n, rowsPerCall, (from, rows) =>
    kernels.run.scatterIndexes(offset(ids, from * 4), rows, from, cursors, indexes),
  );
}

/** positions[i] = where row i goes, the inverse of scatterIndexes; may overwrite `ids`. */
export function scatterPositions(kernels: Kernels, ids: Ptr, n: number, cursors: Ptr, positions: Ptr): void {
  eachPart(n, rowsPerCall, (from, rows) =>
    kernels.run.scatterPositions(offset(ids, from * 4), rows, cursors, offset(positions, from * 4)),
  );
}

/**
 * Byte strings by partition: dstOffsets[0 … n] and dstBytes, of as many bytes as the source rows have. `rowCursors` and
 * `byteCursors` are the starts of countPartitions and countPartitionBytes, and end as ends.
 */
export function scatterBytes(
  kernels: Kernels,
  ids: Ptr,
  offsets: Ptr,
  bytes: Ptr,
  n: number,
  rowCursors: Ptr,
  byteCursors: Ptr,
  dstOffsets: Ptr,
  dstBytes: Ptr,
): void {
  const { u32 } = kernels;
  u32[(dstOffsets >>> 2) + n] = u32[(offsets >>> 2) + n]! - u32[offsets >>> 2]!;
  for (let from = 0; from < n;) {
    const rows = rowsWithin(kernels, offset(offsets, from * 4), Math.min(rowsPerCall, n - from), bytesPerCall);
    kernels.run.scatterBytes(
      offset(ids, from * 4),
      offset(offsets, from * 4),
      bytes,
      rows,
      rowCursors,
      byteCursors,
      dstOffsets,
      dstBytes,
    );
    from += rows;
  }
}

function eachPart(n: number, size: number, part: (from: number, rows: number) => void): void {
  for (let from = 0; from < n; from += size) part(from, Math.min(size, n - from));
}
