/** Sketches of random hashes, as an ideal hash function gives them, are as precise as they promise, from none to many values. */
import { expect, test } from "bun:test";
import { distinctValues, precisionFor } from "../../src/base/distinct-values.ts";
import { Random } from "../../src/base/random.ts";

function estimated(values: number, precision: number, random: Random): number {
  const weights = new Float64Array(2 ** precision);
  for (let i = 0; i < values; i++) {
    const at = random.uint32() >>> (32 - precision);
    const weight = 2 ** -(Math.clz32(random.uint32()) + 1);
    if (weights[at] === 0 || weight < weights[at]!) weights[at] = weight;
  }
  const taken = weights.filter(weight => weight > 0);
  return distinctValues(
    precision,
    taken.length,
    taken.reduce((sum, weight) => sum + weight, 0),
  );
}

test("estimates are off by what was asked for, as a standard deviation, and right on average", () => {
  for (const relativeSd of [0.2, 0.05]) {
    const precision = precisionFor(relativeSd);
    for (const values of [20, 300, 2000, 20_000]) {
      const random = Random.stream(3, precision, values);
      const errors = Array.from({ length: 60 }, () => estimated(values, precision, random) / values - 1);
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
      expect(Math.abs(mean)).toBeLessThan((4 * relativeSd) / Math.sqrt(60));
      expect(deviation).toBeLessThan(1.4 * relativeSd);
    }
  }
});

test("few values are counted nearly exactly, and none is 0", () => {
  expect(distinctValues(9, 0, 0)).toBe(0);
  expect(distinctValues(9, 1, 0.5)).toBe(1);
  expect(distinctValues(14, 10, 10 * 0.25)).toBe(10);
});

test("registers for a precision are Spark's", () => {
  expect([0.05, 0.01, 0.001, 0.0000171, 0.9, 5].map(precisionFor)).toEqual([9, 14, 21, 32, 4, 4]);
});
