// Stable sort of rows by u64 keys or byte strings, as a struct in memory whose every `sortStep` does a bounded part.
//
// Radix sort in two forms. A segment too large for the cache is split by its 5 or 6 topmost bits that differ (MSD: few enough
// write streams for translation buffers and prefetchers); one that fits is sorted by 8-bit digits over the bits that differ in
// it (LSD; Knuth, TAOCP 3, 5.2.5), one of a few rows by insertion. Byte strings go seven bytes at a time: rows that agree in these
// become a segment of their own (multikey radix sort, McIlroy, Bostic and McIlroy 1993). What is sorted already is only read.
import { countDigits, countsToStarts, insertionRows, insertPairs, insertWords, movePairs, moveWords } from "./radix";
import { commonPrefix, extract, insertStrings, resolveRuns } from "./sort-bytes";
import {
  AND_BITS, begin, BYTES, COMMON, commonBytesMax, COUNT, CURSOR, DEPTH, DIGIT_BITS, EXTRACT, FROM, IN_OTHER, INDEXES,
  IS_SORTED, KEYS, LAST_KEY, NEXT, OFFSETS, OR_BITS, OTHER_INDEXES, OTHER_KEYS, PHASE, pop, PREFIX, push, RUNS,
  segmentIndexes, segmentKeys, SHIFT, SPLIT, STACK, STACKED, SURVEY, TABLES, TO,
} from "./sort-state";

/** Rows that are sorted by LSD: with their scratch they fit a second-level cache. */
const cacheRows: u32 = 131072;
const cachedBitsMax: u32 = 9;
/** Write streams at once: 64, and pairs write two arrays. */
const wordSplitBits: u32 = 6;
const pairSplitBits: u32 = 5;

/**
 * `other…` is scratch of the same size. `stack` has room for n ÷ 24 + 1 entries of 16 bytes. With `offsets` ≠ 0 the keys are
 * scratch too, and INDEXES holds the rows of the byte strings to be sorted.
 */
export function sortBegin(
  state: usize, keys: usize, indexes: usize, otherKeys: usize, otherIndexes: usize, n: u32,
  offsets: usize, bytes: usize, stack: usize,
): void {
  store<u32>(state, <u32>keys, KEYS);
  store<u32>(state, <u32>indexes, INDEXES);
  store<u32>(state, <u32>otherKeys, OTHER_KEYS);
  store<u32>(state, <u32>otherIndexes, OTHER_INDEXES);
  store<u32>(state, <u32>offsets, OFFSETS);
  store<u32>(state, <u32>bytes, BYTES);
  store<u32>(state, <u32>stack, STACK);
  store<u32>(state, 0, STACKED);
  store<u32>(state, 0, IN_OTHER);
  store<u32>(state, 0, DEPTH);
  store<u32>(state, 0, FROM);
  store<u32>(state, n, TO);
  begin(state, n < 2 ? NEXT : offsets != 0 ? EXTRACT : SURVEY);
}

/** Does about `budget` row moves' worth of work; 1 when all rows are sorted, in KEYS and INDEXES. */
export function sortStep(state: usize, budget: i32): i32 {
  let left = budget;
  while (left > 0) {
    const phase = load<u32>(state, PHASE);
    if (phase == NEXT) {
      if (load<u32>(state, STACKED) == 0) return 1;
      pop(state);
      left -= 16;
    } else if (phase == EXTRACT) left -= extract(state, left);
    else if (phase == SURVEY) left -= survey(state, left);
    else if (phase == COUNT) left -= count(state, left);
    else if (phase == SPLIT) left -= split(state, left);
    else if (phase == RUNS) left -= resolveRuns(state, left);
    else left -= commonPrefix(state, left);
  }
  return 0;
}

