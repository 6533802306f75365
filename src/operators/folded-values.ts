/**
 * One accumulator a group, folded by the user's function in row order. Where the function has native code for the values that
 * come, accumulators are arrays in kernel memory; so they are, folded in JavaScript, while every value and every result is a
 * number. The first row of another kind moves them to a JavaScript array, for good, where what they take is estimated and held
 * against the operator's memory: where they hold strings, with the texts of rows that those may be cut from. All ways give the same
 * values.
 */
import type { TaskMetrics } from "../base/events.ts";
import { readColumn, readToKeep } from "../data/batch-reader.ts";
import { blockBytes } from "../data/block.ts";
import type { Column } from "../data/column.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { decodeValue } from "../data/value-codec.ts";
import type { AccumulatorType } from "../expr/fold-layout.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { collectGarbage } from "../platform/heap.ts";
import { Accumulators, typeOfAccumulators } from "./accumulators.ts";
import { HeapCharge } from "./heap-charge.ts";
import { estimatedBytes } from "./heap-size.ts";
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
/** Boxed accumulators whose size is estimated after a batch: among all, and among those that its rows went to. */
const sizedGroups = 8;
/** Estimates are made as often as rows have become more by this. */
const sizedAgain = 1 + 1 / 16;
/** Spilling divides groups. Where one of them is as much of all as this, that does not help. */
const largeGroupShare = 1 / 4;
/** Of accumulators that take so much, each of as many parts is collected once it has been taken: they lived long. */
const collectedBytesMin = 4 * 2 ** 20;
const takenParts = 4;
/** More than any string has. */
const anyTextBytes = 2 ** 32;

export class FoldedValues {
  private count = 0;
  private arrays: Accumulators | undefined;
  private boxed: unknown[] | undefined;
  private native: NativeFold | undefined;
  private numberLoop: NumberLoop | undefined;
  private boxedLoop: BoxedLoop | undefined;
  private boxedBytes = 0;
  private taken = 0;
  private largestBytes = 0;
  /** Whether accumulators hold strings. */
  private keepsText: boolean;
  /** Of the values' columns that came since there were boxed accumulators. */
  private mergedBytes = 0;
  private mergedRows = 0;
  /** The next estimate is made at so many rows. */
  private sizedAtRows = 0;
  private readonly heap: HeapCharge;
  /** What a column needs besides the arrays. */
  private readonly scratch: Arena;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly fold: Fold,
    private readonly counters: RowCounters,
  ) {
    this.scratch = new Arena(allocator);
    this.heap = new HeapCharge(kernels.memory, allocator);
    this.keepsText = fold.create === undefined && fold.zero === undefined;
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
    const all = (this.keepsText ? readToKeep : readColumn)(this.kernels, values).toArray();
    this.mergedBytes += blockBytes(this.kernels, { rows, root: values });
    this.mergedRows += rows;
    this.boxedLoop ??= makeBoxedLoop(merge);
    const rowIds = this.idsOf(ids, rows);
    this.count = this.boxedLoop(this.boxed!, rowIds, all, done, this.count, first);
    if (this.mergedRows < this.sizedAtRows) return;
    this.sizeBoxed(rowIds);
    this.sizedAtRows = this.mergedRows * sizedAgain;
  }

  /** Before more rows come: what boxed accumulators have grown to is asked for. A refusal changes nothing. */
  chargeHeap(): void {
    if (this.boxedBytes > 0 && this.largestBytes < this.boxedBytes * largeGroupShare)
      this.heap.raiseTo(this.boxedBytes);
  }

  /** Before accumulators are written out: what stood for them is the room they need for that. */
  releaseHeap(): void {
    this.heap.free();
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
    for (const value of readToKeep(kernels, accumulators).toArray()) this.boxed!.push(value);
    this.count = count + accumulators.rows;
    this.sizeBoxed();
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

  /** The same, for the last time: what is given is no longer kept. */
  take(group: number): unknown {
    const value = this.get(group);
    if (this.boxed === undefined) return value;
    this.boxed[group] = undefined;
    const isMuch = this.boxedBytes > collectedBytesMin;
    if (++this.taken % Math.ceil(this.count / takenParts) === 0 && isMuch) collectGarbage();
    return value;
  }

  free(): void {
    this.arrays?.free();
    this.arrays = undefined;
    this.boxed = undefined;
    this.heap.free();
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

  /** Estimates what all boxed accumulators take: of some spread over all, and the largest of some that rows went to. */
  private sizeBoxed(recent: ArrayLike<number> = []): void {
    const boxed = this.boxed!;
    const sized = Math.min(sizedGroups, boxed.length);
    let [sum, largest] = [0, 0];
    for (let i = 0; i < sized; i++) {
      sum += this.sizeOf(boxed[Math.floor((i * boxed.length) / sized)]);
      const group = recent[Math.floor((i * recent.length) / sized)];
      if (group !== undefined) largest = Math.max(largest, estimatedBytes(boxed[group]));
    }
    this.boxedBytes = sized === 0 ? 0 : Math.ceil((sum / sized) * boxed.length);
    this.largestBytes = largest;
  }

  /** A string may keep the row that it is cut from, but no row is kept twice. */
  private sizeOf(accumulator: unknown): number {
    const bytes = estimatedBytes(accumulator);
    if (this.mergedRows === 0) return bytes;
    this.keepsText ||= estimatedBytes(accumulator, anyTextBytes) > bytes;
    const withRows = estimatedBytes(accumulator, this.mergedBytes / this.mergedRows);
    return Math.min(withRows, bytes + this.mergedBytes / this.boxed!.length);
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
