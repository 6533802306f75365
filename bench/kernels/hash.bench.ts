/**
 * Value hashing: numbers and short strings. JavaScript has no 64-bit integers that are fast, so the loops keep the halves
 * of each word apart.
 */
import { hashStrings } from "../../src/kernel/hash.ts";
import { benchMemory, sample, scatteredKey, wordOf, type BenchCase } from "./harness.ts";

const rows = 1_000_000;

let high = 0;
let low = 0;

/** high:low *= h:l, modulo 2⁶⁴ */
function multiply(h: number, l: number): void {
  const a0 = low & 0xffff;
  const a1 = low >>> 16;
  const b0 = l & 0xffff;
  const b1 = l >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const other = a0 * b1 + (middle % 65536);
  const carried = a1 * b1 + Math.floor(middle / 65536) + Math.floor(other / 65536);
  high = (carried + Math.imul(high, l) + Math.imul(low, h)) | 0;
  low = Math.imul(low, l);
}

/** high:low ^= high:low >>> bits, for bits < 32 */
function fold(bits: number): void {
  low ^= (low >>> bits) | (high << (32 - bits));
  high ^= high >>> bits;
}

function mix(): void {
  fold(30);
  multiply(0xbf58476d, 0x1ce4e5b9);
  fold(27);
  multiply(0x94d049bb, 0x133111eb);
  fold(31);
}

function add(h: number, l: number): void {
  const sum = (low >>> 0) + (l >>> 0);
  low = sum | 0;
  high = (high + h + (sum > 0xffffffff ? 1 : 0)) | 0;
}

/** PRIME1 × kind and PRIME2 × length of kernels/hash.ts, as halves */
function product(of: bigint, times: number): { readonly h: number; readonly l: number } {
  const value = BigInt.asUintN(64, of * BigInt(times));
  return { h: Number(value >> 32n), l: Number(value & 0xffffffffn) };
}

const prime1 = product(0x9e3779b185ebca87n, 1);
const prime2 = product(0xc2b2ae3d27d4eb4fn, 1);
const numberSeed = product(0x9e3779b185ebca87n, 5);
const stringSeed = product(0x9e3779b185ebca87n, 8);
const lengths = Array.from({ length: 17 }, (_, length) => product(0xc2b2ae3d27d4eb4fn, length));

function hashNumbers(values: Float64Array, lows: Uint32Array): void {
  const bits = new Float64Array(1);
  const halves = new Uint32Array(bits.buffer);
  for (let i = 0; i < values.length; i++) {
    bits[0] = values[i]! + 0;
    high = halves[1]! ^ numberSeed.h;
    low = halves[0]! ^ numberSeed.l;
    mix();
    lows[i] = low;
  }
}

function hashWords(offsets: Uint32Array, bytes: Uint8Array, lows: Uint32Array): void {
  const words = [0, 0, 0, 0];
  for (let i = 0; i < lows.length; i++) {
    const start = offsets[i]!;
    const length = offsets[i + 1]! - start;
    words.fill(0);
    for (let at = 0; at < length; at++) words[at >> 2]! |= bytes[start + at]! << ((at & 3) * 8);
    low = words[2]!;
    high = words[3]!;
    add(stringSeed.h, stringSeed.l);
    multiply(prime2.h, prime2.l);
    const [h, l] = [low, high]; // rotated by 32
    low = words[0]! ^ stringSeed.l;
    high = words[1]! ^ stringSeed.h;
    multiply(prime1.h, prime1.l);
    low ^= l;
    high ^= h;
    add(lengths[length]!.h, lengths[length]!.l);
    mix();
    lows[i] = low;
  }
}

/** As `sample` of the low halves. */
function sampleLows(halves: Uint32Array, hashes: number): number {
  let sum = 0;
  for (let i = 0; i < rows; i += 997) sum += halves[hashes / 4 + 2 * i]! * ((i % 7) + 1);
  return sum;
}

const numbers: BenchCase = {
  name: "hash f64 1M",
  native: { source: "hash.c", args: ["f64", String(rows)] },
  prepare() {
    const { kernels, allocator } = benchMemory(rows * 16 + 65536);
    const input = Float64Array.from({ length: rows }, (_, i) => scatteredKey(i, 1 << 20));
    const lows = new Uint32Array(rows);
    const values = allocator.alloc(rows * 8);
    const hashes = allocator.alloc(rows * 8);
    kernels.f64.set(input, values / 8);
    return {
      kernel() {
        kernels.run.hashF64(values, rows, hashes);
        return sampleLows(kernels.u32, hashes);
      },
      jsLoop() {
        hashNumbers(input, lows);
        return sample(lows, 0, rows);
      },
    };
  },
};

const words: BenchCase = {
  name: "hash words 1M",
  native: { source: "hash.c", args: ["words", String(rows)] },
  prepare() {
    const { kernels, allocator } = benchMemory(rows * 24 + 65536);
    const texts = Array.from({ length: rows }, (_, i) => wordOf(scatteredKey(i, 100_000)));
    const bytes = new TextEncoder().encode(texts.join(""));
    const ends = new Uint32Array(rows + 1);
    texts.forEach((text, i) => (ends[i + 1] = ends[i]! + text.length));
    const lows = new Uint32Array(rows);
    const offsets = allocator.alloc(ends.byteLength);
    const text = allocator.alloc(bytes.length + 16);
    const hashes = allocator.alloc(rows * 8);
    kernels.u32.set(ends, offsets / 4);
    kernels.u8.set(bytes, text);
    return {
      kernel() {
        hashStrings(kernels, offsets, text, rows, hashes);
        return sampleLows(kernels.u32, hashes);
      },
      jsLoop() {
        hashWords(ends, bytes, lows);
        return sample(lows, 0, rows);
      },
    };
  },
};

export const cases: readonly BenchCase[] = [numbers, words];
