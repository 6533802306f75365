// Hashes of values, never of their layout: equal values hash alike in any column. 64 bits, all arithmetic modulo 2⁶⁴.
//
//   kinds       undefined 1, null 2, false 3, true 4, number 5, bigint 6, longer bigint 7, string 8, date 9, array 10,
//               object 11, Map 12, Set 13; the host names more (typed arrays, instances …)
//   seed(kind)  kind × PRIME1
//   constant    mix(seed)                                  undefined, null, false, true
//   number      mix(bits ^ seed)                           bits of the f64, −0 as 0, every NaN as 0x7ff8000000000000
//   date        as a number, of its milliseconds, with its own seed
//   bigint      mix(value ^ seed) in −2⁶³ … 2⁶³ − 1, beyond it bytes(two's complement, shortest, little-endian)
//   string      bytes(UTF-8)
//   array       h = seed; for each item h = rotl(h, 27) × PRIME1 + hash(item); mix(h + items × PRIME2)
//   object, Map mix((Σ pair(hash(key), hash(value)) ^ seed) + entries × PRIME2), pair(k, v) = mix(k × PRIME1 + v)
//   Set         mix((Σ pair(seed, hash(item)) ^ seed) + items × PRIME2)
//   bytes       up to 16, as two little-endian words a and b padded with zeros:
//                 mix(((a ^ seed) × PRIME1 ^ rotl((b + seed) × PRIME2, 32)) + length × PRIME2)
//               more: four lanes over stripes of 32 bytes as in xxHash64, the last stripe ending where the bytes end
//
// An array is the tuple of its items, whatever stores it. Key equality is what src/data/ defines; this only has to agree.
import { mix, PRIME1, PRIME2, seedOf, unmix } from "./mix";
import { firstBytes } from "./words";

// @ts-ignore: decorator
@inline
const FALSE: i32 = 3;
// @ts-ignore: decorator
@inline
const NUMBER: i32 = 5;
// @ts-ignore: decorator
@inline
const BIGINT: i32 = 6;
// @ts-ignore: decorator
@inline
export const STRING: i32 = 8;

// @ts-ignore: decorator
@inline
function hashOfF64(value: f64, seed: u64): u64 {
  // x + 0 turns −0 into 0 and keeps everything else
  const bits = reinterpret<u64>(value + 0.0);
  return mix((value == value ? bits : 0x7ff8000000000000) ^ seed);
}

/** hashes[i] = hash of the number values[i] */
export function hashF64(values: usize, n: i32, hashes: usize): void {
  hashNumbersAs(NUMBER, values, n, hashes);
}

/** As `hashF64`, with the seed of another kind: dates. */
export function hashNumbersAs(kind: i32, values: usize, n: i32, hashes: usize): void {
  const seed = seedOf(kind);
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) {
    store<u64>(hashes + i, hashOfF64(load<f64>(values + i), seed));
  }
}

/** hashes[i] = hash of the number values[i] */
export function hashF32(values: usize, n: i32, hashes: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    store<u64>(hashes + (i << 3), hashOfF64(<f64>load<f32>(values + (i << 2)), seedOf(NUMBER)));
  }
}

/** hashes[i] = hash of the number values[i] */
export function hashI32(values: usize, n: i32, hashes: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    store<u64>(hashes + (i << 3), mix(reinterpret<u64>(<f64>load<i32>(values + (i << 2))) ^ seedOf(NUMBER)));
  }
}

/** hashes[i] = hash of the bigint values[i] */
export function hashI64(values: usize, n: i32, hashes: usize): void {
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) {
    store<u64>(hashes + i, mix(load<u64>(values + i) ^ seedOf(BIGINT)));
  }
}

/** hashes[i] = hash of the boolean values[i], one byte each, 0 or 1 */
export function hashBool(values: usize, n: i32, hashes: usize): void {
  const no = mix(seedOf(FALSE));
  const yes = mix(seedOf(FALSE + 1));
  for (let i: usize = 0; i < <usize>n; i++) {
    store<u64>(hashes + (i << 3), load<u8>(values + i) != 0 ? yes : no);
  }
}

