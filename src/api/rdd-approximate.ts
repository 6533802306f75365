/**
 * Answers that are good enough: by a time, or in little memory. What did not come in time is estimated from the partitions that did,
 * and the job is cancelled then, since nobody could read the rest of its answer. Distinct values are counted by sketches of hashes.
 */
import { distinctValues, precisionFor } from "../base/distinct-values.ts";
import { FiresteelError } from "../base/errors.ts";
import { identityOf } from "../data/identity.ts";
import { decodeValue } from "../data/value-codec.ts";
import { decodeBlocks } from "../exec/collected-rows.ts";
import { emptyStats, mergeStats, type Stats } from "../kernel/column-stats.ts";
import { builtin, builtinOf } from "../operators/builtin-functions.ts";
import { preview } from "../operators/row-errors.ts";
import type { Action } from "../plan/action.ts";
import type { CombinePlan, Plan } from "../plan/nodes.ts";
import { partitionerOf, samePartitioning } from "../plan/partition-count.ts";
import { runWithin } from "./cancellation.ts";
import type { ActionRun } from "./driver.ts";
import { estimateCount, estimateMean, estimateSum, type Estimate, type Progress } from "./estimates.ts";
import type { PartitionerLike } from "./partitioner.ts";
import type { Call } from "./partitioning.ts";
import { RddNumeric } from "./rdd-numeric.ts";
import { countCombine } from "./rdd-pairs.ts";
import type { Rdd } from "./rdd.ts";
import type { ActionOptions, Pair } from "./widen.ts";

export abstract class RddApproximate<T> extends RddNumeric<T> {
  /**
   * The number of rows, or after `timeoutMs` an estimate of it: with a probability of `confidence` it is from `low` to `high`. It
   * takes partitions to be alike.
   * @cost job: cancelled after `timeoutMs`
   * @memory one number a partition
   * @throws when `timeoutMs` is negative, or `confidence` not between 0 and 1
   * @example
   * ```ts
   * const { mean, isFinal } = await ctx.range(1000).countApprox(60_000);
   * [mean, isFinal] // => [1000, true]
   * ```
   */
  async countApprox(timeoutMs: number, confidence = 0.95, options?: ActionOptions): Promise<Estimate> {
    const run = this.driver.begin("countApprox", options);
    checkEstimate(timeoutMs, confidence, run);
    let counted = 0;
    const progress = await this.within({ kind: "count" }, this.plan, run, timeoutMs, payload => {
      counted += decodeValue(payload) as number;
    });
    return estimateCount(counted, progress, confidence);
  }

  /**
   * The sum of the rows, or after `timeoutMs` an estimate of it, as `countApprox`.
   * @cost job: cancelled after `timeoutMs`
   * @memory some numbers a partition
   * @throws when `timeoutMs` is negative, or `confidence` not between 0 and 1
   * @example
   * ```ts
   * (await ctx.range(5).sumApprox(60_000)).mean // => 10
   * ```
   */
  async sumApprox(
    this: RddApproximate<number>,
    timeoutMs: number,
    confidence = 0.95,
    options?: ActionOptions,
  ): Promise<Estimate> {
    const run = this.driver.begin("sumApprox", options);
    checkEstimate(timeoutMs, confidence, run);
    const { stats, progress } = await this.statsWithin(run, timeoutMs);
    return estimateSum(stats, progress, confidence);
  }

  /**
   * The mean of the rows, or after `timeoutMs` an estimate of it, as `countApprox`.
   * @cost job: cancelled after `timeoutMs`
   * @memory some numbers a partition
   * @throws when `timeoutMs` is negative, or `confidence` not between 0 and 1
   * @example
   * ```ts
   * (await ctx.range(5).meanApprox(60_000)).mean // => 2
   * ```
   */
  async meanApprox(
    this: RddApproximate<number>,
    timeoutMs: number,
    confidence = 0.95,
    options?: ActionOptions,
  ): Promise<Estimate> {
    const run = this.driver.begin("meanApprox", options);
    checkEstimate(timeoutMs, confidence, run);
    const { stats, progress } = await this.statsWithin(run, timeoutMs);
    return estimateMean(stats, progress, confidence);
  }

  /**
   * Rows per key, or after `timeoutMs` estimates of them for the keys met so far, as `countApprox`. Keys that are tuples or objects are
   * in the Map once each, to be iterated over.
   * @cost job: cancelled after `timeoutMs`; keys are counted a partition, nothing is shuffled
   * @memory the keys of all partitions are on the driver
   * @throws when `timeoutMs` is negative, or `confidence` not between 0 and 1
   * @example
   * ```ts
   * const counts = await ctx.range(10).map(i => [i % 3, i]).countByKeyApprox(60_000);
   * counts.get(0)!.mean // => 4
   * ```
   */
  async countByKeyApprox<K>(
    this: RddApproximate<Pair<K, unknown>>,
    timeoutMs: number,
    confidence = 0.95,
    options?: ActionOptions,
  ): Promise<Map<K, Estimate>> {
    const run = this.driver.begin("countByKeyApprox", options);
    checkEstimate(timeoutMs, confidence, run);
    const ones: Plan = { ...this.node(run.operator, run.at), op: "mapValues", parent: this.plan, fn: builtin("one") };
    return this.countsWithin<K>(ones, run, timeoutMs, confidence);
  }

