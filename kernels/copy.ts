// Copying and comparing short byte spans, inlined into the families that move and order bytes.

/** Bytes of memory; 0xFFFFFFF0 for a memory of 4 GiB less what a 16-byte load at the very end would need. */
// @ts-ignore: decorator
@inline
export function lastWideLoad(): usize {
  return (<usize>memory.size() << 16) - 16;
}

/**
 * Copies `length` bytes. May write up to 15 bytes beyond them where `room` (bytes from dst to the end of the target) allows, and
 * read as far beyond the source: one 16-byte move then does for most strings, without branches on the length.
 */
// @ts-ignore: decorator
@inline
export function copySpan(src: usize, length: u32, dst: usize, room: u32, wideLoadMax: usize): void {
  if (length <= 16 && room >= 16 && src <= wideLoadMax) {
    v128.store(dst, v128.load(src));
  } else if (length <= 128) {
    copyMiddle(src, length, dst);
  } else {
    memory.copy(dst, src, length);
  }
}

/** Up to 128 bytes exactly: whole vectors, then one that overlaps the end. */
function copyMiddle(src: usize, length: u32, dst: usize): void {
  if (length >= 16) {
    let at: u32 = 0;
    for (; at + 16 <= length; at += 16) v128.store(dst + at, v128.load(src + at));
    v128.store(dst + length - 16, v128.load(src + length - 16));
  } else if (length >= 8) {
    const tail = load<u64>(src + length - 8);
    store<u64>(dst, load<u64>(src));
    store<u64>(dst + length - 8, tail);
  } else if (length >= 4) {
    const tail = load<u32>(src + length - 4);
    store<u32>(dst, load<u32>(src));
    store<u32>(dst + length - 4, tail);
  } else {
    for (let at: u32 = 0; at < length; at++) store<u8>(dst + at, load<u8>(src + at));
  }
}

/** Eight bytes as a number that orders as they do. */
// @ts-ignore: decorator
@inline
export function bigEndian(word: u64): u64 {
  const v = i64x2.splat(word);
  return i64x2.extract_lane(v128.shuffle<u8>(v, v, 7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0), 0);
}

/** memcmp, then the shorter first: negative, 0 or positive. */
export function compareBytes(a: usize, aLength: u32, b: usize, bLength: u32): i32 {
  const n = aLength < bLength ? aLength : bLength;
  let at: u32 = 0;
  if (n >= 8) {
    const last = n - 8;
    while (true) {
      const x = load<u64>(a + at);
      const y = load<u64>(b + at);
      if (x != y) return bigEndian(x) < bigEndian(y) ? -1 : 1;
      if (at >= last) break;
      at = at + 8 < last ? at + 8 : last; // the last word overlaps the one before it, whose bytes were equal
    }
  } else {
    for (; at < n; at++) {
      const x = load<u8>(a + at);
      const y = load<u8>(b + at);
      if (x != y) return <i32>x - <i32>y;
    }
  }
  return aLength == bLength ? 0 : aLength < bLength ? -1 : 1;
}

/**
 * The next 7 bytes and, lowest, how many there were: 0 … 7, or 8 when the bytes go on. Two spans order as these words do, and
 * where the words are equal and below 8 the spans are equal, NULs and all.
 */
// @ts-ignore: decorator
@inline
export function prefixWord(at: usize, length: u32, wideLoadMax: usize): u64 {
  if (length >= 8) return (bigEndian(load<u64>(at)) & ~(<u64>0xff)) | 8;
  return shortPrefixWord(at, length, wideLoadMax);
}

function shortPrefixWord(at: usize, length: u32, wideLoadMax: usize): u64 {
  if (length == 0) return 0;
  let word: u64 = 0;
  if (at <= wideLoadMax) {
    word = bigEndian(load<u64>(at)) & (~(<u64>0) << (64 - (length << 3)));
  } else {
    for (let i: u32 = 0; i < length; i++) word |= <u64>load<u8>(at + i) << (56 - (i << 3));
  }
  return (word & ~(<u64>0xff)) | length;
}
