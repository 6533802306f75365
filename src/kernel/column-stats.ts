/**
 * Sum and statistics of whole columns in kernels. Numbers come in batches of any size; the result depends on their order
 * alone, for number r of a partition belongs to lane r mod 8 however the batches are cut (kernels/aggregate.ts).
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

const callRows = 65536;
const lanes = 8;
const sumStateBytes = (1 + lanes) * 8;
const momentStateBytes = (1 + 2 * lanes) * 8;

/** The engine's own sum. */
export class ColumnSum {
  private readonly state: Ptr;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {
    this.state = allocator.alloc(sumStateBytes);
    kernels.f64.fill(0, this.state / 8, (this.state + sumStateBytes) / 8);
  }

  /** n numbers as f64 */
  add(values: Ptr, n: number): void {
    for (let from = 0; from < n; from += callRows) {
      this.kernels.run.sumLanes(offset(values, from * 8), Math.min(callRows, n - from), this.state);
    }
  }

  get count(): number {
    return this.kernels.f64[this.state / 8]!;
  }

  /** 0 of nothing. */
  get sum(): number {
    const at = this.state / 8 + 1;
    return inPairs(Array.from(this.kernels.f64.subarray(at, at + lanes)), (a, b) => a + b);
  }

  free(): void {
    this.allocator.free(this.state, sumStateBytes);
  }
}

/** What a column, or several partitions of one, come to. Of no rows: see `emptyStats`. */
export interface Stats {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  /** Sum of squared differences from the mean: variance × count. */
  readonly m2: number;
  readonly min: number;
  readonly max: number;
}

export const emptyStats: Stats = { count: 0, sum: 0, mean: 0, m2: 0, min: NaN, max: -Infinity };

export class ColumnStats {
  private readonly sums: ColumnSum;
  private readonly moments: Ptr;
  private min = emptyStats.min;
  private max = emptyStats.max;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {
    this.moments = allocator.alloc(momentStateBytes);
    kernels.f64.fill(0, this.moments / 8, (this.moments + momentStateBytes) / 8);
    this.sums = new ColumnSum(kernels, allocator);
  }

  /** n numbers as f64 */
  add(values: Ptr, n: number): void {
    const { run } = this.kernels;
    for (let from = 0; from < n; from += callRows) {
      const at = offset(values, from * 8);
      const rows = Math.min(callRows, n - from);
      this.sums.add(at, rows);
      run.momentLanes(at, rows, this.moments);
      this.min = run.foldMinF64(at, rows, this.min);
      this.max = run.foldMaxF64(at, rows, this.max);
    }
  }

  result(): Stats {
    const { f64 } = this.kernels;
    const means = this.moments / 8 + 1;
    const rows = this.sums.count;
    const parts = Array.from({ length: lanes }, (_, lane): Stats => ({
      ...emptyStats,
      count: Math.floor(rows / lanes) + (rows % lanes > lane ? 1 : 0),
      mean: f64[means + lane]!,
      m2: f64[means + lanes + lane]!,
    }));
    return { ...inPairs(parts, mergeStats), sum: this.sums.sum, min: this.min, max: this.max };
  }

  free(): void {
    this.sums.free();
    this.allocator.free(this.moments, momentStateBytes);
  }
}

/** Neighbours first, then neighbours of those: (0 + 1) + (2 + 3) … */
function inPairs<T>(parts: readonly T[], merge: (a: T, b: T) => T): T {
  if (parts.length === 1) return parts[0]!;
  return inPairs(
    parts.flatMap((part, i) => (i % 2 === 0 ? [merge(part, parts[i + 1]!)] : [])),
    merge,
  );
}

/** Statistics of two runs of numbers, one after the other. The driver merges those of partitions in partition order. */
export function mergeStats(a: Stats, b: Stats): Stats {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    count,
    sum: a.sum + b.sum,
    mean: a.mean + delta * (b.count / count),
    m2: a.m2 + b.m2 + delta * delta * ((a.count * b.count) / count),
    min: isLess(b.min, a.min) ? b.min : a.min,
    max: isLess(a.max, b.max) ? b.max : a.max,
  };
}

/** NaN is above all other numbers. */
function isLess(a: number, b: number): boolean {
  return a < b || (Number.isNaN(b) && !Number.isNaN(a));
}
