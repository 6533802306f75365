/** Sorts against Array.prototype.sort with an explicit tie-break by row, which is what stable means. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { iota } from "../../src/kernel/move.ts";
import { indexesOfWords, orderWordsI32 } from "../../src/kernel/normalize.ts";
import { sortBytes, sortU64, sortWords } from "../../src/kernel/sort.ts";
import {
  awkwardStrings,
  beyondTwoGiB,
  fixture,
  type FixtureOptions,
  getU32,
  getU64,
  property,
  putStrings,
  putU32,
  putU64,
} from "./fixture.ts";

const places = [
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
];

const u64Shapes: Record<string, (random: Random, i: number) => bigint> = {
  "all equal": () => 77n,
  "few distinct": random => BigInt(random.below(5)) << 40n,
  "all distinct": (_, i) => (BigInt(i) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn,
  ascending: (_, i) => BigInt(i >> 1),
  descending: (_, i) => 2n ** 64n - 1n - BigInt(i),
  extremes: random => [0n, 1n, 2n ** 63n, 2n ** 64n - 1n][random.below(4)]!,
  skewed: random => BigInt(Math.floor(random.float() ** 12 * 2 ** 50)),
  random: random => (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()),
};

const stringShapes: Record<string, (random: Random, i: number) => string> = {
  "all equal": () => "the same string, longer than one word",
  "all empty": () => "",
  awkward: random =>
    awkwardStrings[random.below(awkwardStrings.length)]! + awkwardStrings[random.below(awkwardStrings.length)]!,
  NULs: random => "\0".repeat(random.below(20)) + (random.below(3) === 0 ? "a" : ""),
  "long common prefix": random => "https://example.com/a/rather/long/path/".repeat(5) + random.below(1000),
  "prefixes of one another": random => "abcdefg".repeat(8).slice(0, random.below(57)),
  numbers: random => String(random.below(100000)),
  skewed: random => (random.below(10) === 0 ? String(random.uint32()) : "popular value"),
};

function checkU64(keys: readonly bigint[], options: FixtureOptions): void {
  const to = fixture(options);
  const n = keys.length;
  const keysAt = putU64(to, keys);
  const given = Array.from({ length: n }, (_, i) => i * 3);
  const indexes = putU32(to, given);
  const before = to.allocator.outstandingBytes;
  sortU64(to.kernels, to.allocator, keysAt, indexes, n);
  expect(to.allocator.outstandingBytes).toBe(before);
  const order = [...keys.keys()].sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : a - b));
  expect(getU32(to, indexes, n)).toEqual(order.map(row => given[row]!));
  expect(getU64(to, keysAt, n)).toEqual(order.map(row => keys[row]!));
}

function checkBytes(texts: readonly string[], options: FixtureOptions): void {
  const to = fixture(options);
  const encoded = texts.map(text => Buffer.from(text));
  const { offsets, bytes } = putStrings(to, texts, 3);
  const indexes = to.allocator.alloc(texts.length * 4 + 4);
  iota(to.kernels, indexes, texts.length);
  const before = to.allocator.outstandingBytes;
  sortBytes(to.kernels, to.allocator, offsets, bytes, indexes, texts.length);
  expect(to.allocator.outstandingBytes).toBe(before);
  const order = [...texts.keys()].sort((a, b) => Buffer.compare(encoded[a]!, encoded[b]!) || a - b);
  expect(getU32(to, indexes, texts.length)).toEqual(order);
}

describe.each(places)("at $name", ({ start }) => {
  test.each(Object.keys(u64Shapes))("u64 keys, %s", shape => {
    property(12, random => {
      const n = [0, 1, 2, 25, 300, 5000][random.below(6)]!;
      checkU64(
        Array.from({ length: n }, (_, i) => u64Shapes[shape]!(random, i)),
        { start },
      );
    });
  });

  test.each(Object.keys(stringShapes))("strings, %s", shape => {
    property(12, random => {
      const n = [0, 1, 2, 25, 300, 3000][random.below(6)]!;
      checkBytes(
        Array.from({ length: n }, (_, i) => stringShapes[shape]!(random, i)),
        { start },
      );
    });
  });

  test("words of i32 values", () => {
    property(20, random => {
      const to = fixture({ start });
      const descending = random.below(2) === 0;
      const n = random.below(3000);
      const values = Int32Array.from(
        { length: n },
        () => [random.uint32(), random.below(9), -1, 0, 2 ** 31 - 1, -(2 ** 31)][random.below(6)]!,
      );
      const words = to.allocator.alloc(n * 8 + 8);
      orderWordsI32(to.kernels, putU32(to, values), n, words, descending);
      sortWords(to.kernels, to.allocator, words, n);
      indexesOfWords(to.kernels, words, n, words);
      const order = [...values.keys()].sort((a, b) => (values[a]! - values[b]!) * (descending ? -1 : 1) || a - b);
      expect(getU32(to, words, n)).toEqual(order);
    });
  });
});

test.each(Object.keys(u64Shapes))("more u64 keys than the cache holds, %s", shape => {
  const to = fixture({ bytes: 256 << 20 });
  const n = 140_000;
  const keys = to.allocator.alloc(n * 8);
  const indexes = to.allocator.alloc(n * 4);
  property(1, random => {
    for (let i = 0; i < n; i++) to.kernels.u64[keys / 8 + i] = u64Shapes[shape]!(random, i);
  });
  const given = to.kernels.u64.slice(keys / 8, keys / 8 + n);
  iota(to.kernels, indexes, n);
  let calls = 0;
  sortU64(to.kernels, to.allocator, keys, indexes, n, { between: () => calls++ });
  if (shape !== "all equal" && shape !== "ascending") expect(calls).toBeGreaterThan(0);
  let misplaced = 0;
  for (let i = 0; i < n; i++) {
    const row = to.kernels.u32[indexes / 4 + i]!;
    const key = to.kernels.u64[keys / 8 + i]!;
    if (given[row] !== key) misplaced++;
    if (i === 0) continue;
    const before = to.kernels.u64[keys / 8 + i - 1]!;
    if (before > key || (before === key && to.kernels.u32[indexes / 4 + i - 1]! >= row)) misplaced++;
  }
  expect(misplaced).toBe(0);
});

test("more strings than the cache holds", () => {
  const to = fixture({ bytes: 128 << 20 });
  const n = 140_000;
  property(1, random => {
    const texts = Array.from({ length: n }, (_, i) =>
      i % 3 === 0 ? `user-${random.below(500)}` : `user-${random.uint32()}`,
    );
    const { offsets, bytes } = putStrings(to, texts);
    const indexes = to.allocator.alloc(n * 4);
    iota(to.kernels, indexes, n);
    sortBytes(to.kernels, to.allocator, offsets, bytes, indexes, n);
    const rows = getU32(to, indexes, n);
    expect(new Set(rows).size).toBe(n);
    const misplaced = rows.filter(
      (row, i) =>
        i > 0 && (texts[rows[i - 1]!]! > texts[row]! || (texts[rows[i - 1]!] === texts[row] && rows[i - 1]! > row)),
    );
    expect(misplaced).toEqual([]);
  });
});

test("a sort can be given up, and frees its scratch", () => {
  const to = fixture({ bytes: 128 << 20 });
  const n = 300_000;
  const keys = to.allocator.alloc(n * 8);
  for (let i = 0; i < n; i++) to.kernels.u32[keys / 4 + i * 2] = Math.imul(i, 0x9e3779b1);
  const indexes = to.allocator.alloc(n * 4);
  const before = to.allocator.outstandingBytes;
  const giveUp = () => {
    throw new Error("cancelled");
  };
  expect(() => sortU64(to.kernels, to.allocator, keys, indexes, n, { between: giveUp })).toThrow("cancelled");
  to.allocator.budgetBytes = before + 1000;
  expect(() => sortU64(to.kernels, to.allocator, keys, indexes, n)).toThrow("engine memory is exhausted");
  expect(to.allocator.outstandingBytes).toBe(before);
});
