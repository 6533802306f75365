/**
 * Actions: each runs a job and gives a Promise. Results are folded on the driver in partition order, so they do not depend on
 * which task ended first. All take `{ signal }` last and reject with FiresteelError.
 */
import { FiresteelError } from "../base/errors.ts";
import { compareValues } from "../data/compare.ts";
import { isThenable, preview, promised } from "../operators/row-errors.ts";
import { failureOf } from "../operators/task-failure.ts";
import { CheckedTop } from "../operators/checked-top.ts";
import { TopRows } from "../operators/top-rows.ts";
import type { PlanFunction } from "../plan/nodes.ts";
import { encodeAt } from "./encode-at.ts";
import { checkAborted } from "./cancellation.ts";
import type { ActionRun } from "./driver.ts";
import { RddOrdered } from "./rdd-ordered.ts";
import type { ActionOptions, Grown, Hint } from "./widen.ts";

export abstract class RddActions<T> extends RddOrdered<T> {
  /**
   * All rows, in order.
   * @cost job: all partitions are computed, and all rows come to the driver
   * @memory all rows are in the driver's heap
   * @throws when the rows have more bytes than `firesteel.driver.maxResultSize`
   * @example
   * ```ts
   * await ctx.parallelize(["a", "b"]).collect() // => ["a", "b"]
   * ```
   */
  async collect(options?: ActionOptions): Promise<T[]> {
    return this.driver.collect<T>(this.plan, this.driver.begin("collect", options));
  }

