// Canonical key bytes, column by column: memcmp of a row's bytes is the order of its value. Every value begins with a tag byte that
// orders the types; the host (src/kernel/normalize.ts) has the list.
//
// First every column adds to the lengths of the rows, then every column writes at the rows' cursors (u32, relative to `dest`) and
// moves them on. A `mask` ≠ 0 leaves out the rows whose mask byte is 0. `flip` is 0, or 0xFF to complement what is written, which
// reverses the order of a column.
import { bigEndian, lastWideLoad } from "./copy";
import { orderOfF64 } from "./order";

const stringTag: u8 = 0x20;
const falseTag: u8 = 0x04;

// @ts-ignore: decorator
@inline
function isLeftOut(mask: usize, row: usize): bool {
  return mask != 0 && load<u8>(mask + row) == 0;
}

/** lengths[i] += bytes */
export function keyLengthsFixed(n: usize, mask: usize, bytes: u32, lengths: usize): void {
  for (let i: usize = 0; i < n; i++) {
    if (isLeftOut(mask, i)) continue;
    store<u32>(lengths + (i << 2), load<u32>(lengths + (i << 2)) + bytes);
  }
}

/** lengths[i] += length of the row's bytes, as they are */
export function keyLengthsRaw(offsets: usize, n: usize, mask: usize, lengths: usize): void {
  for (let i: usize = 0; i < n; i++) {
    if (isLeftOut(mask, i)) continue;
    const length = load<u32>(offsets + (i << 2), 4) - load<u32>(offsets + (i << 2));
    store<u32>(lengths + (i << 2), load<u32>(lengths + (i << 2)) + length);
  }
}

/** lengths[i] += tag, bytes, one more for every NUL, and two to end with */
export function keyLengthsUtf8(offsets: usize, bytes: usize, n: usize, mask: usize, lengths: usize): void {
  const wideLoadMax = lastWideLoad();
  for (let i: usize = 0; i < n; i++) {
    if (isLeftOut(mask, i)) continue;
    const start = load<u32>(offsets + (i << 2));
    const length = load<u32>(offsets + (i << 2), 4) - start;
    store<u32>(lengths + (i << 2), load<u32>(lengths + (i << 2)) + 3 + length + countNuls(bytes + start, length, wideLoadMax));
  }
}

/** Zero bytes of a word (Warren, Hacker's Delight, 6-1, the exact form). */
// @ts-ignore: decorator
@inline
function zeroBytes(word: u64): u32 {
  const low = (word & 0x7f7f7f7f7f7f7f7f) + 0x7f7f7f7f7f7f7f7f;
  return <u32>popcnt<u64>(~(low | word | 0x7f7f7f7f7f7f7f7f));
}

// @ts-ignore: decorator
@inline
function countNuls(at: usize, length: u32, wideLoadMax: usize): u32 {
  let count: u32 = 0;
  let k: u32 = 0;
  for (; k + 8 <= length; k += 8) count += zeroBytes(load<u64>(at + k));
  if (k == length) return count;
  if (at + k <= wideLoadMax) return count + zeroBytes(load<u64>(at + k) | (~(<u64>0) << ((length - k) << 3)));
  for (; k < length; k++) count += <u32>(load<u8>(at + k) == 0);
  return count;
}

/** One byte: a tag, a terminator, undefined, null. */
export function keyWriteByte(n: usize, mask: usize, byte: u8, dest: usize, cursors: usize): void {
  for (let i: usize = 0; i < n; i++) {
    if (isLeftOut(mask, i)) continue;
    const to = load<u32>(cursors + (i << 2));
    store<u8>(dest + to, byte);
    store<u32>(cursors + (i << 2), to + 1);
  }
}

export function keyWriteBool(values: usize, n: usize, mask: usize, flip: u8, dest: usize, cursors: usize): void {
  for (let i: usize = 0; i < n; i++) {
    if (isLeftOut(mask, i)) continue;
    const to = load<u32>(cursors + (i << 2));
    store<u8>(dest + to, (falseTag + <u8>(load<u8>(values + i) != 0)) ^ flip);
    store<u32>(cursors + (i << 2), to + 1);
  }
}

