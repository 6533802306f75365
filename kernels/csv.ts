// CSV records (RFC 4180; escapes inside quotes and lines of comment where there are such) straight into columns. A field that is
// not plainly of its column's type is left to the host as a cell to look at, a record that is not plainly a record as one to
// read: what is read here has one meaning only.
//
// The block is u32 words (names below), then eight words a column: type, values (texts: offsets), validity, bytes, room for bytes.
import { copySpan, lastWideLoad } from "./copy";

const wordAt: u32 = 0;
const wordTo: u32 = 4;
const wordSeparator: u32 = 8;
const wordQuote: u32 = 12;
const wordColumns: u32 = 16;
const wordRows: u32 = 20;
const wordRowsMax: u32 = 24;
const wordCells: u32 = 28;
const wordCellsMax: u32 = 32;
const wordCellsPtr: u32 = 36;
const wordStarts: u32 = 40;
const wordDetail: u32 = 44;
/** The quote where there is none: one character to look for instead of two. */
const wordEscape: u32 = 48;
/** A line feed where there is none: no record begins with that. */
const wordComment: u32 = 52;
const columnsFrom: u32 = 64;
const columnBytes: u32 = 32;

const typeNumber: u32 = 0;
const typeText: u32 = 1;
const typeBool: u32 = 2;

/** Why a call ends: all read or the batch full; a record for the host; no room for a text's bytes; no room for cells. */
const done: i32 = 0;
const strange: i32 = 1;
const noBytes: i32 = 2;
const noCells: i32 = 3;

const LF: u8 = 10;
const CR: u8 = 13;

/** Whether a field may end at `at`. */
// @ts-ignore: decorator
@inline
function isEnd(src: usize, at: u32, to: u32, separator: u8): bool {
  if (at >= to) return true;
  const byte = load<u8>(src + at);
  return byte == separator || byte == LF || (byte == CR && at + 1 < to && load<u8>(src + at + 1) == LF);
}

/** The first of two bytes from `at` on, or `to`. */
// @ts-ignore: decorator
@inline
function find(src: usize, at: u32, to: u32, a: u8, b: u8): u32 {
  const wideA = i8x16.splat(a);
  const wideB = i8x16.splat(b);
  while (to - at >= 16) {
    const bytes = v128.load(src + at);
    const hits = i8x16.bitmask(v128.or(i8x16.eq(bytes, wideA), i8x16.eq(bytes, wideB)));
    if (hits != 0) return at + ctz<u32>(hits);
    at += 16;
  }
  while (at < to && load<u8>(src + at) != a && load<u8>(src + at) != b) at++;
  return at;
}

/** The quote that closes a field opened before `at`, or `to`. */
function findClose(src: usize, at: u32, to: u32, quote: u8, escape: u8): u32 {
  while ((at = find(src, at, to, quote, escape)) < to) {
    const next = at + 1 < to ? load<u8>(src + at + 1) : 0;
    if (next == quote && at + 1 < to) at += 2;
    else if (load<u8>(src + at) == quote) break;
    // before other characters an escape is one as they are
    else at += 1 + <u32>(next == escape && at + 1 < to);
  }
  return at;
}

function powerOfTen(exponent: u32): f64 {
  let power: f64 = 1;
  for (; exponent > 0; exponent--) power *= 10;
  return power;
}

/**
 * A decimal number at `at` whose digits and power of ten are exact as f64 (Clinger, How to read floating point numbers accurately):
 * stores it and returns where it ends; `at` when there is none, or a longer one.
 */
function decimal(src: usize, at: u32, to: u32, value: usize): u32 {
  const from = at;
  const negative = at < to && load<u8>(src + at) == 0x2d;
  if (negative) at++;
  let mantissa: u64 = 0;
  const first = at;
  let digit: u32 = 0;
  while (at < to && (digit = <u32>load<u8>(src + at) - 48) <= 9) {
    mantissa = mantissa * 10 + digit;
    at++;
  }
  let digits = at - first;
  let exponent: i32 = 0;
  if (at < to && load<u8>(src + at) == 0x2e) {
    const point = ++at;
    while (at < to && (digit = <u32>load<u8>(src + at) - 48) <= 9) {
      mantissa = mantissa * 10 + digit;
      at++;
    }
    digits += at - point;
    exponent = -<i32>(at - point);
  }
  // more digits may have gone round 2⁶⁴
  if (digits == 0 || digits > 18 || mantissa > (1 << 53)) return from;
  if (at < to && (load<u8>(src + at) | 0x20) == 0x65) {
    const sign = at + 1 < to ? load<u8>(src + at + 1) : 0;
    at += 1 + <u32>(sign == 0x2d || sign == 0x2b);
    const power = at;
    let written: i32 = 0;
    while (at < to && (digit = <u32>load<u8>(src + at) - 48) <= 9 && at - power < 4) {
      written = written * 10 + <i32>digit;
      at++;
    }
    if (at == power) return from;
    exponent += sign == 0x2d ? -written : written;
  }
  if (exponent < -22 || exponent > 22) return from;
  let number = <f64>mantissa;
  if (exponent < 0) number /= powerOfTen(-exponent);
  else if (exponent > 0) number *= powerOfTen(exponent);
  store<f64>(value, negative ? -number : number);
  return at;
}

