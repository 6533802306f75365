// Order-preserving u64 keys of whole columns (key bytes are in key-bytes.ts). `flip` is 0 for ascending, all ones (-1) for
// descending.
import { orderOfF64, orderOfI64 } from "./order";

/** Numbers have the same key in every layout (f64, f32, i32). */
export function orderF64(values: usize, n: usize, flip: i32, keys: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u64>(keys + (i << 3), orderOfF64(load<f64>(values + (i << 3))) ^ <u64>(<i64>flip));
  }
}

export function orderF32(values: usize, n: usize, flip: i32, keys: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u64>(keys + (i << 3), orderOfF64(<f64>load<f32>(values + (i << 2))) ^ <u64>(<i64>flip));
  }
}

export function orderI32(values: usize, n: usize, flip: i32, keys: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u64>(keys + (i << 3), orderOfF64(<f64>load<i32>(values + (i << 2))) ^ <u64>(<i64>flip));
  }
}

export function orderI64(values: usize, n: usize, flip: i32, keys: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u64>(keys + (i << 3), orderOfI64(load<i64>(values + (i << 3))) ^ <u64>(<i64>flip));
  }
}

export function orderBool(values: usize, n: usize, flip: i32, keys: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u64>(keys + (i << 3), <u64>load<u8>(values + i) ^ <u64>(<i64>flip));
  }
}

/** words[i] = key of values[i] in the high half, first + i in the low: for sortWords. */
export function orderWordsI32(values: usize, n: usize, first: u32, flip: i32, words: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const key = load<u32>(values + (i << 2)) ^ 0x80000000 ^ <u32>flip;
    store<u64>(words + (i << 3), (<u64>key << 32) | (first + <u32>i));
  }
}

/**
 * Widens the range f64[2] = (least, greatest) to these values. Returns 0 when one of them is no integer, NaN and infinities
 * included; the range then says nothing.
 */
export function widenIntegers(values: usize, n: usize, range: usize): i32 {
  let least = f64x2.splat(load<f64>(range));
  let greatest = f64x2.splat(load<f64>(range, 8));
  let isInteger = i64x2.splat(-1);
  let i: usize = 0;
  for (; i + 2 <= n; i += 2) {
    const two = v128.load(values + (i << 3));
    // the difference of an infinity to itself is NaN, and equals nothing
    const rest = f64x2.sub(two, f64x2.trunc(two));
    isInteger = v128.and(isInteger, f64x2.eq(rest, f64x2.splat(0)));
    least = f64x2.min(least, two);
    greatest = f64x2.max(greatest, two);
  }
  let low = min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
  let high = max(f64x2.extract_lane(greatest, 0), f64x2.extract_lane(greatest, 1));
  let isLastInteger = true;
  if (i < n) {
    const last = load<f64>(values + (i << 3));
    isLastInteger = last - trunc(last) == 0;
    low = min(low, last);
    high = max(high, last);
  }
  store<f64>(range, low);
  store<f64>(range, high, 8);
  return isLastInteger && i64x2.all_true(isInteger) ? 1 : 0;
}

/**
 * words[i] = values[i] − origin in the high half, first + i in the low; with `isDescending` origin − values[i]. The values are
 * integers whose differences to the origin are within 32 bits.
 */
export function orderWordsF64(values: usize, n: usize, first: u32, origin: f64, isDescending: i32, words: usize): void {
  const sign: f64 = isDescending ? -1 : 1;
  for (let i: usize = 0; i < n; i++) {
    const key = <u64>((load<f64>(values + (i << 3)) - origin) * sign);
    store<u64>(words + (i << 3), (key << 32) | (first + <u32>i));
  }
}

/** indexes[i] = low half of words[i] */
export function indexesOfWords(words: usize, n: usize, indexes: usize): void {
  for (let i: usize = 0; i < n; i++) store<u32>(indexes + (i << 2), load<u32>(words + (i << 3)));
}
