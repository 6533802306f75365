// Moving column values: gather, scatter, compaction of ranges, offsets, fills. Index vectors are u32.
import { copySpan, lastWideLoad } from "./copy";

/** A call that copies bytes stops after the row that reaches this many, so that no call is long. */
const copyBytesMax: u32 = 8 << 20;
/** Rows whose bytes are asked for together. */
const blockRows: usize = 128;

/** dst[i] = src[indexes[i]] */
export function gather1(src: usize, indexes: usize, n: usize, dst: usize): void {
  for (let i: usize = 0; i < n; i++) store<u8>(dst + i, load<u8>(src + load<u32>(indexes + (i << 2))));
}

export function gather4(src: usize, indexes: usize, n: usize, dst: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u32>(dst + (i << 2), load<u32>(src + (<usize>load<u32>(indexes + (i << 2)) << 2)));
  }
}

export function gather8(src: usize, indexes: usize, n: usize, dst: usize): void {
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const four = indexes + (i << 2);
    const a = load<u64>(src + (<usize>load<u32>(four) << 3));
    const b = load<u64>(src + (<usize>load<u32>(four, 4) << 3));
    const c = load<u64>(src + (<usize>load<u32>(four, 8) << 3));
    const d = load<u64>(src + (<usize>load<u32>(four, 12) << 3));
    const to = dst + (i << 3);
    store<u64>(to, a);
    store<u64>(to, b, 8);
    store<u64>(to, c, 16);
    store<u64>(to, d, 24);
  }
  for (; i < n; i++) {
    store<u64>(dst + (i << 3), load<u64>(src + (<usize>load<u32>(indexes + (i << 2)) << 3)));
  }
}

/** dst[positions[i]] = src[i] */
export function scatter1(src: usize, positions: usize, n: usize, dst: usize): void {
  for (let i: usize = 0; i < n; i++) store<u8>(dst + load<u32>(positions + (i << 2)), load<u8>(src + i));
}

export function scatter4(src: usize, positions: usize, n: usize, dst: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u32>(dst + (<usize>load<u32>(positions + (i << 2)) << 2), load<u32>(src + (i << 2)));
  }
}

export function scatter8(src: usize, positions: usize, n: usize, dst: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u64>(dst + (<usize>load<u32>(positions + (i << 2)) << 3), load<u64>(src + (i << 3)));
  }
}

/** Bytes that the gathered rows will have; items when the offsets are a list's. */
export function gatheredLength(offsets: usize, indexes: usize, n: usize): f64 {
  let total: u64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const at = offsets + (<usize>load<u32>(indexes + (i << 2)) << 2);
    total += load<u32>(at, 4) - load<u32>(at);
  }
  return <f64>total;
}

/**
 * Rows of variable length: dstOffsets[0] = from, then one end a row; `total` is where the last of all rows will end. Returns
 * the rows done, which may be fewer than n.
 */
export function gatherBytes(
  offsets: usize, bytes: usize, indexes: usize, n: usize, dstOffsets: usize, dstBytes: usize, from: u32, total: u32,
): usize {
  const wideLoadMax = lastWideLoad();
  let to = from;
  let i: usize = 0;
  while (i < n && to - from < copyBytesMax) {
    const end = min(n, i + blockRows);
    // first the loads that may miss the cache, so that their waits overlap; kept where the offset goes, lest they be dropped
    for (let row = i; row < end; row++) {
      const start = load<u32>(offsets + (<usize>load<u32>(indexes + (row << 2)) << 2));
      store<u32>(dstOffsets + (row << 2), load<u8>(min(bytes + start, wideLoadMax)));
    }
    for (; i < end; i++) {
      const at = offsets + (<usize>load<u32>(indexes + (i << 2)) << 2);
      const start = load<u32>(at);
      const length = load<u32>(at, 4) - start;
      store<u32>(dstOffsets + (i << 2), to);
      copySpan(bytes + start, length, dstBytes + to, total - to, wideLoadMax);
      to += length;
    }
  }
  store<u32>(dstOffsets + (i << 2), to);
  return i;
}

/** The same for the spans [starts[i], ends[i]) of `bytes`. The target must not overlap the source. */
export function copyRanges(
  bytes: usize, starts: usize, ends: usize, n: usize, dstOffsets: usize, dstBytes: usize, from: u32, total: u32,
): usize {
  const wideLoadMax = lastWideLoad();
  let to = from;
  let i: usize = 0;
  store<u32>(dstOffsets, to);
  while (i < n && to - from < copyBytesMax) {
    const start = load<u32>(starts + (i << 2));
    const length = load<u32>(ends + (i << 2)) - start;
    copySpan(bytes + start, length, dstBytes + to, total - to, wideLoadMax);
    to += length;
    i++;
    store<u32>(dstOffsets + (i << 2), to);
  }
  return i;
}

