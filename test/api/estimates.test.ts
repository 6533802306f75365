/** Estimates from some of the partitions: values that Spark's evaluators give, but for bounds that hold too rarely there, and how often they hold. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { poisson } from "../../src/base/variates.ts";
import { estimateCount, estimateMean, estimateSum } from "../../src/api/estimates.ts";
import type { Stats } from "../../src/kernel/column-stats.ts";

const unknown = { low: -Infinity, high: Infinity, isFinal: false };

function statsOf(...rows: number[]): Stats {
  const sum = rows.reduce((total, row) => total + row, 0);
  const mean = sum / rows.length;
  const m2 = rows.reduce((total, row) => total + (row - mean) ** 2, 0);
  return { count: rows.length, sum, mean, m2, min: Math.min(...rows), max: Math.max(...rows) };
}

test("counts", () => {
  const of = (counted: number, read: number) => estimateCount(counted, { partitions: 10, read }, 0.95);
  expect(of(0, 0)).toEqual({ mean: 0, low: 0, high: Infinity, confidence: 0, isFinal: false });
  expect(of(0, 1)).toEqual({ mean: 0, low: 0, high: Infinity, confidence: 0, isFinal: false });
  expect(of(1, 1)).toEqual({ mean: 10, low: 1, high: 36, confidence: 0.95, isFinal: false });
  expect(of(4, 2)).toEqual({ mean: 20, low: 7, high: 41, confidence: 0.95, isFinal: false });
  expect(of(12, 3)).toEqual({ mean: 40, low: 24, high: 61, confidence: 0.95, isFinal: false });
  expect(of(82, 10)).toEqual({ mean: 82, low: 82, high: 82, confidence: 1, isFinal: true });
  // above 10,000 another formula takes over
  const [least, more] = [of(10_000, 2), of(10_001, 2)];
  expect([least.mean, more.mean]).toEqual([50_000, 50_005]);
  for (const bound of ["low", "high"] as const) expect(Math.abs(more[bound] - least[bound] - 5)).toBeLessThan(2);
  const huge = of(2e9, 5);
  expect([huge.mean, huge.high - huge.mean]).toEqual([4e9, Math.round(1.959964 * Math.sqrt(4e9) + 1)]);
});

test("sums and means", () => {
  const tenth = { partitions: 10, read: 1 };
  expect(estimateSum(statsOf(2), tenth, 0.95)).toEqual({ mean: 20, confidence: 0.95, ...unknown });
  expect(estimateSum({ ...statsOf(2), count: 0 }, tenth, 0.95)).toEqual({ mean: 0, confidence: 0, ...unknown });
  expect(estimateSum(statsOf(1, NaN, 2), tenth, 0.95)).toEqual({ mean: NaN, confidence: 0.95, ...unknown });
  const three = estimateSum(statsOf(1, 3, 2), tenth, 0.95);
  expect(three.mean).toBeCloseTo(60, 9);
  expect(three.low).toBeCloseTo(-103.2741912809919, 6);
  expect(three.high).toBeCloseTo(223.2741912809919, 6);
  const two = estimateMean(statsOf(1, 3), { partitions: 10, read: 2 }, 0.95);
  expect([two.mean, two.low, two.high].map(each => each.toFixed(6))).toEqual(["2.000000", "-10.706205", "14.706205"]);
  expect(estimateMean(statsOf(1), tenth, 0.95)).toEqual({ mean: 1, confidence: 0.95, ...unknown });
  expect(estimateMean(statsOf(9, 6), { partitions: 2, read: 2 }, 0.5)).toEqual({
    mean: 7.5,
    low: 7.5,
    high: 7.5,
    confidence: 1,
    isFinal: true,
  });
});

test("bounds of a count hold as often as they say, when partitions are alike", () => {
  for (const size of [3, 400, 3000]) {
    const random = Random.stream(12, size);
    let held = 0;
    for (let round = 0; round < 400; round++) {
      const counts = Array.from({ length: 20 }, () => poisson(random, size));
      const counted = counts.slice(0, 6).reduce((sum, count) => sum + count, 0);
      const all = counts.reduce((sum, count) => sum + count, 0);
      const { low, high } = estimateCount(counted, { partitions: 20, read: 6 }, 0.9);
      if (low <= all && all <= high) held++;
    }
    expect(held / 400).toBeGreaterThan(0.85);
  }
});

test("bounds of sums and means hold as often as they say, when partitions are alike", () => {
  const [rounds, sizes] = [400, [3, 40, 400]];
  let [sums, means] = [0, 0];
  for (const size of sizes) {
    const random = Random.stream(13, size);
    for (let round = 0; round < rounds; round++) {
      const rows = () => Array.from({ length: poisson(random, size) }, () => random.float() ** 2 * 10);
      const parts = Array.from({ length: 20 }, rows);
      const [read, all] = [statsOf(...parts.slice(0, 6).flat()), statsOf(...parts.flat())];
      const [sum, mean] = [estimateSum, estimateMean].map(of => of(read, { partitions: 20, read: 6 }, 0.9));
      if (sum!.low <= all.sum && all.sum <= sum!.high) sums++;
      if (mean!.low <= all.mean && all.mean <= mean!.high) means++;
    }
  }
  // 0.9 less than two standard deviations of such a share
  for (const held of [sums, means]) expect(held / rounds / sizes.length).toBeGreaterThan(0.885);
});
