// Group tables: from keys to dense ids 0, 1, 2 … in the order in which keys are first seen. Open addressing with linear
// probing over a power of two of 16-byte slots, at most half full, so that a key costs one cache miss.
//
// Two kinds. Of fixed-width keys only the hash is kept: within one kind of value it is a bijection (hash.ts), so that
// equal hashes are equal keys. Keys that are bytes are copied to an arena. Their first 16 bytes, as two words padded with
// zeros, stand in the slot too: most keys are told by the one cache line that the slot is in.
//
// A table is a block of 32-bit fields that the host fills in and grows:
//   0 slots · 4 slot mask · 8 groups · 12 most groups · 16 hashes u64[groups]
//   20 key offsets u32[groups + 1] · 24 key bytes · 28 room for key bytes      (bytes tables only)
// A slot is { hash u64, id + 1 u32, – } or { id + 1 u32, high half of hash u32, key start u32, key length u32, words u64 × 2 };
// id + 1 = 0 marks it free. When a table is full the kernels stop at the row that needs room and say which one it is.
import { firstBytes, lastVector } from "./words";

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
function touchSlots(table: usize, slots: usize, shift: usize, mask: u32, hashes: usize, from: i32, to: i32): void {
  if (mask < CACHED_SLOTS) return;
  let seen: u32 = 0;
  for (let row = from; row < to; row++) {
    seen |= load<u32>(slots + (<usize>(load<u32>(hashes + (<usize>row << 3)) & mask) << shift));
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
    touchSlots(table, slots, 4, mask, hashes, row, end);
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
    touchSlots(table, slots, 4, mask, hashes, row, end);
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

/** The first bytes of a key so close to the end of memory that no whole vector may be read. */
function firstBytesAtEnd(key: usize, length: u32): v128 {
  return i64x2.replace_lane(i64x2.splat(wordAtEnd(key, length, 0)), 1, wordAtEnd(key, length, 8));
}

function wordAtEnd(key: usize, length: u32, from: u32): u64 {
  let word: u64 = 0;
  for (let i = from; i < min<u32>(length, from + 8); i++) word |= <u64>load<u8>(key + <usize>i) << (<u64>(i - from) << 3);
  return word;
}

// @ts-ignore: decorator
@inline
function keyStart(key: usize, length: u32, last: u64): v128 {
  return <u64>key <= last ? firstBytes(key, length) : firstBytesAtEnd(key, length);
}

/** Whether keys of one length, above 16 bytes, with equal first words are equal. */
function equalRest(a: usize, b: usize, length: usize): bool {
  const last = length - 8;
  for (let i: usize = 16; i < last; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  return load<u64>(a + last) == load<u64>(b + last);
}

/** The slot that holds the key, or the free one where it belongs. */
// @ts-ignore: decorator
@inline
function findBytes(
  slots: usize, mask: u32, arena: usize, hash: u64, key: usize, length: u32, first: v128,
): usize {
  let at = <u32>hash & mask;
  let slot = slots + (<usize>at << 5);
  while (load<u32>(slot) != 0) {
    const differ = <u32>v128.any_true(v128.xor(v128.load(slot, 16), first)) | (load<u32>(slot, 12) ^ length);
    if (differ == 0 && (length <= 16 || equalRest(arena + <usize>load<u32>(slot, 8), key, <usize>length))) break;
    at = (at + 1) & mask;
    slot = slots + (<usize>at << 5);
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
    touchSlots(table, slots, 5, mask, hashes, row, end);
    for (; row < end; row++) {
      const hash = load<u64>(hashes + (<usize>row << 3));
      const start = load<u32>(offsets + (<usize>row << 2));
      const length = load<u32>(offsets + (<usize>row << 2), 4) - start;
      const key = bytes + <usize>start;
      const first = keyStart(key, length, last);
      const slot = findBytes(slots, mask, arena, hash, key, length, first);
      let id = load<u32>(slot);
      if (id == 0) {
        if (count == limit || length > room - used) {
          n = row;
          break;
        }
        memory.copy(arena + <usize>used, key, <usize>length);
        store<u64>(groupHashes + (<usize>count << 3), hash);
        id = ++count;
        store<u32>(slot, id);
        store<u32>(slot, <u32>(hash >> 32), 4);
        store<u32>(slot, used, 8);
        store<u32>(slot, length, 12);
        v128.store(slot, first, 16);
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
    touchSlots(table, slots, 5, mask, hashes, row, end);
    for (; row < end; row++) {
      const start = load<u32>(offsets + (<usize>row << 2));
      const length = load<u32>(offsets + (<usize>row << 2), 4) - start;
      const key = bytes + <usize>start;
      const first = keyStart(key, length, last);
      const slot = findBytes(slots, mask, arena, load<u64>(hashes + (<usize>row << 3)), key, length, first);
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
  const arena = <usize>load<u32>(table, 24);
  const last = lastVector();
  for (let id = from; id < to; id++) {
    const hash = load<u64>(groupHashes + (<usize>id << 3));
    let at = <u32>hash & mask;
    while (load<u32>(slots + (<usize>at << 5)) != 0) at = (at + 1) & mask;
    const slot = slots + (<usize>at << 5);
    const start = load<u32>(keyOffsets + (<usize>id << 2));
    store<u32>(slot, id + 1);
    store<u32>(slot, <u32>(hash >> 32), 4);
    store<u32>(slot, start, 8);
    const length = load<u32>(keyOffsets + (<usize>id << 2), 4) - start;
    store<u32>(slot, length, 12);
    const key = arena + <usize>start;
    v128.store(slot, keyStart(key, length, last), 16);
  }
}