  /**
   * How many rows there are.
   * @cost job: all partitions are computed, one number a partition comes back
   * @memory one number a partition
   * @example
   * ```ts
   * await ctx.range(1000).filter(n => n % 3 === 0).count() // => 334
   * ```
   */
  async count(options?: ActionOptions): Promise<number> {
    const counts = await this.driver.values<number>(this.plan, { kind: "count" }, this.driver.begin("count", options));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * The first `num` rows.
   * @cost job: looks at one partition first, then at four times as many, and so on
   * @memory the rows are in the driver's heap
   * @throws when `num` is no integer, or negative
   * @example
   * ```ts
   * await ctx.range(1000).take(3) // => [0, 1, 2]
   * ```
   */
  async take(num: number, options?: ActionOptions): Promise<T[]> {
    const run = this.driver.begin("take", options);
    checkRows(num, run);
    return this.takeRows(num, run);
  }

  /**
   * The first row.
   * @cost job: looks at one partition first, then at four times as many, and so on
   * @memory one row
   * @throws when there is none
   * @example
   * ```ts
   * await ctx.parallelize(["a", "b"]).first() // => "a"
   * ```
   */
  async first(options?: ActionOptions): Promise<T> {
    const run = this.driver.begin("first", options);
    return this.onlyRow(await this.takeRows(1, run), run, "take(1)");
  }

  /**
   * Whether there is no row.
   * @cost job: looks at one partition first, then at four times as many, and so on
   * @memory one row at most
   * @example
   * ```ts
   * await ctx.range(10).filter(n => n > 99).isEmpty() // => true
   * ```
   */
  async isEmpty(options?: ActionOptions): Promise<boolean> {
    return (await this.takeRows(1, this.driver.begin("isEmpty", options))).length === 0;
  }

  /**
   * The first `num` rows in order: of `compare`, or the total order of values. Of equal rows the first stay. `compare` must be an
   * order; the first eight rows, and some of the result, are compared with themselves, both ways and by threes.
   * @cost job: all partitions are computed, each gives at most `num` rows
   * @memory `num` rows in each task's heap, and in the driver's
   * @throws when `num` is no integer, or negative; when `compare` gives what is no number, or proves to be no order
   * @example
   * ```ts
   * await ctx.parallelize([5, 1, 4, 2]).takeOrdered(2) // => [1, 2]
   * await ctx.parallelize(["pear", "fig"]).takeOrdered(1, (a, b) => a.length - b.length) // => ["fig"]
   * ```
   */
  async takeOrdered(num: number, compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T[]> {
    return this.ordered(num, compare, false, this.driver.begin("takeOrdered", options));
  }

  /**
   * The last `num` rows in order, greatest first. Of equal rows the first stay. `compare` is checked as in `takeOrdered`.
   * @cost job: all partitions are computed, each gives at most `num` rows
   * @memory `num` rows in each task's heap, and in the driver's
   * @throws when `num` is no integer, or negative; when `compare` gives what is no number, or proves to be no order
   * @example
   * ```ts
   * await ctx.parallelize([5, 1, 4, 2]).top(2) // => [5, 4]
   * ```
   */
  async top(num: number, compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T[]> {
    return this.ordered(num, compare, true, this.driver.begin("top", options));
  }

  /**
   * The greatest row: by `compare`, or the total order of values, where NaN is above all numbers. The first of equal ones.
   * @cost job: all partitions are computed, each gives one row
   * @memory one row in each task's heap; one a partition on the driver
   * @throws when there are no rows; when `compare` gives what is no number, or proves to be no order
   * @example
   * ```ts
   * await ctx.parallelize([5, 1, 4]).max() // => 5
   * await ctx.parallelize(["pear", "fig"]).max((a, b) => a.length - b.length) // => "pear"
   * ```
   */
  async max(compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T> {
    const run = this.driver.begin("max", options);
    return this.onlyRow(await this.ordered(1, compare, true, run), run, "top(1)");
  }

  /**
   * The least row: by `compare`, or the total order of values. The first of equal ones.
   * @cost job: all partitions are computed, each gives one row
   * @memory one row in each task's heap; one a partition on the driver
   * @throws when there are no rows; when `compare` gives what is no number, or proves to be no order
   * @example
   * ```ts
   * await ctx.parallelize([5, 1, 4]).min() // => 1
   * ```
   */
  async min(compare?: (a: T, b: T) => number, options?: ActionOptions): Promise<T> {
    const run = this.driver.begin("min", options);
    return this.onlyRow(await this.ordered(1, compare, false, run), run, "takeOrdered(1)");
  }

  /**
   * All rows folded by `fn`: within partitions in their order, then on the driver in the order of partitions, so `fn` should be
   * associative.
   * @cost job: all partitions are computed, each gives one value
   * @memory one value in each task's heap; one a partition on the driver
   * @throws when there are no rows: `fold` needs none
   * @example
   * ```ts
   * await ctx.parallelize([2, 3, 4]).reduce((a, b) => a * b) // => 24
   * ```
   */
  async reduce(fn: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    const run = this.driver.begin("reduce", options);
    const parts = await this.driver.values<[] | [T]>(this.plan, { kind: "reduce", fn: this.captureFor(fn, run) }, run);
    const values = parts.flat() as T[];
    return this.onlyRow(values.length === 0 ? [] : [foldOnDriver(run, values, fn)], run, "fold");
  }

  /**
   * Like `reduce`, starting every partition, and the driver, with a copy of `zero`, which should change nothing.
   * @cost job: all partitions are computed, each gives one value
   * @memory one value in each task's heap; one a partition on the driver
   * @throws when `zero` cannot be sent
   * @example
   * ```ts
   * await ctx.emptyRdd<number>().fold(0, (a, b) => a + b) // => 0
   * ```
   */
  async fold(zero: T, fn: (a: T, b: T) => T, options?: ActionOptions): Promise<T> {
    return this.folded(zero, fn, fn, this.driver.begin("fold", options));
  }

  /**
   * `seqOp` folds each partition's rows into a copy of `zero`; `combOp` joins the results on the driver, in the order of
   * partitions.
   * @cost job: all partitions are computed, each gives one value
   * @memory one result in each task's heap; all of them on the driver
   * @throws when `zero` cannot be sent
   * @example
   * ```ts
   * const letters = ctx.parallelize(["fig", "apple"]);
   * await letters.aggregate(0, (sum, word) => sum + word.length, (a, b) => a + b) // => 8
   * ```
   */
  async aggregate<Z extends Hint, U extends Hint = Grown<Z>>(
    zero: Z & NoInfer<U>,
    seqOp: (acc: U, row: T) => U,
    combOp: (a: U, b: U) => U,
    options?: ActionOptions,
  ): Promise<NoInfer<U>> {
    return this.folded<U>(zero, seqOp, combOp, this.driver.begin("aggregate", options));
  }

  /**
   * `fn` of every row in the tasks, for what it does there: add to accumulators, write to other systems. A task that fails runs it
   * again.
   * @cost job: all partitions are computed, nothing comes back
   * @memory streams: a batch of rows at a time
   * @throws in the task, when `fn` returns a Promise
   * @example
   * ```ts
   * const sum = ctx.longAccumulator();
   * await ctx.range(5).foreach(n => sum.add(n));
   * sum.value // => 10
   * ```
   */
  async foreach(fn: (row: T) => void, options?: ActionOptions): Promise<void> {
    const run = this.driver.begin("foreach", options);
    await this.driver.values(this.plan, { kind: "foreach", fn: this.captureFor(fn, run) }, run);
  }

  /**
   * Like `foreach`, with each partition's rows as an iterator: for what is opened once a partition.
   * @cost job: all partitions are computed, nothing comes back
   * @memory rows are pulled as `fn` reads them
   * @throws in the task, when `fn` returns a Promise
   * @example
   * ```ts
   * const batches = ctx.collectionAccumulator<number>();
   * await ctx.range(0, 5, 1, 2).foreachPartition(rows => batches.add([...rows].length));
   * batches.value // => [2, 3]
   * ```
   */
  async foreachPartition(
    fn: (rows: IteratorObject<T, undefined, unknown>) => void,
    options?: ActionOptions,
  ): Promise<void> {
    const run = this.driver.begin("foreachPartition", options);
    await this.driver.values(this.plan, { kind: "foreachPartition", fn: this.captureFor(fn, run) }, run);
  }

  /**
   * Rows one by one, in order. What is not read is not computed, but for the partition that was begun.
   * @cost job: one for each partition, when its first row is asked for; `cache()` what is behind a long lineage
   * @memory one partition's rows in the driver's heap, within `firesteel.driver.maxResultSize`
   * @example
   * ```ts
   * const rows = ctx.range(1000).toLocalIterator();
   * (await rows.next()).value // => 0
   * ```
   */
  toLocalIterator(options?: ActionOptions): AsyncGenerator<T, void, undefined> {
    return this.partitionByPartition(this.driver.beginLater("toLocalIterator", options));
  }

  /**
   * What `for await (const row of rdd)` reads: `toLocalIterator()`.
   * @cost job: one for each partition, when its first row is asked for
   * @memory one partition's rows in the driver's heap
   * @example
   * ```ts
   * const seen: number[] = [];
   * for await (const n of ctx.range(3)) seen.push(n);
   * seen // => [0, 1, 2]
   * ```
   */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.toLocalIterator();
  }

  private async *partitionByPartition(run: ActionRun): AsyncGenerator<T, void, undefined> {
    for (let partition = 0; partition < this.numPartitions; partition++) {
      for (const row of await this.driver.collect<T>(this.plan, run, [partition])) {
        checkAborted(run);
        yield row;
      }
    }
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
    if (num === 0) return [];
    return onDriver(run, () => {
      const top =
        compare === undefined
          ? new TopRows(num, descending ? (a, b) => compareValues(b, a) : compareValues)
          : new CheckedTop(num, compare as (a: unknown, b: unknown) => unknown, descending);
      for (const part of parts) for (const row of part) top.push(row);
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
    // the driver alone calls it: it may use what cannot be sent
    if (typeof combOp !== "function")
      throw new FiresteelError("user", `${run.operator} needs a function as combOp, but got ${preview(combOp)}`, {
        hint: "give one that joins what two partitions gave: (a, b) => …",
        at: run.at,
      });
    const encoded = encodeAt(zero, "the zero value", run.at);
    const parts = await this.driver.values<U>(this.plan, { kind: "aggregate", zero: encoded, fn }, run);
    return foldOnDriver(run, [this.driver.decode<U>(encoded), ...parts], combOp);
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

/** The driver's part of an action's work, which calls the user's functions too. @internal */
export function onDriver<T>(run: ActionRun, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error, run);
  }
}

/** What partitions gave, one or more, in their order. @internal */
export function foldOnDriver<T>(run: ActionRun, values: readonly T[], fn: (a: T, b: T) => T): T {
  return onDriver(run, () => {
    const value = values.reduce((a, b) => fn(a, b));
    if (isThenable(value)) throw promised(run.operator, value);
    return value;
  });
}
