/** Actions on numbers. What is added up in which order is fixed, so they give the same in every run. */
import type { ActionOptions, Stats } from "./widen.ts";
import { RddActions } from "./rdd-actions.ts";
import { emptyStats, mergeStats, type Stats as StatsParts } from "../kernel/column-stats.ts";

export abstract class RddNumeric<T> extends RddActions<T> {
  /** Each partition's rows are added in their order, then the partitions' sums in theirs. 0 of nothing. */
  async sum(this: RddNumeric<number>, options?: ActionOptions): Promise<number> {
    const parts = await this.driver.values<number>(this.plan, { kind: "sum" }, this.driver.begin("sum", options));
    return parts.reduce((total, part) => total + part, 0);
  }

  /** NaN of nothing. */
  async mean(this: RddNumeric<number>, options?: ActionOptions): Promise<number> {
    const { count, sum } = await this.statsParts("mean", options);
    return sum / count;
  }

  /** Of nothing: sum 0, min Infinity, max −Infinity, the others NaN. NaN is above all numbers: it is the maximum, not the minimum. */
  async stats(this: RddNumeric<number>, options?: ActionOptions): Promise<Stats> {
    const { count, sum, mean, m2, min, max } = await this.statsParts("stats", options);
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

  private async statsParts(name: string, options: ActionOptions | undefined): Promise<StatsParts> {
    const parts = await this.driver.values<StatsParts>(this.plan, { kind: "stats" }, this.driver.begin(name, options));
    return parts.reduce(mergeStats, emptyStats);
  }
}
