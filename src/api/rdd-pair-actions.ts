/** Actions on pairs that fold the values of each key. */
import type { CombinePlan, Plan } from "../plan/nodes.ts";
import { failureOf } from "../operators/task-failure.ts";
import { identityOf } from "../data/identity.ts";
import { RddActions } from "./rdd-actions.ts";
import type { ActionOptions, Pair, ValueOf } from "./widen.ts";

export abstract class RddPairActions<T> extends RddActions<T> {
  /**
   * Values of each key folded by `fn`, as a Map on the driver: within partitions in tasks, then in partition order. Keys that are
   * tuples or objects are found by value only in `reduceByKeyLocallyEntries`.
   * @cost job: no shuffle; one row a key and partition goes to the driver
   * @memory tasks fold in engine memory; what does not fit spills. The driver holds one value a key
   * @throws when a row is no pair, and when the rows are more than `firesteel.driver.maxResultSize`
   * @example
   * ```ts
   * const sums = await ctx.parallelize([["a", 1], ["b", 2], ["a", 3]]).reduceByKeyLocally((x, y) => x + y);
   * sums.get("a") // => 4
   * ```
   */
  async reduceByKeyLocally<K, V>(
    this: RddPairActions<Pair<K, V>>,
    fn: (a: ValueOf<T>, b: ValueOf<T>) => ValueOf<T>,
    options?: ActionOptions,
  ): Promise<Map<K, V>> {
    return new Map(await this.reducedLocally<K, V>(fn as never, "reduceByKeyLocally", options));
  }

  /**
   * What `reduceByKeyLocally` gives as an array of `[key, value]`, in the order in which keys are first met; for keys that are
   * tuples or objects.
   * @cost job: no shuffle; one row a key and partition goes to the driver
   * @memory as `reduceByKeyLocally`
   * @throws as `reduceByKeyLocally`
   * @example
   * ```ts
   * const pairs = ctx.parallelize([[[1, "x"], 5], [[1, "x"], 6]] as [[number, string], number][]);
   * await pairs.reduceByKeyLocallyEntries((a, b) => a + b) // => [[[1, "x"], 11]]
   * ```
   */
  async reduceByKeyLocallyEntries<K, V>(
    this: RddPairActions<Pair<K, V>>,
    fn: (a: ValueOf<T>, b: ValueOf<T>) => ValueOf<T>,
    options?: ActionOptions,
  ): Promise<[K, V][]> {
    return this.reducedLocally<K, V>(fn as never, "reduceByKeyLocallyEntries", options);
  }

  private async reducedLocally<K, V>(
    fn: (a: V, b: V) => V,
    operator: string,
    options: ActionOptions | undefined,
  ): Promise<[K, V][]> {
    const run = this.driver.begin(operator, options);
    const reduce = this.capture(fn, operator, run.at);
    const combine: CombinePlan = { create: undefined, zero: undefined, mergeValue: reduce, mergeCombiners: reduce };
    const node = this.node(operator, run.at);
    const folded: Plan = { ...node, op: "aggregate", parent: this.plan, combine, from: "values" };
    const entries = new Map<unknown, [K, V]>();
    const rows = await this.driver.collect<[K, V]>(folded, run);
    try {
      for (const [key, value] of rows) {
        const identity = identityOf(key);
        const known = entries.get(identity);
        if (known === undefined) entries.set(identity, [key, value]);
        else known[1] = fn(known[1], value);
      }
    } catch (error) {
      throw failureOf(error, run);
    }
    return [...entries.values()];
  }
}
