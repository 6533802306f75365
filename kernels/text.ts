// Splitting text into lines and tokens, 64 bytes at a time, and checking UTF-8. Positions are relative to `base`.
//
// A split is resumable: `cursor` holds two u32, where the piece at hand starts and how far it has been searched; pieces are
// written as starts and ends. What follows the last separator is left for the caller: more bytes may come.

const LF: u8 = 10;
const CR: u8 = 13;
const splitBytesMax: u32 = 8 << 20;
/** Words that 64 bytes rarely have more of. */
// @ts-ignore: decorator
@inline
const AT_ONCE: u32 = 12;

/** Bit i: byte i of 64 equals a. */
// @ts-ignore: decorator
@inline
function matches64(at: usize, a: v128): u64 {
  const m0 = i8x16.eq(v128.load(at), a);
  const m1 = i8x16.eq(v128.load(at, 16), a);
  const m2 = i8x16.eq(v128.load(at, 32), a);
  const m3 = i8x16.eq(v128.load(at, 48), a);
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

/** Whether a CR is among 64 bytes or the one before them. */
// @ts-ignore: decorator
@inline
function hasCr(at: usize): bool {
  const wide = i8x16.splat(CR);
  const low = v128.or(i8x16.eq(v128.load(at), wide), i8x16.eq(v128.load(at, 16), wide));
  const high = v128.or(i8x16.eq(v128.load(at, 32), wide), i8x16.eq(v128.load(at, 48), wide));
  return <bool>(v128.any_true(v128.or(low, high)) | <bool>(load<u8>(at - 1) == CR));
}

/** The piece that ends at the first hit, and the start of the next. What is left of the hits. */
// @ts-ignore: decorator
@inline
function cutAt(hits: u64, at: u32, start: usize, end: usize): u64 {
  const cut = at + <u32>ctz<u64>(hits);
  store<u32>(end, cut);
  store<u32>(start, cut + 1, 4);
  return hits & (hits - 1);
}

// @ts-ignore: decorator
@inline
function split(
  base: usize, cursor: usize, to: u32, a: u8, b: u8, twoSeparators: bool, trimCr: bool, areWords: bool, starts: usize,
  ends: usize, capacity: u32,
): u32 {
  let start = load<u32>(cursor);
  let at = load<u32>(cursor, 4);
  if (to - at > splitBytesMax) to = at + splitBytesMax;
  const wideA = i8x16.splat(a);
  const wideB = i8x16.splat(b);
  let count: u32 = 0;
  let lines: u32 = 0;
  while (to - at >= 64) {
    let hits = matches64(base + at, wideA);
    const ends64: u64 = twoSeparators ? matches64(base + at, wideB) : 0;
    hits |= ends64;
    const found = <u32>popcnt<u64>(hits);
    if (count + found > capacity) break;
    if (twoSeparators) lines += <u32>popcnt<u64>(ends64);
    if (areWords && found <= AT_ONCE && count + AT_ONCE < capacity && !(trimCr && hasCr(base + at))) {
      // as many as nearly all blocks have, whether they are there or not: a loop's end would be guessed wrong in every block
      const first = starts + (<usize>count << 2);
      const end = ends + (<usize>count << 2);
      store<u32>(first, start);
      hits = cutAt(hits, at, first, end);
      hits = cutAt(hits, at, first + 4, end + 4);
      hits = cutAt(hits, at, first + 8, end + 8);
      hits = cutAt(hits, at, first + 12, end + 12);
      hits = cutAt(hits, at, first + 16, end + 16);
      hits = cutAt(hits, at, first + 20, end + 20);
      hits = cutAt(hits, at, first + 24, end + 24);
      hits = cutAt(hits, at, first + 28, end + 28);
      hits = cutAt(hits, at, first + 32, end + 32);
      hits = cutAt(hits, at, first + 36, end + 36);
      hits = cutAt(hits, at, first + 40, end + 40);
      cutAt(hits, at, first + 44, end + 44);
      count += found;
      start = load<u32>(starts + (<usize>count << 2));
      at += 64;
      continue;
    }
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
    if (twoSeparators && byte == b) lines++;
  }
  store<u32>(cursor, start);
  store<u32>(cursor, at, 4);
  if (twoSeparators) store<u32>(cursor, load<u32>(cursor, 8) + lines, 8);
  return count;
}

/** Lines, which end at LF or CRLF. Returns how many; below `capacity` when all up to `to` or 8 MiB have been searched. */
export function splitLines(base: usize, cursor: usize, to: u32, starts: usize, ends: usize, capacity: u32): u32 {
  return split(base, cursor, to, LF, LF, false, true, false, starts, ends, capacity);
}

/** Pieces between single separator bytes. */
export function splitTokens(
  base: usize, cursor: usize, to: u32, separator: u8, starts: usize, ends: usize, capacity: u32,
): u32 {
  return split(base, cursor, to, separator, separator, false, false, true, starts, ends, capacity);
}

/** Tokens of lines, both in one pass: what splitting every line at the separator gives. A third u32 of `cursor` counts line ends. */
export function splitLineTokens(
  base: usize, cursor: usize, to: u32, separator: u8, starts: usize, ends: usize, capacity: u32,
): u32 {
  return split(base, cursor, to, separator, LF, true, true, true, starts, ends, capacity);
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
