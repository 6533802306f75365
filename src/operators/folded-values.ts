/**
 * One accumulator a group, folded by the user's function in row order. Where the function has native code for the values that
 * come, accumulators are arrays in kernel memory; so they are, folded in JavaScript, while every value and every result is a
 * number. The first row of another kind moves them to a JavaScript array, for good. All ways give the same values.
 */
import type { TaskMetrics } from "../base/events.ts";
import { readColumn } from "../data/batch-reader.ts";
import type { Column } from "../data/column.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { decodeValue } from "../data/value-codec.ts";
import type { AccumulatorType } from "../expr/fold-layout.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { Accumulators, typeOfAccumulators } from "./accumulators.ts";
import { type BoxedLoop, makeBoxedLoop, makeNumberLoop, type NumberLoop } from "./fold-loops.ts";

type UserFunction = (...args: unknown[]) => unknown;

export interface Fold {
  /** Makes a group's first accumulator of its first value; undefined: the value itself. */
  readonly create: UserFunction | undefined;
  /** Encoded; a fresh copy starts each group, and the first value is merged into it. */
  readonly zero: Uint8Array | undefined;
  readonly merge: UserFunction;
  /** Opens the same fold in native code, where it has any. */
  readonly native?: ((kernels: Kernels, allocator: Allocator) => NativeFold) | undefined;
}

/** Finds native code for the values that come. */
export interface NativeFold {
  /** For values laid out like these and, if there are some, accumulators of the type. Undefined: there is none. */
  loopFor(values: Column, accumulators: AccumulatorType | undefined): FoldLoop | undefined;
  free(): void;
}

export interface FoldLoop {
  readonly type: AccumulatorType;
  /**
   * Folds value i into accumulator ids[i] of the arrays; ids from `groups` on are new, each when first met the next. Returns the
   * rows it did: all, or those before one that needs JavaScript.
   */
  run(ids: Ptr, values: Column, groups: number, accumulators: readonly Ptr[]): number;
}

/** Rows that native code and JavaScript handled are counted here. */
export type RowCounters = { -readonly [Name in "kernelRows" | "jsRows"]: TaskMetrics[Name] };

const numbers: AccumulatorType = { kind: "f64" };

