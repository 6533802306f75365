/** The merge sort of strings against Array.prototype.sort with ties by row. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { mergeSortBytes } from "../../src/kernel/merge-sort.ts";
import { iota } from "../../src/kernel/move.ts";
import { awkwardStrings, beyondTwoGiB, fixture, getU32, property, putStrings } from "./fixture.ts";

const shapes: Record<string, (random: Random, i: number) => string> = {
  "all equal": () => "the same string, longer than one word",
  awkward: random =>
    awkwardStrings[random.below(awkwardStrings.length)]! + awkwardStrings[random.below(awkwardStrings.length)]!,
  ascending: (_, i) => String(i + 100_000),
  descending: (_, i) => String(100_000 - i),
  "nearly ascending": (random, i) => String(i + random.below(5) + 100_000),
  "long common prefix": random => "https://example.com/a/rather/long/path/" + random.below(1000),
};

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test.each(Object.keys(shapes))("strings, %s", shape => {
    property(12, random => {
      const to = fixture({ start });
      const n = [0, 1, 2, 7, 8, 9, 300, 5000][random.below(8)]!;
      const texts = Array.from({ length: n }, (_, i) => shapes[shape]!(random, i));
      const encoded = texts.map(text => Buffer.from(text));
      const { offsets, bytes } = putStrings(to, texts, 3);
      const indexes = to.allocator.alloc(n * 4 + 4);
      iota(to.kernels, indexes, n);
      const before = to.allocator.outstandingBytes;
      mergeSortBytes(to.kernels, to.allocator, offsets, bytes, indexes, n);
      expect(to.allocator.outstandingBytes).toBe(before);
      expect(getU32(to, indexes, n)).toEqual(
        [...texts.keys()].sort((a, b) => Buffer.compare(encoded[a]!, encoded[b]!) || a - b),
      );
    });
  });
});

test("a long sort takes several calls", () => {
  const to = fixture();
  const n = 60_000;
  const texts = Array.from({ length: n }, (_, i) => String(Math.imul(i, 0x9e3779b1) >>> 0));
  const { offsets, bytes } = putStrings(to, texts);
  const indexes = to.allocator.alloc(n * 4);
  iota(to.kernels, indexes, n);
  let calls = 0;
  mergeSortBytes(to.kernels, to.allocator, offsets, bytes, indexes, n, { between: () => calls++ });
  expect(calls).toBeGreaterThan(5);
  const rows = getU32(to, indexes, n);
  expect(rows.map(row => texts[row]!)).toEqual(texts.toSorted());
});
