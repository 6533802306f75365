// Hashes of values, never of their layout: the same value hashes alike in any column type. See src/data/hash.ts for the
// definition on JavaScript values.

// Mixing constants: splitmix64 (Steele, Lea, Flood 2014) and xxHash64 (Collet 2012).
const MIX1: u64 = 0xbf58476d1ce4e5b9;
const MIX2: u64 = 0x94d049bb133111eb;

/** The finaliser of splitmix64: a bijection on 64 bits. */
// @ts-ignore: decorator
@inline
export function mix(x: u64): u64 {
  x = (x ^ (x >> 30)) * MIX1;
  x = (x ^ (x >> 27)) * MIX2;
  return x ^ (x >> 31);
}

/** hashes[i] = hash of the number values[i]; −0 hashes as 0 and every NaN alike. */
export function hashF64(values: usize, n: i32, hashes: usize): void {
  for (let i = 0; i < n; i++) {
    const v = load<f64>(values + (<usize>i << 3));
    let bits: u64 = v == 0 ? 0 : reinterpret<u64>(v);
    if (v != v) bits = 0x7ff8000000000000;
    store<u64>(hashes + (<usize>i << 3), mix(bits ^ 0x9e3779b97f4a7c15));
  }
}
