/**
 * Actions on numbers. What is added up in which order is fixed, so they give the same in every run. Means and variances are added up
 * in eight lanes by kernels, and joined over partitions in their order.
 */
import { FiresteelError } from "../base/errors.ts";
import { emptyStats, mergeStats, type Stats as StatsParts } from "../kernel/column-stats.ts";
import { evenEdges } from "../operators/histogram.ts";
import { preview } from "../operators/row-errors.ts";
import type { ActionRun } from "./driver.ts";
import { RddSaving } from "./rdd-saving.ts";
import type { ActionOptions, Stats } from "./widen.ts";

export abstract class RddNumeric<T> extends RddSaving<T> {
  /**
   * The rows added up: each partition's in their order, then the partitions' sums in theirs. 0 of nothing.
   * @cost job: reads every row
   * @memory some numbers a partition
   * @example
   * ```ts
   * await ctx.range(5).sum() // => 10
   * ```
   */
  async sum(this: RddNumeric<number>, options?: ActionOptions): Promise<number> {
    const parts = await this.driver.values<number>(this.plan, { kind: "sum" }, this.driver.begin("sum", options));
    return parts.reduce((total, part) => total + part, 0);
  }

  /**
   * The sum of the rows by their number. NaN of nothing.
   * @cost job: reads every row
   * @memory some numbers a partition
   * @example
   * ```ts
   * await ctx.range(5).mean() // => 2
   * ```
   */
  async mean(this: RddNumeric<number>, options?: ActionOptions): Promise<number> {
    const { count, sum } = await this.statsParts(this.driver.begin("mean", options));
    return sum / count;
  }

  /**
   * The mean square of the distance from the mean, of the whole population. NaN of nothing.
   * @cost job: reads every row
   * @memory some numbers a partition
   * @example
   * ```ts
   * await ctx.parallelize([1, 2, 3, 6]).variance() // => 3.5
   * ```
   */
  async variance(this: RddNumeric<number>, options?: ActionOptions): Promise<number> {
    return statsOf(await this.statsParts(this.driver.begin("variance", options))).variance;
  }

  /**
   * The square root of `variance`.
   * @cost job: reads every row
   * @memory some numbers a partition
   * @example
   * ```ts
   * await ctx.parallelize([1, 3]).stdev() // => 1
   * ```
   */
  async stdev(this: RddNumeric<number>, options?: ActionOptions): Promise<number> {
    return statsOf(await this.statsParts(this.driver.begin("stdev", options))).stdev;
  }

  /**
   * What the rows, as a sample, say of their population's variance: divided by one less than their number. NaN of fewer than two.
   * @cost job: reads every row
   * @memory some numbers a partition
   * @example
   * ```ts
   * await ctx.parallelize([1, 2, 3]).sampleVariance() // => 1
   * ```
   */
  async sampleVariance(this: RddNumeric<number>, options?: ActionOptions): Promise<number> {
    return statsOf(await this.statsParts(this.driver.begin("sampleVariance", options))).sampleVariance;
  }

  /**
   * The square root of `sampleVariance`.
   * @cost job: reads every row
   * @memory some numbers a partition
   * @example
   * ```ts
   * await ctx.parallelize([1, 2, 3]).sampleStdev() // => 1
   * ```
   */
  async sampleStdev(this: RddNumeric<number>, options?: ActionOptions): Promise<number> {
    return statsOf(await this.statsParts(this.driver.begin("sampleStdev", options))).sampleStdev;
  }

  /**
   * Count, sum, mean, minimum, maximum and variances at once. Of nothing: sum 0, min Infinity, max −Infinity, the others NaN. NaN
   * is above all numbers: it is the maximum, not the minimum.
   * @cost job: reads every row once
   * @memory some numbers a partition
   * @example
   * ```ts
   * const { count, mean, max } = await ctx.range(5).stats();
   * [count, mean, max] // => [5, 2, 4]
   * ```
   */
  async stats(this: RddNumeric<number>, options?: ActionOptions): Promise<Stats> {
    return statsOf(await this.statsParts(this.driver.begin("stats", options)));
  }