/** Which bits differ, and whether the segment is in order as it is. */
function survey(state: usize, left: i32): i32 {
  const from = load<u32>(state, CURSOR);
  const to = min(load<u32>(state, TO), from + <u32>left);
  const keys = segmentKeys(state);
  const words = load<u32>(state, INDEXES) == 0;
  let or = load<u64>(state, OR_BITS);
  let and = load<u64>(state, AND_BITS);
  let last = load<u64>(state, LAST_KEY);
  let descents: u32 = 0;
  for (let i = from; i < to; i++) {
    const word = load<u64>(keys + (<usize>i << 3));
    const key = words ? word >> 32 : word;
    or |= key;
    and &= key;
    descents |= <u32>(key < last);
    last = key;
  }
  store<u64>(state, or, OR_BITS);
  store<u64>(state, and, AND_BITS);
  store<u64>(state, last, LAST_KEY);
  store<u32>(state, to, CURSOR);
  if (descents != 0) store<u32>(state, 0, IS_SORTED);
  if (to == load<u32>(state, TO)) return <i32>(to - from) + plan(state, words ? (or ^ and) << 32 : or ^ and);
  return <i32>(to - from);
}

/** Chooses what is done with a surveyed segment, and does it when that is short. Returns the work done. */
function plan(state: usize, differing: u64): i32 {
  const from = load<u32>(state, FROM);
  const to = load<u32>(state, TO);
  const rows = to - from;
  if (load<u32>(state, IS_SORTED) != 0) {
    bringHome(state);
    settle(state, differing == 0);
    return <i32>rows;
  }
  const top = 64 - <u32>clz<u64>(differing);
  const shift = <u32>ctz<u64>(differing);
  if (rows <= cacheRows) {
    const passes = sortCached(state, from, to, shift, top, differing);
    bringHome(state);
    settle(state, false);
    return <i32>(rows * (passes + 2));
  }
  const digitBits = min(load<u32>(state, INDEXES) == 0 ? wordSplitBits : pairSplitBits, top - shift);
  store<u32>(state, top - digitBits, SHIFT);
  store<u32>(state, digitBits, DIGIT_BITS);
  memory.fill(state + TABLES, 0, <usize>4 << digitBits);
  begin(state, COUNT);
  return 0;
}

/** LSD over the bits [shift, top); leaves the rows in the arrays that IN_OTHER then names. Returns the passes. */
function sortCached(state: usize, from: u32, to: u32, shift: u32, top: u32, differing: u64): u32 {
  const span = top - shift;
  let passes = (span + 7) >> 3;
  // an odd number of moves ends in the other arrays, an even one where it began: end at home, by wider digits if need be
  if ((passes & 1) != load<u32>(state, IN_OTHER)) passes += passes > 1 && span <= (passes - 1) * cachedBitsMax ? -1 : 1;
  const digitBits = (span + passes - 1) / passes;
  const mask = (<u64>1 << digitBits) - 1;
  const tableBytes = <usize>4 << digitBits;
  const tables = state + TABLES;
  memory.fill(tables, 0, tableBytes * passes);
  const counted = segmentKeys(state);
  for (let pass: u32 = 0; pass < passes; pass += 2) {
    const table = tables + tableBytes * pass;
    const low = shift + digitBits * pass;
    countDigits(counted, from, to, low, table, low + digitBits, pass + 1 < passes ? table + tableBytes : 0, mask);
  }
  for (let pass: u32 = 0; pass < passes; pass++) {
    const low = shift + digitBits * pass;
    if (((differing >> low) & mask) == 0) continue;
    const table = tables + tableBytes * pass;
    countsToStarts(table, 1 << digitBits, from);
    const inOther = load<u32>(state, IN_OTHER);
    const keys = segmentKeys(state);
    const indexes = segmentIndexes(state);
    store<u32>(state, 1 - inOther, IN_OTHER);
    if (indexes == 0) moveWords(keys, segmentKeys(state), from, to, low, mask, table);
    else movePairs(keys, indexes, segmentKeys(state), segmentIndexes(state), from, to, low, mask, table);
  }
  return passes;
}

/** Copies a segment that lies in the other arrays to where rows end up. */
function bringHome(state: usize): void {
  if (load<u32>(state, IN_OTHER) == 0) return;
  const from = <usize>load<u32>(state, FROM);
  const rows = <usize>load<u32>(state, TO) - from;
  const indexes = <usize>load<u32>(state, INDEXES);
  memory.copy(<usize>load<u32>(state, KEYS) + (from << 3), <usize>load<u32>(state, OTHER_KEYS) + (from << 3), rows << 3);
  if (indexes != 0) memory.copy(indexes + (from << 2), <usize>load<u32>(state, OTHER_INDEXES) + (from << 2), rows << 2);
  store<u32>(state, 0, IN_OTHER);
}

