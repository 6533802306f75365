/**
 * Actions: each runs a job and gives a Promise. Results are folded on the driver in partition order, so they do not depend on
 * which task ended first. All take `{ signal }` last and reject with FiresteelError.
 */
import { FiresteelError } from "../base/errors.ts";
import { callSite } from "../closure/stack.ts";
import { compareValues } from "../data/compare.ts";
import { encodeValue } from "../data/value-codec.ts";
import { partitionerOf } from "../plan/partition-count.ts";
import { hashPartition, identityOf } from "./results.ts";
import { builtin } from "../operators/builtin-functions.ts";
import { TopRows } from "../operators/top-rows.ts";
import type { Plan } from "../plan/nodes.ts";
import { createOutput, commitOutput, abortOutput } from "../sources/text-sink.ts";
import { countCombine } from "./rdd-pairs.ts";
import { RddOrdered } from "./rdd-ordered.ts";
import type { Rdd } from "./rdd.ts";
import type { ActionOptions, Grown, Hint, Pair } from "./widen.ts";

export abstract class RddActions<T> extends RddOrdered<T> {
  /** All rows, in order. Limited by `firesteel.driver.maxResultSize`. */
  async collect(options?: ActionOptions): Promise<T[]> {
    return this.driver.collect<T>(this.plan, "collect", undefined, undefined, options);
  }

