/**
 * A value that tasks add to and the driver reads. Each successful task's amount is merged once, in partition order when its
 * stage ends. As in Spark, exact in actions; in transformations a stage that runs again adds again.
 */
import type { AccumulatorId } from "../base/ids.ts";
import { FiresteelError } from "../base/errors.ts";
import { inspected } from "../base/inspected.ts";
import { preview } from "../operators/row-errors.ts";
import { failureOf } from "../operators/task-failure.ts";
import { type Handle, handleSymbol } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { decodeValue } from "../data/value-codec.ts";
import type { PlanFunction } from "../plan/nodes.ts";
import { encodeAt } from "./encode-at.ts";
import type { Driver } from "./driver.ts";

/** How amounts become the value; the functions may change their first argument. @internal */
export interface Fold<T, A> {
  /** In a task, where it starts from zero. */
  readonly inTask: PlanFunction;
  /** On the driver, one amount. */
  readonly add: (value: T, amount: A) => T;
  /** On the driver, what a task came to. */
  readonly join: (value: T, amount: T) => T;
}

/**
 * A value that tasks add to and the driver reads. Exact in actions; in transformations a stage that runs again adds again, as in
 * Spark.
 */
export class Accumulator<T, A = T> {
  private current: T;
  private readonly zero: Uint8Array;

  /** @internal */
  constructor(
    driver: Driver,
    /**
     * Unique among the Context's accumulators.
     * @example
     * ```ts
     * ctx.longAccumulator().id !== ctx.longAccumulator().id // => true
     * ```
     */
    readonly id: AccumulatorId,
    /**
     * What it was given when it was made, or undefined.
     * @example
     * ```ts
     * ctx.longAccumulator("bad lines").name // => "bad lines"
     * ```
     */
    readonly name: string | undefined,
    zero: T,
    private readonly fold: Fold<T, A>,
  ) {
    this.zero = encodeAt(zero, "the accumulator's zero", callSite());
    this.current = this.zeroCopy();
    driver.define({ kind: "accumulator", id, zero: this.zero, merge: fold.inTask });
    const weak = new WeakRef(this);
    driver.watchAccumulator(id, amount => {
      const own = weak.deref();
      if (own !== undefined) own.current = fold.join(own.current, amount as T);
    });
    driver.shared.register(this, { kind: "accumulator", id });
  }

  /** @internal */
  [inspected](): string {
    return this.toString();
  }

  /**
   * What it is, in a text, with its value.
   * @example
   * ```ts
   * `${ctx.longAccumulator("rows")}` // => 'Accumulator "rows" (value 0)'
   * ```
   */
  toString(): string {
    return `Accumulator ${this.name === undefined ? this.id : JSON.stringify(this.name)} (value ${preview(this.current)})`;
  }

  /**
   * On the driver: what was merged so far, and added here. An amount counts once its task has succeeded, in the order of
   * partitions: once in actions such as `foreach`. What transformations add is added again whenever their rows are computed again: by
   * another action, or after a loss. Changing the value changes nothing else.
   * @throws in a task
   * @example
   * ```ts
   * const rows = ctx.longAccumulator();
   * await ctx.range(10).foreach(() => rows.add(1));
   * rows.value // => 10
   * ```
   */
  get value(): T {
    return Array.isArray(this.current) ? ([...(this.current as unknown[])] as T) : this.current;
  }

  /**
   * JSON of an accumulator is that of its value.
   * @example
   * ```ts
   * const rows = ctx.longAccumulator();
   * rows.add(2);
   * JSON.stringify({ rows }) // => '{"rows":2}'
   * ```
   */
  toJSON(): T {
    return this.value;
  }

  /**
   * Adds an amount, in a task or on the driver.
   * @example
   * ```ts
   * const rows = ctx.longAccumulator("rows");
   * rows.add(100);
   * await ctx.range(10).foreach(() => rows.add(1));
   * rows.value // => 110
   * ```
   */
  add(amount: A): void {
    try {
      this.current = this.fold.add(this.current, amount);
    } catch (thrown) {
      throw thrown instanceof FiresteelError ? failureOf(thrown, { operator: "add", at: callSite() }) : thrown;
    }
  }

  /**
   * Sets it back to a copy of its zero.
   * @example
   * ```ts
   * const rows = ctx.longAccumulator();
   * rows.add(3);
   * rows.reset();
   * rows.value // => 0
   * ```
   */
  reset(): void {
    this.current = this.zeroCopy();
  }

  /** @internal */
  [handleSymbol](): Handle {
    return { handle: "accumulator", id: this.id };
  }

  private zeroCopy(): T {
    return decodeValue(this.zero) as T;
  }
}
