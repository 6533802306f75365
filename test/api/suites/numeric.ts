/** Numeric actions beyond sum, mean and stats: variances, and histograms with Spark's rules. */
import type { SuiteTools } from "../suite.ts";

export default function numeric({ ctx, test, expect, same, failure }: SuiteTools): void {
  test("variance, stdev and their sample forms are those of stats", async () => {
    for (const rows of [[], [7], [1, 2, 3, 6], [-1e9, 0.5, 1e9, NaN], Array.from({ length: 5000 }, (_, i) => i % 17)]) {
      const rdd = ctx.parallelize(rows as number[], 3);
      const { variance, stdev, sampleVariance, sampleStdev } = await rdd.stats();
      same(
        [await rdd.variance(), await rdd.stdev(), await rdd.sampleVariance(), await rdd.sampleStdev()],
        [variance, stdev, sampleVariance, sampleStdev],
      );
    }
    same(await ctx.parallelize([1, 2, 3, 6]).variance(), 3.5);
    same(await ctx.parallelize([1, 3], 2).stdev(), 1);
    same(await ctx.parallelize([1, 2, 3], 2).sampleVariance(), 1);
    same(await ctx.parallelize([4]).sampleStdev(), NaN);
    same(await ctx.parallelize<number>([]).variance(), NaN);
  });

  test("a histogram of given edges: lower edges are in, and the last upper one; others are not counted", async () => {
    const rows = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.000001, -0.1, NaN, Infinity, -Infinity, 10];
    for (const source of [
      ctx.parallelize(rows, 4),
      ctx.parallelize(rows, 2).map(row => row),
      ctx.parallelize(rows).cache(),
    ]) {
      same(await source.histogram([0, 1, 2, 3]), [
        [0, 1, 2, 3],
        [2, 2, 3],
      ]);
      same(await source.histogram([-Infinity, 0, 0.5, 3, Infinity]), [
        [-Infinity, 0, 0.5, 3, Infinity],
        [2, 1, 5, 4],
      ]);
    }
    same(await ctx.parallelize<number>([]).histogram([0, 1]), [[0, 1], [0]]);
    same(await ctx.range(0, 100, 1, 3).histogram([0, 7, 50, 99]), [
      [0, 7, 50, 99],
      [7, 43, 50],
    ]);
  });

  test("a histogram of a number of buckets is even from the least row to the greatest", async () => {
    same(await ctx.range(0, 51, 1, 4).histogram(2), [
      [0, 25, 50],
      [25, 26],
    ]);
    same(await ctx.parallelize([3, 3, 3], 2).histogram(5), [[3, 3], [3]]);
    same(await ctx.parallelize([1, 2]).histogram(1), [[1, 2], [2]]);
    const [edges, counts] = await ctx.parallelize([-1.7e308, 0, 1.7e308]).histogram(4);
    same([edges[0], edges[2], edges[4], counts], [-1.7e308, 0, 1.7e308, [1, 0, 1, 1]]);
  });

  test("edges decide, however rounding goes: counts are those of a search of every row", async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ((i * 7919) % 3000) * 0.1 + 0.3);
    for (const buckets of [1, 3, 7, 100, 2999]) {
      const [edges, counts] = await ctx.parallelize(rows, 3).histogram(buckets);
      const expected = new Array<number>(buckets).fill(0);
      for (const row of rows)
        expected[
          Math.min(
            buckets - 1,
            edges.findLastIndex(edge => edge <= row),
          )
        ]!++;
      same(counts, expected);
      same(
        counts.reduce((sum, count) => sum + count, 0),
        rows.length,
      );
    }
  });

  test("what cannot be a histogram is refused", async () => {
    const rdd = ctx.range(5);
    const cases: [() => unknown, string][] = [
      [() => rdd.histogram(0), "histogram needs edges, or a number of buckets from 1 to 1,000,000, but got 0"],
      [() => rdd.histogram(2.5), "histogram needs edges, or a number of buckets from 1 to 1,000,000, but got 2.5"],
      [
        () => rdd.histogram("3" as never),
        'histogram needs edges, or a number of buckets from 1 to 1,000,000, but got "3"',
      ],
      [() => rdd.histogram([1]), "histogram needs 2 edges or more, and 1,000,000 buckets at most, but got [1]"],
      [
        () => rdd.histogram(null as never),
        "histogram needs 2 edges or more, and 1,000,000 buckets at most, but got null",
      ],
      [() => rdd.histogram([1, 3, 2]), "histogram needs edges that are numbers and ascend, but edge 2 is 2 after 3"],
      [() => rdd.histogram([1, 1]), "histogram needs edges that are numbers and ascend, but edge 1 is 1 after 1"],
      [() => rdd.histogram([0, NaN]), "histogram needs edges that are numbers and ascend, but edge 1 is NaN"],
      [() => rdd.histogram([0, "1" as never]), 'histogram needs edges that are numbers and ascend, but edge 1 is "1"'],
      [() => ctx.parallelize<number>([]).histogram(3), "histogram(3) cannot make even buckets: the Rdd is empty"],
      [
        () => ctx.parallelize([1, NaN]).histogram(3),
        "histogram(3) cannot make even buckets: its rows are from 1 to NaN",
      ],
      [
        () => ctx.parallelize([1, -Infinity]).histogram(3),
        "histogram(3) cannot make even buckets: its rows are from -Infinity to 1",
      ],
    ];
    for (const [run, message] of cases) {
      const error = await failure(run);
      expect(error.message).toBe(message);
      expect(error.at?.file).toBe("test/api/suites/numeric.ts");
    }
    const words = ctx.parallelize(["a"]) as never as ReturnType<typeof ctx.range>;
    expect((await failure(() => words.histogram([0, 1]))).message).toEndWith(
      ': numeric actions need numbers, but a row is "a"',
    );
    expect((await failure(() => words.variance())).message).toEndWith(
      ': numeric actions need numbers, but a row is "a"',
    );
  });
}
