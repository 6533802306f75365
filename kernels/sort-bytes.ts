// What sorting byte strings adds: keys made of seven bytes at a time, and runs of equal keys that stand for more bytes.
import { compareBytes, lastWideLoad, prefixWord } from "./copy";
import { insertionRows } from "./radix";
import {
  begin, BYTES, COMMON, CURSOR, DEPTH, EXTRACT, FROM, INDEXES, KEYS, NEXT, OFFSETS, OTHER_KEYS, push, segmentIndexes,
  segmentKeys, SURVEY, TO,
} from "./sort-state";

/** Rows of which runs are looked at together. */
const blockRows: u32 = 256;

/** The key of every row: the seven bytes after DEPTH. */
export function extract(state: usize, left: i32): i32 {
  const wideLoadMax = lastWideLoad();
  const from = load<u32>(state, CURSOR);
  const to = min(load<u32>(state, TO), from + <u32>(left >> 2) + 1);
  const keys = segmentKeys(state);
  const indexes = segmentIndexes(state);
  const offsets = <usize>load<u32>(state, OFFSETS);
  const bytes = <usize>load<u32>(state, BYTES);
  const depth = load<u32>(state, DEPTH);
  for (let i = from; i < to; i++) {
    const at = offsets + (<usize>load<u32>(indexes + (<usize>i << 2)) << 2);
    const start = load<u32>(at) + depth;
    store<u64>(keys + (<usize>i << 3), prefixWord(bytes + start, load<u32>(at, 4) - start, wideLoadMax));
  }
  store<u32>(state, to, CURSOR);
  if (to == load<u32>(state, TO)) begin(state, SURVEY);
  return <i32>(to - from) << 2;
}

/** Insertion sort by (key, then the bytes from `depth` on) of rows of `src…` into `keys` and where rows end up. */
export function insertStrings(
  state: usize, srcKeys: usize, srcIndexes: usize, keys: usize, from: u32, to: u32, depth: u32,
): void {
  const indexes = <usize>load<u32>(state, INDEXES);
  const offsets = <usize>load<u32>(state, OFFSETS);
  const bytes = <usize>load<u32>(state, BYTES);
  for (let i = from; i < to; i++) {
    const key = load<u64>(srcKeys + (<usize>i << 3));
    const index = load<u32>(srcIndexes + (<usize>i << 2));
    let at = i;
    while (at > from) {
      const before = load<u64>(keys + (<usize>at << 3) - 8);
      const beforeIndex = load<u32>(indexes + (<usize>at << 2) - 4);
      if (before < key || (before == key && !goesBefore(offsets, bytes, key, index, beforeIndex, depth))) break;
      store<u64>(keys + (<usize>at << 3), before);
      store<u32>(indexes + (<usize>at << 2), beforeIndex);
      at--;
    }
    store<u64>(keys + (<usize>at << 3), key);
    store<u32>(indexes + (<usize>at << 2), index);
  }
}

/** Whether string `a` is below string `b`, of which the first `depth` bytes are alike, as their key says. */
// @ts-ignore: decorator
@inline
export function goesBefore(offsets: usize, bytes: usize, key: u64, a: u32, b: u32, depth: u32): bool {
  if ((key & 0xff) != 8) return false;
  const atA = offsets + (<usize>a << 2);
  const atB = offsets + (<usize>b << 2);
  const startA = load<u32>(atA) + depth;
  const startB = load<u32>(atB) + depth;
  return compareBytes(bytes + startA, load<u32>(atA, 4) - startA, bytes + startB, load<u32>(atB, 4) - startB) < 0;
}