/** 1 or 0 for a boolean, 2 for anything else. */
function boolean(at: usize, length: u32): u32 {
  if (length == 4 && (load<u32>(at) | 0x20202020) == 0x65757274) return 1;
  if (length == 5 && (load<u32>(at) | 0x20202020) == 0x736c6166 && (load<u8>(at, 4) | 0x20) == 0x65) return 0;
  return 2;
}

/** Copies a quoted field, of doubled and escaped characters one; returns its length. `length` bytes have room. */
function copyQuoted(src: usize, length: u32, quote: u8, escape: u8, dst: usize): u32 {
  let written: u32 = 0;
  for (let k: u32 = 0; k < length; k++) {
    let byte = load<u8>(src + k);
    if (byte == quote) k++;
    else if (byte == escape && k + 1 < length) {
      const next = load<u8>(src + k + 1);
      if (next == quote || next == escape) {
        byte = next;
        k++;
      }
    }
    store<u8>(dst + written++, byte);
  }
  return written;
}

/** Reads field `column` of the row at `from`; returns where it ends, or −1 − reason. */
function field(block: usize, src: usize, from: u32, to: u32, column: usize, row: u32): i64 {
  const separator = load<u8>(block + wordSeparator);
  const quote = load<u8>(block + wordQuote);
  const escape = load<u8>(block + wordEscape);
  const type = load<u32>(column);
  const values = <usize>load<u32>(column, 4);
  const validity = <usize>load<u32>(column, 8) + row;
  const isQuoted = from < to && load<u8>(src + from) == quote;
  store<u8>(validity, 1);
  if (type == typeNumber && !isQuoted) {
    const end = decimal(src, from, to, values + (<usize>row << 3));
    if (end != from && isEnd(src, end, to, separator)) return end;
  }
  let start = from;
  let end: u32;
  let next: u32;
  if (isQuoted) {
    start++;
    end = findClose(src, start, to, quote, escape);
    next = end + 1;
    if (end >= to || !isEnd(src, next, to, separator)) return -1 - strange;
  } else {
    end = find(src, from, to, separator, LF);
    if (end > from && end < to && load<u8>(src + end) == LF && load<u8>(src + end - 1) == CR) end--;
    next = end;
  }
  const length = end - start;
  if (length == 0 && !(isQuoted && type == typeText)) {
    store<u8>(validity, 0);
    if (type == typeText) store<u32>(values + (<usize>row << 2), load<u32>(values + (<usize>row << 2)), 4);
    else if (type == typeBool) store<u8>(values + row, 0);
    else store<f64>(values + (<usize>row << 3), 0);
    return next;
  }
  if (type == typeText) {
    const isPlain = !isQuoted || find(src, start, end, quote, escape) == end;
    return text(src + start, length, isPlain, quote, escape, column, row) ? next : -1 - noBytes;
  }
  if (type == typeBool) {
    const value = boolean(src + start, length);
    store<u8>(values + row, <u8>value);
    if (value < 2) return next;
  } else if (type == typeNumber && isQuoted) {
    if (decimal(src, start, end, values + (<usize>row << 3)) == end) return next;
  }
  return cell(block, row, column, start, end) ? next : -1 - noCells;
}

/** Appends a text to its column; false when its bytes have no room. */
function text(src: usize, length: u32, isPlain: bool, quote: u8, escape: u8, column: usize, row: u32): bool {
  const offsets = <usize>load<u32>(column, 4) + (<usize>row << 2);
  const from = load<u32>(offsets);
  if (length > load<u32>(column, 16) - from) return false;
  const dst = <usize>load<u32>(column, 12) + from;
  if (isPlain) copySpan(src, length, dst, load<u32>(column, 16) - from, lastWideLoad());
  else length = copyQuoted(src, length, quote, escape, dst);
  store<u32>(offsets, from + length, 4);
  return true;
}

