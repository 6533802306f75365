// The loops of the radix sort: histograms, moves and the insertion sort of short segments. See sort.ts for the whole.
// "Words" are u64 that carry a u32 key in the high half and a u32 index in the low; "pairs" are u64 keys beside u32 indexes.

/** Rows that insertion sort takes. */
export const insertionRows: u32 = 24;

/** counts[digit]++ for two digits of each key at once; the second is left out when table2 is 0. */
export function countDigits(
  keys: usize, from: u32, to: u32, shift: u64, table: usize, shift2: u64, table2: usize, mask: u64,
): void {
  if (table2 == 0) {
    for (let i = from; i < to; i++) {
      const at = table + (<usize>((load<u64>(keys + (<usize>i << 3)) >> shift) & mask) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
    return;
  }
  for (let i = from; i < to; i++) {
    const key = load<u64>(keys + (<usize>i << 3));
    const at = table + (<usize>((key >> shift) & mask) << 2);
    const at2 = table2 + (<usize>((key >> shift2) & mask) << 2);
    store<u32>(at, load<u32>(at) + 1);
    store<u32>(at2, load<u32>(at2) + 1);
  }
}

/** Turns counts into the rows at which each digit starts. */
export function countsToStarts(table: usize, entries: u32, first: u32): void {
  let sum = first;
  for (let d: u32 = 0; d < entries; d++) {
    const at = table + (<usize>d << 2);
    const rows = load<u32>(at);
    store<u32>(at, sum);
    sum += rows;
  }
}

/** Rows [from, to) to where their digit's start says, which moves on. */
export function movePairs(
  keys: usize, indexes: usize, otherKeys: usize, otherIndexes: usize, from: u32, to: u32,
  shift: u64, mask: u64, starts: usize,
): void {
  for (let i = from; i < to; i++) {
    const key = load<u64>(keys + (<usize>i << 3));
    const at = starts + (<usize>((key >> shift) & mask) << 2);
    const row = <usize>load<u32>(at);
    store<u32>(at, <u32>row + 1);
    store<u64>(otherKeys + (row << 3), key);
    store<u32>(otherIndexes + (row << 2), load<u32>(indexes + (<usize>i << 2)));
  }
}

export function moveWords(
  keys: usize, otherKeys: usize, from: u32, to: u32, shift: u64, mask: u64, starts: usize,
): void {
  for (let i = from; i < to; i++) {
    const key = load<u64>(keys + (<usize>i << 3));
    const at = starts + (<usize>((key >> shift) & mask) << 2);
    const row = <usize>load<u32>(at);
    store<u32>(at, <u32>row + 1);
    store<u64>(otherKeys + (row << 3), key);
  }
}

/** Stable insertion sort of rows [from, to), read from `src…` and written to `dst…`, which may be the same. */
export function insertPairs(srcKeys: usize, srcIndexes: usize, dstKeys: usize, dstIndexes: usize, from: u32, to: u32): void {
  for (let i = from; i < to; i++) {
    const key = load<u64>(srcKeys + (<usize>i << 3));
    const index = load<u32>(srcIndexes + (<usize>i << 2));
    let at = i;
    while (at > from) {
      const before = load<u64>(dstKeys + (<usize>at << 3) - 8);
      if (before <= key) break;
      store<u64>(dstKeys + (<usize>at << 3), before);
      store<u32>(dstIndexes + (<usize>at << 2), load<u32>(dstIndexes + (<usize>at << 2) - 4));
      at--;
    }
    store<u64>(dstKeys + (<usize>at << 3), key);
    store<u32>(dstIndexes + (<usize>at << 2), index);
  }
}

export function insertWords(srcKeys: usize, dstKeys: usize, from: u32, to: u32): void {
  for (let i = from; i < to; i++) {
    const key = load<u64>(srcKeys + (<usize>i << 3));
    let at = i;
    while (at > from) {
      const before = load<u64>(dstKeys + (<usize>at << 3) - 8);
      if (before >> 32 <= key >> 32) break;
      store<u64>(dstKeys + (<usize>at << 3), before);
      at--;
    }
    store<u64>(dstKeys + (<usize>at << 3), key);
  }
}
