/**
 * A value that tasks add to and the driver reads. Each successful task's amount is merged once, in partition order when its
 * stage ends. As in Spark, exact in actions; in transformations a stage that runs again adds again.
 */
import type { AccumulatorId } from "../base/ids.ts";
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

export class Accumulator<T, A = T> {
  private current: T;
  private readonly zero: Uint8Array;

  /** @internal */
  constructor(
    driver: Driver,
    readonly id: AccumulatorId,
    readonly name: string | undefined,
    zero: T,
    private readonly fold: Fold<T, A>,
  ) {
    this.zero = encodeAt(zero, "the accumulator's zero", callSite());
    this.current = this.zeroCopy();
    driver.define({ kind: "accumulator", id, zero: this.zero, merge: fold.inTask });
    driver.watchAccumulator(id, amount => {
      this.current = fold.join(this.current, amount as T);
    });
  }

  /** On the driver: what was merged so far, and added here. In a task it is refused. Changing it changes nothing else. */
  get value(): T {
    return Array.isArray(this.current) ? ([...(this.current as unknown[])] as T) : this.current;
  }

  add(amount: A): void {
    this.current = this.fold.add(this.current, amount);
  }

  /** Back to a copy of zero. */
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
