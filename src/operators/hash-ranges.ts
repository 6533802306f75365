/**
 * Rows on disk, cut into ranges of their keys' hashes: what does not fit is written here in the order it comes, and read back a
 * range at a time. Ranges are in hash order and equal hashes share one, so what is done to the ranges one after the other gives
 * its groups in hash order; and rows of one range and input come back in the order in which they were written.
 *
 * Where the cuts lie follows from what was in memory when it ran out. Nothing that is made of the rows may depend on it.
 */
import type { Batch } from "../data/column.ts";
import { gather, slice } from "../data/move.ts";
import { countPartitions, rangeIdsU64, scatterIndexes, startsOf } from "../kernel/partition.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import type { Segment } from "../storage/spill-file.ts";
import { Parts } from "./gather-parts.ts";
import type { Staged } from "./row-stage.ts";
import { refusalOf, SegmentReader, type SpillScope } from "./spill-scope.ts";

/**
 * First and last of some hashes' upper 53 bits, which a number holds: so few keys have the same that cutting by them always helps but
 * for rows of one key.
 */
export interface HashBounds {
  readonly low: number;
  readonly high: number;
}

export const allHashes: HashBounds = { low: 0, high: 2 ** 53 - 1 };
const bitsBelow = 11;
/** Of a hash's words. */
const upperShare = 2 ** (32 - bitsBelow);

const rangeCount = 16;

/** Rows in the order of their ranges, and how many each range has. */
interface Order {
  readonly indexes: Ptr;
  readonly counts: readonly number[];
}

export class HashRanges {
  /** By range and input. */
  private readonly segments: readonly (readonly Segment[][])[];
  /** Of each range. */
  private readonly lows = new Float64Array(rangeCount).fill(2 ** 53);
  private readonly highs = new Float64Array(rangeCount).fill(-1);
  private waitingInput = 0;

  constructor(
    private readonly scope: SpillScope,
    inputs: number,
    private readonly bounds: HashBounds,
  ) {
    this.segments = Array.from({ length: rangeCount }, () => Array.from({ length: inputs }, () => []));
  }

  /**
   * Appends rows, whose keys have these hashes (u64[rows]), to their ranges. Batches wait for each other, so that a range gets more
   * than a few of each one's rows.
   */
  write(input: number, batch: Batch, hashes: Ptr): void {
    if (batch.rows === 0) return;
    const { stage } = this.scope;
    if (stage.flush !== this.flush || input !== this.waitingInput) stage.flush?.();
    stage.flush = this.flush;
    this.waitingInput = input;
    if (stage.add(batch, hashes)) return;
    this.flush();
    if (!stage.add(batch, hashes)) this.cut(input, batch, hashes);
  }

  /** Appends one row, a block on the heap, whose key has this hash. */
  writePlain(input: number, block: Uint8Array, hash: Ptr): void {
    const { scope } = this;
    scope.stage.flush?.();
    this.segments[this.rangeOf(hash)]![input]!.push(scope.writePlain(block));
  }

  /** The ranges that have rows, in order. Nothing is written after this. */
  finish(): readonly number[] {
    this.flush();
    return Array.from(this.highs.keys()).filter(range => this.highs[range]! >= 0);
  }

  boundsOf(range: number): HashBounds {
    return { low: this.lows[range]!, high: this.highs[range]! };
  }

  segmentsOf(range: number, input: number): readonly Segment[] {
    return this.segments[range]![input]!;
  }

  /** The rows of each input in turn, as they were written. */
  open(range: number): RangeReader {
    return new RangeReader(this.scope, this.segments[range]!);
  }

  /** Forgets what waits. */
  free(): void {
    const { openStage } = this.scope;
    if (openStage?.flush !== this.flush) return;
    openStage.flush = undefined;
    openStage.clear();
  }

  /** Writes what waits. */
  private readonly flush = (): void => {
    const { openStage: stage } = this.scope;
    if (stage?.flush !== this.flush) return;
    try {
      this.cutStaged(stage.staged, stage.rows);
    } finally {
      stage.clear();
    }
  };

  /** The rows of some batches as if they were one; half of the batches at a time where memory is too short for that. */
  private cutStaged(staged: readonly Staged[], rows: number): void {
    const [first] = staged;
    if (staged.length <= 1) {
      if (first !== undefined) this.cut(this.waitingInput, first.batch, first.hashes);
      return;
    }
    const { scope, waitingInput } = this;
    const { scratch } = scope;
    const mark = scratch.mark();
    try {
      const parts = new Parts(
        scope.env.kernels,
        staged.map(each => each.batch),
      );
      const order = this.tryOrder(staged, rows, () => parts.prepare(scratch));
      if (order !== undefined) {
        parts.toIds(order.indexes, rows);
        this.writeOrdered(waitingInput, parts, order);
        return;
      }
    } finally {
      scratch.release(mark);
    }
    const half = staged.length >>> 1;
    for (const some of [staged.slice(0, half), staged.slice(half)])
      this.cutStaged(
        some,
        some.reduce((sum, { batch }) => sum + batch.rows, 0),
      );
  }

  private writeOrdered(input: number, parts: Parts, { indexes, counts }: Order): void {
    let start = 0;
    for (let i = 0; i < rangeCount; i++) {
      const count = counts[i]!;
      if (count > 0) this.scope.writeParts(parts, offset(indexes, start * 4), count, this.segments[i]![input]!);
      start += count;
    }
  }

