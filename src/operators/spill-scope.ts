/**
 * What one operator needs to spill: its account, a file, and working memory set aside while there was some. One thing at a time
 * holds the operator's rows (`holder`); when another operator of the task runs short, the holder is asked to write them out.
 *
 * Nobody is asked in the middle of its own work: everything that touches rows or tables runs inside `working`.
 */
import { FiresteelError } from "../base/errors.ts";
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import type { Batch } from "../data/column.ts";
import type { Block } from "../data/contracts.ts";
import { slice } from "../data/move.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { ReservedArena } from "../kernel/reserved-arena.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { Segment } from "../storage/spill-file.ts";
import type { TaskSpill } from "../storage/spill-store.ts";
import { Parts } from "./gather-parts.ts";
import type { TaskEnv } from "./task-env.ts";

interface Tools {
  readonly file: TaskSpill;
  readonly scratch: ReservedArena;
  readonly sealing: ReservedArena;
}

export interface SpillHolder {
  /** Writes out what is held and frees its memory. */
  spill(): void;
}

/** Spilling less than this frees next to nothing, and costs all rows that follow. */
const heldBytesMin = 128 * 1024;
const largeRowBytes = 32 * 1024;
/** Enough to cut 8,192 rows of two numbers into ranges, to sort them, or to merge some. */
const scratchBytes = 320 * 1024;
/** Enough to gather and seal some of them. */
const sealingBytes = 96 * 1024;

export class SpillScope {
  readonly account: OperatorMemory;
  holder: SpillHolder | undefined;
  private tools: Tools | undefined;
  private setAsideBytes = 0;
  private depth = 0;
  private closed = false;
  private readonly unregister: () => void;

  constructor(
    readonly env: TaskEnv,
    readonly operator: string,
  ) {
    this.account = env.memory.withOperator(operator);
    const self = this;
    this.unregister = this.account.spillable({
      name: operator,
      get usedBytes() {
        return self.heldBytes;
      },
      spill: () => this.asked(),
    });
  }

  /** Working memory, which outlives refusals. */
  get scratch(): ReservedArena {
    return this.ready().scratch;
  }

  working<T>(work: () => T): T {
    this.depth++;
    try {
      return work();
    } finally {
      this.depth--;
    }
  }

  /** What spilling may free. */
  private get heldBytes(): number {
    return this.account.usedBytes - this.setAsideBytes;
  }

  /**
   * Sets working memory aside, early, while there is some: enough for any row of this batch. Without it the operator goes on until
   * it has to spill; false then.
   */
  prepare(batch: Batch): boolean {
    try {
      const { sealing } = this.ready();
      const before = this.account.usedBytes;
      const bytes = blockBytes(this.env.kernels, batch);
      if (bytes > largeRowBytes * batch.rows) sealing.reserveOne(bytes);
      this.setAsideBytes += this.account.usedBytes - before;
      return true;
    } catch (thrown) {
      refusalOf(thrown);
      return false;
    }
  }

  /** Writes a batch as one block. */
  write(batch: Batch): Segment {
    const { kernels } = this.env;
    const { sealing } = this.ready();
    const mark = sealing.mark();
    try {
      return this.writeBlock(sealBlock(kernels, batch, sealing.alloc(blockBytes(kernels, batch))));
    } finally {
      sealing.release(mark);
    }
  }

  writeBlock(block: Block): Segment {
    const segment = this.ready().file.append(block);
    this.env.metrics.spilledBytes += segment.length;
    return segment;
  }

  /** Writes a batch as one block or, when memory is short, as several. */
  writeAll(batch: Batch, into: Segment[]): void {
    inHalves(batch.rows, (from, rows) => void into.push(this.write(slice(batch, from, from + rows))));
  }

  /** Writes the rows at `indexes` in order, as one block or, when memory is short, as several. */
  writeRows(batch: Batch, indexes: Ptr, rows: number, into: Segment[]): void {
    this.writeParts(new Parts(this.env.kernels, [batch]), indexes, rows, into);
  }

