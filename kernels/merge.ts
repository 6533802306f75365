// k-way merge of sorted runs by a tree of losers (Knuth, TAOCP 3, 5.4.1), as a struct in memory.
//
// A run is a sequence of windows: some of its rows in memory, of which the kernel emits (run, row) in merged order until the output
// is full or a window is used up. Ties go to the lower run, so merging the pieces of a stable sort is stable.
import { compareBytes, lastWideLoad, prefixWord } from "./copy";

const RUNS: usize = 0;
const EMITTED: usize = 4;
const PENDING: usize = 8; // run that waits for a window, or NONE
const IS_BUILT: usize = 12;
const HEADER: usize = 16;

// a run
const KEYS: usize = 0; // u64 keys, or offsets of byte strings
const BYTES: usize = 4; // 0: u64 keys
const AT: usize = 8;
const END: usize = 12;
const BASE: usize = 16; // number of the window's row 0
const IS_LAST: usize = 20;
const RUN_SHIFT: usize = 5;

// a node of the tree: the key of a run's next row and the run's rank, which is the run or, when it has ended, beyond all runs
const RANK: usize = 8;
const NODE_SHIFT: usize = 4;

const NONE: u32 = 0xffffffff;
const FULL: i32 = -1;
const ENDED: i32 = -2;

// @ts-ignore: decorator
@inline
function runAt(state: usize, run: u32): usize {
  return state + HEADER + (<usize>run << RUN_SHIFT);
}

// @ts-ignore: decorator
@inline
function nodeAt(state: usize, runs: u32, node: u32): usize {
  return state + HEADER + (<usize>runs << RUN_SHIFT) + (<usize>node << NODE_SHIFT);
}

/** The state takes 16 + 48 × runs bytes. Every run then gets a window before the first step. */
export function mergeBegin(state: usize, runs: u32): void {
  store<u32>(state, runs, RUNS);
  store<u32>(state, 0, EMITTED);
  store<u32>(state, NONE, PENDING);
  store<u32>(state, 0, IS_BUILT);
}

/** The next rows of a run: n of them, numbered from `base`. With n = 0 and `isLast` the run ends. */
export function mergeWindow(state: usize, run: u32, keys: usize, bytes: usize, n: u32, base: u32, isLast: u32): void {
  const at = runAt(state, run);
  store<u32>(at, <u32>keys, KEYS);
  store<u32>(at, <u32>bytes, BYTES);
  store<u32>(at, 0, AT);
  store<u32>(at, n, END);
  store<u32>(at, base, BASE);
  store<u32>(at, isLast, IS_LAST);
}

/**
 * Emits at most `capacity` pairs; how many is the state's second word. Returns the run whose window is used up and which is not
 * at its last, −1 when the output is full, −2 when all runs have ended.
 */
export function mergeU64(state: usize, outRuns: usize, outRows: usize, capacity: u32): i32 {
  return merge(state, outRuns, outRows, capacity, false);
}

export function mergeBytes(state: usize, outRuns: usize, outRows: usize, capacity: u32): i32 {
  return merge(state, outRuns, outRows, capacity, true);
}

/** Key of the run's next row: the u64 itself, or the first seven bytes. */
// @ts-ignore: decorator
@inline
function headKey(run: usize, ofBytes: bool, wideLoadMax: usize): u64 {
  const row = <usize>load<u32>(run, AT);
  const keys = <usize>load<u32>(run, KEYS);
  if (!ofBytes) return load<u64>(keys + (row << 3));
  const start = load<u32>(keys + (row << 2));
  return prefixWord(<usize>load<u32>(run, BYTES) + start, load<u32>(keys + (row << 2), 4) - start, wideLoadMax);
}

/** Whether strings whose first words are equal and go on are a < b, or equal with a's run the lower. */
function goesFirst(state: usize, rankA: u32, rankB: u32): bool {
  const a = runAt(state, rankA);
  const b = runAt(state, rankB);
  const offsetsA = <usize>load<u32>(a, KEYS) + (<usize>load<u32>(a, AT) << 2);
  const offsetsB = <usize>load<u32>(b, KEYS) + (<usize>load<u32>(b, AT) << 2);
  const startA = load<u32>(offsetsA) + 7;
  const startB = load<u32>(offsetsB) + 7;
  const order = compareBytes(
    <usize>load<u32>(a, BYTES) + startA, load<u32>(offsetsA, 4) - startA,
    <usize>load<u32>(b, BYTES) + startB, load<u32>(offsetsB, 4) - startB,
  );
  return order == 0 ? rankA < rankB : order < 0;
}

