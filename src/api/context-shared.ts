/** What tasks share with the driver: broadcast values and accumulators. */
import { callSite } from "../closure/stack.ts";
import { addInteger, addNumber, builtin } from "../operators/builtin-functions.ts";
import { Accumulator, type Fold } from "./accumulator.ts";
import { Broadcast } from "./broadcast.ts";
import { ContextFiles } from "./context-files.ts";
import { encodeAt } from "./encode-at.ts";
import { checkOptionalText } from "./plain-arguments.ts";
import type { Grown, Hint } from "./widen.ts";

export abstract class ContextShared extends ContextFiles {
  /**
   * Sends a value to every executor once, when a task there first reads it; a task reads it as `broadcast.value`. What functions
   * capture is copied into every task instead.
   * @memory its bytes once on the driver and in each executor, and a decoded copy in each task thread that reads it
   * @throws when the value cannot be sent
   * @example
   * ```ts
   * const names = ctx.broadcast(new Map([[1, "one"], [2, "two"]]));
   * await ctx.parallelize([2, 1]).map(n => names.value.get(n)).collect() // => ["two", "one"]
   * ```
   */
  broadcast<T>(value: T): Broadcast<T> {
    return new Broadcast(
      this.driver,
      this.driver.nextBroadcastId(),
      encodeAt(value, "the broadcast value", callSite()),
      value,
    );
  }

  /**
   * A sum of integers.
   * @throws by `add`, when an amount is no integer
   * @example
   * ```ts
   * const bad = ctx.longAccumulator("bad lines");
   * await ctx.parallelize(["1", "x", "2"]).foreach(text => { if (Number.isNaN(Number(text))) bad.add(1); });
   * bad.value // => 1
   * ```
   */
  longAccumulator(name?: string): Accumulator<number> {
    return this.makeAccumulator("longAccumulator", name, 0, {
      inTask: builtin("addInteger"),
      add: addInteger,
      join: addInteger,
    });
  }

  /**
   * A sum of numbers, added up in the order of partitions, so that its bits are the same in every run.
   * @example
   * ```ts
   * const sum = ctx.doubleAccumulator();
   * await ctx.parallelize([0.5, 0.25]).foreach(n => sum.add(n));
   * sum.value // => 0.75
   * ```
   */
  doubleAccumulator(name?: string): Accumulator<number> {
    return this.makeAccumulator("doubleAccumulator", name, 0, {
      inTask: builtin("addNumber"),
      add: addNumber,
      join: addNumber,
    });
  }

  /**
   * A list of all that was added, in the order of partitions.
   * @memory all amounts are in the driver's heap
   * @example
   * ```ts
   * const seen = ctx.collectionAccumulator<string>();
   * await ctx.parallelize(["a", "b"]).foreach(row => seen.add(row));
   * seen.value // => ["a", "b"]
   * ```
   */
  collectionAccumulator<T>(name?: string): Accumulator<T[], T> {
    return this.makeAccumulator<T[], T>("collectionAccumulator", name, [], {
      inTask: builtin("append"),
      add: (list, item) => {
        list.push(item);
        return list;
      },
      join: (list, items) => {
        for (const item of items) list.push(item);
        return list;
      },
    });
  }

  /**
   * A value of any type with its own merge, which must be associative and leave what it is merged with `zero` as it is. It may
   * change its first argument.
   * @throws when `zero` or what `merge` captures cannot be sent
   * @example
   * ```ts
   * const most = ctx.accumulator(0, (a, b) => Math.max(a, b));
   * await ctx.parallelize([3, 8, 5]).foreach(n => most.add(n));
   * most.value // => 8
   * ```
   */
  accumulator<Z extends Hint, T extends Hint = Grown<Z>>(
    zero: Z & NoInfer<T>,
    merge: (a: T, b: T) => T,
    name?: string,
  ): Accumulator<NoInfer<T>> {
    const inTask = this.driver.capture(merge, "accumulator", callSite(), false);
    return this.makeAccumulator<T, T>("accumulator", name, zero, { inTask, add: merge, join: merge });
  }

  private makeAccumulator<T, A>(
    method: string,
    name: string | undefined,
    zero: T,
    fold: Fold<T, A>,
  ): Accumulator<T, A> {
    checkOptionalText(method, "text as its name", name, namesOnly(method));
    return new Accumulator(this.driver, this.driver.nextAccumulatorId(), name, zero, fold);
  }
}

/** Spark's old accumulators took what they began with. */
function namesOnly(method: string): string | undefined {
  if (method === "accumulator") return undefined;
  return method === "collectionAccumulator"
    ? "it begins empty"
    : "it begins at 0: ctx.accumulator(zero, merge) begins elsewhere";
}