/** What follows for a segment in order of its keys: nothing, unless the keys stand for more bytes. */
function settle(state: usize, allEqual: bool): void {
  let phase = NEXT;
  if (load<u32>(state, OFFSETS) != 0) {
    if (!allEqual) phase = RUNS;
    else if ((load<u64>(state, LAST_KEY) & 0xff) == 8) phase = PREFIX;
  }
  if (phase == PREFIX) {
    store<u32>(state, load<u32>(state, DEPTH) + 7, DEPTH);
    store<u32>(state, commonBytesMax, COMMON);
  }
  begin(state, phase);
}

function count(state: usize, left: i32): i32 {
  const from = load<u32>(state, CURSOR);
  const to = min(load<u32>(state, TO), from + <u32>left);
  const digitBits = load<u32>(state, DIGIT_BITS);
  countDigits(segmentKeys(state), from, to, load<u32>(state, SHIFT), state + TABLES, 0, 0, (<u64>1 << digitBits) - 1);
  store<u32>(state, to, CURSOR);
  if (to == load<u32>(state, TO)) {
    countsToStarts(state + TABLES, 1 << digitBits, load<u32>(state, FROM));
    begin(state, SPLIT);
  }
  return <i32>(to - from);
}

/** Moves rows to the other arrays by their topmost digit; then every digit is a segment there. */
function split(state: usize, left: i32): i32 {
  const from = load<u32>(state, CURSOR);
  const to = min(load<u32>(state, TO), from + <u32>(left >> 1) + 1);
  const digitBits = load<u32>(state, DIGIT_BITS);
  const mask = (<u64>1 << digitBits) - 1;
  const shift = load<u32>(state, SHIFT);
  const keys = segmentKeys(state);
  const indexes = segmentIndexes(state);
  const inOther = 1 - load<u32>(state, IN_OTHER);
  const otherKeys = <usize>load<u32>(state + (inOther != 0 ? OTHER_KEYS : KEYS));
  const otherIndexes = <usize>load<u32>(state + (inOther != 0 ? OTHER_INDEXES : INDEXES));
  const end = load<u32>(state, TO);
  const table = state + TABLES;
  if (indexes == 0) moveWords(keys, otherKeys, from, to, shift, mask, table);
  else movePairs(keys, indexes, otherKeys, otherIndexes, from, to, shift, mask, table);
  store<u32>(state, to, CURSOR);
  if (to == end) {
    store<u32>(state, inOther, IN_OTHER);
    stackDigits(state, 1 << digitBits);
  }
  return <i32>(to - from) << 1;
}

/** After a split the starts have become ends. Short segments are finished at once, the others stacked. */
function stackDigits(state: usize, digits: u32): void {
  const inOther = load<u32>(state, IN_OTHER);
  const depth = load<u32>(state, DEPTH);
  let from = load<u32>(state, FROM);
  for (let digit: u32 = 0; digit < digits; digit++) {
    const to = load<u32>(state + TABLES + (<usize>digit << 2));
    if (to - from > insertionRows) push(state, from, to, depth, inOther, SURVEY);
    else if (to > from) insert(state, from, to, inOther, depth);
    from = to;
  }
  begin(state, NEXT);
}

/** A few rows, from wherever they are to where rows end up. */
function insert(state: usize, from: u32, to: u32, inOther: u32, depth: u32): void {
  const keys = <usize>load<u32>(state, KEYS);
  const indexes = <usize>load<u32>(state, INDEXES);
  const srcKeys = <usize>load<u32>(state + (inOther != 0 ? OTHER_KEYS : KEYS));
  const srcIndexes = <usize>load<u32>(state + (inOther != 0 ? OTHER_INDEXES : INDEXES));
  if (indexes == 0) insertWords(srcKeys, keys, from, to);
  else if (load<u32>(state, OFFSETS) == 0) insertPairs(srcKeys, srcIndexes, keys, indexes, from, to);
  else insertStrings(state, srcKeys, srcIndexes, keys, from, to, depth + 7);
}
