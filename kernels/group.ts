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
// A slot is { hash u64, id + 1 u32, – } or { id + 1 u32, key length u32, key start u32, –, words u64 × 2 };
// id + 1 = 0 marks it free. When a table is full the kernels stop at the row that needs room and say which one it is.
import { hashLong, hashWords, STRING } from "./hash";
import { PRIME1, PRIME2, seedOf } from "./mix";
import { firstBytes, firstShort, lastVector } from "./words";

/** Rows whose slots are loaded ahead together in large tables, so that their cache misses overlap. */
// @ts-ignore: decorator
@inline
const BLOCK: i32 = 256;
/** Tables of at most so many slots stay in a core's cache. */
// @ts-ignore: decorator
@inline
const CACHED_SLOTS: u32 = 1 << 16;

/** Most bytes that long keys of one call have, but for the last of them. */
// @ts-ignore: decorator
@inline
const LONG_BYTES: u64 = 8 << 20;
/** Set in an entry's length when the key is long. */
// @ts-ignore: decorator
@inline
const LONG: u32 = 1 << 31;
/** Bytes of a slot of a bytes table. */
// @ts-ignore: decorator
@inline
const SLOT: usize = 32;
// @ts-ignore: decorator
@inline
const SLOT_SHIFT: u32 = 5;
/** Bytes of what `placeBytes` notes of a row. */
// @ts-ignore: decorator
@inline
const ENTRY: usize = 32;

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

/** Where the search for a key begins. What is short is its first words alone, so a hash would say no more: this is half the work. */
// @ts-ignore: decorator
@inline
function placeOf(first: v128): u32 {
  const x = (i64x2.extract_lane(first, 0) * PRIME1) ^ i64x2.extract_lane(first, 1);
  return <u32>(((x ^ (x >> 32)) * PRIME2) >> 32);
}

/**
 * For some rows, as many as returned: { slot where the search begins u32, length u32, –, first words } in `block`, ENTRY bytes each.
 * The slots are loaded, so that their cache misses overlap: in a loop of its own, where many fit into what a core looks ahead. Ends
 * early behind LONG_BYTES of long keys. Exported lest it is inlined: its loops need all registers.
 */
export function placeBytes(
  table: usize, starts: usize, ends: usize, bytes: usize, hashes: usize, block: usize, rows: i32,
): i32 {
  const slots = load<u32>(table);
  const mask = load<u32>(table, 4);
  const stop = block + <usize>rows * ENTRY;
  const within = mask << SLOT_SHIFT;
  const isNearEnd = <u64>bytes + <u64>greatest(starts, rows) > lastVector();
  // bits from 128 on are of lengths above 16
  let lengths: u32 = isNearEnd ? 128 : 0;
  if (!isNearEnd) {
    for (let entry = block, from = starts, to = ends; entry < stop; entry += ENTRY, from += 4, to += 4) {
      const start = load<u32>(from);
      const length = load<u32>(to) - start;
      lengths |= length + 111;
      const first = firstShort(bytes + <usize>start, length);
      store<u64>(entry, (<u64>length << 32) | <u64>(slots + (placeOf(first) & within)));
      v128.store(entry, first, 16);
    }
  }
  if (lengths >= 128) rows = placeOdd(table, starts, ends, bytes, hashes, block, rows, isNearEnd);
  if (mask < CACHED_SLOTS) return rows;
  let seen: u32 = 0;
  for (let entry = block, end = block + <usize>(rows & ~3) * ENTRY; entry < end; entry += 4 * ENTRY) {
    seen |= load<u32>(<usize>load<u32>(entry)) | load<u32>(<usize>load<u32>(entry, ENTRY));
    seen |= load<u32>(<usize>load<u32>(entry, 2 * ENTRY)) | load<u32>(<usize>load<u32>(entry, 3 * ENTRY));
  }
  // lest the compiler drops the loads
  store<u32>(table, seen, 32);
  return rows;
}

function greatest(values: usize, n: i32): u32 {
  let four = i32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) four = i32x4.max_u(four, v128.load(values + (<usize>i << 2)));
  let most = max(
    max<u32>(i32x4.extract_lane(four, 0), i32x4.extract_lane(four, 1)),
    max<u32>(i32x4.extract_lane(four, 2), i32x4.extract_lane(four, 3)),
  );
  for (; i < n; i++) most = max(most, load<u32>(values + (<usize>i << 2)));
  return most;
}

