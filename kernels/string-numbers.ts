// Numbers from strings and whole numbers to strings, where JavaScript's result is certain: a mantissa below 2⁵³ times or divided by
// a power of ten that is exact rounds once (Clinger, How to read floating point numbers accurately).
import { leadingSpace, trailingSpace } from "./string-forms";

/** In place of a number's bits: JavaScript has to look. No computed NaN has these. */
const unsure: i64 = 0x7ff8000066697265;
const digitsMax: u32 = 19;
const exactMax: u64 = 1 << 53;
const exactPower: i32 = 22;

const asNumber: u32 = 0;
const asParseInt: u32 = 2;

// @ts-ignore: decorator
@inline
function isDigit(byte: u8): bool {
  return <u8>(byte - 0x30) < 10;
}

// @ts-ignore: decorator
@inline
function byteAt(at: usize, k: u32, n: u32): u8 {
  return k < n ? load<u8>(at + k) : 0;
}

// @ts-ignore: decorator
@inline
function bitsOf(value: f64, negative: bool): i64 {
  return reinterpret<i64>(negative ? -value : value);
}

function powerOfTen(exponent: i32): f64 {
  let power: f64 = 1;
  for (; exponent > 0; exponent--) power *= 10;
  return power;
}

/** mantissa × 10^exponent, where it is exactly rounded. */
function scaled(mantissa: u64, exponent: i32, negative: bool): i64 {
  if (mantissa == 0) return bitsOf(0, negative);
  while (mantissa > exactMax && exponent < 0 && mantissa % 10 == 0) {
    mantissa /= 10;
    exponent++;
  }
  if (mantissa > exactMax || exponent < -exactPower || exponent > exactPower) return unsure;
  const value = <f64>mantissa;
  return bitsOf(exponent < 0 ? value / powerOfTen(-exponent) : value * powerOfTen(exponent), negative);
}

/** Bytes of "Infinity", 0 when it does not stand here. */
function infinityBytes(at: usize, left: u32): u32 {
  return left >= 8 && load<u64>(at) == 0x7974696e69666e49 ? 8 : 0;
}

// @ts-ignore: decorator
@inline
function nan(): i64 {
  return 0x7ff8000000000000;
}

/** Of digits alone, the most usual numbers; −1 where anything else is. */
// @ts-ignore: decorator
@inline
function digitsOf(at: usize, n: u32): i64 {
  let value: i64 = 0;
  for (let k: u32 = 0; k < n; k++) {
    const byte = load<u8>(at + k);
    if (!isDigit(byte)) return -1;
    value = value * 10 + <i64>(byte - 0x30);
  }
  return value;
}

/** The bits of the number that a string is, as `Number` (0), `parseFloat` (1) or `parseInt` (2) sees it; `unsure` otherwise. */
export function readNumber(at: usize, n: u32, as: u32): i64 {
  if (n - 1 < 15) {
    const value = digitsOf(at, n);
    if (value >= 0) return reinterpret<i64>(<f64>value);
  }
  const space = leadingSpace(at, n);
  at += space;
  n -= space;
  if (as == asNumber) {
    n = trailingSpace(at, n);
    if (n == 0) return 0;
  }
  const sign = byteAt(at, 0, n);
  const negative = sign == 0x2d;
  let k: u32 = <u32>(negative || sign == 0x2b);
  // 0x10, 0o7, 0b1
  if (as != 1 && byteAt(at, k, n) == 0x30 && (byteAt(at, k + 1, n) | 0x20) >= 0x61 && (byteAt(at, k + 1, n) | 0x20) != 0x65) {
    return unsure;
  }
  let mantissa: u64 = 0;
  let significant: u32 = 0;
  let digits: u32 = 0;
  let exponent: i32 = 0;
  let inFraction = false;
  for (; k < n; k++) {
    const byte = load<u8>(at + k);
    if (!isDigit(byte)) {
      if (byte != 0x2e || inFraction || as == asParseInt) break;
      inFraction = true;
      continue;
    }
    digits++;
    exponent -= <i32>inFraction;
    significant += <u32>(significant > 0 || byte != 0x30);
    if (significant <= digitsMax) mantissa = mantissa * 10 + <u64>(byte - 0x30);
  }
  if (digits == 0) {
    const infinity = as == asParseInt || inFraction ? 0 : infinityBytes(at + k, n - k);
    return infinity != 0 && (as != asNumber || k + infinity == n) ? bitsOf(Infinity, negative) : nan();
  }
  if (k < n && as != asParseInt && (load<u8>(at + k) | 0x20) == 0x65) {
    const end = exponentEnd(at, k + 1, n);
    if (end != 0) {
      exponent += exponentOf(at, k + 1, end);
      k = end;
    }
  }
  if (as == asNumber && k < n) return nan();
  return significant > digitsMax ? unsure : scaled(mantissa, exponent, negative);
}

/** Where the sign and digits of an exponent end; 0 when there are no digits. */
function exponentEnd(at: usize, k: u32, n: u32): u32 {
  const sign = byteAt(at, k, n);
  if (sign == 0x2b || sign == 0x2d) k++;
  const first = k;
  while (k < n && isDigit(load<u8>(at + k))) k++;
  return k == first ? 0 : k;
}

function exponentOf(at: usize, k: u32, end: u32): i32 {
  const sign = load<u8>(at + k);
  if (sign == 0x2b || sign == 0x2d) k++;
  let value: i32 = 0;
  for (; k < end; k++) value = min(value * 10 + <i32>(load<u8>(at + k) - 0x30), 1 << 20);
  return sign == 0x2d ? -value : value;
}

/** Digits of a whole number below 2⁵³ either way; returns how many bytes, at most 17. */
export function writeWhole(value: f64, to: usize): u32 {
  const negative = value < 0;
  let rest = <u64>abs(value);
  let bytes: u32 = <u32>negative + 1;
  for (let power: u64 = 10; rest >= power; power *= 10) bytes++;
  let end = to + bytes;
  if (negative) store<u8>(to, 0x2d);
  while (rest > 0xffffffff) {
    const less = rest / 10;
    store<u8>(--end, 0x30 + <u8>(rest - less * 10));
    rest = less;
  }
  let small = <u32>rest;
  do {
    const less = small / 10;
    store<u8>(--end, 0x30 + <u8>(small - less * 10));
    small = less;
  } while (small != 0);
  return bytes;
}
