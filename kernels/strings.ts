// What JavaScript's strings do, over well-formed UTF-8: indexes, lengths and order are those of UTF-16 code units, which a lead byte
// stands for (two of them from 0xF0 on). Nothing is taken for ASCII: a pass of 16 bytes at a time tells it.
//
// A part of a string comes back as one i64, where it starts in the high half and its bytes in the low half: NONE where there is
// none, CUT where its border lies within a surrogate pair. Writers may write up to 15 bytes beyond what they make.
import { copySpan, lastWideLoad } from "./copy";
export { readNumber, writeWhole } from "./string-numbers";
export { textLower, textRepeat, textTrim, textUpper } from "./string-forms";

const CUT: i64 = -1;
const NONE: i64 = -2;
const cutOffset: u32 = 0xffffffff;
const noOffset: u32 = 0xfffffffe;
/** A search gave up: it met too many places where the text almost is. */
const tooLong: i32 = -2;

// @ts-ignore: decorator
@inline
function span(from: u32, bytes: u32): i64 {
  return (<i64>from << 32) | <i64>bytes;
}

/** Code units that begin in 16 bytes. */
// @ts-ignore: decorator
@inline
function unitsOf(v: v128, mask: i32): u32 {
  const leads = i8x16.bitmask(i8x16.gt_s(v, i8x16.splat(-65))) & mask;
  const pairs = i8x16.bitmask(i8x16.ge_u(v, i8x16.splat(<i8>0xf0))) & mask;
  return <u32>popcnt(leads) + <u32>popcnt(pairs);
}

/** `length` */
export function textLength(at: usize, n: u32): u32 {
  let units: u32 = 0;
  let k: u32 = 0;
  for (; k + 16 <= n; k += 16) units += unitsOf(v128.load(at + k), 0xffff);
  if (k == n) return units;
  if (at + k <= lastWideLoad()) return units + unitsOf(v128.load(at + k), (1 << <i32>(n - k)) - 1);
  for (; k < n; k++) {
    const byte = load<u8>(at + k);
    units += <u32>((byte & 0xc0) != 0x80) + <u32>(byte >= 0xf0);
  }
  return units;
}

/** Where `units` code units from the start end; all bytes when there are fewer. */
function forward(at: usize, n: u32, units: u32): u32 {
  let k: u32 = 0;
  for (; k + 16 <= n; k += 16) {
    const v = v128.load(at + k);
    const high = <u32>i8x16.bitmask(v);
    // ASCII up to there and there
    if (units < 16 && (high & ((2 << units) - 1)) == 0) return k + units;
    const here: u32 = high == 0 ? 16 : unitsOf(v, 0xffff);
    if (here > units) break;
    units -= here;
  }
  if (units < n - k && n - k < 16 && at + k <= lastWideLoad()) {
    if ((i8x16.bitmask(v128.load(at + k)) & ((2 << units) - 1)) == 0) return k + units;
  }
  for (; k < n; k++) {
    const byte = load<u8>(at + k);
    if ((byte & 0xc0) == 0x80) continue;
    if (units == 0) break;
    if (byte >= 0xf0) {
      if (units == 1) return cutOffset;
      units--;
    }
    units--;
  }
  return k;
}

/** Where the last `units` code units start, noOffset when there are fewer. */
function backward(at: usize, n: u32, units: u32): u32 {
  let k = n;
  if (units == 0) return n;
  for (; k >= 16; k -= 16) {
    const v = v128.load(at + k - 16);
    const high = <u32>i8x16.bitmask(v);
    if (units <= 16 && high >> (16 - units) == 0) return k - units;
    const here: u32 = high == 0 ? 16 : unitsOf(v, 0xffff);
    if (here >= units) break;
    units -= here;
  }
  while (k > 0) {
    const byte = load<u8>(at + --k);
    if ((byte & 0xc0) == 0x80) continue;
    if (byte >= 0xf0) {
      if (units == 1) return cutOffset;
      units--;
    }
    if (--units == 0) return k;
  }
  return noOffset;
}

/** As JavaScript's ToIntegerOrInfinity. */
// @ts-ignore: decorator
@inline
function integer(value: f64): f64 {
  return value != value ? 0 : trunc(value);
}

