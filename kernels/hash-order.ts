// Orders groups by (hash, id), so that they can leave in hash order. Hashes are spread evenly: three stable LSD passes over
// the top 24 bits (Knuth, TAOCP 3, 5.2.5) nearly sort them, and one insertion sort settles the rest. An entry is the hash's
// high half above the id; only where high halves are equal is the whole hash looked up. Digits of 8 bits, for wider ones
// write to more pages at a time than the TLB holds: three passes of 8 bits take less time than two of 11.
//
// Keys chosen to share their top bits would make insertion slow. `settleOrder` then gives up, and the host sorts by all
// 64 bits: four passes over the low half, four over the high half.

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

/** Counts the four digits of the hash bits of entries from … to: counts u32[4][256], the lowest digit first. */
export function countOrder(entries: usize, from: u32, to: u32, counts: usize): void {
  for (let i = from; i < to; i++) {
    const bits = load<u32>(entries + (<usize>i << 3), 4);
    increment(counts + (<usize>(bits & 255) << 2));
    increment(counts + 1024 + (<usize>((bits >> 8) & 255) << 2));
    increment(counts + 2048 + (<usize>((bits >> 16) & 255) << 2));
    increment(counts + 3072 + (<usize>(bits >> 24) << 2));
  }
}

// @ts-ignore: decorator
@inline
function increment(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}

/** Turns each digit's counts into the places of its first entries. */
export function placeOrder(counts: usize): void {
  for (let digit = 0; digit < 4; digit++) {
    let sum: u32 = 0;
    for (const end = counts + 1024; counts < end; counts += 4) {
      const count = load<u32>(counts);
      store<u32>(counts, sum);
      sum += count;
    }
  }
}

/** Moves entries from … to to their places by digit 0 … 3. */
export function scatterOrder(entries: usize, from: u32, to: u32, digit: i32, counts: usize, out: usize): void {
  const places = counts + (<usize>digit << 10);
  const shift = 32 + (<u64>digit << 3);
  for (let i = from; i < to; i++) {
    const entry = load<u64>(entries + (<usize>i << 3));
    const at = places + (<usize>(<u32>(entry >> shift) & 255) << 2);
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
