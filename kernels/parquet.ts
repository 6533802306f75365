// Parquet's encodings (Apache Parquet format, "Encodings") straight into columns: runs and bit-packed groups of levels and
// dictionary codes, plain numbers, plain byte arrays. Nothing is believed: what does not fit the bytes is told, nothing beyond
// them is read. Hosts cut their calls to some 100,000 values.
//
// A hybrid cursor is five u32: byte of the next run, values left in this one, whether it is bit-packed, its value or first
// byte, and how many of its values were taken. Begin with zeros.
import { countMask, unpackBits } from "./bitmap";
import { copySpan, lastWideLoad } from "./copy";

const millisecondsMax: f64 = 8640000000000000;
const safeIntegerMax: i64 = 9007199254740991;

/** Reads the header of the next run into the cursor; false when there is none that makes sense. */
function nextRun(src: usize, n: u32, width: u32, cursor: usize): bool {
  let at = load<u32>(cursor);
  let header: u32 = 0;
  for (let shift: u32 = 0; ; shift += 7) {
    if (at >= n || shift > 28) return false;
    const byte = <u32>load<u8>(src + at++);
    header |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const length = header >>> 1;
  if (length == 0) return false;
  let left = length;
  let value: u32 = 0;
  if ((header & 1) != 0) {
    if (at >= n && width > 0) return false;
    left = length > 0x0fffffff ? 0x7ffffff8 : length << 3;
    value = at;
    at = <u32>min<u64>(n, <u64>at + <u64>length * width);
  } else {
    const bytes = (width + 7) >>> 3;
    if (<u64>at + bytes > n) return false;
    for (let k: u32 = 0; k < bytes; k++) value |= <u32>load<u8>(src + at++) << (k << 3);
  }
  store<u32>(cursor, at);
  store<u32>(cursor, left, 4);
  store<u32>(cursor, header & 1, 8);
  store<u32>(cursor, value, 12);
  store<u32>(cursor, 0, 16);
  return true;
}

/** `take` values were taken from the run at hand. */
// @ts-ignore: decorator
@inline
function taken(cursor: usize, take: u32): void {
  store<u32>(cursor, load<u32>(cursor, 4) - take, 4);
  store<u32>(cursor, load<u32>(cursor, 16) + take, 16);
}

/** Eight bytes from byte `at`; those beyond n are zeros, for writers may leave out the last group's padding. */
function paddedWord(src: usize, n: u32, at: u64): u64 {
  if (at + 8 <= n) return load<u64>(src + <usize>at);
  let word: u64 = 0;
  for (let k: u64 = 0; k < 8 && at + k < n; k++) word |= <u64>load<u8>(src + <usize>(at + k)) << (k << 3);
  return word;
}

/** Values of `width` ≤ 32 bits that were packed from byte `start` on, from value `index` on. */
function unpack(src: usize, n: u32, start: u32, index: u32, width: u32, count: u32, dst: usize): void {
  let bit = <u64>index * width;
  const mask: u64 = (<u64>1 << width) - 1;
  let i: u32 = 0;
  if (width == 8) {
    const from = start + index;
    for (; i + 16 <= count && <u64>from + i + 16 <= n; i += 16) {
      const bytes = v128.load(src + from + i);
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      v128.store(dst + (<usize>i << 2), i32x4.extend_low_i16x8_u(low));
      v128.store(dst + (<usize>i << 2), i32x4.extend_high_i16x8_u(low), 16);
      v128.store(dst + (<usize>i << 2), i32x4.extend_low_i16x8_u(high), 32);
      v128.store(dst + (<usize>i << 2), i32x4.extend_high_i16x8_u(high), 48);
    }
    bit += <u64>i * width;
  }
  // four values of at most 14 bits, and the 7 bits before them, are in one word
  for (; width <= 14 && i + 4 <= count && start + (bit >>> 3) + 8 <= n; i += 4) {
    const word = load<u64>(src + start + <usize>(bit >>> 3)) >>> (bit & 7);
    const at = dst + (<usize>i << 2);
    store<u32>(at, <u32>(word & mask));
    store<u32>(at, <u32>((word >>> width) & mask), 4);
    store<u32>(at, <u32>((word >>> (width << 1)) & mask), 8);
    store<u32>(at, <u32>((word >>> (width * 3)) & mask), 12);
    bit += width << 2;
  }
  for (; i < count && start + (bit >>> 3) + 8 <= n; i++) {
    const word = load<u64>(src + start + <usize>(bit >>> 3)) >>> (bit & 7);
    store<u32>(dst + (<usize>i << 2), <u32>(word & mask));
    bit += width;
  }
  for (; i < count; i++) {
    store<u32>(dst + (<usize>i << 2), <u32>((paddedWord(src, n, start + (bit >>> 3)) >>> (bit & 7)) & mask));
    bit += width;
  }
}

/**
 * The next `count` dictionary codes of `width` ≤ 32 bits as u32. Returns how many; fewer when the n bytes end before. All
 * ones when a code is not below `limit`.
 */
export function parquetCodes(src: usize, n: u32, width: u32, cursor: usize, count: u32, limit: u32, dst: usize): u32 {
  let done: u32 = 0;
  while (done < count) {
    if (load<u32>(cursor, 4) == 0 && !nextRun(src, n, width, cursor)) return done;
    const take = min<u32>(load<u32>(cursor, 4), count - done);
    const value = load<u32>(cursor, 12);
    const to = dst + (<usize>done << 2);
    if (load<u32>(cursor, 8) == 0) for (let k: u32 = 0; k < take; k++) store<u32>(to + (<usize>k << 2), value);
    else unpack(src, n, value, load<u32>(cursor, 16), width, take, to);
    taken(cursor, take);
    done += take;
  }
  let most = i32x4.splat(0);
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) most = i32x4.max_u(most, v128.load(dst + (<usize>i << 2)));
  let highest = max<u32>(
    max<u32>(<u32>i32x4.extract_lane(most, 0), <u32>i32x4.extract_lane(most, 1)),
    max<u32>(<u32>i32x4.extract_lane(most, 2), <u32>i32x4.extract_lane(most, 3)),
  );
  for (; i < count; i++) highest = max<u32>(highest, load<u32>(dst + (<usize>i << 2)));
  return count > 0 && highest >= limit ? 0xffffffff : count;
}