  /**
   * `[edges, counts]`: how many rows lie between each two edges, the lower one included, and the upper one in the last bucket.
   * Given edges must ascend; rows outside and NaN are not counted. Given a number of buckets, they are even from the least row to the
   * greatest: one bucket where all rows are equal.
   * @cost job: reads every row; for a number of buckets a job before it finds the least and the greatest
   * @memory the counts, in each task and on the driver
   * @throws when edges do not ascend or are fewer than two; for a number of buckets, when there are no rows, or NaN or infinite ones
   * @example
   * ```ts
   * await ctx.range(10).histogram([0, 5, 9]) // => [[0, 5, 9], [5, 5]]
   * await ctx.range(0, 5).histogram(2) // => [[0, 2, 4], [2, 3]]
   * ```
   */
  async histogram(
    this: RddNumeric<number>,
    bucketsOrCount: number | readonly number[],
    options?: ActionOptions,
  ): Promise<[number[], number[]]> {
    const run = this.driver.begin("histogram", options);
    if (typeof bucketsOrCount === "object") checkEdges(bucketsOrCount, run);
    else checkBuckets(bucketsOrCount, run);
    const edges = typeof bucketsOrCount === "object" ? [...bucketsOrCount] : await this.edgesOf(bucketsOrCount, run);
    const parts = await this.driver.values<number[]>(this.plan, { kind: "histogram", edges }, run);
    const counts = new Array<number>(edges.length - 1).fill(0);
    for (const part of parts) for (const [i, count] of part.entries()) counts[i]! += count;
    return [edges, counts];
  }

  private async edgesOf(buckets: number, run: ActionRun): Promise<number[]> {
    const { count, min, max } = await this.statsParts(run);
    if (count > 0 && Math.abs(min) < Infinity && Math.abs(max) < Infinity) return evenEdges(min, max, buckets);
    if (this.driver.explains) return evenEdges(0, 1, buckets);
    const why = count === 0 ? "the Rdd is empty" : `its rows are from ${min} to ${max}`;
    throw new FiresteelError("user", `histogram(${buckets}) cannot make even buckets: ${why}`, {
      hint: count === 0 ? "check isEmpty() first, or give the edges" : "give the edges, or filter with Number.isFinite",
      at: run.at,
    });
  }

  private async statsParts(run: ActionRun): Promise<StatsParts> {
    const parts = await this.driver.values<StatsParts>(this.plan, { kind: "stats" }, run);
    return parts.reduce(mergeStats, emptyStats);
  }
}

function statsOf({ count, sum, mean, m2, min, max }: StatsParts): Stats {
  const variance = count === 0 ? NaN : m2 / count;
  const sampleVariance = count < 2 ? NaN : m2 / (count - 1);
  return {
    count,
    sum,
    mean: count === 0 ? NaN : mean,
    min: count === 0 ? Infinity : min,
    max,
    variance,
    stdev: Math.sqrt(variance),
    sampleVariance,
    sampleStdev: Math.sqrt(sampleVariance),
  };
}

/** Their counts are sent by every task. */
const bucketsMax = 1_000_000;

function checkBuckets(buckets: unknown, { at }: ActionRun): void {
  if (Number.isSafeInteger(buckets) && (buckets as number) >= 1 && (buckets as number) <= bucketsMax) return;
  throw new FiresteelError(
    "user",
    `histogram needs edges, or a number of buckets from 1 to ${bucketsMax.toLocaleString("en")}, but got ${preview(buckets)}`,
    { at },
  );
}

function checkEdges(edges: readonly unknown[], { at }: ActionRun): void {
  if (!Array.isArray(edges) || edges.length < 2 || edges.length > bucketsMax + 1) {
    throw new FiresteelError(
      "user",
      `histogram needs 2 edges or more, and ${bucketsMax.toLocaleString("en")} buckets at most, but got ${preview(edges)}`,
      { hint: "[0, 10, 20] makes two buckets", at },
    );
  }
  for (const [i, edge] of edges.entries()) {
    if (typeof edge === "number" && edge === edge && (i === 0 || edge > edges[i - 1])) continue;
    const why =
      typeof edge !== "number" || Number.isNaN(edge)
        ? `edge ${i} is ${preview(edge)}`
        : `edge ${i} is ${preview(edge)} after ${preview(edges[i - 1])}`;
    throw new FiresteelError("user", `histogram needs edges that are numbers and ascend, but ${why}`, {
      hint: "sort them, and give each once",
      at,
    });
  }
}