/** Sum of ends[i] − starts[i]. */
export function rangesLength(starts: usize, ends: usize, n: usize): f64 {
  let low = i64x2.splat(0);
  let high = low;
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const lengths = i32x4.sub(v128.load(ends + (i << 2)), v128.load(starts + (i << 2)));
    low = i64x2.add(low, i64x2.extend_low_i32x4_u(lengths));
    high = i64x2.add(high, i64x2.extend_high_i32x4_u(lengths));
  }
  low = i64x2.add(low, high);
  let total = <u64>i64x2.extract_lane(low, 0) + <u64>i64x2.extract_lane(low, 1);
  for (; i < n; i++) total += load<u32>(ends + (i << 2)) - load<u32>(starts + (i << 2));
  return <f64>total;
}

/**
 * Lists: the item indexes of the gathered rows one after the other, and the rows' new offsets. `dstItems` is where item 0 of
 * the whole result goes, `from` the items before these rows. Returns the rows done, as gatherBytes does.
 */
export function gatherListItems(
  offsets: usize, indexes: usize, n: usize, dstOffsets: usize, dstItems: usize, from: u32,
): usize {
  let to = from;
  let i: usize = 0;
  store<u32>(dstOffsets, to);
  while (i < n && to - from < copyBytesMax / 4) {
    const at = offsets + (<usize>load<u32>(indexes + (i << 2)) << 2);
    const start = load<u32>(at);
    const length = load<u32>(at, 4) - start;
    iota(dstItems + (<usize>to << 2), length, start);
    to += length;
    i++;
    store<u32>(dstOffsets + (i << 2), to);
  }
  return i;
}

/** dst[i] = src[i] + delta; dst may be src. */
export function addI32(src: usize, n: usize, delta: i32, dst: usize): void {
  const wide = i32x4.splat(delta);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) v128.store(dst + (i << 2), i32x4.add(v128.load(src + (i << 2)), wide));
  for (; i < n; i++) store<i32>(dst + (i << 2), load<i32>(src + (i << 2)) + delta);
}

/** dst[i] = first + i */
export function iota(dst: usize, n: usize, first: u32): void {
  let wide = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  const four = i32x4.splat(4);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(dst + (i << 2), wide);
    wide = i32x4.add(wide, four);
  }
  for (; i < n; i++) store<u32>(dst + (i << 2), first + <u32>i);
}

export function fill1(dst: usize, n: usize, value: u8): void {
  memory.fill(dst, value, n);
}

export function fill4(dst: usize, n: usize, value: i32): void {
  const wide = i32x4.splat(value);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) v128.store(dst + (i << 2), wide);
  for (; i < n; i++) store<i32>(dst + (i << 2), value);
}

export function fill8(dst: usize, n: usize, value: f64): void {
  const wide = f64x2.splat(value);
  let i: usize = 0;
  for (; i + 2 <= n; i += 2) v128.store(dst + (i << 3), wide);
  if (i < n) store<f64>(dst + (i << 3), value);
}

export function copyBytes(src: usize, n: usize, dst: usize): void {
  memory.copy(dst, src, n);
}

/**
 * offsets[0] = from, offsets[i + 1] = offsets[i] + lengths[i]. Returns the last as f64, so that a sum beyond 32 bits shows.
 */
export function prefixSum(lengths: usize, n: usize, from: f64, offsets: usize): f64 {
  let sum = <u64>from;
  store<u32>(offsets, <u32>sum);
  for (let i: usize = 0; i < n; i++) {
    sum += load<u32>(lengths + (i << 2));
    store<u32>(offsets + (i << 2) + 4, <u32>sum);
  }
  return <f64>sum;
}

/**
 * Rows of variable length as lines, each ended by a newline, as many of the first n as have room in `room` bytes. What stands for
 * a lone surrogate (ED A0 80 … ED BF BF) becomes U+FFFD, as when a string is written. Returns the rows done.
 */
export function joinLines(offsets: usize, bytes: usize, n: usize, dst: usize, room: u32): usize {
  const wideLoadMax = lastWideLoad();
  let to: u32 = 0;
  let start = load<u32>(offsets);
  let i: usize = 0;
  for (; i < n; i++) {
    const end = load<u32>(offsets + (i << 2), 4);
    const length = end - start;
    if (length >= room - to) break;
    copySpan(bytes + start, length, dst + to, room - to, wideLoadMax);
    to += length + 1;
    store<u8>(dst + to - 1, 0x0a);
    start = end;
  }
  replaceSurrogates(dst, to);
  return i;
}

function replaceSurrogates(at: usize, n: u32): void {
  const lead = i8x16.splat(<i8>0xed);
  let i: u32 = 0;
  for (; i + 16 <= n; i += 16) {
    if (v128.any_true(i8x16.eq(v128.load(at + i), lead))) replaceSurrogatesIn(at, i, i + 16, n);
  }
  replaceSurrogatesIn(at, i, n, n);
}

function replaceSurrogatesIn(at: usize, from: u32, to: u32, n: u32): void {
  for (let i = from; i < to; i++) {
    if (load<u8>(at + i) != 0xed || i + 2 >= n || load<u8>(at + i, 1) < 0xa0) continue;
    store<u8>(at + i, 0xef);
    store<u8>(at + i, 0xbf, 1);
    store<u8>(at + i, 0xbd, 2);
  }
}
