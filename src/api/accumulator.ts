/**
 * A value that tasks add to and the driver reads. Each successful task's amount is merged once, in partition order when its
 * stage ends. As in Spark, exact in actions; in transformations a stage that runs again adds again.
 */
import type { AccumulatorId } from "../base/ids.ts";
import { type Handle, handleSymbol } from "../closure/contracts.ts";
import { decodeValue, encodeValue } from "../data/value-codec.ts";
import type { PlanFunction } from "../plan/nodes.ts";
import type { Driver } from "./driver.ts";

export class Accumulator<T, A = T> {
  private current: T;
  private readonly zero: Uint8Array;

  /** @internal */
  constructor(
    driver: Driver,
    readonly id: AccumulatorId,
    readonly name: string | undefined,
    zero: T,
    /** What tasks fold with, and what the driver merges with. */
    merge: PlanFunction,
    private readonly fold: (value: T, amount: A) => T,
    join: (value: T, amount: T) => T,
  ) {
    this.zero = encodeValue(zero);
    this.current = zero;
    driver.define({ kind: "accumulator", id, zero: this.zero, merge });
    driver.watchAccumulator(id, amount => {
      this.current = join(this.current, amount as T);
    });
  }

  /** On the driver: what was merged so far, and added here. In a task it is refused. */
  get value(): T {
    return this.current;
  }

  add(amount: A): void {
    this.current = this.fold(this.current, amount);
  }

  /** Back to a copy of zero. */
  reset(): void {
    this.current = decodeValue(this.zero) as T;
  }

  [handleSymbol](): Handle {
    return { handle: "accumulator", id: this.id };
  }
}