// @ts-ignore: decorator
@inline
function isBefore(state: usize, runs: u32, keyA: u64, rankA: u32, keyB: u64, rankB: u32, ofBytes: bool): bool {
  if (ofBytes && keyA == keyB && (keyA & 0xff) == 8 && rankA < runs && rankB < runs) return goesFirst(state, rankA, rankB);
  return i32(keyA < keyB) | (i32(keyA == keyB) & i32(rankA < rankB)) ? true : false;
}

// @ts-ignore: decorator
@inline
function merge(state: usize, outRuns: usize, outRows: usize, capacity: u32, ofBytes: bool): i32 {
  const wideLoadMax = lastWideLoad();
  const runs = load<u32>(state, RUNS);
  const nodes = nodeAt(state, runs, 0);
  store<u32>(state, 0, EMITTED);
  if (load<u32>(state, IS_BUILT) == 0) {
    const missing = build(state, runs, ofBytes);
    if (missing >= 0) return missing;
  }
  let rank = load<u32>(nodes, RANK);
  let emitted: u32 = 0;
  let result = FULL;
  let mustReplay = false;
  const pending = load<u32>(state, PENDING);
  if (pending != NONE) {
    const run = runAt(state, pending);
    if (load<u32>(run, AT) == load<u32>(run, END) && load<u32>(run, IS_LAST) == 0) return <i32>pending;
    store<u32>(state, NONE, PENDING);
    mustReplay = true;
  }
  while (true) {
    if (!mustReplay) {
      if (rank >= runs) {
        result = ENDED;
        break;
      }
      if (emitted == capacity) break;
      const winner = runAt(state, rank);
      const row = load<u32>(winner, AT);
      store<u32>(outRuns + (<usize>emitted << 2), rank);
      store<u32>(outRows + (<usize>emitted << 2), load<u32>(winner, BASE) + row);
      emitted++;
      store<u32>(winner, row + 1, AT);
      if (row + 1 == load<u32>(winner, END) && load<u32>(winner, IS_LAST) == 0) {
        store<u32>(state, rank, PENDING);
        result = <i32>rank;
        break;
      }
    }
    mustReplay = false;
    const run = runAt(state, rank);
    const leaf = rank + runs;
    let key = ~(<u64>0);
    if (load<u32>(run, AT) == load<u32>(run, END)) rank += runs;
    else key = headKey(run, ofBytes, wideLoadMax);
    for (let node = leaf >> 1; node > 0; node >>= 1) {
      const at = nodes + (<usize>node << NODE_SHIFT);
      const otherKey = load<u64>(at);
      const otherRank = load<u32>(at, RANK);
      if (!isBefore(state, runs, otherKey, otherRank, key, rank, ofBytes)) continue;
      store<u64>(at, key);
      store<u32>(at, rank, RANK);
      key = otherKey;
      rank = otherRank;
    }
    store<u64>(nodes, key);
    store<u32>(nodes, rank, RANK);
  }
  store<u32>(state, emitted, EMITTED);
  return result;
}

/** Plays all matches of the tree. Returns a run that has no window yet, or −1. */
function build(state: usize, runs: u32, ofBytes: bool): i32 {
  const wideLoadMax = lastWideLoad();
  for (let run: u32 = 0; run < runs; run++) {
    const at = runAt(state, run);
    if (load<u32>(at, AT) == load<u32>(at, END) && load<u32>(at, IS_LAST) == 0) return <i32>run;
  }
  // a player climbs until it meets a node where nobody waits yet, and waits there
  for (let node: u32 = 0; node < runs; node++) store<u32>(nodeAt(state, runs, node), NONE, RANK);
  for (let run: u32 = 0; run < runs; run++) {
    const at = runAt(state, run);
    let rank = run;
    let key = ~(<u64>0);
    if (load<u32>(at, AT) == load<u32>(at, END)) rank += runs;
    else key = headKey(at, ofBytes, wideLoadMax);
    let node = (run + runs) >> 1;
    for (; node > 0; node >>= 1) {
      const other = nodeAt(state, runs, node);
      const otherKey = load<u64>(other);
      const otherRank = load<u32>(other, RANK);
      if (otherRank == NONE) break;
      if (!isBefore(state, runs, otherKey, otherRank, key, rank, ofBytes)) continue;
      store<u64>(other, key);
      store<u32>(other, rank, RANK);
      key = otherKey;
      rank = otherRank;
    }
    store<u64>(nodeAt(state, runs, node), key);
    store<u32>(nodeAt(state, runs, node), rank, RANK);
  }
  store<u32>(state, 1, IS_BUILT);
  return -1;
}
