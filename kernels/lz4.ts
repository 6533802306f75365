// The LZ4 block format (Collet 2011, lz4_Block_format.md), one block at a time. The compressor is greedy with one hash table,
// as LZ4's own fast one; the decompressor trusts nothing: it neither reads nor writes outside what it is given.
import { copySpan, lastWideLoad } from "./copy";

const minMatch: u32 = 4;
/** The last match starts at least 12 bytes, and ends at least 5, before the end. */
const matchStartMargin: u32 = 12;
const matchEndMargin: u32 = 5;
const distanceMax: u32 = 65535;
/** After 2⁶ misses steps become longer: what does not compress is passed over quickly. */
const skipTrigger: u32 = 6;

// @ts-ignore: decorator
@inline
function slot(word: u64, tableBits: u32): usize {
  const hash = <u32>word * 0x9e3779b1 + (<u32>(word >> 32) & 0xff) * 0x85ebca6b; // of five bytes
  return <usize>(hash >> (32 - tableBits)) << 2;
}

/** Length of a length beyond the token's 15: bytes of 255, then the rest. */
// @ts-ignore: decorator
@inline
function writeLength(at: usize, rest: u32): usize {
  while (rest >= 255) {
    store<u8>(at, 255);
    at++;
    rest -= 255;
  }
  store<u8>(at, <u8>rest);
  return at + 1;
}

/**
 * Compresses n bytes into at most `capacity`; returns the size, or 0 when it does not fit. `table` has 4 << tableBits bytes,
 * which need no clearing.
 */
export function lz4Compress(src: usize, n: u32, dst: usize, capacity: u32, table: usize, tableBits: u32): u32 {
  const wideLoadMax = lastWideLoad();
  let anchor: u32 = 0;
  let to: u32 = 0; // in dst
  if (n > matchStartMargin) {
    memory.fill(table, 0, <usize>4 << tableBits);
    const lastStart = n - matchStartMargin;
    let at: u32 = 1;
    let misses: u32 = 1 << skipTrigger;
    while (at <= lastStart) {
      const word = load<u64>(src + at);
      const entry = table + slot(word, tableBits);
      let from = load<u32>(entry);
      store<u32>(entry, at);
      if (load<u32>(src + from) != <u32>word || at - from > distanceMax) {
        at += misses++ >> skipTrigger;
        continue;
      }
      misses = 1 << skipTrigger;
      while (at > anchor && from > 0 && load<u8>(src + at - 1) == load<u8>(src + from - 1)) {
        at--;
        from--;
      }
      const length = matchLength(src, at, from, n - matchEndMargin);
      const literals = at - anchor;
      // token, lengths, literals and offset
      if (<u64>to + literals + literals / 255 + length / 255 + 5 > capacity) return 0;
      to = writeSequence(src + anchor, literals, dst, to, capacity, at - from, length - minMatch, wideLoadMax);
      at += length;
      anchor = at;
      if (at > lastStart) break;
      store<u32>(table + slot(load<u64>(src + at - 2), tableBits), at - 2);
    }
  }
  const literals = n - anchor;
  if (<u64>to + literals + literals / 255 + 2 > capacity) return 0;
  store<u8>(dst + to, <u8>((literals < 15 ? literals : 15) << 4));
  let out = dst + to + 1;
  if (literals >= 15) out = writeLength(out, literals - 15);
  memory.copy(out, src + anchor, literals);
  return <u32>(out - dst) + literals;
}

/** How far the bytes at `at` and `from` agree, up to `end`; at least four do. */
// @ts-ignore: decorator
@inline
function matchLength(src: usize, at: u32, from: u32, end: u32): u32 {
  let length = minMatch;
  while (at + length + 8 <= end) {
    const differing = load<u64>(src + at + length) ^ load<u64>(src + from + length);
    if (differing != 0) return length + <u32>(ctz<u64>(differing) >> 3);
    length += 8;
  }
  while (at + length < end && load<u8>(src + at + length) == load<u8>(src + from + length)) length++;
  return length;
}

