// Group tables: from keys to dense ids 0, 1, 2 … in the order in which keys are first seen. Open addressing with linear
// probing over a power of two of 16-byte slots, at most half full, so that a key costs one cache miss.
//
// Two kinds. Of fixed-width keys only the hash is kept: within one kind of value it is a bijection (hash.ts), so that
// equal hashes are equal keys. Keys that are bytes are copied to an arena, and compared when 32 bits of hash agree.
//
// A table is a block of 32-bit fields that the host fills in and grows:
//   0 slots · 4 slot mask · 8 groups · 12 most groups · 16 hashes u64[groups]
//   20 key offsets u32[groups + 1] · 24 key bytes · 28 room for key bytes      (bytes tables only)
// A slot is { hash u64, id + 1 u32, – } or { id + 1 u32, high half of hash u32, key start u32, key length u32 }; id + 1 = 0
// marks it free. When a table is full the kernels stop at the row that needs room and say which one it is.
/** Rows whose slots are loaded ahead together in large tables, so that their cache misses overlap. */
// @ts-ignore: decorator
@inline
const BLOCK: i32 = 256;
/** Tables of at most so many slots stay in a core's cache. */
// @ts-ignore: decorator
@inline
const CACHED_SLOTS: u32 = 1 << 16;

/** Loads the slots of rows from … to, and drops them somewhere, lest the compiler drops the loads. */
// @ts-ignore: decorator
@inline
function touchSlots(table: usize, slots: usize, mask: u32, hashes: usize, from: i32, to: i32): void {
  if (mask < CACHED_SLOTS) return;
  let seen: u32 = 0;
  for (let row = from; row < to; row++) {
    seen |= load<u32>(slots + (<usize>(load<u32>(hashes + (<usize>row << 3)) & mask) << 4));
  }
  store<u32>(table, seen, 32);
}

/**
 * ids[row] = group of the key whose hash is hashes[row], for rows from … n. Returns the first row not done: n, or the one
 * that finds the table full. firstRows (or 0) gets the row of each group added here.
 */
export function groupFixed(table: usize, hashes: usize, from: i32, n: i32, ids: usize, firstRows: usize): i32 {
  const slots = <usize>load<u32>(table);
  const mask = load<u32>(table, 4);
  const groupHashes = <usize>load<u32>(table, 16);
  const limit = load<u32>(table, 12);
  let count = load<u32>(table, 8);
  let row = from;
  while (row < n) {
    const end = min(n, row + BLOCK);
    touchSlots(table, slots, mask, hashes, row, end);
    for (; row < end; row++) {
      const hash = load<u64>(hashes + (<usize>row << 3));
      let at = <u32>hash & mask;
      let slot = slots + (<usize>at << 4);
      let id = load<u32>(slot, 8);
      while (id != 0 && load<u64>(slot) != hash) {
        at = (at + 1) & mask;
        slot = slots + (<usize>at << 4);
        id = load<u32>(slot, 8);
      }
      if (id == 0) {
        if (count == limit) {
          n = row;
          break;
        }
        store<u64>(slot, hash);
        store<u64>(groupHashes + (<usize>count << 3), hash);
        id = ++count;
        store<u32>(slot, id, 8);
        if (firstRows != 0) {
          store<u32>(firstRows, row);
          firstRows += 4;
        }
      }
      store<u32>(ids + (<usize>row << 2), id - 1);
    }
  }
  store<u32>(table, count, 8);
  return row;
}

/** ids[row] = group of the key whose hash is hashes[row], or 0xffffffff */
export function lookupFixed(table: usize, hashes: usize, n: i32, ids: usize): void {
  const slots = <usize>load<u32>(table);
  const mask = load<u32>(table, 4);
  for (let row = 0; row < n; ) {
    const end = min(n, row + BLOCK);
    touchSlots(table, slots, mask, hashes, row, end);
    for (; row < end; row++) {
      const hash = load<u64>(hashes + (<usize>row << 3));
      let at = <u32>hash & mask;
      let slot = slots + (<usize>at << 4);
      let id = load<u32>(slot, 8);
      while (id != 0 && load<u64>(slot) != hash) {
        at = (at + 1) & mask;
        slot = slots + (<usize>at << 4);
        id = load<u32>(slot, 8);
      }
      store<u32>(ids + (<usize>row << 2), id - 1);
    }
  }
}

/** Puts groups from … to into the (larger, cleared) slots. */
export function rehashFixed(table: usize, from: u32, to: u32): void {
  const slots = <usize>load<u32>(table);
  const mask = load<u32>(table, 4);
  const groupHashes = <usize>load<u32>(table, 16);
  for (let id = from; id < to; id++) {
    const hash = load<u64>(groupHashes + (<usize>id << 3));
    let at = <u32>hash & mask;
    while (load<u32>(slots + (<usize>at << 4), 8) != 0) at = (at + 1) & mask;
    const slot = slots + (<usize>at << 4);
    store<u64>(slot, hash);
    store<u32>(slot, id + 1, 8);
  }
}

/** Where a read of 16 bytes may begin at the latest. */
// @ts-ignore: decorator
@inline
function lastVector(): u64 {
  return (<u64>memory.size() << 16) - 16;
}

/**
 * Short runs are compared as one vector each, whatever lies behind their ends: where lengths differ from run to run every
 * branch on them is a gamble.
 */