/** Where the unit of an index starts, counted from the end when negative, within the string in any case. */
function offsetOf(at: usize, n: u32, index: f64, ascii: bool): u32 {
  if (index == 0) return 0;
  if (index > 0) return index >= <f64>n ? n : ascii ? <u32>index : forward(at, n, <u32>index);
  if (-index >= <f64>n) return 0;
  if (ascii) return n - <u32>-index;
  const offset = backward(at, n, <u32>-index);
  return offset == noOffset ? 0 : offset;
}

// @ts-ignore: decorator
@inline
function between(from: u32, to: u32): i64 {
  if (from == cutOffset || to == cutOffset) return CUT;
  return span(from, to > from ? to - from : 0);
}

/** `slice`; without an end, Infinity */
export function textSlice(at: usize, n: u32, ascii: bool, start: f64, end: f64): i64 {
  return between(offsetOf(at, n, integer(start), ascii), offsetOf(at, n, integer(end), ascii));
}

/** `substring` */
export function textSubstring(at: usize, n: u32, ascii: bool, start: f64, end: f64): i64 {
  const a = max<f64>(integer(start), 0);
  const b = max<f64>(integer(end), 0);
  return between(offsetOf(at, n, min<f64>(a, b), ascii), offsetOf(at, n, max<f64>(a, b), ascii));
}

/** `substr` */
export function textSubstr(at: usize, n: u32, ascii: bool, start: f64, units: f64): i64 {
  const from = offsetOf(at, n, integer(start), ascii);
  if (from == cutOffset) return CUT;
  const to = offsetOf(at + from, n - from, max<f64>(integer(units), 0), ascii);
  return to == cutOffset ? CUT : span(from, to);
}

/** Where the unit of an index starts, noOffset beyond the string. */
function unitOffset(at: usize, n: u32, index: f64, ascii: bool): u32 {
  if (index >= 0) {
    if (index >= <f64>n) return noOffset;
    const offset = ascii ? <u32>index : forward(at, n, <u32>index);
    return offset == n ? noOffset : offset;
  }
  if (-index > <f64>n) return noOffset;
  return ascii ? n - <u32>-index : backward(at, n, <u32>-index);
}

/** `charAt`, or `at`, which takes indexes from the end */
export function textChar(at: usize, n: u32, ascii: bool, position: f64, fromEnd: bool): i64 {
  const index = integer(position);
  if (index < 0 && !fromEnd) return NONE;
  const offset = unitOffset(at, n, index, ascii);
  if (offset == noOffset) return NONE;
  if (offset == cutOffset) return CUT;
  const lead = load<u8>(at + offset);
  return lead >= 0xf0 ? CUT : span(offset, lead < 0x80 ? 1 : lead < 0xe0 ? 2 : 3);
}

/** A well-formed sequence's code point. */
function decode(at: usize): u32 {
  const lead = <u32>load<u8>(at);
  if (lead < 0x80) return lead;
  const second = <u32>load<u8>(at, 1) & 0x3f;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second;
  const third = <u32>load<u8>(at, 2) & 0x3f;
  if (lead < 0xf0) return ((lead & 0xf) << 12) | (second << 6) | third;
  return ((lead & 7) << 18) | (second << 12) | (third << 6) | (<u32>load<u8>(at, 3) & 0x3f);
}

/** `charCodeAt`, or `codePointAt`; −1 beyond the string */
export function textCode(at: usize, n: u32, ascii: bool, position: f64, wholePoint: bool): i32 {
  const index = integer(position);
  if (index < 0) return -1;
  const offset = unitOffset(at, n, index, ascii);
  if (offset == noOffset) return -1;
  if (offset == cutOffset) return 0xdc00 | (decode(at + forward(at, n, <u32>index - 1)) & 0x3ff);
  const point = decode(at + offset);
  return wholePoint || point < 0x10000 ? point : 0xd800 + ((point - 0x10000) >> 10);
}