/** hashes[i] = hash of the one value of a kind that has one: undefined, null, false, true */
export function hashConstant(kind: i32, n: i32, hashes: usize): void {
  fill(mix(seedOf(kind)), n, hashes);
}

function fill(hash: u64, n: i32, hashes: usize): void {
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) store<u64>(hashes + i, hash);
}

/** numbers[i] = the number whose hash is hashes[i]: number hashes can be turned back. −0 comes back as 0. */
export function unhashF64(hashes: usize, n: i32, numbers: usize): void {
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) {
    store<u64>(numbers + i, unmix(load<u64>(hashes + i)) ^ seedOf(NUMBER));
  }
}

/** hashes[i] = hash of the string bytes[offsets[i] … offsets[i + 1]) */
export function hashUtf8(offsets: usize, bytes: usize, n: i32, hashes: usize): void {
  hashRuns(STRING, offsets, bytes, 0, n, hashes);
}

/** hashes[i] = hash of the bytes of items offsets[i] … offsets[i + 1], items being 2^shift bytes long */
export function hashRuns(kind: i32, offsets: usize, bytes: usize, shift: i32, n: i32, hashes: usize): void {
  if (n == 0) return;
  const seed = seedOf(kind);
  let start = bytes + (<usize>load<u32>(offsets) << shift);
  const last = <u64>bytes + (<u64>load<u32>(offsets + (<usize>n << 2)) << shift);
  // Short runs are read by two whole words, beyond their end, unless memory ends there.
  const roomy = last + 16 <= <u64>memory.size() << 16;
  for (let i: usize = 0; i < <usize>n; i++) {
    const end = bytes + (<usize>load<u32>(offsets + 4 + (i << 2)) << shift);
    const length = end - start;
    const hash = length > 16 ? hashLong(start, length, seed) : roomy ? hashShort(start, length, seed) : hashAtEnd(start, length, seed);
    store<u64>(hashes + (i << 3), hash);
    start = end;
  }
}

/** hash[0] = hash of one run of bytes */
export function hashBytes(kind: i32, start: usize, length: i32, hash: usize): void {
  const size = <usize>length;
  store<u64>(hash, size > 16 ? hashLong(start, size, seedOf(kind)) : hashAtEnd(start, size, seedOf(kind)));
}

// @ts-ignore: decorator
@inline
export function hashWords(a: u64, b: u64, length: usize, seed: u64): u64 {
  return mix((((a ^ seed) * PRIME1) ^ rotl<u64>((b + seed) * PRIME2, 32)) + <u64>length * PRIME2);
}

// @ts-ignore: decorator
@inline
function hashShort(start: usize, length: usize, seed: u64): u64 {
  const words = firstBytes(start, <u32>length);
  return hashWords(i64x2.extract_lane(words, 0), i64x2.extract_lane(words, 1), length, seed);
}

/** The same hash without reading a byte beyond the end. */
function hashAtEnd(start: usize, length: usize, seed: u64): u64 {
  let a: u64 = 0;
  let b: u64 = 0;
  for (let i: usize = 0; i < length; i++) {
    const byte = <u64>load<u8>(start + i) << ((<u64>i & 7) << 3);
    if (i < 8) a |= byte;
    else b |= byte;
  }
  return hashWords(a, b, length, seed);
}

// @ts-ignore: decorator
@inline
function lane(state: u64, word: u64): u64 {
  return rotl<u64>(state + word * PRIME2, 31) * PRIME1;
}

export function hashLong(start: usize, length: usize, seed: u64): u64 {
  let l0 = seed + PRIME1;
  let l1 = seed + PRIME2;
  let l2 = seed;
  let l3 = seed - PRIME1;
  const end = start + length;
  while (end - start > 32) {
    l0 = lane(l0, load<u64>(start));
    l1 = lane(l1, load<u64>(start, 8));
    l2 = lane(l2, load<u64>(start, 16));
    l3 = lane(l3, load<u64>(start, 24));
    start += 32;
  }
  // up to 32 bytes are left: the last stripe overlaps what is done already, or, in 17 … 32 bytes, itself
  const tail = length > 32 ? end - 32 : start;
  l0 = lane(l0, load<u64>(tail));
  l1 = lane(l1, load<u64>(tail, 8));
  l2 = lane(l2, load<u64>(end - 16));
  l3 = lane(l3, load<u64>(end - 8));
  const merged = rotl<u64>(l0, 1) + rotl<u64>(l1, 7) + rotl<u64>(l2, 12) + rotl<u64>(l3, 18);
  return mix(merged + <u64>length * PRIME2);
}

