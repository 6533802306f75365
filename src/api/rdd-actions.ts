/**
 * Actions: each runs a job and gives a Promise. Results are folded on the driver in partition order, so they do not depend on
 * which task ended first. All take `{ signal }` last and reject with FiresteelError.
 */
import { FiresteelError } from "../base/errors.ts";
import { compareValues } from "../data/compare.ts";
import { identityOf } from "./identity.ts";
import { builtin } from "../operators/builtin-functions.ts";
import { notAPair, preview } from "../operators/row-errors.ts";
import { failureOf } from "../operators/task-failure.ts";
import { TopRows } from "../operators/top-rows.ts";
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import { createOutput, commitOutput, abortOutput } from "../sources/text-sink.ts";
import { encodeAt } from "./encode-at.ts";
import type { ActionRun } from "./driver.ts";
import { countCombine } from "./rdd-pairs.ts";
import { RddOrdered } from "./rdd-ordered.ts";
import type { ActionOptions, Grown, Hint, Pair } from "./widen.ts";

export abstract class RddActions<T> extends RddOrdered<T> {
  /** All rows, in order. Limited by `firesteel.driver.maxResultSize`. */
  async collect(options?: ActionOptions): Promise<T[]> {
    return this.driver.collect<T>(this.plan, this.driver.begin("collect", options));
  }

