/** The order by (hash, id) against Array.sort. */
import { describe, expect, test } from "bun:test";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { orderByHash } from "../../src/kernel/hash-order.ts";
import { Random } from "../../src/base/random.ts";
import { beyondTwoGiB, fixture, getU32, property, putU64, type Fixture } from "./fixture.ts";

function orderTwin(hashes: readonly bigint[]): number[] {
  return hashes.map((_, id) => id).sort((a, b) => (hashes[a]! < hashes[b]! ? -1 : hashes[a]! > hashes[b]! ? 1 : a - b));
}

function ordered(on: Fixture, hashes: readonly bigint[]): number[] {
  const out = on.allocator.put(Math.max(4, hashes.length * 4));
  orderByHash(on.kernels, on.allocator, putU64(on, hashes), hashes.length, out);
  return getU32(on, out, hashes.length);
}

const hash64 = (random: Random) => (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());

const shapes: Record<string, (random: Random) => bigint> = {
  spread: hash64,
  "all equal": () => 0xdeadbeefdeadbeefn,
  few: random => BigInt(random.below(4)) << 62n,
  "high halves alike": random => (7n << 32n) | BigInt(random.uint32()),
  "top bits alike": random => hash64(random) >> 30n,
  extremes: random => [0n, 1n, 2n ** 64n - 1n, 2n ** 63n, 2n ** 63n - 1n][random.below(5)]!,
};

describe.each([
  ["low addresses", 64],
  ["addresses beyond 2 GiB", beyondTwoGiB],
])("at %s", (_, start) => {
  test.each(Object.entries(shapes))("%s", (_, shape) => {
    property(3, random => {
      const on = fixture({ start });
      for (const n of [0, 1, 2, 17, 5000]) {
        const hashes = Array.from({ length: n }, () => shape(random));
        expect(ordered(on, hashes)).toEqual(orderTwin(hashes));
      }
      expect(on.allocator.outstandingBytes).toBe(0);
    });
  });
});

test("more than one call's worth", () => {
  const on = fixture();
  const random = new Random(5);
  const hashes = Array.from({ length: 300_000 }, () => hash64(random));
  expect(ordered(on, hashes)).toEqual(orderTwin(hashes));
});

test("a refused grant gives everything back", () => {
  const on = fixture({ budgetBytes: 12_000 });
  expect(() =>
    ordered(
      on,
      Array.from({ length: 1000 }, (_, i) => BigInt(i)),
    ),
  ).toThrow(MemoryRefused);
  expect(on.allocator.outstandingBytes).toBe(0);
});