  async count(options?: ActionOptions): Promise<number> {
    const counts = await this.driver.values<number>(this.plan, { kind: "count" }, "count", options);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** The first `num` rows. Looks at one partition first, then at four times as many, and so on. */
  async take(num: number, options?: ActionOptions): Promise<T[]> {
    if (!Number.isSafeInteger(num) || num < 0) throw new FiresteelError("user", `take needs a number of rows, 0 or more, but got ${num}`, { at: callSite() });
    return this.takeAs(num, "take", options);
  }

  /** The first row; an error when there is none. */
  async first(options?: ActionOptions): Promise<T> {
    const at = callSite();
    const rows = await this.takeAs(1, "first", options);
    if (rows.length === 0) throw new FiresteelError("user", "first() of an empty Rdd", { hint: "check isEmpty() first, or use take(1)", at });
    return rows[0]!;
  }

  async isEmpty(options?: ActionOptions): Promise<boolean> {
    return (await this.takeAs(1, "isEmpty", options)).length === 0;
  }

  /** The first `num` rows in order: of `compare`, or the total order of values. */
  async takeOrdered(num: number, compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T[]> {
    return this.ordered(num, compare, false, "takeOrdered", options);
  }

  /** The last `num` rows in order, greatest first. */
  async top(num: number, compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T[]> {
    return this.ordered(num, compare, true, "top", options);
  }

  async max(compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T> {
    const at = callSite();
    const rows = await this.ordered(1, compare, true, "max", options);
    if (rows.length === 0) throw emptyRdd("max", at);
    return rows[0]!;
  }

  async min(compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T> {
    const at = callSite();
    const rows = await this.ordered(1, compare, false, "min", options);
    if (rows.length === 0) throw emptyRdd("min", at);
    return rows[0]!;
  }

  /** All rows folded by `fn`, first within partitions. An error when there are none. */
  async reduce(fn: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    const at = callSite();
    const captured = this.capture(fn, "reduce", at);
    const parts = await this.driver.values<[] | [T]>(this.plan, { kind: "reduce", fn: captured }, "reduce", options);
    const values = parts.flat() as T[];
    if (values.length === 0) throw emptyRdd("reduce", at);
    return values.reduce((a, b) => fn(a, b));
  }

  /** Like `reduce`, starting every partition, and the driver, with a copy of `zero`. */
  async fold(zero: T, fn: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    return this.folded(zero, fn, fn, "fold", options);
  }

  /** `seqOp` folds each partition from a copy of `zero`; `combOp` joins the results on the driver, in partition order. */
  async aggregate<Z extends Hint, U extends Hint = Grown<Z>>(zero: Z & NoInfer<U>, seqOp: (acc: U, row: T) => U, combOp: (a: U, b: U) => U, options?: ActionOptions): Promise<NoInfer<U>> {
    return this.folded<U>(zero, seqOp, combOp, "aggregate", options);
  }

  async foreach(fn: (row: T) => void, options?: ActionOptions): Promise<void> {
    await this.driver.values(this.plan, { kind: "foreach", fn: this.capture(fn, "foreach", callSite()) }, "foreach", options);
  }

  async foreachPartition(fn: (rows: IteratorObject<T, undefined, unknown>) => void, options?: ActionOptions): Promise<void> {
    await this.driver.values(this.plan, { kind: "foreachPartition", fn: this.capture(fn, "foreachPartition", callSite()) }, "foreachPartition", options);
  }

  /** Rows per key; keys that are tuples or objects are equal by value only in `countByKeyEntries`. */
  async countByKey<K>(this: RddActions<Pair<K, unknown>>, options?: ActionOptions): Promise<Map<K, number>> {
    return new Map(await this.counted<K>(this.ones("countByKey"), "countByKey", options));
  }

  async countByKeyEntries<K>(this: RddActions<Pair<K, unknown>>, options?: ActionOptions): Promise<[K, number][]> {
    return this.counted<K>(this.ones("countByKeyEntries"), "countByKeyEntries", options);
  }

  /** How often each row is there; rows that are tuples or objects are equal by value only in `countByValueEntries`. */
  async countByValue(options?: ActionOptions): Promise<Map<T, number>> {
    return new Map(await this.countByValueEntries(options));
  }

  async countByValueEntries(options?: ActionOptions): Promise<[T, number][]> {
    const at = callSite();
    const keyed: Plan = { ...this.node("countByValue", at), op: "map", parent: this.plan, fn: builtin("withOne") };
    return this.counted<T>(keyed, "countByValue", options);
  }

  /** Pairs as a Map; of equal keys the last wins. Keys that are tuples or objects are found by value only in `collectAsMapEntries`. */
  async collectAsMap<K, V>(this: RddActions<Pair<K, V>>, options?: ActionOptions): Promise<Map<K, V>> {
    return new Map(await this.entries<K, V>("collectAsMap", options));
  }

  /** One `[key, value]` for each key, as it was first seen, with its last value. */
  async collectAsMapEntries<K, V>(this: RddActions<Pair<K, V>>, options?: ActionOptions): Promise<[K, V][]> {
    return this.entries<K, V>("collectAsMapEntries", options);
  }

  /** Values of one key. With a known partitioner only its partition is computed. */
  async lookup<K, V>(this: RddActions<Pair<K, V>>, key: K, options?: ActionOptions): Promise<V[]> {
    const known = partitionerOf(this.plan);
    const partitions = known?.kind === "hash" ? [hashPartition(key, known.partitions)] : undefined;
    const pairs: Plan = { ...this.node("lookup"), op: "lookup", parent: this.plan, key: encodeValue(key) };
    return this.driver.collect<V>(pairs, "lookup", partitions, undefined, options);
  }

  /** Rows one by one, computing a partition at a time. */
  async *toLocalIterator(options?: ActionOptions): AsyncGenerator<T, void, undefined> {
    for (let partition = 0; partition < this.numPartitions; partition++) {
      yield* await this.driver.collect<T>(this.plan, "toLocalIterator", [partition], undefined, options);
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.toLocalIterator();
  }

  /**
   * Writes `part-00000` … and `_SUCCESS` into a new directory, one line a row; strings as they are, other rows as JSON. An
   * existing directory is refused. Nothing of a failed job is left behind.
   */
  async saveAsTextFile(path: string, options?: ActionOptions): Promise<void> {
    const output = createOutput(path);
    try {
      await this.driver.values(this.plan, { kind: "saveText", output }, "saveAsTextFile", options);
      commitOutput(output);
    } catch (error) {
      abortOutput(output);
      throw error;
    }
  }

  /** @internal */
  private async takeAs(num: number, name: string, options?: ActionOptions): Promise<T[]> {
    const total = this.numPartitions;
    const rows: T[] = [];
    let from = 0;
    for (let width = 1; rows.length < num && from < total; width *= 4) {
      const partitions = Array.from({ length: Math.min(width, total - from) }, (_, i) => from + i);
      from += partitions.length;
      for (const row of await this.driver.collect<T>(this.plan, name, partitions, num - rows.length, options)) rows.push(row);
    }
    return rows.length > num ? rows.slice(0, num) : rows;
  }

  private async ordered(num: number, compare: ((a: T, b: T) => number) | undefined, descending: boolean, name: string, options?: ActionOptions): Promise<T[]> {
    const at = callSite();
    if (!Number.isSafeInteger(num) || num < 0) throw new FiresteelError("user", `${name} needs a number of rows, 0 or more, but got ${num}`, { at });
    const comparator = compare && this.capture(compare, name, at);
    const parts = await this.driver.values<T[]>(this.plan, { kind: "takeOrdered", rows: num, comparator, descending }, name, options);
    const order = (compare ?? compareValues) as (a: unknown, b: unknown) => number;
    const top = new TopRows(num, descending ? (a, b) => order(b, a) : order);
    if (num > 0) for (const part of parts) for (const row of part) top.push(row);
    return top.finish() as T[];
  }

  private async folded<U>(zero: U, seqOp: (acc: U, row: T) => U, combOp: (a: U, b: U) => U, name: string, options?: ActionOptions): Promise<U> {
    const at = callSite();
    const fn = this.capture(seqOp, name, at);
    const encoded = encodeValue(zero);
    const parts = await this.driver.values<U>(this.plan, { kind: "aggregate", zero: encoded, fn }, name, options);
    return parts.reduce((a, b) => combOp(a, b), this.driver.decode<U>(encoded));
  }

  private async entries<K, V>(name: string, options?: ActionOptions): Promise<[K, V][]> {
    const entries = new Map<unknown, [K, V]>();
    for (const [key, value] of await this.driver.collect<Pair<K, V>>(this.plan, name, undefined, undefined, options)) {
      const identity = identityOf(key);
      const known = entries.get(identity);
      if (known === undefined) entries.set(identity, [key, value]);
      else known[1] = value;
    }
    return [...entries.values()];
  }

  private ones(name: string): Plan {
    return { ...this.node(name), op: "mapValues", parent: this.plan, fn: builtin("one") };
  }

  private async counted<K>(pairs: Plan, name: string, options?: ActionOptions): Promise<[K, number][]> {
    const at = callSite();
    const by = this.driver.partitioner(undefined, [this.plan], name, at);
    const exchange: Plan = {
      ...this.node(name, at), op: "exchange", exchange: this.driver.nextExchangeId(), parent: pairs,
      partitioner: by, rows: "pairs", mapSide: { kind: "combine", combine: countCombine },
    };
    const plan: Plan = { ...this.node(name, at), op: "aggregate", parent: exchange, combine: countCombine, from: "combiners" };
    return this.driver.collect<[K, number]>(plan, name, undefined, undefined, options);
  }
}

function emptyRdd(action: string, at: ReturnType<typeof callSite>): FiresteelError {
  return new FiresteelError("user", `${action}() of an empty Rdd`, { hint: "check isEmpty() first, or use fold", at });
}
