// The bit mixing that hashing, hash tables and ordering share. Everything here is inlined into its callers.

// Odd constants with balanced bits: of splitmix64 (Steele, Lea and Flood 2014) and of xxHash64 (Collet 2012).
// @ts-ignore: decorator
@inline
const MIX1: u64 = 0xbf58476d1ce4e5b9;
// @ts-ignore: decorator
@inline
const MIX2: u64 = 0x94d049bb133111eb;
// MIX1 and MIX2 inverted modulo 2⁶⁴.
// @ts-ignore: decorator
@inline
const UNMIX1: u64 = 0x96de1b173f119089;
// @ts-ignore: decorator
@inline
const UNMIX2: u64 = 0x319642b2d24d8ec3;
// @ts-ignore: decorator
@inline
export const PRIME1: u64 = 0x9e3779b185ebca87;
// @ts-ignore: decorator
@inline
export const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;

/** The finaliser of splitmix64: a bijection on 64 bits, so values of up to 64 bits never collide within their kind. */
// @ts-ignore: decorator
@inline
export function mix(x: u64): u64 {
  x = (x ^ (x >> 30)) * MIX1;
  x = (x ^ (x >> 27)) * MIX2;
  return x ^ (x >> 31);
}

/** The inverse of `mix`. */
// @ts-ignore: decorator
@inline
export function unmix(x: u64): u64 {
  x = (x ^ (x >> 31) ^ (x >> 62)) * UNMIX2;
  x = (x ^ (x >> 27) ^ (x >> 54)) * UNMIX1;
  return x ^ (x >> 30) ^ (x >> 60);
}

/** What tells the hashes of one kind of value from those of another; kinds are listed in hash.ts. */
// @ts-ignore: decorator
@inline
export function seedOf(kind: i32): u64 {
  return <u64>kind * PRIME1;
}
