/**
 * Aggregates of numbers in kernels: by group ids. Their meaning is in kernels/aggregate.ts. States are f64s in kernel
 * memory that grow with the groups; operators read them as columns. Whole columns are column-stats.ts.
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { nullPtr, offset, type Ptr } from "./ptr.ts";
import { move } from "./regions.ts";

export type AggregateKind = "count" | "sum" | "min" | "max" | "moments";
/** Columns of f64 or i32. Others are widened first (`kernels.run.widenF32`). */
export type AggregateInput = "f64" | "i32";

/** What a group's state begins as. A sum begins as −0, so that it is its first value even when that is −0. */
const initialState: Record<AggregateKind, readonly number[]> = {
  count: [0],
  sum: [-0],
  min: [NaN],
  max: [-Infinity],
  moments: [0, 0, 0],
};

const callRows = 65536;
const groupsMin = 256;
/** Groups that a growth adds at most: beyond them doubling wastes more than moving costs. */
const growthMax = 1 << 22;

/** A run of f64s for each group, which the host grows. */
abstract class GroupStates {
  /** f64s of a group's state. */
  readonly stride: number;
  private capacity = 0;
  protected groups = 0;
  protected states = nullPtr;

  constructor(
    protected readonly kernels: Kernels,
    protected readonly allocator: Allocator,
    private readonly initial: readonly number[],
  ) {
    this.stride = initial.length;
  }

  /** f64[groups × stride]. Moves when groups are reserved. */
  get ptr(): Ptr {
    return this.states;
  }

  /**
   * Makes states for `groups` groups. Throws `MemoryRefused` and changes nothing; so reserve for the rows of a batch before
   * its keys go into the group table, and a refusal leaves both as they were.
   */
  reserve(groups: number): void {
    if (groups <= this.groups) return;
    if (groups > this.capacity) {
      const capacity = Math.max(groupsMin, groups, Math.min(this.capacity * 2, this.capacity + growthMax));
      const states = this.allocator.alloc(capacity * this.stride * 8);
      move(this.kernels, this.states, this.groups * this.stride * 8, states);
      this.freeStates();
      this.states = states;
      this.capacity = capacity;
    }
    const { f64 } = this.kernels;
    const { initial, stride } = this;
    const from = this.states / 8 + this.groups * stride;
    const to = this.states / 8 + groups * stride;
    for (let field = 0; field < stride; field++) {
      const value = initial[field]!;
      for (let at = from + field; at < to; at += stride) f64[at] = value;
    }
    this.groups = groups;
  }

  free(): void {
    this.freeStates();
  }

  private freeStates(): void {
    if (this.capacity > 0) this.allocator.free(this.states, this.capacity * this.stride * 8);
    this.capacity = 0;
  }
}

/**
 * One aggregate of each group: 1 f64, or 3 for moments (count, mean, M2). `ids` are a group table's; rows whose id is
 * `noGroup` are passed over.
 */
export class GroupAggregate extends GroupStates {
  /** `initial` is what each group's state begins as, where it is not the kind's own: the zero of a fold. */
  constructor(
    kernels: Kernels,
    allocator: Allocator,
    readonly kind: AggregateKind,
    initial?: number,
  ) {
    super(kernels, allocator, initial === undefined ? initialState[kind] : [initial]);
  }

  /** Folds n rows. `values` is not read by counts. States of the groups must have been reserved. */
  add(ids: Ptr, values: Ptr, n: number, input: AggregateInput = "f64"): void {
    const valueBytes = input === "f64" ? 8 : 4;
    for (let from = 0; from < n; from += callRows) {
      this.fold(offset(ids, from * 4), offset(values, from * valueBytes), Math.min(callRows, n - from), input);
    }
  }

  /** Merges states made by others of the same kind: f64[n × stride], part i into group ids[i]. */
  merge(ids: Ptr, parts: Ptr, n: number): void {
    const { run } = this.kernels;
    for (let from = 0; from < n; from += callRows) {
      const rows = Math.min(callRows, n - from);
      const at = offset(ids, from * 4);
      const part = offset(parts, from * this.stride * 8);
      if (this.kind === "moments") run.mergeMomentsBy(at, part, rows, this.states, this.groups);
      else if (this.kind === "count") run.sumByF64(at, part, rows, this.states, this.groups);
      else this.fold(at, part, rows, "f64");
    }
  }

  private fold(ids: Ptr, values: Ptr, n: number, input: AggregateInput): void {
    const { run } = this.kernels;
    const wide = input === "f64";
    switch (this.kind) {
      case "count":
        return run.countBy(ids, n, this.states, this.groups);
      case "sum":
        return (wide ? run.sumByF64 : run.sumByI32)(ids, values, n, this.states, this.groups);
      case "min":
        return (wide ? run.minByF64 : run.minByI32)(ids, values, n, this.states, this.groups);
      case "max":
        return (wide ? run.maxByF64 : run.maxByI32)(ids, values, n, this.states, this.groups);
      case "moments":
        return (wide ? run.momentsByF64 : run.momentsByI32)(ids, values, n, this.states, this.groups);
    }
  }
}

/** Sums of several f64 columns at once, side by side: state of group g at f64[g × columns]. Every row must have a reserved group. */
export class GroupSums extends GroupStates {
  private readonly pointers: Ptr;

  constructor(kernels: Kernels, allocator: Allocator, columns: number) {
    super(kernels, allocator, new Array<number>(columns).fill(-0));
    this.pointers = allocator.alloc(columns * 4);
  }

  add(ids: Ptr, columns: readonly Ptr[], n: number): void {
    for (let from = 0; from < n; from += callRows) {
      columns.forEach((column, i) => (this.kernels.u32[this.pointers / 4 + i] = column + from * 8));
      const rows = Math.min(callRows, n - from);
      this.kernels.run.sumColumnsBy(offset(ids, from * 4), this.pointers, this.stride, rows, this.states);
    }
  }

  override free(): void {
    this.allocator.free(this.pointers, this.stride * 4);
    super.free();
  }
}
