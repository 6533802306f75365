/**
 * Rows on disk, cut into ranges of their keys' hashes: what does not fit is written here in the order it comes, and read back a
 * range at a time. Ranges are in hash order and equal hashes share one, so what is done to the ranges one after the other gives
 * its groups in hash order; and rows of one range and input come back in the order in which they were written.
 *
 * Where the cuts lie follows from what was in memory when it ran out. Nothing that is made of the rows may depend on it.
 */
import { blockBytes } from "../data/block.ts";
import type { Batch } from "../data/column.ts";
import { concat, gather, slice } from "../data/move.ts";
import type { OwnedBatch } from "../data/contracts.ts";
import { countPartitions, rangeIdsU64, scatterIndexes, startsOf } from "../kernel/partition.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import type { Segment } from "../storage/spill-file.ts";
import { finalRefusal, refusalOf, SegmentReader, type SpillScope } from "./spill-scope.ts";

/** First and last of some hashes' upper 32 bits. */
export interface HashBounds {
  readonly low: number;
  readonly high: number;
}

export const allHashes: HashBounds = { low: 0, high: 2 ** 32 - 1 };

const rangeCount = 16;
/** Batches wait for each other, so that a range gets more than a few of each one's rows and blocks do not become tiny. */
const waitingBytesLeast = 128 * 1024;
const waitingBytesMost = 1024 * 1024;
const waitingShare = 1 / 16;

interface Waiting {
  readonly batch: OwnedBatch;
  readonly hashes: Ptr;
}

export class HashRanges {
  /** By range and input. */
  private readonly segments: readonly (readonly Segment[][])[];
  /** Of each range. */
  private readonly lows = new Float64Array(rangeCount).fill(2 ** 32);
  private readonly highs = new Float64Array(rangeCount).fill(-1);
  private waiting: Waiting[] = [];
  private waitingRows = 0;
  private waitingBytes = 0;
  private waitingBytesMax = 0;
  private waitingInput = 0;

  constructor(
    private readonly scope: SpillScope,
    inputs: number,
    private readonly bounds: HashBounds,
  ) {
    this.segments = Array.from({ length: rangeCount }, () => Array.from({ length: inputs }, () => []));
  }

