// Orders groups by (hash, id), so that they can leave in hash order. Hashes are spread evenly: two stable LSD passes over
// the top 22 bits (Knuth, TAOCP 3, 5.2.5) leave runs of a few entries, and one insertion sort settles those. An entry is
// the hash's high half above the id; only where high halves are equal is the whole hash looked up.
//
// Keys chosen to share their top bits would make insertion slow. `settleOrder` then gives up, and the host sorts by all
// 64 bits: three passes over the low half, three over the high half.

// @ts-ignore: decorator
@inline
const DIGITS: u32 = 1 << 11;

/** entries[id] = (high half of hashes[id], id), for ids from … to */
export function beginOrder(hashes: usize, from: u32, to: u32, entries: usize): void {
  for (let id = from; id < to; id++) {
    const at = <usize>id << 3;
    store<u64>(entries + at, (load<u64>(hashes + at) >> 32 << 32) | <u64>id);
  }
}

/** Gives entries from … to 32 bits of their hashes: the high half (shift 32) or the low one (shift 0). */
export function rekeyOrder(hashes: usize, shift: i32, from: u32, to: u32, entries: usize): void {
  for (let i = from; i < to; i++) {
    const at = entries + (<usize>i << 3);
    const id = load<u32>(at);
    store<u64>(at, (load<u64>(hashes + (<usize>id << 3)) >> <u64>shift << 32) | <u64>id);
  }
}

/** Counts the digit at `shift` of entries from … to into counts u32[2048]. */
export function countOrder(entries: usize, from: u32, to: u32, shift: i32, counts: usize): void {
  for (let i = from; i < to; i++) {
    const digit = <u32>(load<u64>(entries + (<usize>i << 3)) >> <u64>shift) & (DIGITS - 1);
    const at = counts + (<usize>digit << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}

/** Turns counts into the place of each digit's first entry. */
export function placeOrder(counts: usize): void {
  let sum: u32 = 0;
  for (let at: usize = 0; at < <usize>DIGITS << 2; at += 4) {
    const count = load<u32>(counts + at);
    store<u32>(counts + at, sum);
    sum += count;
  }
}

/** Moves entries from … to to their places by the digit at `shift`. */
export function scatterOrder(entries: usize, from: u32, to: u32, shift: i32, places: usize, out: usize): void {
  for (let i = from; i < to; i++) {
    const entry = load<u64>(entries + (<usize>i << 3));
    const digit = <u32>(entry >> <u64>shift) & (DIGITS - 1);
    const at = places + (<usize>digit << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<u64>(out + (<usize>place << 3), entry);
  }
}

// @ts-ignore: decorator
@inline
function comesAfter(hashes: usize, a: u64, b: u64): bool {
  if ((a ^ b) >> 32 != 0) return a > b;
  const hashA = load<u64>(hashes + (<usize>(<u32>a) << 3));
  const hashB = load<u64>(hashes + (<usize>(<u32>b) << 3));
  return hashA == hashB ? a > b : hashA > hashB;
}

/** Insertion sort of entries from … to into the sorted ones before them. Returns the moves made; stops beyond movesMax. */
export function settleOrder(hashes: usize, entries: usize, from: u32, to: u32, movesMax: u32): u32 {
  let moves: u32 = 0;
  for (let i = max(from, 1); i < to; i++) {
    let at = entries + (<usize>i << 3);
    const entry = load<u64>(at);
    if (!comesAfter(hashes, load<u64>(at - 8), entry)) continue;
    do {
      store<u64>(at, load<u64>(at - 8));
      at -= 8;
      moves++;
    } while (at > entries && moves <= movesMax && comesAfter(hashes, load<u64>(at - 8), entry));
    store<u64>(at, entry);
    if (moves > movesMax) break;
  }
  return moves;
}

/** ids[i] = id of entries[i], for entries from … to */
export function endOrder(entries: usize, from: u32, to: u32, ids: usize): void {
  for (let i = from; i < to; i++) store<u32>(ids + (<usize>i << 2), load<u32>(entries + (<usize>i << 3)));
}