/** Notes a cell that the host has to look at. */
function cell(block: usize, row: u32, column: usize, start: u32, end: u32): bool {
  const cells = load<u32>(block, wordCells);
  if (cells == load<u32>(block, wordCellsMax)) return false;
  const at = <usize>load<u32>(block, wordCellsPtr) + (<usize>cells << 4);
  store<u32>(at, row);
  store<u32>(at, <u32>(column - block - columnsFrom) / columnBytes, 4);
  store<u32>(at, start, 8);
  store<u32>(at, end, 12);
  store<u32>(block, cells + 1, wordCells);
  return true;
}

/**
 * Reads records from the block's position on until the bytes end, the batch is full, or the host is needed; then the position is
 * the start of the record that was not read. Cells of that record are forgotten.
 */
export function csvRecords(block: usize, src: usize): i32 {
  const to = load<u32>(block, wordTo);
  const separator = load<u8>(block + wordSeparator);
  const comment = load<u8>(block + wordComment);
  const columns = load<u32>(block, wordColumns);
  const rowsMax = load<u32>(block, wordRowsMax);
  const starts = <usize>load<u32>(block, wordStarts);
  let at = load<u32>(block, wordAt);
  let row = load<u32>(block, wordRows);
  let why = done;
  while (at < to && row < rowsMax) {
    const cells = load<u32>(block, wordCells);
    const byte = load<u8>(src + at);
    if (byte == LF || (byte == CR && at + 1 < to && load<u8>(src + at + 1) == LF)) {
      at += byte == LF ? 1 : 2;
      continue;
    }
    if (byte == comment) {
      at = find(src, at, to, LF, LF);
      at += <u32>(at < to);
      continue;
    }
    store<u32>(starts + (<usize>row << 2), at);
    let position = at;
    for (let c: u32 = 0; c < columns; c++) {
      if (c > 0) {
        if (position >= to || load<u8>(src + position) != separator) {
          why = strange;
          break;
        }
        position++;
      }
      const end = field(block, src, position, to, block + columnsFrom + c * columnBytes, row);
      if (end < 0) {
        why = <i32>(-1 - end);
        store<u32>(block, c, wordDetail);
        break;
      }
      position = <u32>end;
    }
    if (why == done && position < to) {
      const last = load<u8>(src + position);
      if (last == separator) why = strange;
      else position += last == LF ? 1 : 2;
    }
    if (why != done) {
      store<u32>(block, cells, wordCells);
      break;
    }
    at = position;
    row++;
  }
  store<u32>(block, at, wordAt);
  store<u32>(block, row, wordRows);
  return why;
}

const recordStart: u32 = 0;
const unquoted: u32 = 1;
const inQuotes: u32 = 2;
const behindQuote: u32 = 3;
const fieldStart: u32 = 4;
const behindEscape: u32 = 5;
const inComment: u32 = 6;

/**
 * The position behind the last record end (the first, when `first` is 1) between `from` and `to`, all ones when there is none.
 * `state` is a u32 from call to call. `escape` and `comment` are as in the block of parameters.
 */
export function csvRecordEnd(
  src: usize,
  from: u32,
  to: u32,
  separator: u8,
  quote: u8,
  escape: u8,
  comment: u8,
  first: i32,
  state: usize,
): u32 {
  let now = load<u32>(state);
  let found: u32 = 0xffffffff;
  let at = from;
  while (at < to) {
    if (now == inQuotes) {
      at = find(src, at, to, quote, escape);
      if (at == to) break;
      now = load<u8>(src + at) == quote ? behindQuote : behindEscape;
      at++;
      continue;
    }
    if (now == inComment) {
      at = find(src, at, to, LF, LF);
      if (at == to) break;
    }
    const byte = load<u8>(src + at++);
    if (now == behindEscape) now = inQuotes;
    else if (byte == LF) {
      now = recordStart;
      found = at;
      if (first != 0) break;
    } else if (byte == comment && now == recordStart) now = inComment;
    else if (byte == separator) now = fieldStart;
    else if (byte == quote && now != unquoted) now = inQuotes;
    else {
      now = unquoted;
      at = find(src, at, to, separator, LF);
    }
  }
  store<u32>(state, now);
  return found;
}