/** hashes[i] = the constant of `kind` where validity[i] is 0 */
export function hashAbsent(kind: i32, validity: usize, n: i32, hashes: usize): void {
  const absent = mix(seedOf(kind));
  for (let i: usize = 0; i < <usize>n; i++) {
    const at = hashes + (i << 3);
    store<u64>(at, load<u8>(validity + i) != 0 ? load<u64>(at) : absent);
  }
}

/** hashes[i] = valueHashes[codes[i]] */
export function hashCodes(codes: usize, valueHashes: usize, n: i32, hashes: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    store<u64>(hashes + (i << 3), load<u64>(valueHashes + (<usize>load<u32>(codes + (i << 2)) << 3)));
  }
}

// @ts-ignore: decorator
@inline
function combine(state: u64, hash: u64): u64 {
  return rotl<u64>(state, 27) * PRIME1 + hash;
}

/** Begins n arrays. Then `combineHashes` for each item in order, then `finishArrays`. */
export function startArrays(kind: i32, n: i32, states: usize): void {
  fill(seedOf(kind), n, states);
}

export function combineHashes(hashes: usize, n: i32, states: usize): void {
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) {
    store<u64>(states + i, combine(load<u64>(states + i), load<u64>(hashes + i)));
  }
}

/** Ends n arrays of `items` items each. */
export function finishArrays(items: i32, n: i32, states: usize): void {
  const length = <u64>items * PRIME2;
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) store<u64>(states + i, mix(load<u64>(states + i) + length));
}

/** hashes[i] = hash of the array whose items' hashes are itemHashes[offsets[i] … offsets[i + 1]) */
export function hashLists(kind: i32, offsets: usize, itemHashes: usize, n: i32, hashes: usize): void {
  let item = <usize>load<u32>(offsets);
  for (let i: usize = 0; i < <usize>n; i++) {
    const start = item;
    const end = <usize>load<u32>(offsets + 4 + (i << 2));
    let state = seedOf(kind);
    for (; item < end; item++) state = combine(state, load<u64>(itemHashes + (item << 3)));
    store<u64>(hashes + (i << 3), mix(state + <u64>(end - start) * PRIME2));
  }
}

// @ts-ignore: decorator
@inline
function pair(key: u64, value: u64): u64 {
  return mix(key * PRIME1 + value);
}

// @ts-ignore: decorator
@inline
function finishSum(kind: i32, sum: u64, entries: i32): u64 {
  return mix((sum ^ seedOf(kind)) + <u64>entries * PRIME2);
}

/** Adds one property of n objects to sums[i], which begin as 0. keyHash[0] is the hash of its name. */
export function addField(keyHash: usize, valueHashes: usize, n: i32, sums: usize): void {
  const key = load<u64>(keyHash);
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) {
    store<u64>(sums + i, load<u64>(sums + i) + pair(key, load<u64>(valueHashes + i)));
  }
}

/** Ends n objects of `fields` properties each. */
export function finishObjects(kind: i32, fields: i32, n: i32, sums: usize): void {
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) store<u64>(sums + i, finishSum(kind, load<u64>(sums + i), fields));
}

/** hash[0] = hash of one object or Map of n entries, in whatever order */
export function hashEntries(kind: i32, keyHashes: usize, valueHashes: usize, n: i32, hash: usize): void {
  let sum: u64 = 0;
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) {
    sum += pair(load<u64>(keyHashes + i), load<u64>(valueHashes + i));
  }
  store<u64>(hash, finishSum(kind, sum, n));
}

/** hash[0] = hash of one Set of n items, in whatever order */
export function hashItems(kind: i32, itemHashes: usize, n: i32, hash: usize): void {
  let sum: u64 = 0;
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) sum += pair(seedOf(kind), load<u64>(itemHashes + i));
  store<u64>(hash, finishSum(kind, sum, n));
}