/** Rows with one key that stands for more bytes: few are ordered at once, many become a segment. */
export function resolveRuns(state: usize, left: i32): i32 {
  const keys = <usize>load<u32>(state, KEYS);
  const nextKeys = <usize>load<u32>(state, OTHER_KEYS);
  const indexes = <usize>load<u32>(state, INDEXES);
  const to = load<u32>(state, TO);
  const depth = load<u32>(state, DEPTH) + 7;
  let from = load<u32>(state, CURSOR);
  let extracted = from;
  let work: i32 = 0;
  while (from < to && work < left) {
    if (from >= extracted) {
      extracted = min(to, from + blockRows);
      extractNext(state, from, min(to, extracted + insertionRows), depth);
    }
    const key = load<u64>(keys + (<usize>from << 3));
    let end = from + 1;
    while (end < to && load<u64>(keys + (<usize>end << 3)) == key) end++;
    work += <i32>(end - from);
    if ((key & 0xff) == 8 && end - from > 1) {
      if (end - from > insertionRows) push(state, from, end, depth, 0, EXTRACT);
      else {
        insertStrings(state, nextKeys, indexes, nextKeys, from, end, depth + 7);
        work += <i32>(end - from) << 3;
      }
    }
    from = end;
  }
  store<u32>(state, from, CURSOR);
  if (from == to) begin(state, NEXT);
  return work;
}

/** The seven bytes from `depth` on of rows whose neighbour has the same key: together, so that their cache misses overlap. */
function extractNext(state: usize, from: u32, to: u32, depth: u32): void {
  const wideLoadMax = lastWideLoad();
  const keys = <usize>load<u32>(state, KEYS);
  const nextKeys = <usize>load<u32>(state, OTHER_KEYS);
  const indexes = <usize>load<u32>(state, INDEXES);
  const offsets = <usize>load<u32>(state, OFFSETS);
  const bytes = <usize>load<u32>(state, BYTES);
  const last = load<u32>(state, TO) - 1;
  let before = from > load<u32>(state, FROM) ? load<u64>(keys + (<usize>from << 3) - 8) : 0;
  let key = load<u64>(keys + (<usize>from << 3));
  for (let i = from; i < to; i++) {
    const after = i < last ? load<u64>(keys + (<usize>i << 3), 8) : 0;
    if ((key & 0xff) == 8 && (key == before || key == after)) {
      const at = offsets + (<usize>load<u32>(indexes + (<usize>i << 2)) << 2);
      const start = load<u32>(at) + depth;
      store<u64>(nextKeys + (<usize>i << 3), prefixWord(bytes + start, load<u32>(at, 4) - start, wideLoadMax));
    }
    before = key;
    key = after;
  }
}

/** How many bytes after DEPTH all strings of the segment have in common, which are then skipped. */
export function commonPrefix(state: usize, left: i32): i32 {
  const to = load<u32>(state, TO);
  const indexes = <usize>load<u32>(state, INDEXES);
  const offsets = <usize>load<u32>(state, OFFSETS);
  const depth = load<u32>(state, DEPTH);
  const bytes = <usize>load<u32>(state, BYTES) + depth;
  const firstRow = offsets + (<usize>load<u32>(indexes + (<usize>load<u32>(state, FROM) << 2)) << 2);
  const first = bytes + load<u32>(firstRow);
  let common = min(load<u32>(state, COMMON), load<u32>(firstRow, 4) - load<u32>(firstRow) - depth);
  let i = load<u32>(state, CURSOR);
  let work: i32 = 0;
  for (; i < to && common > 0 && work < left; i++) {
    const row = offsets + (<usize>load<u32>(indexes + (<usize>i << 2)) << 2);
    const start = load<u32>(row);
    const most = min(common, load<u32>(row, 4) - start - depth);
    const other = bytes + start;
    let k: u32 = 0;
    while (k + 8 <= most && load<u64>(first + k) == load<u64>(other + k)) k += 8;
    while (k < most && load<u8>(first + k) == load<u8>(other + k)) k++;
    common = k;
    work += 4 + <i32>(k >> 3);
  }
  store<u32>(state, common, COMMON);
  store<u32>(state, i, CURSOR);
  if (i == to || common == 0) {
    store<u32>(state, depth + common, DEPTH);
    begin(state, EXTRACT);
  }
  return work;
}
