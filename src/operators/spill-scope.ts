/**
 * What one operator needs to spill: its account, a file, and working memory set aside while there was some. One thing at a time
 * holds the operator's rows (`holder`); when another operator of the task runs short, the holder is asked to write them out.
 *
 * Nobody is asked in the middle of its own work: everything that touches rows or tables runs inside `working`. An account's own
 * requests never make its own holder spill, so whoever is refused and holds rows spills them itself and asks again.
 *
 * What is written can be read back whatever memory there is then: several rows in one segment take a page at most.
 */
import { FiresteelError } from "../base/errors.ts";
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import type { Batch } from "../data/column.ts";
import type { Block } from "../data/contracts.ts";
import { sealOnHeap } from "../data/heap-block.ts";
import { slice } from "../data/move.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { type ArenaMark, ReservedArena } from "../kernel/reserved-arena.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { Segment } from "../storage/spill-file.ts";
import type { TaskSpill } from "../storage/spill-store.ts";
import { Parts } from "./gather-parts.ts";
import type { Plan } from "../plan/nodes.ts";
import { RowStage } from "./row-stage.ts";
import type { TaskEnv } from "./task-env.ts";

interface Tools {
  readonly file: TaskSpill;
  readonly scratch: ReservedArena;
  readonly sealing: ReservedArena;
  readonly stage: RowStage;
}

export interface SpillHolder {
  /** Writes out what is held and frees its memory. */
  spill(): void;
}

/** Spilling less than this frees next to nothing, and costs all rows that follow. */
const heldBytesMin = 128 * 1024;
const largeRowBytes = 32 * 1024;
const heapRowBytes = 1024 * 1024;
/** Enough to cut 8,192 rows of two numbers into ranges, to sort them, or to merge some. */
export const scratchBytes = 320 * 1024;
/** Enough to gather and seal some of them. */
const sealingBytes = 128 * 1024;
/** Of several rows that are read back together: there may be next to no memory then. */
const segmentBytesMax = pageBytes;
/** Rows that wait to be written together: a part of what the operator may have. */
const stageShare = 1 / 16;
const stageBytesLeast = 128 * 1024;
const stageBytesMost = 1024 * 1024;

export class SpillScope {
  /** What is held. */
  readonly account: OperatorMemory;
  /** What work needs for a moment. */
  readonly work: OperatorMemory;
  holder: SpillHolder | undefined;
  private tools: Tools | undefined;
  private setAsideBytes = 0;
  private depth = 0;
  private closed = false;
  private readonly unregister: () => void;