// @ts-ignore: decorator
@inline
function equalBytes(a: usize, b: usize, length: usize, last: u64): bool {
  if (length <= 16 && <u64>a <= last && <u64>b <= last) {
    const differ = ~i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
    return (differ & ((1 << <i32>length) - 1)) == 0;
  }
  if (length >= 8) {
    const last = length - 8;
    for (let i: usize = 0; i < last; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
    return load<u64>(a + last) == load<u64>(b + last);
  }
  for (let i: usize = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

/** The slot that holds the key, or the free one where it belongs. */
// @ts-ignore: decorator
@inline
function findBytes(slots: usize, mask: u32, arena: usize, hash: u64, key: usize, length: u32, last: u64): usize {
  const tag = <u32>(hash >> 32);
  let at = <u32>hash & mask;
  let slot = slots + (<usize>at << 4);
  while (load<u32>(slot) != 0) {
    if (
      load<u32>(slot, 4) == tag &&
      load<u32>(slot, 12) == length &&
      equalBytes(arena + <usize>load<u32>(slot, 8), key, <usize>length, last)
    ) {
      break;
    }
    at = (at + 1) & mask;
    slot = slots + (<usize>at << 4);
  }
  return slot;
}

/** As `groupFixed`, for the keys bytes[offsets[row] … offsets[row + 1]). Also stops when the key bytes have no room. */
export function groupBytes(
  table: usize, offsets: usize, bytes: usize, hashes: usize, from: i32, n: i32, ids: usize, firstRows: usize,
): i32 {
  const slots = <usize>load<u32>(table);
  const mask = load<u32>(table, 4);
  const limit = load<u32>(table, 12);
  const groupHashes = <usize>load<u32>(table, 16);
  const keyOffsets = <usize>load<u32>(table, 20);
  const arena = <usize>load<u32>(table, 24);
  const room = load<u32>(table, 28);
  const last = lastVector();
  let count = load<u32>(table, 8);
  let used = load<u32>(keyOffsets + (<usize>count << 2));
  let row = from;
  while (row < n) {
    const end = min(n, row + BLOCK);
    touchSlots(table, slots, mask, hashes, row, end);
    for (; row < end; row++) {
      const hash = load<u64>(hashes + (<usize>row << 3));
      const start = load<u32>(offsets + (<usize>row << 2));
      const length = load<u32>(offsets + (<usize>row << 2), 4) - start;
      const slot = findBytes(slots, mask, arena, hash, bytes + <usize>start, length, last);
      let id = load<u32>(slot);
      if (id == 0) {
        if (count == limit || length > room - used) {
          n = row;
          break;
        }
        memory.copy(arena + <usize>used, bytes + <usize>start, <usize>length);
        store<u64>(groupHashes + (<usize>count << 3), hash);
        id = ++count;
        store<u32>(slot, id);
        store<u32>(slot, <u32>(hash >> 32), 4);
        store<u32>(slot, used, 8);
        store<u32>(slot, length, 12);
        used += length;
        store<u32>(keyOffsets + (<usize>count << 2), used);
        if (firstRows != 0) {
          store<u32>(firstRows, row);
          firstRows += 4;
        }
      }
      store<u32>(ids + (<usize>row << 2), id - 1);
    }
  }
  store<u32>(table, count, 8);
  return row;
}

/** ids[row] = group of the key bytes[offsets[row] … offsets[row + 1]), or 0xffffffff */
export function lookupBytes(table: usize, offsets: usize, bytes: usize, hashes: usize, n: i32, ids: usize): void {
  const slots = <usize>load<u32>(table);
  const mask = load<u32>(table, 4);
  const arena = <usize>load<u32>(table, 24);
  const last = lastVector();
  for (let row = 0; row < n; ) {
    const end = min(n, row + BLOCK);
    touchSlots(table, slots, mask, hashes, row, end);
    for (; row < end; row++) {
      const start = load<u32>(offsets + (<usize>row << 2));
      const length = load<u32>(offsets + (<usize>row << 2), 4) - start;
      const slot = findBytes(slots, mask, arena, load<u64>(hashes + (<usize>row << 3)), bytes + <usize>start, length, last);
      store<u32>(ids + (<usize>row << 2), load<u32>(slot) - 1);
    }
  }
}

/** Puts groups from … to into the (larger, cleared) slots. */
export function rehashBytes(table: usize, from: u32, to: u32): void {
  const slots = <usize>load<u32>(table);
  const mask = load<u32>(table, 4);
  const groupHashes = <usize>load<u32>(table, 16);
  const keyOffsets = <usize>load<u32>(table, 20);
  for (let id = from; id < to; id++) {
    const hash = load<u64>(groupHashes + (<usize>id << 3));
    let at = <u32>hash & mask;
    while (load<u32>(slots + (<usize>at << 4)) != 0) at = (at + 1) & mask;
    const slot = slots + (<usize>at << 4);
    const start = load<u32>(keyOffsets + (<usize>id << 2));
    store<u32>(slot, id + 1);
    store<u32>(slot, <u32>(hash >> 32), 4);
    store<u32>(slot, start, 8);
    store<u32>(slot, load<u32>(keyOffsets + (<usize>id << 2), 4) - start, 12);
  }
}