/** One-bit levels as bytes, 1 where the level is 1. Returns how many are, all ones when the n bytes end before. */
export function parquetLevels(src: usize, n: u32, cursor: usize, count: u32, dst: usize): u32 {
  let done: u32 = 0;
  while (done < count) {
    if (load<u32>(cursor, 4) == 0 && !nextRun(src, n, 1, cursor)) return 0xffffffff;
    const take = min<u32>(load<u32>(cursor, 4), count - done);
    const value = load<u32>(cursor, 12);
    if (load<u32>(cursor, 8) == 0) memory.fill(dst + done, <u8>(value == 1), take);
    else unpackLevels(src, n, value, load<u32>(cursor, 16), take, dst + done);
    taken(cursor, take);
    done += take;
  }
  return <u32>countMask(dst, count);
}

function unpackLevels(src: usize, n: u32, start: u32, index: u32, count: u32, dst: usize): void {
  const bits = <u64>(n - start) << 3;
  const within = <u64>index >= bits ? 0 : <u32>min<u64>(count, bits - index);
  unpackBools(src + start, index, within, dst);
  memory.fill(dst + within, 0, count - within);
}

/** n bits from bit `from` on as bytes 0 or 1: plain booleans. */
export function parquetBools(src: usize, from: u32, n: u32, dst: usize): void {
  unpackBools(src, from, n, dst);
}

// @ts-ignore: decorator
@inline
function unpackBools(src: usize, from: u32, n: u32, dst: usize): void {
  let i: u32 = 0;
  for (; i < n && ((from + i) & 7) != 0; i++) {
    store<u8>(dst + i, (load<u8>(src + ((from + i) >>> 3)) >> <u8>((from + i) & 7)) & 1);
  }
  unpackBits(src + ((from + i) >>> 3), n - i, dst + i);
}

/** Dense values to where `validity` is 1, 0 elsewhere. Reads one value more than there are. */
export function parquetSpread8(validity: usize, n: u32, src: usize, dst: usize): void {
  for (let i: u32 = 0; i < n; i++) {
    const present = <u64>load<u8>(validity + i);
    store<u64>(dst + (<usize>i << 3), load<u64>(src) & (0 - present));
    src += <usize>present << 3;
  }
}

export function parquetSpread4(validity: usize, n: u32, src: usize, dst: usize): void {
  for (let i: u32 = 0; i < n; i++) {
    const present = <u32>load<u8>(validity + i);
    store<u32>(dst + (<usize>i << 2), load<u32>(src) & (0 - present));
    src += <usize>present << 2;
  }
}

export function parquetSpread1(validity: usize, n: u32, src: usize, dst: usize): void {
  for (let i: u32 = 0; i < n; i++) {
    const present = load<u8>(validity + i);
    store<u8>(dst + i, load<u8>(src) & (0 - present));
    src += present;
  }
}

/** i64 as f64. Returns 0 when a value is not a safe integer: then it is a bigint. */
export function parquetI64(src: usize, n: u32, dst: usize): i32 {
  let unsafe: i64 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const value = load<i64>(src + (<usize>i << 3));
    // −(2⁵³ − 1) … 2⁵³ − 1, moved to 0 … 2⁵⁴ − 2
    unsafe |= <i64>(<u64>(value + safeIntegerMax) > <u64>(safeIntegerMax * 2));
    store<f64>(dst + (<usize>i << 3), <f64>value);
  }
  return <i32>(unsafe == 0);
}