/** First position at which n bytes differ, or n. */
// @ts-ignore: decorator
@inline
function mismatch(a: usize, b: usize, n: u32, wideLoadMax: usize): u32 {
  let k: u32 = 0;
  for (; k + 16 <= n; k += 16) {
    const differ = i8x16.bitmask(i8x16.eq(v128.load(a + k), v128.load(b + k))) ^ 0xffff;
    if (differ != 0) return k + <u32>ctz(differ);
  }
  if (k == n) return n;
  if (a + k <= wideLoadMax && b + k <= wideLoadMax) {
    const differ = i8x16.bitmask(i8x16.eq(v128.load(a + k), v128.load(b + k))) ^ 0xffff;
    return min<u32>(n, k + <u32>ctz(differ));
  }
  while (k < n && load<u8>(a + k) == load<u8>(b + k)) k++;
  return k;
}

/** Whether n bytes are equal. */
export function textEqual(a: usize, b: usize, n: u32): bool {
  return mismatch(a, b, n, lastWideLoad()) == n;
}

/** Surrogates, which stand for leads from 0xF0 on, order below U+E000 … U+FFFF (Davis, UTF-8 in UTF-16 order; as in ICU). */
// @ts-ignore: decorator
@inline
function unitOrder(byte: u32): i32 {
  return <i32>(byte + (<u32>((byte & 0xfe) == 0xee) << 4));
}

/** Negative, 0 or positive, by code units. */
export function textOrder(a: usize, aBytes: u32, b: usize, bBytes: u32): i32 {
  const n = min(aBytes, bBytes);
  const k = mismatch(a, b, n, lastWideLoad());
  if (k == n) return aBytes == bBytes ? 0 : aBytes < bBytes ? -1 : 1;
  return unitOrder(load<u8>(a + k)) - unitOrder(load<u8>(b + k));
}

/**
 * First position of a needle, −1 for none. Places where its first and last byte are, are compared whole (Muła, SIMD-friendly
 * substring search).
 */
export function textFind(at: usize, n: u32, needle: usize, needleBytes: u32): i32 {
  if (needleBytes == 0) return 0;
  if (needleBytes > n) return -1;
  const wideLoadMax = lastWideLoad();
  const tail = needleBytes - 1;
  const first = i8x16.splat(load<i8>(needle));
  const last = i8x16.splat(load<i8>(needle + tail));
  const end = n - needleBytes;
  let work = (<u64>n << 3) + 65536;
  for (let k: u32 = 0; k <= end; k += 16) {
    let hits: i32;
    if (at + k + tail <= wideLoadMax) {
      hits = i8x16.bitmask(
        v128.and(i8x16.eq(v128.load(at + k), first), i8x16.eq(v128.load(at + k + tail), last)),
      );
      if (end - k < 15) hits &= (1 << <i32>(end - k + 1)) - 1;
    } else {
      hits = (1 << <i32>min<u32>(16, end - k + 1)) - 1;
    }
    for (; hits != 0; hits &= hits - 1) {
      const found = k + <u32>ctz(hits);
      if (mismatch(at + found, needle, needleBytes, wideLoadMax) == needleBytes) return found;
      if (needleBytes > work) return tooLong;
      work -= needleBytes;
    }
  }
  return -1;
}

/** Last position of a needle, −1 for none. */
export function textFindLast(at: usize, n: u32, needle: usize, needleBytes: u32): i32 {
  if (needleBytes == 0) return n;
  if (needleBytes > n) return -1;
  const wideLoadMax = lastWideLoad();
  const firstByte = load<u8>(needle);
  let work = (<u64>n << 3) + 65536;
  let k = n - needleBytes + 1;
  while (k >= 16) {
    k -= 16;
    let hits = i8x16.bitmask(i8x16.eq(v128.load(at + k), i8x16.splat(firstByte)));
    while (hits != 0) {
      const highest = 31 - <u32>clz(hits);
      if (mismatch(at + k + highest, needle, needleBytes, wideLoadMax) == needleBytes) return k + highest;
      hits ^= 1 << <i32>highest;
      if (needleBytes > work) return tooLong;
      work -= needleBytes;
    }
  }
  while (k > 0) {
    if (mismatch(at + --k, needle, needleBytes, wideLoadMax) == needleBytes) return k;
  }
  return -1;
}

