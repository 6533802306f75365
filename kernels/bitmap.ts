// Bitmaps (bit i of a run of bytes, least significant first, as Arrow has them) and byte masks (0 or 1 a row).

/** bits[i] = mask[i] ≠ 0, for n rows from bit 0 of `bits`; the bits beyond the last row in its byte become 0. */
export function packBits(mask: usize, n: usize, bits: usize): void {
  const zero = i8x16.splat(0);
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) {
    store<u16>(bits + (i >> 3), <u16>i8x16.bitmask(i8x16.ne(v128.load(mask + i), zero)));
  }
  for (; i < n; i += 8) {
    let byte: u32 = 0;
    for (let k: usize = 0; k < 8 && i + k < n; k++) byte |= <u32>(load<u8>(mask + i + k) != 0) << <u32>k;
    store<u8>(bits + (i >> 3), <u8>byte);
  }
}

/** mask[i] = bit i as 0 or 1 */
export function unpackBits(bits: usize, n: usize, mask: usize): void {
  const select = v128.splat<u64>(0x8040201008040201);
  const one = i8x16.splat(1);
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) {
    const both = i16x8.splat(load<u16>(bits + (i >> 3)));
    const spread = v128.shuffle<u8>(both, both, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    v128.store(mask + i, v128.and(i8x16.eq(v128.and(spread, select), select), one));
  }
  for (; i < n; i++) store<u8>(mask + i, (load<u8>(bits + (i >> 3)) >> <u8>(i & 7)) & 1);
}

/** Byte by byte, so they serve bitmaps and 0/1 masks alike; dst may be an operand. */
export function andBytes(a: usize, b: usize, bytes: usize, dst: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(dst + i, v128.and(v128.load(a + i), v128.load(b + i)));
  for (; i < bytes; i++) store<u8>(dst + i, load<u8>(a + i) & load<u8>(b + i));
}

export function orBytes(a: usize, b: usize, bytes: usize, dst: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(dst + i, v128.or(v128.load(a + i), v128.load(b + i)));
  for (; i < bytes; i++) store<u8>(dst + i, load<u8>(a + i) | load<u8>(b + i));
}

/** a and not b */
export function andNotBytes(a: usize, b: usize, bytes: usize, dst: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(dst + i, v128.andnot(v128.load(a + i), v128.load(b + i)));
  for (; i < bytes; i++) store<u8>(dst + i, load<u8>(a + i) & ~load<u8>(b + i));
}

/** Every byte XOR `with`: 0xFF negates a bitmap, 1 a 0/1 mask. */
export function xorBytes(a: usize, bytes: usize, with_: u8, dst: usize): void {
  const wide = i8x16.splat(with_);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(dst + i, v128.xor(v128.load(a + i), wide));
  for (; i < bytes; i++) store<u8>(dst + i, load<u8>(a + i) ^ with_);
}

/** Set bits among the first n. */
export function countBits(bits: usize, n: usize): usize {
  let count: u64 = 0;
  let i: usize = 0;
  for (; i + 64 <= n; i += 64) count += popcnt<u64>(load<u64>(bits + (i >> 3)));
  for (; i < n; i += 8) {
    const left = n - i;
    const keep: u32 = left >= 8 ? 0xff : (1 << <u32>left) - 1;
    count += popcnt<u32>(load<u8>(bits + (i >> 3)) & keep);
  }
  return <usize>count;
}

/** Non-zero bytes among n. */
export function countMask(mask: usize, n: usize): usize {
  const zero = i8x16.splat(0);
  let count: usize = 0;
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) count += popcnt<u32>(i8x16.bitmask(i8x16.ne(v128.load(mask + i), zero)));
  for (; i < n; i++) count += <usize>(load<u8>(mask + i) != 0);
  return count;
}

/** first + i for every bit i of `word`, appended at out[count …]; returns the new count. */
// @ts-ignore: decorator
@inline
function emitBits(word: u64, first: u32, out: usize, count: usize): usize {
  while (word != 0) {
    store<u32>(out + (count << 2), first + <u32>ctz<u64>(word));
    word &= word - 1;
    count++;
  }
  return count;
}

/** out = first + i for every i with mask[i] ≠ 0; returns how many. `out` has room for as many as there are. */
export function selectMask(mask: usize, n: usize, first: u32, out: usize): usize {
  const zero = i8x16.splat(0);
  const step = i32x4(0, 1, 2, 3);
  let count: usize = 0;
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) {
    const hits = <u32>i8x16.bitmask(i8x16.ne(v128.load(mask + i), zero));
    if (hits == 0xffff) {
      const at = out + (count << 2);
      const base = i32x4.add(i32x4.splat(first + <u32>i), step);
      v128.store(at, base);
      v128.store(at, i32x4.add(base, i32x4.splat(4)), 16);
      v128.store(at, i32x4.add(base, i32x4.splat(8)), 32);
      v128.store(at, i32x4.add(base, i32x4.splat(12)), 48);
      count += 16;
    } else {
      count = emitBits(hits, first + <u32>i, out, count);
    }
  }
  for (; i < n; i++) {
    if (load<u8>(mask + i) == 0) continue;
    store<u32>(out + (count << 2), first + <u32>i);
    count++;
  }
  return count;
}

/** The same for a bitmap. */
export function selectBits(bits: usize, n: usize, first: u32, out: usize): usize {
  let count: usize = 0;
  let i: usize = 0;
  for (; i + 64 <= n; i += 64) count = emitBits(load<u64>(bits + (i >> 3)), first + <u32>i, out, count);
  for (; i < n; i++) {
    if (((load<u8>(bits + (i >> 3)) >> <u8>(i & 7)) & 1) == 0) continue;
    store<u32>(out + (count << 2), first + <u32>i);
    count++;
  }
  return count;
}
