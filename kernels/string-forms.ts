// Strings made of strings: in the other case, repeated, and without the white space around.
import { lastWideLoad } from "./copy";

/**
 * Sets or clears the bit of lower case in the letters first … first + 25. Returns 0 when something is not ASCII, which has other
 * rules.
 */
// @ts-ignore: decorator
@inline
function changeCase(at: usize, n: u32, to: usize, first: u8): bool {
  const a = i8x16.splat(first);
  const letters = i8x16.splat(26);
  const bit = i8x16.splat(0x20);
  const wideLoadMax = lastWideLoad();
  let k: u32 = 0;
  for (; k < n && at + k <= wideLoadMax; k += 16) {
    const v = v128.load(at + k);
    const high = i8x16.bitmask(v);
    if (high != 0 && (n - k >= 16 || (high & ((1 << <i32>(n - k)) - 1)) != 0)) return false;
    v128.store(to + k, v128.xor(v, v128.and(bit, i8x16.lt_u(i8x16.sub(v, a), letters))));
  }
  for (; k < n; k++) {
    const byte = load<u8>(at + k);
    if (byte >= 0x80) return false;
    store<u8>(to + k, byte ^ (<u8>(<u8>(byte - first) < 26) << 5));
  }
  return true;
}

/** `toLowerCase` of ASCII */
export function textLower(at: usize, n: u32, to: usize): bool {
  return changeCase(at, n, to, 0x41);
}

/** `toUpperCase` of ASCII */
export function textUpper(at: usize, n: u32, to: usize): bool {
  return changeCase(at, n, to, 0x61);
}

/** Writes `total` bytes: the string again and again, the last time perhaps not to its end. */
export function textRepeat(at: usize, n: u32, total: u32, to: usize): void {
  if (n == 1) {
    memory.fill(to, load<u8>(at), total);
    return;
  }
  if (n == 0) return;
  let done = min(n, total);
  memory.copy(to, at, done);
  while (done < total) {
    const more = min(done, total - done);
    memory.copy(to + done, to, more);
    done += more;
  }
}

// @ts-ignore: decorator
@inline
function isAsciiSpace(byte: u8): bool {
  return byte == 0x20 || <u8>(byte - 9) < 5;
}

/** White space or line terminator of two or three bytes, of ECMA-262 12.2 and 12.3. */
function isWideSpace(lead: u8, second: u8, third: u8): bool {
  if (lead == 0xe2) {
    if (second == 0x80) return third <= 0x8a || third == 0xa8 || third == 0xa9 || third == 0xaf;
    return second == 0x81 && third == 0x9f;
  }
  if (lead == 0xe3) return second == 0x80 && third == 0x80;
  if (lead == 0xe1) return second == 0x9a && third == 0x80;
  return lead == 0xef && second == 0xbb && third == 0xbf;
}

/** Bytes of white space at the start. */
export function leadingSpace(at: usize, n: u32): u32 {
  let k: u32 = 0;
  while (k < n) {
    const byte = load<u8>(at + k);
    if (byte < 0x80) {
      if (!isAsciiSpace(byte)) break;
      k++;
    } else if (byte == 0xc2) {
      if (n - k < 2 || load<u8>(at + k, 1) != 0xa0) break;
      k += 2;
    } else {
      if (n - k < 3 || !isWideSpace(byte, load<u8>(at + k, 1), load<u8>(at + k, 2))) break;
      k += 3;
    }
  }
  return k;
}

/** Bytes up to the white space at the end. */
export function trailingSpace(at: usize, n: u32): u32 {
  while (n > 0) {
    const byte = load<u8>(at + n - 1);
    if (byte < 0x80) {
      if (!isAsciiSpace(byte)) break;
      n--;
    } else if (n >= 2 && byte == 0xa0 && load<u8>(at + n - 2) == 0xc2) {
      n -= 2;
    } else {
      if (n < 3 || !isWideSpace(load<u8>(at + n - 3), load<u8>(at + n - 2), byte)) break;
      n -= 3;
    }
  }
  return n;
}

/** `trim`, of one side or both: where the rest starts in the high half, its bytes in the low half. */
export function textTrim(at: usize, n: u32, start: bool, end: bool): i64 {
  const from = start ? leadingSpace(at, n) : 0;
  const to = end ? from + trailingSpace(at + from, n - from) : n;
  return (<i64>from << 32) | <i64>(to - from);
}