  /**
   * How often each row is there, or after `timeoutMs` estimates of it, as `countByKeyApprox`.
   * @cost job: cancelled after `timeoutMs`; rows are counted a partition, nothing is shuffled
   * @memory the distinct rows of all partitions are on the driver
   * @throws when `timeoutMs` is negative, or `confidence` not between 0 and 1
   * @example
   * ```ts
   * const counts = await ctx.parallelize(["a", "b", "a"]).countByValueApprox(60_000);
   * counts.get("a")!.mean // => 2
   * ```
   */
  async countByValueApprox(timeoutMs: number, confidence = 0.95, options?: ActionOptions): Promise<Map<T, Estimate>> {
    const run = this.driver.begin("countByValueApprox", options);
    checkEstimate(timeoutMs, confidence, run);
    const ones: Plan = { ...this.node(run.operator, run.at), op: "map", parent: this.plan, fn: builtin("withOne") };
    return this.countsWithin<T>(ones, run, timeoutMs, confidence);
  }

  /**
   * About how many distinct rows there are, by a HyperLogLog sketch: off by `relativeSd` of the count as a standard deviation. The
   * answer depends on the values alone, not on partitions or layouts.
   * @cost job: one register a row is updated; below a `relativeSd` of 0.002 registers are shuffled
   * @memory a sketch a task and one on the driver: 512 registers for 0.05, four times as many for half of it
   * @throws when `relativeSd` is not above 0.000017
   * @example
   * ```ts
   * const count = await ctx.range(100_000).map(i => i % 1000).countApproxDistinct(0.01);
   * Math.abs(count - 1000) < 50 // => true
   * ```
   */
  async countApproxDistinct(relativeSd = 0.05, options?: ActionOptions): Promise<number> {
    const run = this.driver.begin("countApproxDistinct", options);
    const precision = checkedPrecision(relativeSd, run);
    const registers: Plan = {
      ...this.node(run.operator, run.at),
      op: "registers",
      parent: this.plan,
      precision,
      of: "rows",
    };
    // of large sketches each partition makes a part
    const isLarge = precision > gatheredPrecisionMax;
    const sketch = isLarge
      ? this.combinedPlan(registers, leastWeight, run, undefined)
      : this.inPlace(registers, leastWeight, run);
    const lightest = isLarge ? undefined : new Float64Array(2 ** precision);
    let [taken, weight] = [0, 0];
    const parts: { readonly taken: number; readonly weight: number }[] = [];
    await this.driver.runJob(sketch, { kind: "collect", limit: undefined }, run, undefined, (index, payload) => {
      const rows = decodeBlocks<[number, number]>([payload]);
      if (lightest === undefined)
        parts[index] = { taken: rows.length, weight: rows.reduce((sum, row) => sum + row[1], 0) };
      else for (const [at, w] of rows) if (lightest[at] === 0 || w < lightest[at]!) lightest[at] = w;
    });
    for (const part of parts) [taken, weight] = [taken + part.taken, weight + part.weight];
    for (const w of lightest ?? []) if (w > 0) [taken, weight] = [taken + 1, weight + w];
    return distinctValues(precision, taken, weight);
  }

