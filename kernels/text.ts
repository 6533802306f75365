// Splitting text into lines and tokens, 64 bytes at a time, and checking UTF-8. Positions are relative to `base`.
//
// A split is resumable: `cursor` holds two u32, where the piece at hand starts and how far it has been searched; pieces are
// written as starts and ends. What follows the last separator is left for the caller: more bytes may come.

const LF: u8 = 10;
const CR: u8 = 13;
const splitBytesMax: u32 = 8 << 20;

/** Bit i: byte i of 64 equals a or b. */
// @ts-ignore: decorator
@inline
function matches64(at: usize, a: v128, b: v128, twoSeparators: bool): u64 {
  const v0 = v128.load(at);
  const v1 = v128.load(at, 16);
  const v2 = v128.load(at, 32);
  const v3 = v128.load(at, 48);
  let m0 = i8x16.eq(v0, a);
  let m1 = i8x16.eq(v1, a);
  let m2 = i8x16.eq(v2, a);
  let m3 = i8x16.eq(v3, a);
  if (twoSeparators) {
    m0 = v128.or(m0, i8x16.eq(v0, b));
    m1 = v128.or(m1, i8x16.eq(v1, b));
    m2 = v128.or(m2, i8x16.eq(v2, b));
    m3 = v128.or(m3, i8x16.eq(v3, b));
  }
  const low = <u64>(<u32>i8x16.bitmask(m0) | (<u32>i8x16.bitmask(m1) << 16));
  const high = <u64>(<u32>i8x16.bitmask(m2) | (<u32>i8x16.bitmask(m3) << 16));
  return low | (high << 32);
}

/** Where a piece that starts at `start` and is cut at `cut` ends: a CR before the LF of a line is no part of it. */
// @ts-ignore: decorator
@inline
function pieceEnd(base: usize, start: u32, cut: u32, trimCr: bool): u32 {
  if (!trimCr || cut == start || load<u8>(base + cut - 1) != CR || load<u8>(base + cut) != LF) return cut;
  return cut - 1;
}

// @ts-ignore: decorator
@inline
function split(
  base: usize, cursor: usize, to: u32, a: u8, b: u8, twoSeparators: bool, trimCr: bool, starts: usize, ends: usize, capacity: u32,
): u32 {
  let start = load<u32>(cursor);
  let at = load<u32>(cursor, 4);
  if (to - at > splitBytesMax) to = at + splitBytesMax;
  const wideA = i8x16.splat(a);
  const wideB = i8x16.splat(b);
  let count: u32 = 0;
  while (to - at >= 64) {
    let hits = matches64(base + at, wideA, wideB, twoSeparators);
    if (count + <u32>popcnt<u64>(hits) > capacity) break;
    while (hits != 0) {
      const cut = at + <u32>ctz<u64>(hits);
      hits &= hits - 1;
      store<u32>(starts + (<usize>count << 2), start);
      store<u32>(ends + (<usize>count << 2), pieceEnd(base, start, cut, trimCr));
      start = cut + 1;
      count++;
    }
    at += 64;
  }
  for (; at < to && count < capacity; at++) {
    const byte = load<u8>(base + at);
    if (byte != a && (!twoSeparators || byte != b)) continue;
    store<u32>(starts + (<usize>count << 2), start);
    store<u32>(ends + (<usize>count << 2), pieceEnd(base, start, at, trimCr));
    start = at + 1;
    count++;
  }
  store<u32>(cursor, start);
  store<u32>(cursor, at, 4);
  return count;
}

/** Lines, which end at LF or CRLF. Returns how many; below `capacity` when all up to `to` or 8 MiB have been searched. */
export function splitLines(base: usize, cursor: usize, to: u32, starts: usize, ends: usize, capacity: u32): u32 {
  return split(base, cursor, to, LF, LF, false, true, starts, ends, capacity);
}

/** Pieces between single separator bytes. */
export function splitTokens(
  base: usize, cursor: usize, to: u32, separator: u8, starts: usize, ends: usize, capacity: u32,
): u32 {
  return split(base, cursor, to, separator, separator, false, false, starts, ends, capacity);
}

/** Tokens of lines, both in one pass: what splitting every line at the separator gives. */
export function splitLineTokens(
  base: usize, cursor: usize, to: u32, separator: u8, starts: usize, ends: usize, capacity: u32,
): u32 {
  return split(base, cursor, to, separator, LF, true, true, starts, ends, capacity);
}

/**
 * Tokens of the strings of a column, with the row of each. `cursor` holds row, start of the token at hand and how far it has been
 * searched, all three u32; begin with (first row, its offset, its offset). Ends early when `capacity` or 8 MiB are spent.
 */
