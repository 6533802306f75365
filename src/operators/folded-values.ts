/**
 * One accumulator a group, folded by the user's function in row order. While every value and every result is a number the
 * accumulators are one f64 vector in kernel memory; the first that is not moves them to a JavaScript array, for good.
 */
import type { Column } from "../data/column.ts";
import { readColumn } from "../data/batch-reader.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { decodeValue } from "../data/value-codec.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";

type UserFunction = (...args: unknown[]) => unknown;

export interface Fold {
  /** Makes a group's first accumulator of its first value; undefined: the value itself. */
  readonly create: UserFunction | undefined;
  /** Encoded; a fresh copy starts each group, and the first value is merged into it. */
  readonly zero: Uint8Array | undefined;
  readonly merge: UserFunction;
}

const roomMin = 1024;

export class FoldedValues {
  private count = 0;
  private room = 0;
  private numbers: Ptr = nullPtr;
  private boxed: unknown[] | undefined;
  private readonly foldNumbers: NumberLoop;
  private readonly foldBoxed: BoxedLoop;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly fold: Fold,
  ) {
    this.foldNumbers = makeNumberLoop(fold.merge);
    this.foldBoxed = makeBoxedLoop(fold.merge);
    if (fold.create !== undefined || fold.zero !== undefined) this.boxed = [];
  }

  /** ids[i] names the group of values' row i; groups from `count` on are new. `groups` is their number afterwards. */
  add(ids: Ptr, values: Column, groups: number): void {
    const { kernels } = this;
    const idView = kernels.u32.subarray(ids / 4, ids / 4 + values.rows);
    let from = 0;
    if (this.boxed === undefined && values.kind === "f64") {
      this.reserve(groups);
      const view = kernels.f64.subarray(this.numbers / 8, this.numbers / 8 + this.room);
      const input = kernels.f64.subarray(values.values / 8, values.values / 8 + values.rows);
      const stopped = this.foldNumbers(view, idView, input, this.count);
      this.count = Math.max(this.count, groups);
      if (stopped === undefined) return;
      // one result was not a number: groups seen so far are in the vector, the row itself is folded already
      this.count = stopped.count;
      this.toBoxed();
      this.boxed![idView[stopped.row]!] = stopped.result;
      from = stopped.row + 1;
    } else if (this.boxed === undefined) this.toBoxed();
    const reader = readColumn(kernels, values);
    const { create, zero, merge } = this.fold;
    const first = create ?? (zero === undefined ? undefined : (value: unknown) => merge(decodeValue(zero), value));
    this.count = this.foldBoxed(this.boxed!, idView, reader.toArray(), from, this.count, first);
  }

  /** Groups that have an accumulator. */
  get groups(): number {
    return this.count;
  }

  /** Accumulators of as many new groups, as `column` gave them. A refusal changes nothing. */
  restore(accumulators: Column): void {
    const { kernels, count } = this;
    const { rows } = accumulators;
    if (this.boxed === undefined && accumulators.kind === "f64") {
      this.reserve(count + rows);
      kernels.u8.copyWithin(this.numbers + count * 8, accumulators.values, accumulators.values + rows * 8);
    } else {
      if (this.boxed === undefined) this.toBoxed();
      for (const value of readColumn(kernels, accumulators).toArray()) this.boxed!.push(value);
    }
    this.count += rows;
  }

  /** The accumulators of groups from … from + rows. `writer` is used for what is not all numbers. */
  column(from: number, rows: number, writer: BatchWriter): Column {
    if (this.boxed === undefined) return { kind: "f64", rows, values: offset(this.numbers, from * 8) };
    writer.reset();
    for (let group = from; group < from + rows; group++) writer.push(this.boxed[group]);
    return writer.finish().root;
  }

  /** The accumulators as a vector by group id, when all are numbers. */
  get vector(): Ptr | undefined {
    return this.boxed === undefined ? this.numbers : undefined;
  }

  get(group: number): unknown {
    return this.boxed === undefined ? this.kernels.f64[this.numbers / 8 + group] : this.boxed[group];
  }

  free(): void {
    if (this.room > 0) this.allocator.free(this.numbers, this.room * 8);
    this.room = 0;
    this.boxed = undefined;
  }

  private reserve(groups: number): void {
    if (groups <= this.room) return;
    const room = Math.max(roomMin, groups, this.room * 2);
    const numbers = this.allocator.alloc(room * 8);
    if (this.room > 0) {
      this.kernels.u8.copyWithin(numbers, this.numbers, this.numbers + this.count * 8);
      this.allocator.free(this.numbers, this.room * 8);
    }
    this.numbers = numbers;
    this.room = room;
  }

  private toBoxed(): void {
    this.boxed = Array.from(this.kernels.f64.subarray(this.numbers / 8, this.numbers / 8 + this.count));
    if (this.room > 0) this.allocator.free(this.numbers, this.room * 8);
    this.room = 0;
  }
}

type NumberLoop = (
  accumulators: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  count: number,
) => { readonly row: number; readonly count: number; readonly result: unknown } | undefined;

type BoxedLoop = (
  accumulators: unknown[],
  ids: Uint32Array,
  values: readonly unknown[],
  from: number,
  count: number,
  first: UserFunction | undefined,
) => number;

// Made anew for every function, so that the engine's compiler inlines this one function into this one loop.
function makeNumberLoop(merge: UserFunction): NumberLoop {
  return new Function(
    "merge",
    `return (accumulators, ids, values, count) => {
      for (let i = 0; i < ids.length; i++) {
        const group = ids[i];
        if (group >= count) { accumulators[group] = values[i]; count = group + 1; continue; }
        const result = merge(accumulators[group], values[i]);
        if (typeof result !== "number") return { row: i, count, result };
        accumulators[group] = result;
      }
      return undefined;
    };`,
  )(merge) as NumberLoop;
}

function makeBoxedLoop(merge: UserFunction): BoxedLoop {
  return new Function(
    "merge",
    `return (accumulators, ids, values, from, count, first) => {
      for (let i = from; i < ids.length; i++) {
        const group = ids[i];
        if (group >= count) { accumulators[group] = first === undefined ? values[i] : first(values[i]); count = group + 1; }
        else accumulators[group] = merge(accumulators[group], values[i]);
      }
      return count;
    };`,
  )(merge) as BoxedLoop;
}