export function parquetU64(src: usize, n: u32, dst: usize): i32 {
  let unsafe: u64 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const value = load<u64>(src + (<usize>i << 3));
    unsafe |= <u64>(value > <u64>safeIntegerMax);
    store<f64>(dst + (<usize>i << 3), <f64>value);
  }
  return <i32>(unsafe == 0);
}

export function parquetU32(src: usize, n: u32, dst: usize): void {
  for (let i: u32 = 0; i < n; i++) store<f64>(dst + (<usize>i << 3), <f64>load<u32>(src + (<usize>i << 2)));
}

/** Integers of 4 or 8 bytes over a divisor, each rounded to the nearest number first. */
export function parquetDecimals(src: usize, n: u32, width: u32, divisor: f64, dst: usize): void {
  for (let i: u32 = 0; i < n; i++) {
    const value = width == 4 ? <f64>load<i32>(src + (<usize>i << 2)) : <f64>load<i64>(src + (<usize>i << 3));
    store<f64>(dst + (<usize>i << 3), value / divisor);
  }
}

/** A Date's milliseconds; NaN beyond what Dates hold. */
// @ts-ignore: decorator
@inline
function storeDate(at: usize, milliseconds: f64): void {
  store<f64>(at, abs(milliseconds) <= millisecondsMax ? milliseconds : NaN);
}

/** Days as milliseconds. */
export function parquetDays(src: usize, n: u32, dst: usize): void {
  for (let i: u32 = 0; i < n; i++) storeDate(dst + (<usize>i << 3), <f64>load<i32>(src + (<usize>i << 2)) * 86400000.0);
}

/** i64 times as milliseconds: over `units` (1, 1,000 or 1,000,000), rounded down. */
export function parquetTimes(src: usize, n: u32, units: u32, dst: usize): void {
  const divisor = <i64>units;
  const factor = <f64>units;
  for (let i: u32 = 0; i < n; i++) {
    const value = load<i64>(src + (<usize>i << 3));
    let quotient: i64;
    if (<u64>(value + safeIntegerMax) <= <u64>(safeIntegerMax * 2)) {
      // the quotient of the nearest number may be one too high
      quotient = <i64>floor(<f64>value / factor);
      quotient -= <i64>(quotient * divisor > value);
    } else {
      quotient = value / divisor;
      quotient -= <i64>(quotient * divisor > value);
    }
    storeDate(dst + (<usize>i << 3), <f64>quotient);
  }
}

/**
 * Where plain byte arrays will end, one after the other from `from` on: offsets[0 … rows]; absent ones (validity 0; null: all
 * are there) are empty. Returns the position behind them in the n bytes, all ones when there are fewer or they would end
 * beyond `limit`.
 */
export function parquetEnds(
  src: usize, n: u32, at: u32, validity: usize, rows: u32, offsets: usize, from: u32, limit: u32,
): u32 {
  store<u32>(offsets, from);
  let end = from;
  for (let i: u32 = 0; i < rows; i++) {
    if (validity == 0 || load<u8>(validity + i) != 0) {
      if (n - at < 4) return 0xffffffff;
      const length = load<u32>(src + at);
      at += 4;
      if (length > n - at || length > limit - end) return 0xffffffff;
      at += length;
      end += length;
    }
    store<u32>(offsets + (<usize>i << 2), end, 4);
  }
  return at;
}

/** Copies the byte arrays whose ends parquetEnds found; `total` is the room from dst on. */
export function parquetCopy(src: usize, at: u32, validity: usize, rows: u32, offsets: usize, dst: usize, total: u32): void {
  const wideLoadMax = lastWideLoad();
  for (let i: u32 = 0; i < rows; i++) {
    if (validity != 0 && load<u8>(validity + i) == 0) continue;
    const start = load<u32>(offsets + (<usize>i << 2));
    const length = load<u32>(offsets + (<usize>i << 2), 4) - start;
    copySpan(src + at + 4, length, dst + start, total - start, wideLoadMax);
    at += 4 + length;
  }
}

/** Whether an offset points into the middle of a character: between strings that are well-formed only together. */
export function parquetCutsUtf8(offsets: usize, rows: u32, bytes: usize): i32 {
  const end = load<u32>(offsets + (<usize>rows << 2));
  for (let i: u32 = 0; i < rows; i++) {
    const at = load<u32>(offsets + (<usize>i << 2));
    if (at < end && (load<u8>(bytes + at) & 0xc0) == 0x80) return 1;
  }
  return 0;
}