  async count(options?: ActionOptions): Promise<number> {
    const counts = await this.driver.values<number>(this.plan, { kind: "count" }, this.driver.begin("count", options));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** The first `num` rows. Looks at one partition first, then at four times as many, and so on. */
  async take(num: number, options?: ActionOptions): Promise<T[]> {
    const run = this.driver.begin("take", options);
    checkRows(num, run);
    return this.takeRows(num, run);
  }

  /** The first row; an error when there is none. */
  async first(options?: ActionOptions): Promise<T> {
    const run = this.driver.begin("first", options);
    return this.onlyRow(await this.takeRows(1, run), run, "take(1)");
  }

  async isEmpty(options?: ActionOptions): Promise<boolean> {
    return (await this.takeRows(1, this.driver.begin("isEmpty", options))).length === 0;
  }

  /** The first `num` rows in order: of `compare`, or the total order of values. Of equal rows the first stay. */
  async takeOrdered(num: number, compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T[]> {
    return this.ordered(num, compare, false, this.driver.begin("takeOrdered", options));
  }

  /** The last `num` rows in order, greatest first. Of equal rows the first stay. */
  async top(num: number, compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T[]> {
    return this.ordered(num, compare, true, this.driver.begin("top", options));
  }

  async max(compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T> {
    const run = this.driver.begin("max", options);
    return this.onlyRow(await this.ordered(1, compare, true, run), run, "top(1)");
  }

  async min(compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T> {
    const run = this.driver.begin("min", options);
    return this.onlyRow(await this.ordered(1, compare, false, run), run, "takeOrdered(1)");
  }

  /** All rows folded by `fn`, first within partitions. An error when there are none. */
  async reduce(fn: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    const run = this.driver.begin("reduce", options);
    const parts = await this.driver.values<[] | [T]>(this.plan, { kind: "reduce", fn: this.captureFor(fn, run) }, run);
    const values = parts.flat() as T[];
    return this.onlyRow(
      values.length === 0 ? [] : [onDriver(run, () => values.reduce((a, b) => fn(a, b)))],
      run,
      "fold",
    );
  }

  /** Like `reduce`, starting every partition, and the driver, with a copy of `zero`. */
  async fold(zero: T, fn: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    return this.folded(zero, fn, fn, this.driver.begin("fold", options));
  }

  /** `seqOp` folds each partition from a copy of `zero`; `combOp` joins the results on the driver, in partition order. */
  async aggregate<Z extends Hint, U extends Hint = Grown<Z>>(
    zero: Z & NoInfer<U>,
    seqOp: (acc: U, row: T) => U,
    combOp: (a: U, b: U) => U,
    options?: ActionOptions,
  ): Promise<NoInfer<U>> {
    return this.folded<U>(zero, seqOp, combOp, this.driver.begin("aggregate", options));
  }

  async foreach(fn: (row: T) => void, options?: ActionOptions): Promise<void> {
    const run = this.driver.begin("foreach", options);
    await this.driver.values(this.plan, { kind: "foreach", fn: this.captureFor(fn, run) }, run);
  }

  async foreachPartition(
    fn: (rows: IteratorObject<T, undefined, unknown>) => void,
    options?: ActionOptions,
  ): Promise<void> {
    const run = this.driver.begin("foreachPartition", options);
    await this.driver.values(this.plan, { kind: "foreachPartition", fn: this.captureFor(fn, run) }, run);
  }

  /** Rows per key; keys that are tuples or objects are found by value only in `countByKeyEntries`. */
  async countByKey<K>(this: RddActions<Pair<K, unknown>>, options?: ActionOptions): Promise<Map<K, number>> {
    return new Map(await this.countedByKey<K>(this.driver.begin("countByKey", options)));
  }

  async countByKeyEntries<K>(this: RddActions<Pair<K, unknown>>, options?: ActionOptions): Promise<[K, number][]> {
    return this.countedByKey<K>(this.driver.begin("countByKeyEntries", options));
  }

  /** How often each row is there; rows that are tuples or objects are found by value only in `countByValueEntries`. */
  async countByValue(options?: ActionOptions): Promise<Map<T, number>> {
    return new Map(await this.countedByValue(this.driver.begin("countByValue", options)));
  }

  async countByValueEntries(options?: ActionOptions): Promise<[T, number][]> {
    return this.countedByValue(this.driver.begin("countByValueEntries", options));
  }

  /** Pairs as a Map; of equal keys the last wins. Keys that are tuples or objects are found by value only in `collectAsMapEntries`. */
  async collectAsMap<K, V>(this: RddActions<Pair<K, V>>, options?: ActionOptions): Promise<Map<K, V>> {
    return new Map(await this.entries<K, V>(this.driver.begin("collectAsMap", options)));
  }

  /** One `[key, value]` for each key, as it was first seen, with its last value. */
  async collectAsMapEntries<K, V>(this: RddActions<Pair<K, V>>, options?: ActionOptions): Promise<[K, V][]> {
    return this.entries<K, V>(this.driver.begin("collectAsMapEntries", options));
  }

  /** Values of one key. Where a partitioner is known, but for ranges, only the key's partition is computed. */
  async lookup<K, V>(this: RddActions<Pair<K, V>>, key: K, options?: ActionOptions): Promise<V[]> {
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

  /** Rows one by one, computing a partition at a time. */
  toLocalIterator(options?: ActionOptions): AsyncGenerator<T, void, undefined> {
    return this.partitionByPartition(this.driver.begin("toLocalIterator", options));
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.toLocalIterator();
  }

  /**
   * Writes `part-00000` … and `_SUCCESS` into a new directory, one line a row; strings as they are, other rows as JSON. An
   * existing directory is refused. Nothing of a failed job is left behind.
   */
  async saveAsTextFile(path: string, options?: ActionOptions): Promise<void> {
    const run = this.driver.begin("saveAsTextFile", options);
    if (this.driver.explains)
      return void (await this.driver.values(this.plan, { kind: "saveText", output: { path } }, run));
    const output = onDriver(run, () => createOutput(path));
    try {
      const attempts = await this.driver.values<number>(this.plan, { kind: "saveText", output }, run);
      onDriver(run, () => commitOutput(output, attempts));
    } catch (error) {
      abortOutput(output);
      throw error;
    }
  }

  private async *partitionByPartition(run: ActionRun): AsyncGenerator<T, void, undefined> {
    for (let partition = 0; partition < this.numPartitions; partition++)
      yield* await this.driver.collect<T>(this.plan, run, [partition]);
  }

  private async takeRows(num: number, run: ActionRun): Promise<T[]> {
    const total = this.numPartitions;
    const rows: T[] = [];
    let from = 0;
    for (let width = 1; rows.length < num && from < total; width *= 4) {
      const partitions = Array.from({ length: Math.min(width, total - from) }, (_, i) => from + i);
      from += partitions.length;
      for (const row of await this.driver.collect<T>(this.plan, run, partitions, num - rows.length)) rows.push(row);
    }
    return rows.length > num ? rows.slice(0, num) : rows;
  }

  private async ordered(
    num: number,
    compare: ((a: T, b: T) => number) | undefined,
    descending: boolean,
    run: ActionRun,
  ): Promise<T[]> {
    checkRows(num, run);
    const comparator = compare && this.captureFor(compare, run);
    const parts = await this.driver.values<T[]>(
      this.plan,
      { kind: "takeOrdered", rows: num, comparator, descending },
      run,
    );
    const order = (compare ?? compareValues) as (a: unknown, b: unknown) => number;
    const top = new TopRows(num, descending ? (a, b) => order(b, a) : order);
    return onDriver(run, () => {
      if (num > 0) for (const part of parts) for (const row of part) top.push(row);
      return top.finish() as T[];
    });
  }

  private async folded<U>(
    zero: U,
    seqOp: (acc: U, row: T) => U,
    combOp: (a: U, b: U) => U,
    run: ActionRun,
  ): Promise<U> {
    const fn = this.captureFor(seqOp, run);
    const encoded = encodeAt(zero, "the zero value", run.at);
    const parts = await this.driver.values<U>(this.plan, { kind: "aggregate", zero: encoded, fn }, run);
    return onDriver(run, () => parts.reduce((a, b) => combOp(a, b), this.driver.decode<U>(encoded)));
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

  /** The one row that there must be; where jobs are only explained, undefined. */
  private onlyRow<U>(rows: readonly U[], { operator, at }: ActionRun, instead: string): U {
    if (rows.length > 0 || this.driver.explains) return rows[0] as U;
    throw new FiresteelError("user", `${operator}() of an empty Rdd`, {
      hint: `check isEmpty() first, or use ${instead}`,
      at,
    });
  }

  private captureFor(fn: unknown, run: ActionRun): PlanFunction {
    return this.capture(fn, run.operator, run.at);
  }
}

function checkRows(num: number, { operator, at }: ActionRun): void {
  if (Number.isSafeInteger(num) && num >= 0) return;
  throw new FiresteelError("user", `${operator} needs a number of rows, 0 or more, but got ${preview(num)}`, { at });
}

/** The driver's part of an action's work, which calls the user's functions too. */
function onDriver<T>(run: ActionRun, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error, run);
  }
}
