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

/** indexes[i] = low half of words[i] */
export function indexesOfWords(words: usize, n: usize, indexes: usize): void {
  for (let i: usize = 0; i < n; i++) store<u32>(indexes + (i << 2), load<u32>(words + (i << 3)));
}