export class FoldedValues {
  private count = 0;
  private arrays: Accumulators | undefined;
  private boxed: unknown[] | undefined;
  private native: NativeFold | undefined;
  private numberLoop: NumberLoop | undefined;
  private boxedLoop: BoxedLoop | undefined;
  /** What a column needs besides the arrays. */
  private readonly scratch: Arena;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly fold: Fold,
    private readonly counters: RowCounters,
  ) {
    this.scratch = new Arena(allocator);
    this.native = fold.native?.(kernels, allocator);
  }

  /** ids[i] names the group of values' row i; groups from `count` on are new. `groups` is their number afterwards. */
  add(ids: Ptr, values: Column, groups: number): void {
    const { rows } = values;
    const done = this.boxed === undefined ? this.addToArrays(ids, values, groups) : 0;
    if (done === rows) return;
    this.toBoxed();
    this.counters.jsRows += rows - done;
    const { create, zero, merge } = this.fold;
    const first = create ?? (zero === undefined ? undefined : (value: unknown) => merge(decodeValue(zero), value));
    const all = readColumn(this.kernels, values).toArray();
    this.boxedLoop ??= makeBoxedLoop(merge);
    this.count = this.boxedLoop(this.boxed!, this.idsOf(ids, rows), all, done, this.count, first);
  }

  /** Groups that have an accumulator. */
  get groups(): number {
    return this.count;
  }

  /** Accumulators of as many new groups, as `column` gave them. A refusal changes nothing. */
  restore(accumulators: Column): void {
    const { kernels, count } = this;
    if (this.boxed === undefined && this.restoreArrays(accumulators)) {
      this.count += accumulators.rows;
      return;
    }
    this.toBoxed();
    for (const value of readColumn(kernels, accumulators).toArray()) this.boxed!.push(value);
    this.count = count + accumulators.rows;
  }

  /** The accumulators of groups from … from + rows, valid until the next call. `writer` is used for boxed ones. */
  column(from: number, rows: number, writer: BatchWriter): Column {
    if (this.boxed === undefined) {
      this.scratch.reset();
      return this.arrays!.column(from, rows, this.scratch);
    }
    writer.reset();
    for (let group = from; group < from + rows; group++) writer.push(this.boxed[group]);
    return writer.finish().root;
  }

  /** The accumulators of groups ids[i] as a column; undefined when they are boxed. */
  gather(ids: Ptr, rows: number, allocator: Allocator): Column | undefined {
    return this.boxed === undefined ? this.arrays?.gather(ids, rows, allocator) : undefined;
  }

  get(group: number): unknown {
    return this.boxed === undefined ? this.arrays!.get(group) : this.boxed[group];
  }

  free(): void {
    this.arrays?.free();
    this.arrays = undefined;
    this.boxed = undefined;
    this.scratch.close();
    this.native?.free();
    this.native = undefined;
  }

  /** The rows that were folded into arrays. */
  private addToArrays(ids: Ptr, values: Column, groups: number): number {
    const { rows } = values;
    const loop = this.native?.loopFor(values, this.arrays?.type);
    if (loop !== undefined) {
      const arrays = this.arraysFor(loop.type, groups);
      const done = loop.run(ids, values, this.count, arrays.pointers);
      this.counters.kernelRows += done;
      this.count = done === rows ? Math.max(this.count, groups) : this.groupsWithin(ids, done);
      return done;
    }
    const { create, zero, merge } = this.fold;
    const isNumbers = (this.arrays?.type ?? numbers).kind === "f64" && values.kind === "f64";
    if (!isNumbers || create !== undefined || zero !== undefined) return 0;
    const arrays = this.arraysFor(numbers, groups);
    this.numberLoop ??= makeNumberLoop(merge);
    const { f64 } = this.kernels;
    const [at, input] = [arrays.pointers[0]! / 8, values.values / 8];
    const accumulators = f64.subarray(at, at + groups);
    const stopped = this.numberLoop(accumulators, this.idsOf(ids, rows), f64.subarray(input, input + rows), this.count);
    this.counters.jsRows += stopped === undefined ? rows : stopped.row + 1;
    this.count = stopped === undefined ? Math.max(this.count, groups) : stopped.count;
    if (stopped === undefined) return rows;
    // one result was not a number; its row is folded already
    this.toBoxed();
    this.boxed![this.kernels.u32[ids / 4 + stopped.row]!] = stopped.result;
    return stopped.row + 1;
  }

  private arraysFor(type: AccumulatorType, groups: number): Accumulators {
    const arrays = this.arrays ?? new Accumulators(this.kernels, this.allocator, type);
    arrays.reserve(groups, this.count);
    return (this.arrays = arrays);
  }

  private restoreArrays(column: Column): boolean {
    const { kernels, allocator, count } = this;
    const type = this.arrays?.type ?? typeOfAccumulators(kernels, column);
    if (type === undefined) return false;
    const arrays = this.arrays ?? new Accumulators(kernels, allocator, type);
    if (!arrays.restore(column, count)) return false;
    this.arrays = arrays;
    return true;
  }

  /** The groups there are when the first `rows` rows are folded. */
  private groupsWithin(ids: Ptr, rows: number): number {
    let { count } = this;
    for (const id of this.idsOf(ids, rows)) if (id >= count) count = id + 1;
    return count;
  }

  private idsOf(ids: Ptr, rows: number): Uint32Array {
    return this.kernels.u32.subarray(ids / 4, ids / 4 + rows);
  }

  private toBoxed(): void {
    if (this.boxed !== undefined) return;
    const { arrays, count } = this;
    this.boxed = Array.from({ length: count }, (_, group) => arrays!.get(group));
    arrays?.free();
    this.arrays = undefined;
    this.native?.free();
    this.native = undefined;
  }
}