/** The rows of `placeBytes` that are not usual: long keys, which are marked, or, at the very end of memory, all of them. */
function placeOdd(
  table: usize, starts: usize, ends: usize, bytes: usize, hashes: usize, block: usize, rows: i32, all: bool,
): i32 {
  const slots = load<u32>(table);
  const within = load<u32>(table, 4) << SLOT_SHIFT;
  const last = lastVector();
  let long: u64 = 0;
  for (let row = 0; row < rows; row++) {
    const at = <usize>row << 2;
    const start = load<u32>(starts + at);
    const length = load<u32>(ends + at) - start;
    const key = bytes + <usize>start;
    if (length <= 16 && !all) continue;
    const entry = block + <usize>row * ENTRY;
    const first = keyStart(key, length, last);
    v128.store(entry, first, 16);
    if (length <= 16) {
      store<u32>(entry, slots + (placeOf(first) & within));
      store<u32>(entry, length, 4);
      continue;
    }
    const hash = hashes != 0 ? load<u64>(hashes + (at << 1)) : hashLong(key, <usize>length, seedOf(STRING));
    store<u32>(entry, slots + (<u32>hash & within));
    store<u32>(entry, length | LONG, 4);
    long += length;
    if (long > LONG_BYTES) return row + 1;
  }
  return rows;
}

/** From where the search begins: the slot that holds the key, or the free one where it belongs. */
function findBytes(table: usize, entry: usize, key: usize): usize {
  const slots = <usize>load<u32>(table);
  const within = <usize>load<u32>(table, 4) << SLOT_SHIFT;
  const arena = <usize>load<u32>(table, 24);
  const length = load<u32>(entry, 4) & ~LONG;
  const first = v128.load(entry, 16);
  let slot = <usize>load<u32>(entry);
  while (load<u32>(slot) != 0) {
    const differ = <u32>v128.any_true(v128.xor(v128.load(slot, 16), first)) | (load<u32>(slot, 4) ^ length);
    if (differ == 0 && (length <= 16 || equalRest(arena + <usize>load<u32>(slot, 8), key, <usize>length))) break;
    slot = slots + ((slot + SLOT - slots) & within);
  }
  return slot;
}

/** The group, from 1 on, of a key that is not where the search for it begins; a new one, if need be. 0 when there is no room. */
export function settleBytes(table: usize, entry: usize, key: usize, hash: usize): u32 {
  const slot = findBytes(table, entry, key);
  const found = load<u32>(slot);
  if (found != 0) return found;
  const count = load<u32>(table, 8);
  const end = <usize>load<u32>(table, 20) + (<usize>count << 2);
  const used = load<u32>(end);
  const length = load<u32>(entry, 4) & ~LONG;
  if (count == load<u32>(table, 12) || length > load<u32>(table, 28) - used) return 0;
  const first = v128.load(entry, 16);
  const to = <usize>load<u32>(table, 24) + <usize>used;
  // the bytes behind a short key are the next one's
  if (length <= 16 && load<u32>(table, 28) - used >= 16) v128.store(to, first);
  else memory.copy(to, key, <usize>length);
  store<u64>(
    <usize>load<u32>(table, 16) + (<usize>count << 3), hash != 0 ? load<u64>(hash) : hashString(key, length, first),
  );
  store<u32>(end, used + length, 4);
  fillSlot(slot, count + 1, length, used, first);
  store<u32>(table, count + 1, 8);
  return count + 1;
}

function hashString(key: usize, length: u32, first: v128): u64 {
  if (length > 16) return hashLong(key, <usize>length, seedOf(STRING));
  return hashWords(i64x2.extract_lane(first, 0), i64x2.extract_lane(first, 1), <usize>length, seedOf(STRING));
}

// @ts-ignore: decorator
@inline
function fillSlot(slot: usize, id: u32, length: u32, start: u32, first: v128): void {
  store<u32>(slot, id);
  store<u32>(slot, length, 4);
  store<u32>(slot, start, 8);
  v128.store(slot, first, 16);
}