/** Bit k: byte k is the separator. */
// @ts-ignore: decorator
@inline
function separators(block: usize, wide: v128): u32 {
  return <u32>i8x16.bitmask(i8x16.eq(v128.load(block), wide));
}

/** How often one byte is there. */
function countByte(at: usize, n: u32, byte: u8): i32 {
  const wide = i8x16.splat(byte);
  let count = 0;
  let k: u32 = 0;
  for (; k + 16 <= n; k += 16) count += popcnt(separators(at + k, wide));
  if (k < n && at + k <= lastWideLoad()) return count + popcnt(separators(at + k, wide) & ((1 << (n - k)) - 1));
  for (; k < n; k++) count += <i32>(load<u8>(at + k) == byte);
  return count;
}

/** How often a needle that is not empty is found, one behind the other. */
export function textCount(at: usize, n: u32, needle: usize, needleBytes: u32): i32 {
  if (needleBytes == 1) return countByte(at, n, load<u8>(needle));
  let count = 0;
  let from: u32 = 0;
  while (true) {
    const found = textFind(at + from, n - from, needle, needleBytes);
    if (found < 0) return found == tooLong ? tooLong : count;
    from += found + needleBytes;
    count++;
  }
}

/** Copies; may write and read up to 15 bytes more. */
export function textCopy(from: usize, n: u32, to: usize): void {
  copySpan(from, n, to, 16, lastWideLoad());
}

/** `replaceAll` of a needle that is not empty and has been counted. Returns the bytes written. */
export function textReplaceAll(at: usize, n: u32, needle: usize, needleBytes: u32, by: usize, byBytes: u32, to: usize): u32 {
  const first = to;
  const wideLoadMax = lastWideLoad();
  let from: u32 = 0;
  while (true) {
    const found = textFind(at + from, n - from, needle, needleBytes);
    const kept = found < 0 ? n - from : <u32>found;
    copySpan(at + from, kept, to, 16, wideLoadMax);
    to += kept;
    if (found < 0) return <u32>(to - first);
    copySpan(by, byBytes, to, 16, wideLoadMax);
    to += byBytes;
    from += kept + needleBytes;
  }
}

/**
 * `split(separator)[index]` for a separator of one byte. Aligned blocks lie within memory wherever the string does; positions count
 * from the first.
 */
function pieceAtByte(at: usize, n: u32, separator: u8, index: u32): i64 {
  // an empty string may be where memory ends
  if (n == 0) return index == 0 ? 0 : NONE;
  const block = at & ~(<usize>15);
  const before = <u32>(at & 15);
  const end = before + n;
  const wide = i8x16.splat(separator);
  let k: u32 = 0;
  let start = before;
  let hits = separators(block, wide) & (<u32>0xffff << before);
  while (index > 0) {
    const here = <u32>popcnt(hits);
    if (here < index) {
      index -= here;
      k += 16;
      if (k >= end) return NONE;
      hits = separators(block + k, wide);
      continue;
    }
    for (; index > 1; index--) hits &= hits - 1;
    start = k + ctz(hits) + 1;
    if (start > end) return NONE;
    hits &= hits - 1;
    index = 0;
  }
  while (hits == 0) {
    k += 16;
    if (k >= end) return span(start - before, end - start);
    hits = separators(block + k, wide);
  }
  return span(start - before, min(end, k + ctz(hits)) - start);
}

/** `split(separator)[index]` for a separator that is not empty; NONE when there are not so many pieces, CUT when it gives up. */
export function pieceAt(at: usize, n: u32, separator: usize, separatorBytes: u32, index: u32): i64 {
  if (separatorBytes == 1) return pieceAtByte(at, n, load<u8>(separator), index);
  let from: u32 = 0;
  for (; index > 0; index--) {
    const found = textFind(at + from, n - from, separator, separatorBytes);
    if (found < 0) return found == tooLong ? CUT : NONE;
    from += found + separatorBytes;
  }
  const found = textFind(at + from, n - from, separator, separatorBytes);
  if (found == tooLong) return CUT;
  return span(from, found < 0 ? n - from : <u32>found);
}
