/**
 * Actions that know rows by their keys or values, by equality of values: what a Map, which knows objects by identity, cannot find
 * again is in the `…Entries` forms.
 */
import { identityOf } from "../data/identity.ts";
import { builtin } from "../operators/builtin-functions.ts";
import { notAPair } from "../operators/row-errors.ts";
import { failureOf } from "../operators/task-failure.ts";
import type { Plan } from "../plan/nodes.ts";
import type { ActionRun } from "./driver.ts";
import { encodeAt } from "./encode-at.ts";
import { RddPairActions } from "./rdd-pair-actions.ts";
import { countCombine } from "./rdd-pairs.ts";
import type { ActionOptions, Pair } from "./widen.ts";

export abstract class RddKeyedActions<T> extends RddPairActions<T> {
  /**
   * Rows per key. Keys that are tuples or objects are found by value only in `countByKeyEntries`.
   * @cost shuffle: one count a key and map task is sent; the counts come to the driver
   * @memory the counts are in the driver's heap, within `firesteel.driver.maxResultSize`
   * @throws in the task, when a row is no pair
   * @example
   * ```ts
   * const pairs = ctx.parallelize([["a", 1], ["b", 1], ["a", 1]]);
   * (await pairs.countByKey()).get("a") // => 2
   * ```
   */
  async countByKey<K>(this: RddKeyedActions<Pair<K, unknown>>, options?: ActionOptions): Promise<Map<K, number>> {
    return new Map(await this.countedByKey<K>(this.driver.begin("countByKey", options)));
  }

  /**
   * Rows per key, as `[key, count]`, for keys that a Map finds by identity alone.
   * @cost shuffle: one count a key and map task is sent; the counts come to the driver
   * @memory the counts are in the driver's heap, within `firesteel.driver.maxResultSize`
   * @throws in the task, when a row is no pair
   * @example
   * ```ts
   * const pairs = ctx.parallelize([[{ x: 1 }, "a"], [{ x: 1 }, "b"]]);
   * await pairs.countByKeyEntries() // => [[{ x: 1 }, 2]]
   * ```
   */
  async countByKeyEntries<K>(this: RddKeyedActions<Pair<K, unknown>>, options?: ActionOptions): Promise<[K, number][]> {
    return this.countedByKey<K>(this.driver.begin("countByKeyEntries", options));
  }

  /**
   * How often each row is there. Rows that are tuples or objects are found by value only in `countByValueEntries`.
   * @cost shuffle: one count a row that differs and map task is sent; the counts come to the driver
   * @memory the counts are in the driver's heap, within `firesteel.driver.maxResultSize`
   * @example
   * ```ts
   * const counts = await ctx.parallelize(["a", "b", "a"]).countByValue();
   * counts.get("a") // => 2
   * ```
   */
  async countByValue(options?: ActionOptions): Promise<Map<T, number>> {
    return new Map(await this.countedByValue(this.driver.begin("countByValue", options)));
  }

  /**
   * How often each row is there, as `[row, count]`, for rows that a Map finds by identity alone.
   * @cost shuffle: one count a row that differs and map task is sent; the counts come to the driver
   * @memory the counts are in the driver's heap, within `firesteel.driver.maxResultSize`
   * @example
   * ```ts
   * await ctx.parallelize([[1, 2], [1, 2]]).countByValueEntries() // => [[[1, 2], 2]]
   * ```
   */
  async countByValueEntries(options?: ActionOptions): Promise<[T, number][]> {
    return this.countedByValue(this.driver.begin("countByValueEntries", options));
  }

  /**
   * Pairs as a Map; of equal keys the last wins. Keys that are tuples or objects are found by value only in `collectAsMapEntries`.
   * @cost job: all partitions are computed, and all pairs come to the driver
   * @memory all pairs are in the driver's heap, within `firesteel.driver.maxResultSize`
   * @throws when a row is no pair
   * @example
   * ```ts
   * await ctx.parallelize([["a", 1], ["b", 2], ["a", 3]]).collectAsMap() // => new Map([["a", 3], ["b", 2]])
   * ```
   */
  async collectAsMap<K, V>(this: RddKeyedActions<Pair<K, V>>, options?: ActionOptions): Promise<Map<K, V>> {
    return new Map(await this.entries<K, V>(this.driver.begin("collectAsMap", options)));
  }

  /**
   * One `[key, value]` for each key, as it was first seen, with its last value.
   * @cost job: all partitions are computed, and all pairs come to the driver
   * @memory all pairs are in the driver's heap, within `firesteel.driver.maxResultSize`
   * @throws when a row is no pair
   * @example
   * ```ts
   * await ctx.parallelize([[[1], "a"], [[1], "b"]]).collectAsMapEntries() // => [[[1], "b"]]
   * ```
   */
  async collectAsMapEntries<K, V>(this: RddKeyedActions<Pair<K, V>>, options?: ActionOptions): Promise<[K, V][]> {
    return this.entries<K, V>(this.driver.begin("collectAsMapEntries", options));
  }

  /**
   * The values of one key, in order.
   * @cost job: only the key's partition is computed where a partitioner is known, but for ranges; else all
   * @memory the values are in the driver's heap, within `firesteel.driver.maxResultSize`
   * @throws when `key` cannot be sent; in the task, when a row is no pair
   * @example
   * ```ts
   * const placed = ctx.parallelize([["a", 1], ["b", 2], ["a", 3]]).partitionBy(4).cache();
   * await placed.lookup("a") // => [1, 3]
   * ```
   */
  async lookup<K, V>(this: RddKeyedActions<Pair<K, V>>, key: K, options?: ActionOptions): Promise<V[]> {
    const run = this.driver.begin("lookup", options);
    const partition = this.driver.partitioning.partitionOf(key, this.plan);
    const pairs: Plan = {
      ...this.node("lookup", run.at),
      op: "lookup",
      parent: this.plan,
      key: encodeAt(key, "the key", run.at),
    };
    return this.driver.collect<V>(pairs, run, partition === undefined ? undefined : [partition]);
  }

  private countedByKey<K>(run: ActionRun): Promise<[K, number][]> {
    return this.counted<K>(
      { ...this.node(run.operator, run.at), op: "mapValues", parent: this.plan, fn: builtin("one") },
      run,
    );
  }

  private countedByValue(run: ActionRun): Promise<[T, number][]> {
    return this.counted<T>(
      { ...this.node(run.operator, run.at), op: "map", parent: this.plan, fn: builtin("withOne") },
      run,
    );
  }

  private counted<K>(pairs: Plan, run: ActionRun): Promise<[K, number][]> {
    return this.driver.collect<[K, number]>(this.combinedPlan(pairs, countCombine, run, undefined), run);
  }

  private async entries<K, V>(run: ActionRun): Promise<[K, V][]> {
    const entries = new Map<unknown, [K, V]>();
    for (const row of await this.driver.collect<Pair<K, V>>(this.plan, run)) {
      if (!Array.isArray(row) || row.length !== 2) throw failureOf(notAPair(row, run.operator), run);
      const [key, value] = row as [K, V];
      const identity = identityOf(key);
      const known = entries.get(identity);
      if (known === undefined) entries.set(identity, [key, value]);
      else known[1] = value;
    }
    return [...entries.values()];
  }
}
