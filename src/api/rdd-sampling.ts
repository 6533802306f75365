/**
 * Samples. Which rows are in one is decided by the seed, the numbers of the partitions and the order of their rows alone: not by
 * threads, memory, failures or the shape of a cluster. Without a seed one is drawn when the operator is called, and is part of the
 * plan: the same Rdd gives the same rows again.
 */
import { FiresteelError } from "../base/errors.ts";
import { drawSeed, Random } from "../base/random.ts";
import { preview } from "../operators/row-errors.ts";
import type { Plan, SamplePlan } from "../plan/nodes.ts";
import { encodeAt } from "./encode-at.ts";
import { RddApproximate } from "./rdd-approximate.ts";
import type { Call } from "./partitioning.ts";
import type { Rdd } from "./rdd.ts";
import type { ActionOptions, Pair } from "./widen.ts";

export abstract class RddSampling<T> extends RddApproximate<T> {
  /**
   * About `fraction` of the rows, in their order: without replacement each with that probability, with replacement each that often
   * on average. The same seed gives the same rows.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @throws when `fraction` is negative or, without replacement, above 1; when `seed` is not a safe integer
   * @example
   * ```ts
   * const tenth = ctx.range(1000).sample(false, 0.1, 7);
   * (await tenth.count()) < 200 // => true
   * ```
   */
  sample(withReplacement: boolean, fraction: number, seed?: number): Rdd<T> {
    const node = this.node("sample");
    checkFlag(withReplacement, node);
    checkFraction(fraction, withReplacement, node);
    const sample = { kind: "rows", from: 0, to: fraction } as const;
    return this.make({ ...node, op: "sample", parent: this.plan, seed: seedOf(seed, node), withReplacement, sample });
  }

  /**
   * Every row in one of several Rdds, as often in each as its weight is of all. The parts have no row in common and together all,
   * as long as this Rdd gives the same rows each time that it is computed.
   * @cost narrow: each part computes this Rdd, so `cache()` it when it is dear
   * @memory streams: a batch of rows at a time
   * @throws when there are no weights, one is negative or no number, or all are 0; when `seed` is not a safe integer
   * @example
   * ```ts
   * const [train, test] = ctx.range(1000).randomSplit([0.8, 0.2], 7);
   * (await train!.count()) + (await test!.count()) // => 1000
   * ```
   */
  randomSplit(weights: readonly number[], seed?: number): Rdd<T>[] {
    const call = this.node("randomSplit");
    const total = checkWeights(weights, call);
    const drawn = seedOf(seed, call);
    let from = 0;
    return weights.map((weight, i) => {
      // rounding must leave no row out, and empty parts empty
      const isLast = !weights.slice(i + 1).some(other => other > 0);
      const to = weight === 0 ? from : isLast ? Infinity : from + weight / total;
      const sample = { kind: "rows", from, to } as const;
      from = to;
      return this.make<T>({
        ...this.node("randomSplit", call.at),
        op: "sample",
        parent: this.plan,
        seed: drawn,
        withReplacement: false,
        sample,
      });
    });
  }

  /**
   * `num` rows at random, in random order: without replacement at most all rows, with replacement always `num`, unless there are
   * none. The same seed gives the same rows in the same order.
   * @cost job: rows are counted and then drawn, so this Rdd is computed twice
   * @memory the sample is on the driver, limited by `firesteel.driver.maxResultSize`
   * @throws when `num` is not a number of rows; when `seed` is not a safe integer
   * @example
   * ```ts
   * (await ctx.range(1000).takeSample(false, 3, 7)).length // => 3
   * ```
   */
  async takeSample(withReplacement: boolean, num: number, seed?: number, options?: ActionOptions): Promise<T[]> {
    const run = this.driver.begin("takeSample", options);
    checkFlag(withReplacement, run);
    if (!Number.isSafeInteger(num) || num < 0) {
      throw new FiresteelError("user", `takeSample needs a number of rows, 0 or more, but got ${preview(num)}`, {
        at: run.at,
      });
    }
    const drawn = seedOf(seed, run);
    if (num === 0 || this.numPartitions === 0) return [];
    const counts = this.driver.partitioning.probe(this.plan, { kind: "count" }, run);
    const plan: Plan = {
      ...this.node("takeSample", run.at),
      op: "sample",
      parent: this.plan,
      seed: drawn,
      withReplacement,
      sample: { kind: "exact", rows: num, counts },
    };
    return shuffled(await this.driver.collect<T>(plan, run), Random.stream(drawn, orderStream));
  }

  /**
   * Pairs sampled by key: `fractions` says how many of each key's pairs, as `sample` does. Every key needs a fraction.
   * @cost narrow: keys stay where they are, so a known partitioner stays known
   * @memory streams: a batch of rows at a time; the fractions are in each task
   * @throws when a fraction is out of range; in the job, when a key has no fraction
   * @example
   * ```ts
   * const pairs = ctx.range(100).map(i => [i % 2 === 0 ? "even" : "odd", i]);
   * const evens = pairs.sampleByKey(false, new Map([["even", 1], ["odd", 0]]), 7);
   * await evens.count() // => 50
   * ```
   */
  sampleByKey<K, V>(
    this: RddSampling<Pair<K, V>>,
    withReplacement: boolean,
    fractions: ReadonlyMap<K, number>,
    seed?: number,
  ): Rdd<[K, V]> {
    const node = this.node("sampleByKey");
    const encoded = encodeFractions(fractions, withReplacement, node);
    return this.make({ ...this.keyed(withReplacement, seed, node), sample: { kind: "keys", fractions: encoded } });
  }