export function splitColumn(
  offsets: usize, bytes: usize, n: u32, separator: u8, cursor: usize, starts: usize, ends: usize, rows: usize, capacity: u32,
): u32 {
  const wide = i8x16.splat(separator);
  let row = load<u32>(cursor);
  let start = load<u32>(cursor, 4);
  let at = load<u32>(cursor, 8);
  const stop = <u64>at + splitBytesMax;
  let count: u32 = 0;
  while (row < n && count < capacity && <u64>at < stop) {
    const end = load<u32>(offsets + (<usize>row << 2), 4);
    while (at < end && count < capacity) {
      let hits: u32;
      let step: u32 = 16;
      if (end - at >= 16) hits = <u32>i8x16.bitmask(i8x16.eq(v128.load(bytes + at), wide));
      else {
        hits = <u32>(load<u8>(bytes + at) == separator);
        step = 1;
      }
      if (count + popcnt<u32>(hits) > capacity) {
        hits &= 1;
        step = 1;
      }
      while (hits != 0) {
        const cut = at + ctz<u32>(hits);
        hits &= hits - 1;
        store<u32>(starts + (<usize>count << 2), start);
        store<u32>(ends + (<usize>count << 2), cut);
        store<u32>(rows + (<usize>count << 2), row);
        start = cut + 1;
        count++;
      }
      at += step;
      if (<u64>at >= stop) break;
    }
    if (at < end || count == capacity) break;
    store<u32>(starts + (<usize>count << 2), start);
    store<u32>(ends + (<usize>count << 2), end);
    store<u32>(rows + (<usize>count << 2), row);
    count++;
    row++;
    start = end;
    at = end;
  }
  store<u32>(cursor, row);
  store<u32>(cursor, start, 4);
  store<u32>(cursor, at, 8);
  return count;
}

/** 1 when no byte is 0x80 or above. */
export function isAscii(bytes: usize, n: usize): i32 {
  let at: usize = 0;
  for (; at + 64 <= n; at += 64) {
    const here = bytes + at;
    const low = v128.or(v128.load(here), v128.load(here, 16));
    const high = v128.or(v128.load(here, 32), v128.load(here, 48));
    if (i8x16.bitmask(v128.or(low, high)) != 0) return 0;
  }
  for (; at < n; at++) if (load<u8>(bytes + at) >= 0x80) return 0;
  return 1;
}

/**
 * Length of the UTF-8 sequence at `at`, or minus the length of its longest well-formed beginning (at least 1), which a decoder
 * replaces by one U+FFFD (Unicode 15, 3.9, table 3-7; WHATWG Encoding).
 */
function sequence(at: usize, left: u32): i32 {
  const b0 = <u32>load<u8>(at);
  if (b0 < 0x80) return 1;
  if (b0 < 0xc2 || b0 > 0xf4) return -1;
  let low: u32 = 0x80;
  let high: u32 = 0xbf;
  if (b0 == 0xe0) low = 0xa0;
  else if (b0 == 0xed) high = 0x9f;
  else if (b0 == 0xf0) low = 0x90;
  else if (b0 == 0xf4) high = 0x8f;
  const length: u32 = b0 < 0xe0 ? 2 : b0 < 0xf0 ? 3 : 4;
  for (let k: u32 = 1; k < length; k++) {
    if (k == left) return -<i32>k;
    const byte = <u32>load<u8>(at + k);
    if (byte < low || byte > high) return -<i32>k;
    low = 0x80;
    high = 0xbf;
  }
  return <i32>length;
}

/** `at` moved over ASCII, 16 bytes at a time. */
// @ts-ignore: decorator
@inline
function skipAscii(bytes: usize, at: u32, stop: u32): u32 {
  while (stop - at >= 16 && stop >= at && i8x16.bitmask(v128.load(bytes + at)) == 0) at += 16;
  return at;
}

/** From `from`: the first position that begins no well-formed sequence, or one at or beyond `stop`. Reads up to `to`. */
export function utf8Valid(bytes: usize, from: u32, stop: u32, to: u32): u32 {
  let at = from;
  while (at < stop) {
    at = skipAscii(bytes, at, stop);
    if (at >= stop) break;
    const length = sequence(bytes + at, to - at);
    if (length < 0) return at;
    at += length;
  }
  return at;
}

/** Adds to the u32 at `counter` how often a decoder would write U+FFFD between `from` and `stop`; returns where it came to. */
export function utf8Replacements(bytes: usize, from: u32, stop: u32, to: u32, counter: usize): u32 {
  let at = from;
  let count: u32 = 0;
  while (at < stop) {
    at = skipAscii(bytes, at, stop);
    if (at >= stop) break;
    const length = sequence(bytes + at, to - at);
    count += <u32>(length < 0);
    at += length < 0 ? -length : length;
  }
  store<u32>(counter, load<u32>(counter) + count);
  return at;
}