  /** Writes to every range its rows. What memory is too short to cut whole is cut in halves; a single row needs none. */
  private cut(input: number, batch: Batch, hashes: Ptr): void {
    const { scope } = this;
    if (batch.rows === 1) {
      scope.writeAll(batch, this.segments[this.rangeOf(hashes)]![input]!);
      return;
    }
    const { scratch } = scope;
    const mark = scratch.mark();
    try {
      const order = this.tryOrder([{ batch, hashes }], batch.rows, () => {});
      if (order !== undefined) {
        this.writeOrdered(input, new Parts(scope.env.kernels, [batch]), order);
        return;
      }
    } finally {
      scratch.release(mark);
    }
    const half = batch.rows >>> 1;
    this.cut(input, slice(batch, 0, half), hashes);
    this.cut(input, slice(batch, half, batch.rows), offset(hashes, half * 8));
  }

  /** The rows by range, in scratch memory; undefined when there is not enough of it for so many, and for what `prepare` takes. */
  private tryOrder(staged: readonly Staged[], rows: number, prepare: () => void): Order | undefined {
    const { scratch } = this.scope;
    const mark = scratch.mark();
    try {
      const parts = staged.map(({ batch, hashes }) => ({ rows: batch.rows, hashes }));
      return this.orderOf(parts, rows, prepare);
    } catch (thrown) {
      refusalOf(thrown);
      scratch.release(mark);
      return undefined;
    }
  }

  private orderOf(
    parts: readonly { readonly rows: number; readonly hashes: Ptr }[],
    rows: number,
    prepare: () => void,
  ): Order {
    const { scratch, env } = this.scope;
    const { kernels } = env;
    const cuts = this.writeCuts(scratch.alloc(rangeCount * 8));
    const counts = scratch.alloc(rangeCount * 4);
    const cursors = scratch.alloc(rangeCount * 4);
    const ids = scratch.alloc(rows * 4);
    const indexes = scratch.alloc(rows * 4);
    prepare();
    let at = 0;
    for (const { rows: count, hashes } of parts) {
      const partIds = offset(ids, at * 4);
      rangeIdsU64(kernels, hashes, count, cuts, rangeCount - 1, partIds);
      this.widen(partIds, hashes, count);
      at += count;
    }
    countPartitions(kernels, ids, rows, rangeCount, counts);
    startsOf(kernels, counts, rangeCount, cursors);
    scatterIndexes(kernels, ids, rows, cursors, indexes);
    return { indexes, counts: Array.from(kernels.u32.subarray(counts / 4, counts / 4 + rangeCount)) };
  }

  /** The greatest hash of every range but the last. */
  private writeCuts(at: Ptr): Ptr {
    const { u64 } = this.scope.env.kernels;
    for (let i = 1; i < rangeCount; i++) u64[at / 8 + i - 1] = (BigInt(this.firstOf(i)) << BigInt(bitsBelow)) - 1n;
    return at;
  }

  /** The least hash, its upper bits, that a range after the first may have. */
  private firstOf(range: number): number {
    const { low, high } = this.bounds;
    return Math.max(1, low + Math.floor(((high - low + 1) / rangeCount) * range));
  }

  /** The range of one row's hash. */
  private rangeOf(hash: Ptr): number {
    const upper = upperBits(this.scope.env.kernels.u32, hash / 4);
    let range = 0;
    while (range + 1 < rangeCount && upper >= this.firstOf(range + 1)) range++;
    this.widenTo(range, upper);
    return range;
  }

  private widen(ids: Ptr, hashes: Ptr, rows: number): void {
    const { u32 } = this.scope.env.kernels;
    let at = hashes / 4;
    for (let i = ids / 4; i < ids / 4 + rows; i++, at += 2) this.widenTo(u32[i]!, upperBits(u32, at));
  }

  private widenTo(range: number, upper: number): void {
    const { lows, highs } = this;
    if (upper < lows[range]!) lows[range] = upper;
    if (upper > highs[range]!) highs[range] = upper;
  }
}

/** Of the hash whose lower word is at `at`. */
function upperBits(u32: Uint32Array, at: number): number {
  return u32[at + 1]! * upperShare + (u32[at]! >>> bitsBelow);
}

/** The blocks of one range, input by input, each valid until the next. Its memory is had before the first is given. */
export class RangeReader {
  private readonly reader: SegmentReader;
  private readonly inputs: number[];
  private at = 0;

  constructor(scope: SpillScope, segments: readonly (readonly Segment[])[]) {
    this.reader = new SegmentReader(scope, segments.flat());
    this.inputs = segments.flatMap((list, input) => list.map(() => input));
  }

  next(): { readonly input: number; readonly batch: Batch } | undefined {
    const batch = this.reader.next();
    return batch && { input: this.inputs[this.at++]!, batch };
  }

  free(): void {
    this.reader.free();
  }
}

/** The bounds of hashes u64[n]. */
export function boundsOfHashes(u32: Uint32Array, hashes: Ptr, n: number): HashBounds {
  let [low, high] = [allHashes.high, 0];
  for (let i = 0; i < n; i++) {
    const upper = upperBits(u32, hashes / 4 + 2 * i);
    if (upper < low) low = upper;
    if (upper > high) high = upper;
  }
  // too few to tell where others will lie
  return high - low < 2 ** 16 * upperShare ? allHashes : { low, high };
}

/** The rows of a batch at `indexes`, with their hashes, in scratch memory; a single one where it lies. */
export function takeRows(
  scope: SpillScope,
  batch: Batch,
  hashes: Ptr,
  indexes: Ptr,
  rows: number,
): { readonly batch: Batch; readonly hashes: Ptr } {
  const { scratch, env } = scope;
  if (rows === 1) {
    const row = env.kernels.u32[indexes / 4]!;
    return { batch: slice(batch, row, row + 1), hashes: offset(hashes, row * 8) };
  }
  const taken = scratch.alloc(rows * 8);
  env.kernels.run.gather8(hashes, indexes, rows, taken);
  return { batch: gather(env.kernels, scratch, batch, indexes, rows), hashes: taken };
}
