// Order-preserving unsigned keys: the one definition that sorting, range partitioning and key bytes share.

const signBit: u64 = 0x8000000000000000;

/** Numbers as u64 in their order: −0 equals 0, NaN comes last and is one value (IEEE 754 totalOrder, with those two folded). */
// @ts-ignore: decorator
@inline
export function orderOfF64(value: f64): u64 {
  if (value != value) return 0xfff8000000000000;
  const bits = reinterpret<u64>(value + 0.0); // −0 + 0 is 0
  return bits ^ (<u64>(<i64>bits >> 63) | signBit);
}

// @ts-ignore: decorator
@inline
export function orderOfI64(value: i64): u64 {
  return <u64>value ^ signBit;
}