  /**
   * About how many distinct values each key has, as `countApproxDistinct`.
   * @cost shuffle: one row for each register that a key's values meet, at most one a pair
   * @memory registers are rows of tables, which spill
   * @throws when `relativeSd` is not above 0.000017
   * @example
   * ```ts
   * const users = ctx.range(10_000).map(i => [i % 2 === 0 ? "even" : "odd", i % 100]);
   * await users.countApproxDistinctByKey(0.01).collectAsMap() // => new Map([["even", 50], ["odd", 50]])
   * ```
   */
  countApproxDistinctByKey<K, V>(
    this: RddApproximate<Pair<K, V>>,
    relativeSd = 0.05,
    partitioner?: PartitionerLike<K>,
  ): Rdd<[K, number]> {
    const call = this.node("countApproxDistinctByKey");
    const precision = checkedPrecision(relativeSd, call);
    const node = () => this.node(call.operator, call.at);
    const by = this.driver.partitioning.choose(partitioner, [this.plan], call);
    const registers: Plan = { ...node(), op: "registers", parent: this.plan, precision, of: "pairs" };
    let sketches = this.inPlace(registers, leastWeight, call);
    const known = partitionerOf(this.plan);
    if (known === undefined || !samePartitioning(known, by)) {
      const keyed: Plan = { ...node(), op: "map", parent: sketches, fn: builtin("keyAlone") };
      const moved = this.driver.partitioning.exchange(keyed, by, "pairs", undefined, call);
      const again: Plan = { ...node(), op: "map", parent: moved, fn: builtin("keyAndRegister") };
      sketches = this.inPlace(again, leastWeight, call);
    }
    const weights: Plan = { ...node(), op: "map", parent: sketches, fn: builtin("weightOfKey") };
    const sums = this.inPlace(
      weights,
      { ...leastWeight, mergeValue: builtin("addBoth"), mergeCombiners: builtin("addBoth") },
      call,
    );
    const counts: Plan = { ...node(), op: "mapValues", parent: sums, fn: builtinOf("distinctValues", precision) };
    const groups = Array.from({ length: this.driver.partitionCount(counts) }, (_, i) => [i]);
    // says that keys are where the partitioner puts them
    return this.make({ ...call, op: "coalesce", parent: counts, groups, partitioner: by });
  }

  /** One value a key in each partition. */
  private inPlace(parent: Plan, combine: CombinePlan, { operator, at }: Call): Plan {
    return { ...this.node(operator, at), op: "aggregate", parent, combine, from: "values" };
  }

  private async statsWithin(run: ActionRun, timeoutMs: number): Promise<{ stats: Stats; progress: Progress }> {
    const parts: Stats[] = [];
    const progress = await this.within({ kind: "stats" }, this.plan, run, timeoutMs, (payload, index) => {
      parts[index] = decodeValue(payload) as Stats;
    });
    // those that are not there are passed over
    return { stats: parts.reduce(mergeStats, emptyStats), progress };
  }

  private async countsWithin<K>(
    ones: Plan,
    run: ActionRun,
    timeoutMs: number,
    confidence: number,
  ): Promise<Map<K, Estimate>> {
    const parts: [K, number][][] = [];
    const counted = this.inPlace(ones, countCombine, run);
    const progress = await this.within({ kind: "collect", limit: undefined }, counted, run, timeoutMs, (payload, i) => {
      parts[i] = decodeBlocks<[K, number]>([payload]);
    });
    const counts = new Map<unknown, [K, number]>();
    for (const part of parts.filter(each => each !== undefined)) {
      for (const [key, count] of part) {
        const identity = identityOf(key);
        const known = counts.get(identity);
        if (known === undefined) counts.set(identity, [key, count]);
        else known[1] += count;
      }
    }
    return new Map([...counts.values()].map(([key, count]) => [key, estimateCount(count, progress, confidence)]));
  }

  private async within(
    action: Action,
    plan: Plan,
    run: ActionRun,
    timeoutMs: number,
    take: (payload: Uint8Array, index: number) => void,
  ): Promise<Progress> {
    let read = 0;
    const allow = this.driver.resultLimit(run);
    await runWithin(this.driver, plan, action, run, timeoutMs, (index, payload) => {
      allow(payload);
      read++;
      take(payload, index);
    });
    // where jobs are only explained none is read
    const partitions = this.driver.explains ? 0 : this.driver.partitionCount(plan);
    return { partitions, read };
  }
}

const leastWeight: CombinePlan = {
  create: undefined,
  zero: undefined,
  mergeValue: builtin("least"),
  mergeCombiners: builtin("least"),
};

/** Sketches up to so large are gathered whole. */
const gatheredPrecisionMax = 18;
/** The registers' numbers have 32 bits. */
const relativeSdMin = 0.000017;

function checkedPrecision(relativeSd: unknown, { operator, at }: Call): number {
  if (typeof relativeSd === "number" && relativeSd > relativeSdMin && relativeSd < Infinity)
    return precisionFor(relativeSd);
  throw new FiresteelError(
    "user",
    `${operator} needs a relative standard deviation above ${relativeSdMin}, but got ${preview(relativeSd)}`,
    { hint: "0.05 is the default; for an exact count use distinct().count()", at },
  );
}

function checkEstimate(timeoutMs: unknown, confidence: unknown, { operator, at }: Call): void {
  if (typeof timeoutMs !== "number" || !(timeoutMs >= 0)) {
    throw new FiresteelError("user", `${operator} needs a time in ms, 0 or more, but got ${preview(timeoutMs)}`, {
      at,
    });
  }
  if (typeof confidence === "number" && confidence > 0 && confidence < 1) return;
  throw new FiresteelError(
    "user",
    `${operator} needs a confidence between 0 and 1, both excluded, but got ${preview(confidence)}`,
    { hint: "0.95 is the default", at },
  );
}