// @ts-ignore: decorator
@inline
function writeSequence(
  literalsAt: usize, literals: u32, dst: usize, to: u32, capacity: u32, distance: u32, matchRest: u32, wideLoadMax: usize,
): u32 {
  const token = dst + to;
  let out = token + 1;
  let high = literals;
  if (literals >= 15) {
    out = writeLength(out, literals - 15);
    high = 15;
  }
  copySpan(literalsAt, literals, out, capacity - <u32>(out - dst), wideLoadMax);
  out += literals;
  store<u16>(out, <u16>distance);
  out += 2;
  let low = matchRest;
  if (matchRest >= 15) {
    out = writeLength(out, matchRest - 15);
    low = 15;
  }
  store<u8>(token, <u8>((high << 4) | low));
  return <u32>(out - dst);
}

/** Returns the bytes written, or −1 when the block is malformed or `capacity` is too small. */
export function lz4Decompress(src: usize, n: u32, dst: usize, capacity: u32): i32 {
  let at: u32 = 0;
  let to: u32 = 0;
  while (at < n) {
    const token = <u32>load<u8>(src + at++);
    let literals = token >> 4;
    if (literals == 15) {
      let more: u32 = 255;
      while (more == 255) {
        if (at == n) return -1;
        more = <u32>load<u8>(src + at++);
        literals += more;
      }
    }
    if (literals > n - at || literals > capacity - to) return -1;
    copyLiterals(src + at, dst + to, literals, n - at, capacity - to);
    at += literals;
    to += literals;
    if (at == n) return <i32>to;
    if (n - at < 2) return -1;
    const distance = <u32>load<u16>(src + at);
    at += 2;
    if (distance == 0 || distance > to) return -1;
    let length = (token & 15) + minMatch;
    if ((token & 15) == 15) {
      let more: u32 = 255;
      while (more == 255) {
        if (at == n) return -1;
        more = <u32>load<u8>(src + at++);
        length += more;
      }
    }
    if (length > capacity - to) return -1;
    copyMatch(dst + to, distance, length, capacity - to);
    to += length;
  }
  return -1;
}

// @ts-ignore: decorator
@inline
function copyLiterals(from: usize, to: usize, length: u32, readable: u32, writable: u32): void {
  if (length <= 16 && readable >= 16 && writable >= 16) {
    v128.store(to, v128.load(from));
  } else if (length + 16 <= readable && length + 16 <= writable) {
    for (let k: u32 = 0; k < length; k += 16) v128.store(to + k, v128.load(from + k));
  } else {
    memory.copy(to, from, length);
  }
}

/** Copies from `distance` bytes before; the two may overlap, which repeats the bytes between. */
// @ts-ignore: decorator
@inline
function copyMatch(to: usize, distance: u32, length: u32, writable: u32): void {
  const from = to - distance;
  if (distance >= 16 && length + 16 <= writable) {
    for (let k: u32 = 0; k < length; k += 16) v128.store(to + k, v128.load(from + k));
  } else if (distance >= 8 && length + 8 <= writable) {
    for (let k: u32 = 0; k < length; k += 8) store<u64>(to + k, load<u64>(from + k));
  } else {
    repeatBytes(from, to, distance, length, writable);
  }
}

/** Short distances: byte by byte for one multiple of the distance, from which words repeat it. */
function repeatBytes(from: usize, to: usize, distance: u32, length: u32, writable: u32): void {
  const period = distance >= 8 ? distance : (8 + distance - 1) / distance * distance;
  let k: u32 = 0;
  if (length > period && length + 8 <= writable) {
    for (; k < period; k++) store<u8>(to + k, load<u8>(from + k));
    // to + k − period lies a multiple of the distance before to + k
    for (; k < length; k += 8) store<u64>(to + k, load<u64>(to + k - period));
    return;
  }
  for (; k < length; k++) store<u8>(to + k, load<u8>(from + k));
}