  /** Writes the rows of some ids in order, as one block or, when memory is short, as several. */
  writeParts(parts: Parts, indexes: Ptr, rows: number, into: Segment[]): void {
    const { kernels } = this.env;
    const { sealing } = this.ready();
    inHalves(rows, (from, n) => {
      const mark = sealing.mark();
      try {
        const taken =
          n === 1 ? parts.row(kernels.u32[indexes / 4 + from]!) : parts.take(sealing, offset(indexes, from * 4), n);
        into.push(this.write(taken));
      } finally {
        sealing.release(mark);
      }
    });
  }

  read(segment: Segment, to: Ptr): Batch {
    this.ready().file.read(segment, to);
    return openBlock(this.env.kernels, to, segment.rawLength);
  }

  /** What the operator may still get, about: others may ask at the same time. */
  availableBytes(): number {
    const { memory } = this.env;
    const { shares } = memory.pool;
    const evictable = Math.max(0, shares.storagePages() - shares.storageFloorPages());
    const share = shares.now().taskMaxPages * pageBytes - memory.usedBytes;
    return Math.max(0, Math.min(share, (shares.freePages() + evictable) * pageBytes));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.unregister();
    this.holder = undefined;
    this.tools?.file.close();
    this.tools?.sealing.close();
    this.tools?.scratch.close();
    this.tools = undefined;
  }

  private ready(): Tools {
    if (this.tools !== undefined) return this.tools;
    const { env, account, operator } = this;
    const before = account.usedBytes;
    const arenas: ReservedArena[] = [];
    try {
      for (const bytes of [scratchBytes, sealingBytes]) arenas.push(new ReservedArena(account, bytes));
      const file = env.spills.open(env.taskAttemptId, operator, account);
      this.tools = { scratch: arenas[0]!, sealing: arenas[1]!, file };
    } catch (thrown) {
      for (const arena of arenas) arena.close();
      throw thrown;
    }
    this.setAsideBytes = account.usedBytes - before;
    return this.tools;
  }

  /** Another operator of the task runs short. */
  private asked(): number {
    const { holder, env } = this;
    if (this.depth > 0 || holder === undefined || this.tools === undefined || this.heldBytes < heldBytesMin) return 0;
    const before = env.memory.usedBytes;
    try {
      this.working(() => holder.spill());
    } catch (thrown) {
      throw thrown instanceof MemoryRefused ? finalRefusal(thrown) : thrown;
    }
    return Math.max(0, before - env.memory.usedBytes);
  }
}

/** Reads blocks one after the other into one buffer, as large as the largest; each is valid until the next. */
export class SegmentReader {
  private readonly bytes: number;
  private readonly buffer: Ptr;
  private at = 0;

  constructor(
    private readonly scope: SpillScope,
    private readonly segments: readonly Segment[],
  ) {
    this.bytes = segments.reduce((most, { rawLength }) => Math.max(most, rawLength), 16);
    this.buffer = scope.account.alloc(this.bytes);
  }

  next(): Batch | undefined {
    const segment = this.segments[this.at];
    if (segment === undefined) return undefined;
    const batch = this.scope.read(segment, this.buffer);
    this.at++;
    return batch;
  }

  /** Back to the first. */
  rewind(): void {
    this.at = 0;
  }

  free(): void {
    this.scope.account.free(this.buffer, this.bytes);
  }
}

/** A refusal that nothing can be done about: whoever handles refusals by trying again in another way must not catch it. */
export function finalRefusal(refusal: MemoryRefused): FiresteelError {
  return new FiresteelError(refusal.kind, refusal.message, { hint: refusal.hint, cause: refusal });
}

/**
 * Tries all rows at once and, where memory is too short for that, one half after the other. An attempt that is refused must leave
 * nothing behind.
 */
export function inHalves(rows: number, attempt: (from: number, rows: number) => void, from = 0): void {
  try {
    attempt(from, rows);
    return;
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    if (rows <= 1) throw finalRefusal(refusal);
  }
  const half = rows >>> 1;
  inHalves(half, attempt, from);
  inHalves(rows - half, attempt, from + half);
}

/** What was thrown, when it is a refusal of memory; anything else is thrown on. */
export function refusalOf(thrown: unknown): MemoryRefused {
  if (thrown instanceof MemoryRefused) return thrown;
  throw thrown;
}