// @ts-ignore: decorator
@inline
function writeNumber(value: f64, tag: u8, flip: u8, row: usize, dest: usize, cursors: usize): void {
  const to = load<u32>(cursors + (row << 2));
  store<u8>(dest + to, tag ^ flip);
  store<u64>(dest + to, bigEndian(orderOfF64(value) ^ <u64>(<i64>(<i8>flip))), 1);
  store<u32>(cursors + (row << 2), to + 9);
}

export function keyWriteF64(values: usize, n: usize, mask: usize, tag: u8, flip: u8, dest: usize, cursors: usize): void {
  for (let i: usize = 0; i < n; i++) {
    if (!isLeftOut(mask, i)) writeNumber(load<f64>(values + (i << 3)), tag, flip, i, dest, cursors);
  }
}

export function keyWriteF32(values: usize, n: usize, mask: usize, tag: u8, flip: u8, dest: usize, cursors: usize): void {
  for (let i: usize = 0; i < n; i++) {
    if (!isLeftOut(mask, i)) writeNumber(<f64>load<f32>(values + (i << 2)), tag, flip, i, dest, cursors);
  }
}

export function keyWriteI32(values: usize, n: usize, mask: usize, tag: u8, flip: u8, dest: usize, cursors: usize): void {
  for (let i: usize = 0; i < n; i++) {
    if (!isLeftOut(mask, i)) writeNumber(<f64>load<i32>(values + (i << 2)), tag, flip, i, dest, cursors);
  }
}

export function keyWriteRaw(
  offsets: usize, bytes: usize, n: usize, mask: usize, flip: u8, dest: usize, cursors: usize,
): void {
  for (let i: usize = 0; i < n; i++) {
    if (isLeftOut(mask, i)) continue;
    const start = load<u32>(offsets + (i << 2));
    const length = load<u32>(offsets + (i << 2), 4) - start;
    const to = load<u32>(cursors + (i << 2));
    if (flip == 0 && length > 32) memory.copy(dest + to, bytes + start, length);
    else for (let k: u32 = 0; k < length; k++) store<u8>(dest + to + k, load<u8>(bytes + start + k) ^ flip);
    store<u32>(cursors + (i << 2), to + length);
  }
}

/** Tag, the bytes with every NUL as 00 FF, and 00 01, which is below anything that goes on. */
export function keyWriteUtf8(
  offsets: usize, bytes: usize, n: usize, mask: usize, flip: u8, dest: usize, cursors: usize,
): void {
  for (let i: usize = 0; i < n; i++) {
    if (isLeftOut(mask, i)) continue;
    const start = load<u32>(offsets + (i << 2));
    const length = load<u32>(offsets + (i << 2), 4) - start;
    const to = load<u32>(cursors + (i << 2));
    store<u8>(dest + to, stringTag ^ flip);
    const end = writeEscaped(bytes + start, length, flip, dest + to + 1);
    store<u8>(end, flip);
    store<u8>(end, 1 ^ flip, 1);
    store<u32>(cursors + (i << 2), <u32>(end - dest) + 2);
  }
}

function writeEscaped(at: usize, length: u32, flip: u8, to: usize): usize {
  const zero = i8x16.splat(0);
  const flips = i8x16.splat(flip);
  const flipWord = <u64>(<i64>(<i8>flip));
  let k: u32 = 0;
  while (k + 16 <= length) {
    const v = v128.load(at + k);
    if (v128.any_true(i8x16.eq(v, zero))) {
      for (const stop = k + 16; k < stop; k++) to = writeByte(load<u8>(at + k), flip, to);
    } else {
      v128.store(to, v128.xor(v, flips));
      to += 16;
      k += 16;
    }
  }
  if (k + 8 <= length) {
    const word = load<u64>(at + k);
    if (zeroBytes(word) == 0) {
      store<u64>(to, word ^ flipWord);
      to += 8;
      k += 8;
    }
  }
  if (k + 4 <= length) {
    const word = load<u32>(at + k);
    if (zeroBytes(<u64>word | 0xffffffff00000000) == 0) {
      store<u32>(to, word ^ <u32>flipWord);
      to += 4;
      k += 4;
    }
  }
  for (; k < length; k++) to = writeByte(load<u8>(at + k), flip, to);
  return to;
}

// @ts-ignore: decorator
@inline
function writeByte(byte: u8, flip: u8, to: usize): usize {
  store<u8>(to, byte ^ flip);
  if (byte != 0) return to + 1;
  store<u8>(to, 0xff ^ flip, 1);
  return to + 2;
}
