/** Bounds of range partitioners, from samples of partitions of unlike sizes. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { keyOf } from "../../src/data/key-bytes.ts";
import { rangeBounds } from "../../src/operators/probe.ts";

const sample = (keys: readonly (number | Uint8Array)[], rows = keys.length) => ({ rows, keys });

test("bounds cut all keys into even parts", () => {
  const keys = Array.from({ length: 100 }, (_, i) => i);
  expect(rangeBounds([sample(keys)], 4)).toEqual([24, 49, 74]);
  expect(rangeBounds([sample(keys)], 1)).toEqual([]);
  expect(rangeBounds([], 4)).toEqual([]);
  expect(rangeBounds([sample([]), sample([])], 4)).toEqual([]);
});

test("a sampled key stands for as many rows as its partition has to each", () => {
  // 900 rows below 10, 100 above: the middle of all rows lies below 10
  const bounds = rangeBounds([sample([1, 3, 5, 7, 9], 900), sample([11, 13, 15, 17, 19], 100)], 2);
  expect(bounds).toEqual([5]);
});

test("bounds are distinct and ascending, NaN last, whatever the keys", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = new Random(seed);
    const samples = Array.from({ length: 1 + random.below(4) }, () => {
      const keys = Array.from({ length: random.below(40) }, () => (random.below(10) === 0 ? NaN : random.below(12)));
      return sample(keys, keys.length * (1 + random.below(5)));
    });
    const partitions = 1 + random.below(9);
    const bounds = rangeBounds(samples, partitions) as number[];
    expect(bounds.length).toBeLessThan(partitions);
    for (let i = 1; i < bounds.length; i++)
      expect({ seed, rises: bounds[i - 1]! < bounds[i]! || Number.isNaN(bounds[i]) }).toEqual({ seed, rises: true });
  }
});

test("where any key is no number all bounds are key bytes, in the order of values", () => {
  const bounds = rangeBounds([sample([3, 1, 2]), sample(["a", "b", undefined].map(keyOf))], 6);
  expect(bounds).toEqual([undefined, 1, 2, 3, "a"].map(keyOf));
});
