/** Operators on one side of pairs, which leave rows where they are. On other Rdds they do not compile; see rdd-pairs.ts. */
import { RddCombining } from "./rdd-combining.ts";
import type { Rdd } from "./rdd.ts";
import type { Hint, Pair, Widen } from "./widen.ts";

export abstract class RddPairValues<T> extends RddCombining<T> {
  /**
   * The keys alone.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @throws in the task, when a row is no pair
   * @example
   * ```ts
   * await ctx.parallelize([["a", 1], ["b", 2]]).keys().collect() // => ["a", "b"]
   * ```
   */
  keys<K>(this: RddPairValues<Pair<K, unknown>>): Rdd<K> {
    return this.make({ ...this.node("keys"), op: "keys", parent: this.plan });
  }

  /**
   * The values alone.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @throws in the task, when a row is no pair
   * @example
   * ```ts
   * await ctx.parallelize([["a", 1], ["b", 2]]).values().collect() // => [1, 2]
   * ```
   */
  values<V>(this: RddPairValues<Pair<unknown, V>>): Rdd<V> {
    return this.make({ ...this.node("values"), op: "values", parent: this.plan });
  }

  /**
   * `fn` of every value. Keys stay where they are, so a known partitioner stays known.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @throws in the task, when a row is no pair, or `fn` returns a Promise
   * @example
   * ```ts
   * await ctx.parallelize([["a", 1], ["b", 2]]).mapValues(n => n + 1).collect() // => [["a", 2], ["b", 3]]
   * ```
   */
  mapValues<K, V, U extends Hint>(this: RddPairValues<Pair<K, V>>, fn: (value: V) => U): Rdd<[K, Widen<U>]> {
    const node = this.node("mapValues");
    return this.make({ ...node, op: "mapValues", parent: this.plan, fn: this.capture(fn, "mapValues", node.at) });
  }

  /**
   * A pair for each element of the iterable that `fn` gives of a value. Keys stay where they are, so a known partitioner stays
   * known.
   * @cost narrow
   * @memory streams: a batch of rows at a time
   * @throws in the task, when a row is no pair, or `fn` gives no iterable, or a string
   * @example
   * ```ts
   * const words = ctx.parallelize([["x", "a b"], ["y", "c"]]).flatMapValues(text => text.split(" "));
   * await words.collect() // => [["x", "a"], ["x", "b"], ["y", "c"]]
   * ```
   */
  flatMapValues<K, V, U extends Hint>(
    this: RddPairValues<Pair<K, V>>,
    fn: (value: V) => Iterable<U> & object,
  ): Rdd<[K, Widen<U>]> {
    const node = this.node("flatMapValues");
    return this.make({
      ...node,
      op: "flatMapValues",
      parent: this.plan,
      fn: this.capture(fn, "flatMapValues", node.at),
    });
  }
}