  /** Appends rows, whose keys have these hashes (u64[rows]), to their ranges. */
  write(input: number, batch: Batch, hashes: Ptr): void {
    if (batch.rows === 0) return;
    if (input !== this.waitingInput) this.flush();
    this.waitingInput = input;
    if (this.waiting.length === 0) this.waitingBytesMax = this.roomForWaiting();
    if (blockBytes(this.scope.env.kernels, batch) >= this.waitingBytesMax || !this.wait(batch, hashes)) {
      this.flush();
      this.cut(input, batch, hashes);
    } else if (this.waitingBytes >= this.waitingBytesMax) this.flush();
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

  free(): void {
    this.dropWaiting();
  }

  private roomForWaiting(): number {
    return Math.max(waitingBytesLeast, Math.min(waitingBytesMost, this.scope.availableBytes() * waitingShare));
  }

  /** Keeps a copy; false when there is no room for one. */
  private wait(batch: Batch, hashes: Ptr): boolean {
    const { account, env } = this.scope;
    const before = account.usedBytes;
    let copy: OwnedBatch | undefined;
    try {
      copy = concat(env.kernels, account, [batch]);
      const kept = account.alloc(batch.rows * 8);
      env.kernels.u8.copyWithin(kept, hashes, hashes + batch.rows * 8);
      this.waiting.push({ batch: copy, hashes: kept });
    } catch (thrown) {
      copy?.free();
      refusalOf(thrown);
      return false;
    }
    this.waitingRows += batch.rows;
    this.waitingBytes += account.usedBytes - before;
    return true;
  }

  private flush(): void {
    const { waiting, waitingInput } = this;
    if (waiting.length === 0) return;
    const { scratch } = this.scope;
    const mark = scratch.mark();
    try {
      const joined = this.joinWaiting();
      if (joined !== undefined) this.cut(waitingInput, joined.batch, joined.hashes);
      else for (const { batch, hashes } of waiting) this.cut(waitingInput, batch, hashes);
    } finally {
      scratch.release(mark);
      this.dropWaiting();
    }
  }

  /** All that waits as one batch in scratch memory; undefined when there is not enough of it. */
  private joinWaiting(): { readonly batch: Batch; readonly hashes: Ptr } | undefined {
    const { scratch, env } = this.scope;
    const mark = scratch.mark();
    try {
      const batch = concat(
        env.kernels,
        scratch,
        this.waiting.map(each => each.batch),
      );
      const hashes = scratch.alloc(this.waitingRows * 8);
      let at: number = hashes;
      for (const each of this.waiting) {
        const bytes = each.batch.rows * 8;
        env.kernels.u8.copyWithin(at, each.hashes, each.hashes + bytes);
        at += bytes;
      }
      return { batch, hashes };
    } catch (thrown) {
      refusalOf(thrown);
      scratch.release(mark);
      return undefined;
    }
  }

  private dropWaiting(): void {
    const { account } = this.scope;
    for (const { batch, hashes } of this.waiting) {
      account.free(hashes, batch.rows * 8);
      batch.free();
    }
    this.waiting = [];
    this.waitingRows = 0;
    this.waitingBytes = 0;
  }

  /** Writes to every range its rows. What memory is too short to cut whole is cut in halves. */
  private cut(input: number, batch: Batch, hashes: Ptr): void {
    const { scope } = this;
    const { scratch } = scope;
    const mark = scratch.mark();
    try {
      const order = this.orderByRange(hashes, batch.rows);
      if (order === undefined) {
        const half = batch.rows >>> 1;
        this.cut(input, slice(batch, 0, half), hashes);
        this.cut(input, slice(batch, half, batch.rows), offset(hashes, half * 8));
        return;
      }
      let start = 0;
      for (let i = 0; i < rangeCount; i++) {
        const count = order.counts[i]!;
        if (count > 0) scope.writeRows(batch, offset(order.indexes, start * 4), count, this.segments[i]![input]!);
        start += count;
      }
    } finally {
      scratch.release(mark);
    }
  }

  /** The rows by range, in scratch memory; undefined when there is not enough of it for so many. */
  private orderByRange(
    hashes: Ptr,
    rows: number,
  ): { readonly indexes: Ptr; readonly counts: readonly number[] } | undefined {
    const { kernels } = this.scope.env;
    const { scratch } = this.scope;
    const mark = scratch.mark();
    try {
      const cuts = this.writeCuts(scratch.alloc(rangeCount * 8));
      const counts = scratch.alloc(rangeCount * 4);
      const cursors = scratch.alloc(rangeCount * 4);
      const ids = scratch.alloc(rows * 4);
      const indexes = scratch.alloc(rows * 4);
      rangeIdsU64(kernels, hashes, rows, cuts, rangeCount - 1, ids);
      countPartitions(kernels, ids, rows, rangeCount, counts);
      startsOf(kernels, counts, rangeCount, cursors);
      scatterIndexes(kernels, ids, rows, cursors, indexes);
      this.widen(ids, hashes, rows);
      return { indexes, counts: Array.from(kernels.u32.subarray(counts / 4, counts / 4 + rangeCount)) };
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      scratch.release(mark);
      if (rows === 1) throw finalRefusal(refusal);
      return undefined;
    }
  }

  /** The greatest hash of every range but the last. */
  private writeCuts(at: Ptr): Ptr {
    const { u64 } = this.scope.env.kernels;
    const { low, high } = this.bounds;
    for (let i = 1; i < rangeCount; i++) {
      const cut = Math.max(1, low + Math.floor(((high - low + 1) * i) / rangeCount));
      u64[at / 8 + i - 1] = (BigInt(cut) << 32n) - 1n;
    }
    return at;
  }

  private widen(ids: Ptr, hashes: Ptr, rows: number): void {
    const { u32 } = this.scope.env.kernels;
    const { lows, highs } = this;
    let at = hashes / 4 + 1;
    for (let i = ids / 4; i < ids / 4 + rows; i++, at += 2) {
      const range = u32[i]!;
      const upper = u32[at]!;
      if (upper < lows[range]!) lows[range] = upper;
      if (upper > highs[range]!) highs[range] = upper;
    }
  }
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
  let [low, high] = [2 ** 32 - 1, 0];
  for (let i = 0; i < n; i++) {
    const upper = u32[hashes / 4 + 2 * i + 1]!;
    if (upper < low) low = upper;
    if (upper > high) high = upper;
  }
  // too few to tell where others will lie
  return high - low < 2 ** 16 ? allHashes : { low, high };
}

/** The rows of a batch at `indexes`, with their hashes, in scratch memory. */
export function takeRows(
  scope: SpillScope,
  batch: Batch,
  hashes: Ptr,
  indexes: Ptr,
  rows: number,
): { readonly batch: Batch; readonly hashes: Ptr } {
  const { scratch, env } = scope;
  const taken = scratch.alloc(rows * 8);
  env.kernels.run.gather8(hashes, indexes, rows, taken);
  const [first] = env.kernels.u32.subarray(indexes / 4);
  const part = rows === 1 ? slice(batch, first!, first! + 1) : gather(env.kernels, scratch, batch, indexes, rows);
  return { batch: part, hashes: taken };
}