  constructor(
    readonly env: TaskEnv,
    readonly operator: string,
    private readonly plan?: Plan,
  ) {
    this.account = env.memory.withOperator(operator);
    this.work = this.account.forWork();
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

  /** Where rows wait to be written. */
  get stage(): RowStage {
    return this.ready().stage;
  }

  /** The same, once there is one. */
  get openStage(): RowStage | undefined {
    return this.tools?.stage;
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
   * Sets working memory aside, early, while there is some: enough for any row of this batch but those that are written from the heap.
   * Without it the operator goes on until it has to spill; false then.
   */
  prepare(batch?: Batch): boolean {
    try {
      const { sealing } = this.ready();
      if (batch === undefined) return true;
      const before = this.account.usedBytes;
      const bytes = blockBytes(this.env.kernels, batch);
      if (bytes > largeRowBytes * batch.rows && bytes <= heapRowBytes) sealing.reserveOne(bytes);
      this.setAsideBytes += this.account.usedBytes - before;
      return true;
    } catch (thrown) {
      refusalOf(thrown);
      return false;
    }
  }

  /** Between blocks: long work on disk can be cancelled, and its garbage is collected. */
  private checkpoint(): void {
    if (this.plan !== undefined) this.env.checkpoint(this.plan);
  }

  /** Writes a batch as one block. One row needs no memory: where there is none, and when it is large, it goes by way of the heap. */
  write(batch: Batch): Segment {
    const { kernels } = this.env;
    const { sealing } = this.ready();
    const bytes = blockBytes(kernels, batch);
    if (batch.rows === 1 && bytes > heapRowBytes) return this.writePlain(sealOnHeap(kernels, batch));
    const mark = sealing.mark();
    try {
      return this.writeBlock(sealBlock(kernels, batch, sealing.alloc(bytes)));
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (batch.rows > 1) throw refusal;
      return this.writePlain(sealOnHeap(kernels, batch));
    } finally {
      sealing.release(mark);
    }
  }

  writeBlock(block: Block): Segment {
    this.checkpoint();
    const segment = this.ready().file.append(block);
    this.env.metrics.spilledBytes += segment.length;
    return segment;
  }

  /** Writes a block that is on the heap. */
  writePlain(block: Uint8Array): Segment {
    this.checkpoint();
    const segment = this.ready().file.appendPlain(block);
    this.env.metrics.spilledBytes += segment.length;
    return segment;
  }

  /** Writes a batch as one block or, where that is large or memory is short, as several. */
  writeAll(batch: Batch, into: Segment[]): void {
    inHalves(batch.rows, (from, rows) => this.writeCut(slice(batch, from, from + rows), into));
  }

  /** Writes a block that was kept, in blocks as `writeAll` does. */
  writeKept(block: Block, into: Segment[]): void {
    const batch = openBlock(this.env.kernels, block.ptr);
    if (batch.rows === 1 || block.bytes <= segmentBytesMax) into.push(this.writeBlock(block));
    else this.writeAll(batch, into);
  }

  /** In blocks that can be read back. A refusal adds none. */
  private writeCut(batch: Batch, into: Segment[]): void {
    const { rows } = batch;
    if (rows === 1 || blockBytes(this.env.kernels, batch) <= segmentBytesMax) {
      into.push(this.write(batch));
      return;
    }
    const [before, half] = [into.length, rows >>> 1];
    try {
      this.writeCut(slice(batch, 0, half), into);
      this.writeCut(slice(batch, half, rows), into);
    } catch (thrown) {
      into.length = before;
      throw thrown;
    }
  }

  /** Writes the rows at `indexes` in order, in blocks as `writeAll` does. */
  writeRows(batch: Batch, indexes: Ptr, rows: number, into: Segment[]): void {
    this.writeParts(new Parts(this.env.kernels, [batch]), indexes, rows, into);
  }

  /** Writes the rows of some ids in order, in blocks as `writeAll` does. */
  writeParts(parts: Parts, indexes: Ptr, rows: number, into: Segment[]): void {
    const { kernels } = this.env;
    const { sealing } = this.ready();
    inHalves(rows, (from, n) => {
      const mark = sealing.mark();
      try {
        const taken =
          n === 1 ? parts.row(kernels.u32[indexes / 4 + from]!) : parts.take(sealing, offset(indexes, from * 4), n);
        this.writeCut(taken, into);
      } finally {
        sealing.release(mark);
      }
    });
  }

  read(segment: Segment, to: Ptr): Batch {
    this.checkpoint();
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
    this.tools?.stage.close();
    this.tools?.sealing.close();
    this.tools?.scratch.close();
    this.tools = undefined;
  }

  private ready(): Tools {
    if (this.tools !== undefined) return this.tools;
    const { env, account, operator } = this;
    const before = account.usedBytes;
    const arenas: ReservedArena[] = [];
    let stage: RowStage | undefined;
    try {
      for (const bytes of [scratchBytes, sealingBytes]) arenas.push(new ReservedArena(account, bytes, this.work));
      stage = this.openRowStage();
      const file = env.spills.open(env.taskAttemptId, operator, account);
      this.tools = { scratch: arenas[0]!, sealing: arenas[1]!, stage, file };
    } catch (thrown) {
      stage?.close();
      for (const arena of arenas) arena.close();
      throw thrown;
    }
    this.setAsideBytes = account.usedBytes - before;
    return this.tools;
  }

  /** As large as is good; as small as will do when that is refused. */
  private openRowStage(): RowStage {
    const { account, env } = this;
    const wanted = Math.max(stageBytesLeast, Math.min(stageBytesMost, this.availableBytes() * stageShare));
    const bytes = Math.floor(wanted / pageBytes) * pageBytes;
    try {
      return new RowStage(env.kernels, account, bytes);
    } catch (thrown) {
      refusalOf(thrown);
      return new RowStage(env.kernels, account, stageBytesLeast);
    }
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
  private readonly mark: ArenaMark | undefined;
  private at = 0;

  /** `inScratch`: for who needs no scratch memory until the reader is freed. */
  constructor(
    private readonly scope: SpillScope,
    private readonly segments: readonly Segment[],
    inScratch = false,
  ) {
    this.bytes = segments.reduce((most, { rawLength }) => Math.max(most, rawLength), 16);
    this.mark = inScratch ? scope.scratch.mark() : undefined;
    this.buffer = (inScratch ? scope.scratch : scope.work).alloc(this.bytes);
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
    if (this.mark === undefined) this.scope.work.free(this.buffer, this.bytes);
    else this.scope.scratch.release(this.mark);
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
