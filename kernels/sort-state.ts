// The state of a sort, as a struct in memory, and its stack of segments that wait.

export const KEYS: usize = 0; // where rows begin and end up; addresses are u32
export const INDEXES: usize = 4; // 0: the keys are words, which carry their index
export const OTHER_KEYS: usize = 8;
export const OTHER_INDEXES: usize = 12;
export const OFFSETS: usize = 16; // 0: the keys are given; else they are made of these byte strings
export const BYTES: usize = 20;
export const STACK: usize = 24;
export const STACKED: usize = 28;
export const PHASE: usize = 32;
export const CURSOR: usize = 36;
export const FROM: usize = 40; // the segment at work: rows [FROM, TO) …
export const TO: usize = 44;
export const DEPTH: usize = 48; // … whose strings agree in so many bytes …
export const IN_OTHER: usize = 52; // … and which lie in OTHER_KEYS when 1
export const SHIFT: usize = 56;
export const DIGIT_BITS: usize = 60;
export const OR_BITS: usize = 64;
export const AND_BITS: usize = 72;
export const LAST_KEY: usize = 80;
export const IS_SORTED: usize = 88;
export const COMMON: usize = 92;
export const TABLES: usize = 128; // counters: up to 9 × 256 or 7 × 512

export const NEXT: u32 = 0;
export const EXTRACT: u32 = 1;
export const SURVEY: u32 = 2;
export const COUNT: u32 = 3;
export const SPLIT: u32 = 4;
export const RUNS: u32 = 5;
export const PREFIX: u32 = 6;

/** Longest common prefix that one pass over a segment finds: bounds a comparison. */
export const commonBytesMax: u32 = 16384;

export function begin(state: usize, phase: u32): void {
  store<u32>(state, phase, PHASE);
  store<u32>(state, load<u32>(state, FROM), CURSOR);
  if (phase == SURVEY) {
    store<u64>(state, 0, OR_BITS);
    store<u64>(state, ~(<u64>0), AND_BITS);
    store<u64>(state, 0, LAST_KEY);
    store<u32>(state, 1, IS_SORTED);
  }
}

/** A segment for later. Only segments longer than `insertionRows` are, so the stack never holds more than n ÷ 24. */
export function push(state: usize, from: u32, to: u32, depth: u32, inOther: u32, phase: u32): void {
  const stacked = load<u32>(state, STACKED);
  const at = <usize>load<u32>(state, STACK) + (<usize>stacked << 4);
  store<u32>(at, from);
  store<u32>(at, to, 4);
  store<u32>(at, depth, 8);
  store<u32>(at, inOther | (phase << 1), 12);
  store<u32>(state, stacked + 1, STACKED);
}

export function pop(state: usize): void {
  const stacked = load<u32>(state, STACKED) - 1;
  const at = <usize>load<u32>(state, STACK) + (<usize>stacked << 4);
  store<u32>(state, stacked, STACKED);
  store<u32>(state, load<u32>(at), FROM);
  store<u32>(state, load<u32>(at, 4), TO);
  store<u32>(state, load<u32>(at, 8), DEPTH);
  const flags = load<u32>(at, 12);
  store<u32>(state, flags & 1, IN_OTHER);
  begin(state, flags >> 1);
}

// @ts-ignore: decorator
@inline
export function segmentKeys(state: usize): usize {
  return <usize>load<u32>(state + (load<u32>(state, IN_OTHER) != 0 ? OTHER_KEYS : KEYS));
}

// @ts-ignore: decorator
@inline
export function segmentIndexes(state: usize): usize {
  return <usize>load<u32>(state + (load<u32>(state, IN_OTHER) != 0 ? OTHER_INDEXES : INDEXES));
}
