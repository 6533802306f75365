// Stable bottom-up merge sort of byte strings by (first word, then the rest), as a struct in memory whose every step does a bounded
// part. It compares whole strings, so it suits rows that are nearly in order; sort.ts is faster on the others.
import { compareBytes, lastWideLoad, prefixWord } from "./copy";

const KEYS: usize = 0; // u64 words, made here
const INDEXES: usize = 4;
const OTHER_KEYS: usize = 8;
const OTHER_INDEXES: usize = 12;
const OFFSETS: usize = 16;
const BYTES: usize = 20;
const ROWS: usize = 24;
const WIDTH: usize = 28; // rows of the runs that are merged in pairs; 0 while words are made
const AT: usize = 32; // next row to write
const LEFT: usize = 36; // next row of either run of the pair
const RIGHT: usize = 40;

const firstWidth: u32 = 8;

/** KEYS and the other arrays are scratch; INDEXES holds the rows. */
export function mergeSortBegin(
  state: usize, keys: usize, indexes: usize, otherKeys: usize, otherIndexes: usize, n: u32, offsets: usize, bytes: usize,
): void {
  store<u32>(state, <u32>keys, KEYS);
  store<u32>(state, <u32>indexes, INDEXES);
  store<u32>(state, <u32>otherKeys, OTHER_KEYS);
  store<u32>(state, <u32>otherIndexes, OTHER_INDEXES);
  store<u32>(state, <u32>offsets, OFFSETS);
  store<u32>(state, <u32>bytes, BYTES);
  store<u32>(state, n, ROWS);
  store<u32>(state, 0, WIDTH);
  store<u32>(state, 0, AT);
}

/** Does about `budget` rows of work; 1 when the rows in INDEXES of the state, which may have changed places, are in order. */
export function mergeSortStep(state: usize, budget: i32): i32 {
  let left = budget;
  const n = load<u32>(state, ROWS);
  while (left > 0) {
    const width = load<u32>(state, WIDTH);
    if (width >= n) return 1;
    left -= width == 0 ? makeRuns(state, n, left) : mergePairs(state, n, width, left);
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function isAbove(state: usize, keyA: u64, a: u32, keyB: u64, b: u32): bool {
  if (keyA != keyB) return keyA > keyB;
  return (keyA & 0xff) == 8 && restIsAbove(state, a, b);
}

function restIsAbove(state: usize, a: u32, b: u32): bool {
  const offsets = <usize>load<u32>(state, OFFSETS);
  const bytes = <usize>load<u32>(state, BYTES);
  const startA = load<u32>(offsets + (<usize>a << 2)) + 7;
  const startB = load<u32>(offsets + (<usize>b << 2)) + 7;
  const endA = load<u32>(offsets + (<usize>a << 2), 4);
  const endB = load<u32>(offsets + (<usize>b << 2), 4);
  return compareBytes(bytes + startA, endA - startA, bytes + startB, endB - startB) > 0;
}

/** Words of the rows, and runs of 8 in order by insertion. */
function makeRuns(state: usize, n: u32, left: i32): i32 {
  const wideLoadMax = lastWideLoad();
  const offsets = <usize>load<u32>(state, OFFSETS);
  const bytes = <usize>load<u32>(state, BYTES);
  const keys = <usize>load<u32>(state, KEYS);
  const indexes = <usize>load<u32>(state, INDEXES);
  const from = load<u32>(state, AT);
  const to = min(n, from + ((<u32>left >> 3) + firstWidth) / firstWidth * firstWidth);
  for (let i = from; i < to; i++) {
    const index = load<u32>(indexes + (<usize>i << 2));
    const row = offsets + (<usize>index << 2);
    const start = load<u32>(row);
    const key = prefixWord(bytes + start, load<u32>(row, 4) - start, wideLoadMax);
    let at = i;
    for (const first = i - i % firstWidth; at > first; at--) {
      const before = load<u64>(keys + (<usize>at << 3) - 8);
      const beforeIndex = load<u32>(indexes + (<usize>at << 2) - 4);
      if (!isAbove(state, before, beforeIndex, key, index)) break;
      store<u64>(keys + (<usize>at << 3), before);
      store<u32>(indexes + (<usize>at << 2), beforeIndex);
    }
    store<u64>(keys + (<usize>at << 3), key);
    store<u32>(indexes + (<usize>at << 2), index);
  }
  store<u32>(state, to, AT);
  if (to == n) beginWidth(state, firstWidth);
  return <i32>(to - from) << 3;
}

function beginWidth(state: usize, width: u32): void {
  store<u32>(state, width, WIDTH);
  beginPair(state, 0, width);
}

function beginPair(state: usize, from: u32, width: u32): void {
  store<u32>(state, from, AT);
  store<u32>(state, from, LEFT);
  store<u32>(state, min(load<u32>(state, ROWS), from + width), RIGHT);
}

/** Merges the pair of runs at hand until it is done or the budget spent. */
function mergePairs(state: usize, n: u32, width: u32, budget: i32): i32 {
  const keys = <usize>load<u32>(state, KEYS);
  const indexes = <usize>load<u32>(state, INDEXES);
  const otherKeys = <usize>load<u32>(state, OTHER_KEYS);
  const otherIndexes = <usize>load<u32>(state, OTHER_INDEXES);
  let at = load<u32>(state, AT);
  let left = load<u32>(state, LEFT);
  let right = load<u32>(state, RIGHT);
  const from = at - at % (width << 1);
  const middle = min(n, from + width);
  const end = min(n, from + (width << 1));
  const started = at;
  const stop = min(end, at + <u32>budget);
  while (at < stop) {
    let takesRight = left == middle;
    if (!takesRight && right < end) {
      takesRight = isAbove(
        state, load<u64>(keys + (<usize>left << 3)), load<u32>(indexes + (<usize>left << 2)),
        load<u64>(keys + (<usize>right << 3)), load<u32>(indexes + (<usize>right << 2)),
      );
    }
    const row = takesRight ? right : left;
    left += <u32>!takesRight;
    right += <u32>takesRight;
    store<u64>(otherKeys + (<usize>at << 3), load<u64>(keys + (<usize>row << 3)));
    store<u32>(otherIndexes + (<usize>at << 2), load<u32>(indexes + (<usize>row << 2)));
    at++;
  }
  store<u32>(state, at, AT);
  store<u32>(state, left, LEFT);
  store<u32>(state, right, RIGHT);
  if (at == n) {
    store<u32>(state, <u32>otherKeys, KEYS);
    store<u32>(state, <u32>otherIndexes, INDEXES);
    store<u32>(state, <u32>keys, OTHER_KEYS);
    store<u32>(state, <u32>indexes, OTHER_INDEXES);
    beginWidth(state, width << 1);
  } else if (at == end) beginPair(state, end, width);
  return <i32>(at - started) + 1;
}
