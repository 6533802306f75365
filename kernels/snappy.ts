// Snappy's block format (google/snappy, format_description.txt), decompression only. It trusts nothing: it neither reads nor
// writes outside what it is given.

const bytesPerCall: u32 = 4 << 20;

/**
 * Goes on from `cursor` (two u32, read and written so far; begin behind the length and with 0) for some megabytes. Returns 1 when
 * exactly `capacity` bytes are written and all n are read, 0 when there is more to do, −1 when the block is damaged.
 */
export function snappyDecompress(src: usize, n: u32, cursor: usize, dst: usize, capacity: u32): i32 {
  let at = load<u32>(cursor);
  let to = load<u32>(cursor, 4);
  const pause = to + bytesPerCall;
  while (at < n && to < pause) {
    const tag = <u32>load<u8>(src + at++);
    let length: u32;
    if ((tag & 3) == 0) {
      length = (tag >>> 2) + 1;
      if (length > 60) {
        const bytes = length - 60;
        if (n - at < bytes) return -1;
        length = 0;
        for (let k: u32 = 0; k < bytes; k++) length |= <u32>load<u8>(src + at + k) << (k << 3);
        if (length == 0xffffffff) return -1;
        length++;
        at += bytes;
      }
      if (length > n - at || length > capacity - to) return -1;
      if (length <= 16 && n - at >= 16 && capacity - to >= 16) v128.store(dst + to, v128.load(src + at));
      else memory.copy(dst + to, src + at, length);
      at += length;
      to += length;
      continue;
    }
    let distance: u32;
    if ((tag & 3) == 1) {
      if (at == n) return -1;
      length = ((tag >>> 2) & 7) + 4;
      distance = ((tag >>> 5) << 8) | <u32>load<u8>(src + at);
      at += 1;
    } else {
      const bytes: u32 = (tag & 3) == 2 ? 2 : 4;
      if (n - at < bytes) return -1;
      length = (tag >>> 2) + 1;
      distance = bytes == 2 ? <u32>load<u16>(src + at) : load<u32>(src + at);
      at += bytes;
    }
    if (distance == 0 || distance > to || length > capacity - to) return -1;
    copyBack(dst + to, distance, length, capacity - to);
    to += length;
  }
  store<u32>(cursor, at);
  store<u32>(cursor, to, 4);
  if (at < n) return 0;
  return to == capacity ? 1 : -1;
}

/** At most 64 bytes from `distance` before; the two may overlap, which repeats the bytes between. */
// @ts-ignore: decorator
@inline
function copyBack(to: usize, distance: u32, length: u32, writable: u32): void {
  const from = to - distance;
  if (distance >= 16 && writable >= length + 16) {
    for (let k: u32 = 0; k < length; k += 16) v128.store(to + k, v128.load(from + k));
  } else if (distance >= 8 && writable >= length + 8) {
    for (let k: u32 = 0; k < length; k += 8) store<u64>(to + k, load<u64>(from + k));
  } else {
    for (let k: u32 = 0; k < length; k++) store<u8>(to + k, load<u8>(from + k));
  }
}
