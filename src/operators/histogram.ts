/**
 * How many numbers lie between each two edges that follow each other: from the lower one on, up to below the upper one, which the last
 * bucket holds as well. NaN and what lies outside is not counted.
 */
import { NumberSink } from "./number-sink.ts";
import type { TaskEnv } from "./task-env.ts";

export class HistogramSink extends NumberSink {
  readonly counts: number[];
  private readonly edges: Float64Array;
  private readonly last: number;
  /** Buckets a unit, where edges are about evenly apart: a first guess. */
  private readonly scale: number;

  constructor(env: TaskEnv, edges: readonly number[]) {
    super(env, "histogram");
    this.edges = Float64Array.from(edges);
    this.last = edges.length - 2;
    this.counts = new Array<number>(edges.length - 1).fill(0);
    this.scale = this.isEven() ? (this.last + 1) / (edges.at(-1)! - edges[0]!) : NaN;
  }

  protected override add(row: number): void {
    const { edges, last } = this;
    if (!(row >= edges[0]! && row <= edges[last + 1]!)) return;
    let bucket: number;
    if (this.scale === this.scale) {
      bucket = Math.min(last, Math.floor((row - edges[0]!) * this.scale));
      // rounding: the edges decide
      while (row < edges[bucket]!) bucket--;
      while (bucket < last && row >= edges[bucket + 1]!) bucket++;
    } else bucket = this.search(row);
    this.counts[bucket]!++;
  }

  /** The last bucket whose lower edge is not above the row. */
  private search(row: number): number {
    const { edges } = this;
    let [low, high] = [0, this.last];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (edges[middle]! <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private isEven(): boolean {
    const { edges, last } = this;
    const width = (edges[last + 1]! - edges[0]!) / (last + 1);
    return (
      width > 0 && width < Infinity && edges.every((edge, i) => Math.abs(edge - edges[0]! - i * width) < width / 2)
    );
  }
}

/**
 * The edges of so many even buckets; one bucket of no width where all numbers are equal. What `edges[i]` is follows from the numbers
 * alone.
 */
export function evenEdges(min: number, max: number, buckets: number): number[] {
  if (min === max) return [min, max];
  const span = max - min;
  return Array.from({ length: buckets + 1 }, (_, i) => {
    if (i === buckets) return max;
    return span < Infinity ? min + (i * span) / buckets : min * (1 - i / buckets) + max * (i / buckets);
  });
}