  /**
   * Like `sampleByKey`, with exactly the fraction of each key's pairs, rounded up.
   * @cost narrow, after the pairs of each key are counted inside the job: this Rdd is computed twice
   * @memory one count a key and partition
   * @throws when a fraction is out of range; in the job, when a key has no fraction
   * @example
   * ```ts
   * const pairs = ctx.range(100).map(i => [i % 2 === 0 ? "even" : "odd", i]);
   * const some = pairs.sampleByKeyExact(false, new Map([["even", 0.1], ["odd", 0.5]]), 7);
   * await some.count() // => 30
   * ```
   */
  sampleByKeyExact<K, V>(
    this: RddSampling<Pair<K, V>>,
    withReplacement: boolean,
    fractions: ReadonlyMap<K, number>,
    seed?: number,
  ): Rdd<[K, V]> {
    const node = this.node("sampleByKeyExact");
    const encoded = encodeFractions(fractions, withReplacement, node);
    const counts = this.driver.partitioning.probe(this.plan, { kind: "countKeys", fractions: encoded }, node);
    return this.make({
      ...this.keyed(withReplacement, seed, node),
      sample: { kind: "exactKeys", fractions: encoded, counts },
    });
  }

  private keyed(withReplacement: boolean, seed: number | undefined, node: ReturnType<RddSampling<T>["node"]>) {
    checkFlag(withReplacement, node);
    return {
      ...node,
      op: "sample",
      parent: this.plan,
      seed: seedOf(seed, node),
      withReplacement,
    } as const satisfies Omit<SamplePlan, "sample">;
  }
}

/** Not a partition's. */
const orderStream = -2;

/** Fisher and Yates's, in place. */
function shuffled<T>(rows: T[], random: Random): T[] {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return rows;
}

function seedOf(seed: number | undefined, { operator, at }: Call): number {
  if (seed === undefined) return drawSeed();
  if (Number.isSafeInteger(seed)) return seed;
  throw new FiresteelError("user", `${operator} needs a seed that is a safe integer, but got ${preview(seed)}`, {
    hint: "give an integer, or leave it out for one at random",
    at,
  });
}

function checkFlag(withReplacement: unknown, { operator, at }: Call): void {
  if (typeof withReplacement === "boolean") return;
  throw new FiresteelError(
    "user",
    `${operator} needs true or false for withReplacement first, but got ${preview(withReplacement)}`,
    { hint: `true takes rows more than once: ${operator}(false, …) takes each at most once`, at },
  );
}

function checkFraction(fraction: unknown, withReplacement: boolean, { operator, at }: Call, of = ""): void {
  const most = withReplacement ? Number.MAX_SAFE_INTEGER : 1;
  if (typeof fraction === "number" && fraction >= 0 && fraction <= most) return;
  const wanted = withReplacement ? "0 or more" : "from 0 to 1";
  throw new FiresteelError("user", `${operator} needs a fraction ${wanted}, but got ${preview(fraction)}${of}`, {
    hint:
      !withReplacement && typeof fraction === "number" && fraction > 1
        ? "rows come more than once with replacement only: give true first"
        : undefined,
    at,
  });
}

function checkWeights(weights: readonly number[], { operator, at }: Call): number {
  if (!Array.isArray(weights) || weights.length === 0) {
    throw new FiresteelError("user", `${operator} needs an array of weights, but got ${preview(weights)}`, {
      hint: "give one weight for each part: [0.8, 0.2]",
      at,
    });
  }
  const bad = weights.findIndex(weight => typeof weight !== "number" || !(weight >= 0) || weight === Infinity);
  if (bad >= 0) {
    throw new FiresteelError(
      "user",
      `${operator} needs weights that are 0 or more, but weight ${bad} is ${preview(weights[bad])}`,
      { at },
    );
  }
  const total = (weights as number[]).reduce((sum, weight) => sum + weight, 0);
  if (total > 0 && total < Infinity) return total;
  const what = total === 0 ? "all weights are 0" : "the weights' sum is too large";
  throw new FiresteelError("user", `${operator} cannot split: ${what}`, { hint: "weights like [0.8, 0.2] do", at });
}

function encodeFractions(fractions: unknown, withReplacement: boolean, call: Call): Uint8Array {
  if (!(fractions instanceof Map)) {
    throw new FiresteelError("user", `${call.operator} needs a Map of fractions, but got ${preview(fractions)}`, {
      hint: 'give new Map([["a", 0.1], ["b", 0.5]])',
      at: call.at,
    });
  }
  for (const [key, fraction] of fractions)
    checkFraction(fraction, withReplacement, call, ` for the key ${preview(key)}`);
  return encodeAt([...fractions], "a key of the fractions", call.at);
}
