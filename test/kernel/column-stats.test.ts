/** Sums and statistics of columns against plain loops over the same lanes. */
import { describe, expect, test } from "bun:test";
import { ColumnStats, ColumnSum, emptyStats, mergeStats } from "../../src/kernel/column-stats.ts";
import { offset } from "../../src/kernel/ptr.ts";
import { awkwardNumbers, beyondTwoGiB, fixture, getF64, property, putBytes, putF64, putU32 } from "./fixture.ts";

const inPairs = ([a, b, c, d, e, f, g, h]: readonly number[]) => a! + b! + (c! + d!) + (e! + f! + (g! + h!));

function sumTwin(values: readonly number[]): number {
  const lanes = new Array<number>(8).fill(0);
  values.forEach((value, row) => (lanes[row % 8]! += value));
  return inPairs(lanes);
}

const less = (a: number, b: number) => a < b || (Number.isNaN(b) && !Number.isNaN(a));
const cuts = [0, 1, 7, 8, 9, 64, 100];

describe.each([
  ["low addresses", 64],
  ["addresses beyond 2 GiB", beyondTwoGiB],
])("at %s", (_, start) => {
  test("the result depends on the order of the numbers, not on the batches", () => {
    property(20, random => {
      const on = fixture({ start });
      const n = random.below(1000);
      const values = Array.from({ length: n }, () => (random.float() - 0.3) * 10 ** random.below(8));
      const at = putF64(on, values);
      const sum = new ColumnSum(on.kernels, on.allocator);
      const stats = new ColumnStats(on.kernels, on.allocator);
      const whole = new ColumnStats(on.kernels, on.allocator);
      whole.add(at, n);
      for (let from = 0; from < n;) {
        const rows = Math.min(n - from, cuts[random.below(cuts.length)]!);
        sum.add(offset(at, from * 8), rows);
        stats.add(offset(at, from * 8), rows);
        from += rows;
      }
      expect(sum.sum).toBe(sumTwin(values));
      expect(stats.result()).toEqual(whole.result());
      const { count, sum: total, mean, m2, min, max } = whole.result();
      expect([count, total, min, max]).toEqual([
        n,
        sumTwin(values),
        n === 0 ? NaN : Math.min(...values),
        Math.max(...values),
      ]);
      const plainMean = n === 0 ? 0 : values.reduce((a, b) => a + b, 0) / n;
      const plainM2 = values.reduce((a, b) => a + (b - plainMean) ** 2, 0);
      expect(Math.abs(mean - plainMean)).toBeLessThanOrEqual(1e-9 * Math.abs(plainMean));
      expect(Math.abs(m2 - plainM2)).toBeLessThanOrEqual(1e-9 * plainM2);
      for (const one of [sum, stats, whole]) one.free();
      expect(on.allocator.outstandingBytes).toBe(0);
    });
  });

  test("folds go in sequence", () => {
    property(20, random => {
      const on = fixture({ start });
      const { run } = on.kernels;
      const n = random.below(60);
      const values = Array.from({ length: n }, () =>
        random.below(3) === 0 ? awkwardNumbers[random.below(awkwardNumbers.length)]! : random.float(),
      );
      const at = putF64(on, values);
      expect(run.foldSumF64(at, n, -0)).toBe(values.reduce((a, b) => a + b, -0));
      expect(run.foldMinF64(at, n, NaN)).toBe(values.reduce((a, b) => (less(b, a) ? b : a), NaN));
      expect(run.foldMaxF64(at, n, -Infinity)).toBe(values.reduce((a, b) => (less(a, b) ? b : a), -Infinity));
      const integers = values.map(value => value | 0);
      expect(run.foldSumI32(putU32(on, integers), n, 0.5)).toBe(integers.reduce((a, b) => a + b, 0.5));
      const wide = on.allocator.put(n * 8 + 8);
      run.widenI32(putU32(on, integers), n, wide);
      expect(getF64(on, wide, n)).toEqual(integers);
      const floats = new Float32Array(values);
      run.widenF32(putBytes(on, new Uint8Array(floats.buffer)), n, wide);
      expect(getF64(on, wide, n)).toEqual(Array.from(floats));
      const bytes = new Uint8Array(integers);
      run.widenU8(putBytes(on, bytes), n, wide);
      expect(getF64(on, wide, n)).toEqual(Array.from(bytes));
    });
  });

  test("the numbers of a range", () => {
    property(20, random => {
      const on = fixture({ start });
      const n = random.below(40);
      const [first, step, from] = [random.float() * 2 ** random.below(60), random.float() - 0.5, random.below(1 << 20)];
      const out = on.allocator.put(n * 8 + 8);
      on.kernels.run.writeRange(first, step, from, n, out);
      expect(getF64(on, out, n)).toEqual(Array.from({ length: n }, (_, i) => first + (from + i) * step));
    });
  });
});

test("more rows than one call takes", () => {
  const on = fixture();
  const values = Array.from({ length: 140_001 }, (_, i) => i / 7);
  const stats = new ColumnStats(on.kernels, on.allocator);
  stats.add(putF64(on, values), values.length);
  expect(stats.result()).toMatchObject({ count: 140_001, sum: sumTwin(values), min: 0, max: 20_000 });
});

test("partitions merge; an empty one changes nothing", () => {
  const a = { count: 2, sum: 6, mean: 3, m2: 2, min: 2, max: 4 };
  expect(mergeStats(a, emptyStats)).toBe(a);
  expect(mergeStats(emptyStats, a)).toBe(a);
  expect(mergeStats(a, { count: 1, sum: 9, mean: 9, m2: 0, min: 9, max: 9 })).toEqual({
    count: 3,
    sum: 15,
    mean: 5,
    m2: 26,
    min: 2,
    max: 9,
  });
  expect(mergeStats(a, { count: 1, sum: NaN, mean: NaN, m2: NaN, min: NaN, max: NaN })).toMatchObject({
    min: 2,
    max: NaN,
  });
});