/** Whether the key of an entry is in the slot where the search for it begins: nearly all are, or long. */
// @ts-ignore: decorator
@inline
function isInPlace(entry: usize, place: u64, found: u64): bool {
  const differ = v128.xor(v128.load(<usize><u32>place, 16), v128.load(entry, 16));
  return (<u32>((found ^ place) >> 32) | <u32>v128.any_true(differ) | <u32>(<u32>found == 0)) == 0;
}

/**
 * ids[row] = group of the key bytes[starts[row] … ends[row]), for rows from … n: strings, whose hashes are made for new ones, or
 * with hashes any bytes. Returns the first row not done: n, one that finds the table, or the room for key bytes, full, or one behind
 * many long keys. `block` has room for BLOCK entries. firstRows (or 0) gets the row of each group added here.
 */
export function groupBytes(
  table: usize, starts: usize, ends: usize, bytes: usize, hashes: usize, block: usize, from: i32, n: i32, ids: usize,
  firstRows: usize,
): i32 {
  let row = from;
  while (row < n) {
    const at = <usize>row << 2;
    const wanted = min(n - row, BLOCK);
    const rows = placeBytes(
      table, starts + at, ends + at, bytes, hashes != 0 ? hashes + (at << 1) : 0, block, wanted,
    );
    const stop = block + <usize>rows * ENTRY;
    let out = ids + at;
    for (let entry = block; entry < stop; entry += ENTRY, out += 4) {
      const place = load<u64>(entry);
      const found = load<u64>(<usize><u32>place);
      let id = <u32>found;
      if (!isInPlace(entry, place, found)) {
        const here = out - ids;
        const count = load<u32>(table, 8);
        const key = bytes + <usize>load<u32>(starts + here);
        id = settleBytes(table, entry, key, hashes != 0 ? hashes + (here << 1) : 0);
        if (id == 0) return <i32>(here >> 2);
        if (id > count && firstRows != 0) {
          store<u32>(firstRows, <u32>(here >> 2));
          firstRows += 4;
        }
      }
      store<u32>(out, id - 1);
    }
    row += rows;
    if (rows < wanted) break;
  }
  return row;
}

/**
 * ids[row] = group of the key bytes[offsets[row] … offsets[row + 1]), or 0xffffffff, for rows from … n. Returns the first row not
 * done: n, or one behind many long keys.
 */
export function lookupBytes(
  table: usize, offsets: usize, bytes: usize, hashes: usize, block: usize, from: i32, n: i32, ids: usize,
): i32 {
  let row = from;
  while (row < n) {
    const at = <usize>row << 2;
    const wanted = min(n - row, BLOCK);
    const rows = placeBytes(table, offsets + at, offsets + at + 4, bytes, hashes + (at << 1), block, wanted);
    const stop = block + <usize>rows * ENTRY;
    let out = ids + at;
    for (let entry = block; entry < stop; entry += ENTRY, out += 4) {
      const place = load<u64>(entry);
      const found = load<u64>(<usize><u32>place);
      let id = <u32>found;
      if (!isInPlace(entry, place, found)) {
        id = load<u32>(findBytes(table, entry, bytes + <usize>load<u32>(offsets + (out - ids))));
      }
      store<u32>(out, id - 1);
    }
    row += rows;
    if (rows < wanted) break;
  }
  return row;
}

/** Puts groups from … to into the (larger, cleared) slots. */
export function rehashBytes(table: usize, from: u32, to: u32): void {
  const slots = <usize>load<u32>(table);
  const within = load<u32>(table, 4) << SLOT_SHIFT;
  const groupHashes = <usize>load<u32>(table, 16);
  const keyOffsets = <usize>load<u32>(table, 20);
  const arena = <usize>load<u32>(table, 24);
  const last = lastVector();
  for (let id = from; id < to; id++) {
    const start = load<u32>(keyOffsets + (<usize>id << 2));
    const length = load<u32>(keyOffsets + (<usize>id << 2), 4) - start;
    const first = keyStart(arena + <usize>start, length, last);
    let at = length > 16 ? load<u32>(groupHashes + (<usize>id << 3)) : placeOf(first);
    while (load<u32>(slots + <usize>(at & within)) != 0) at += <u32>SLOT;
    fillSlot(slots + <usize>(at & within), id + 1, length, start, first);
  }
}
