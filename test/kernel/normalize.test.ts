/** u64 keys against a comparator of values. */
import { describe, expect, test } from "bun:test";
import {
  indexesOfWords,
  integerRange,
  orderKeys,
  orderWordsF64,
  orderWordsI32,
  type OrderedKind,
} from "../../src/kernel/normalize.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import {
  awkwardNumbers,
  beyondTwoGiB,
  fixture,
  type Fixture,
  getU32,
  getU64,
  property,
  putBytes,
  putF64,
  putU32,
  putU64,
} from "./fixture.ts";

/** −0 equals 0, NaN last. */
function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b ? -1 : 1;
}

function keysOf(to: Fixture, kind: OrderedKind, values: Ptr, n: number, descending = false): bigint[] {
  const keys = to.allocator.alloc(n * 8 + 8);
  orderKeys(to.kernels, kind, values, n, keys, descending);
  return getU64(to, keys, n);
}

function sign(x: number): number {
  return Math.sign(x) + 0;
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("numbers", () => {
    property(20, random => {
      const to = fixture({ start });
      const numbers = [
        ...awkwardNumbers,
        -NaN,
        ...Array.from({ length: 40 }, () => (random.float() - 0.5) * 10 ** random.below(40)),
      ];
      const ascending = keysOf(to, "f64", putF64(to, numbers), numbers.length);
      const descending = keysOf(to, "date", putF64(to, numbers), numbers.length, true);
      numbers.forEach((a, i) =>
        numbers.forEach((b, j) => {
          const wanted = sign(compareNumbers(a, b));
          expect([a, b, sign(Number(ascending[i]! - ascending[j]!))]).toEqual([a, b, wanted]);
          expect([a, b, sign(Number(descending[j]! - descending[i]!))]).toEqual([a, b, wanted]);
        }),
      );
    });
  });

  test("a NaN of any bits has one key", () => {
    const to = fixture({ start });
    const keys = keysOf(
      to,
      "f64",
      putU64(to, [0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff0000000000001n, 0xffffffffffffffffn]),
      4,
    );
    expect(new Set(keys).size).toBe(1);
  });

  test("a number has one key in every layout", () => {
    const to = fixture({ start });
    const numbers = [0, 1, -1, 7, 2 ** 31 - 1, -(2 ** 31), 1 << 24];
    const wanted = keysOf(to, "f64", putF64(to, numbers), numbers.length);
    expect(keysOf(to, "i32", putU32(to, numbers), numbers.length)).toEqual(wanted);
    const floats = numbers.map(Math.fround);
    const f32 = to.allocator.alloc(numbers.length * 4);
    to.kernels.f32.set(floats, f32 / 4);
    expect(keysOf(to, "f32", f32, numbers.length)).toEqual(keysOf(to, "f64", putF64(to, floats), numbers.length));
  });

  test("integers within 32 bits of each other, and what are none", () => {
    const to = fixture({ start });
    const { kernels, allocator } = to;
    const scratch = allocator.alloc(16);
    const rangeOf = (...spans: number[][]) =>
      integerRange(
        kernels,
        spans.map(span => ({ values: putF64(to, span), rows: span.length })),
        scratch,
      );
    expect(rangeOf([3, -0, 7], [], [-(2 ** 31)])).toEqual({ least: -(2 ** 31), greatest: 7 });
    expect(rangeOf([2 ** 52], [2 ** 52 + 2 ** 32 - 1])).toEqual({ least: 2 ** 52, greatest: 2 ** 52 + 2 ** 32 - 1 });
    expect(rangeOf([-0])).toEqual({ least: -0, greatest: -0 });
    for (const other of [0.5, -1e-300, NaN, Infinity, -Infinity, 2 ** 32, 1e300]) {
      for (const at of [0, 1, 2, 3, 4]) {
        const values = [0, 1, 2, 3, 4].map((value, i) => (i === at ? other : value));
        if (other !== 2 ** 32 || at !== 0) expect(rangeOf(values)).toBeUndefined();
      }
    }
    const values = [5, -3, -0, 2 ** 31 - 1, -(2 ** 31)];
    const range = rangeOf(values)!;
    const words = allocator.alloc(40);
    for (const descending of [false, true]) {
      orderWordsF64(kernels, putF64(to, values), values.length, 100, range, words, descending);
      const keys = values.map(value => (descending ? range.greatest - value : value - range.least));
      expect(getU64(to, words, 5)).toEqual(keys.map((key, i) => (BigInt(key) << 32n) | BigInt(100 + i)));
    }
  });

  test("bigints, booleans and words", () => {
    const to = fixture({ start });
    const bigints = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 12345n];
    const keys = keysOf(to, "i64", putU64(to, bigints), bigints.length);
    expect(keys).toEqual(bigints.map(value => value + 2n ** 63n));
    expect(keysOf(to, "bool", putBytes(to, Uint8Array.of(0, 1, 1)), 3)).toEqual([0n, 1n, 1n]);
    expect(keysOf(to, "bool", putBytes(to, Uint8Array.of(0, 1)), 2, true)).toEqual([2n ** 64n - 1n, 2n ** 64n - 2n]);

    const values = [0, -1, 2 ** 31 - 1, -(2 ** 31)];
    const words = to.allocator.alloc(32);
    orderWordsI32(to.kernels, putU32(to, values), 4, words);
    expect(getU64(to, words, 4)).toEqual(values.map((value, i) => (BigInt(value + 2 ** 31) << 32n) | BigInt(i)));
    indexesOfWords(to.kernels, words, 4, words);
    expect(getU32(to, words, 4)).toEqual([0, 1, 2, 3]);
  });
});
