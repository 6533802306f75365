// Partitioning: ids from hashes or by ranges, histograms, and the stable counting sort that moves rows to their partitions.
import { compareBytes, copySpan, lastWideLoad, prefixWord } from "./copy";
import { orderOfF64 } from "./order";

/**
 * ids[i] = high 32 bits of the hash × parts ÷ 2³² (Lemire 2016). Ascending hashes have ascending ids, and the low bits, which
 * index hash tables, play no part.
 */
export function partitionIds(hashes: usize, n: usize, parts: u32, ids: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u32>(ids + (i << 2), <u32>((<u64>load<u32>(hashes + (i << 3), 4) * parts) >> 32));
  }
}

/** How many of the ascending bounds are below `key`, without branches. */
// @ts-ignore: decorator
@inline
function boundsBelow(key: u64, bounds: usize, boundCount: u32): u32 {
  let low: u32 = 0;
  let length = boundCount;
  while (length > 0) {
    const half = length >> 1;
    const isBelow = load<u64>(bounds + (<usize>(low + half) << 3)) < key;
    low = isBelow ? low + half + 1 : low;
    length = isBelow ? length - half - 1 : half;
  }
  return low;
}

/** ids[i] = number of bounds below keys[i]; a key equal to a bound goes to the lower side. */
export function rangeIdsU64(keys: usize, n: usize, bounds: usize, boundCount: u32, ids: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u32>(ids + (i << 2), boundsBelow(load<u64>(keys + (i << 3)), bounds, boundCount));
  }
}

/** The same for numbers; the bounds are u64 keys of numbers (orderF64). */
export function rangeIdsF64(values: usize, n: usize, bounds: usize, boundCount: u32, ids: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u32>(ids + (i << 2), boundsBelow(orderOfF64(load<f64>(values + (i << 3))), bounds, boundCount));
  }
}

/** words[i] = the first bytes of string i as a number (`prefixWord`): most searches need no more of a bound. */
export function boundWords(offsets: usize, bytes: usize, n: usize, words: usize): void {
  const wideLoadMax = lastWideLoad();
  for (let i: usize = 0; i < n; i++) {
    const start = load<u32>(offsets + (i << 2));
    store<u64>(words + (i << 3), prefixWord(bytes + start, load<u32>(offsets + (i << 2), 4) - start, wideLoadMax));
  }
}

/** The same for byte strings; `words` are the bounds' `boundWords`. */
export function rangeIdsBytes(
  offsets: usize, bytes: usize, n: usize, boundOffsets: usize, boundBytes: usize, words: usize, boundCount: u32, ids: usize,
): void {
  const wideLoadMax = lastWideLoad();
  for (let i: usize = 0; i < n; i++) {
    const start = load<u32>(offsets + (i << 2));
    const length = load<u32>(offsets + (i << 2), 4) - start;
    const word = prefixWord(bytes + start, length, wideLoadMax);
    let low = boundsBelow(word, words, boundCount);
    if ((word & 0xff) == 8 && low < boundCount && load<u64>(words + (<usize>low << 3)) == word) {
      low = searchBounds(bytes + start, length, boundOffsets, boundBytes, low, boundsBelow(word + 1, words, boundCount));
    }
    store<u32>(ids + (i << 2), low);
  }
}

/** How many bounds are below the string, of which those before `low` are and those from `high` on are not. */
function searchBounds(at: usize, length: u32, boundOffsets: usize, boundBytes: usize, low: u32, high: u32): u32 {
  while (low < high) {
    const middle = (low + high) >> 1;
    const boundStart = load<u32>(boundOffsets + (<usize>middle << 2));
    const boundLength = load<u32>(boundOffsets + (<usize>middle << 2), 4) - boundStart;
    if (compareBytes(boundBytes + boundStart, boundLength, at, length) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** counts[id] += 1 for every id */
export function histogram(ids: usize, n: usize, counts: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const at = counts + (<usize>load<u32>(ids + (i << 2)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}

/** byteCounts[id] += length of the row */
export function histogramBytes(ids: usize, offsets: usize, n: usize, byteCounts: usize): void {
  let start = load<u32>(offsets);
  for (let i: usize = 0; i < n; i++) {
    const at = byteCounts + (<usize>load<u32>(ids + (i << 2)) << 2);
    const end = load<u32>(offsets + (i << 2), 4);
    store<u32>(at, load<u32>(at) + end - start);
    start = end;
  }
}

/** indexes[cursors[id]++] = first + i: rows by partition, in their order within each. */
export function scatterIndexes(ids: usize, n: usize, first: u32, cursors: usize, indexes: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const at = cursors + (<usize>load<u32>(ids + (i << 2)) << 2);
    const to = load<u32>(at);
    store<u32>(at, to + 1);
    store<u32>(indexes + (<usize>to << 2), first + <u32>i);
  }
}

/** positions[i] = cursors[id]++: where each row goes, for scatter. May overwrite `ids`. */
export function scatterPositions(ids: usize, n: usize, cursors: usize, positions: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const at = cursors + (<usize>load<u32>(ids + (i << 2)) << 2);
    const to = load<u32>(at);
    store<u32>(at, to + 1);
    store<u32>(positions + (i << 2), to);
  }
}

/**
 * Byte strings straight to their partitions: row i goes to dstOffsets[rowCursors[id]++], its bytes to dstBytes at
 * byteCursors[id]. The caller sets the end of the last row.
 */
export function scatterBytes(
  ids: usize, offsets: usize, bytes: usize, n: usize,
  rowCursors: usize, byteCursors: usize, dstOffsets: usize, dstBytes: usize,
): void {
  const wideLoadMax = lastWideLoad();
  let start = load<u32>(offsets);
  for (let i: usize = 0; i < n; i++) {
    const id = <usize>load<u32>(ids + (i << 2)) << 2;
    const end = load<u32>(offsets + (i << 2), 4);
    const row = load<u32>(rowCursors + id);
    const to = load<u32>(byteCursors + id);
    store<u32>(rowCursors + id, row + 1);
    store<u32>(byteCursors + id, to + end - start);
    store<u32>(dstOffsets + (<usize>row << 2), to);
    // no room beyond the row: another partition's bytes may be there already
    copySpan(bytes + start, end - start, dstBytes + to, 0, wideLoadMax);
    start = end;
  }
}
