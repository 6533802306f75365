/**
 * Collects the blocks of one map output, packed into page runs, and hands them over. When memory runs short the blocks so far
 * go to a file, in order of reduce partition; the order of blocks within a reduce partition never depends on it.
 */
import { crc32 } from "node:zlib";
import { invariant } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import type { ExchangeId } from "../base/ids.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { OwnerId } from "../kernel/owners.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import { BlockRuns } from "./block-runs.ts";
import type { MapOutput } from "./map-output.ts";
import type { Segment, SpillCodec } from "./spill-file.ts";
import type { SpillOutput } from "./spill-output.ts";

/** What the store gives its writers. */
export interface ExchangeWriting {
  readonly exchange: ExchangeId;
  readonly mapPartition: number;
  readonly reducePartitions: number;
  readonly u8: Uint8Array;
  readonly memory: OperatorMemory;
  readonly codec: SpillCodec | undefined;
  /** Undefined when there is no local dir to spill to. */
  readonly files: SpillOutput | undefined;
  /** The owner that takes `pages` over; undefined when map outputs may hold no more. */
  readonly takeOver: (pages: number) => OwnerId | undefined;
  /** Follows when the pages are that owner's, or will not be. */
  readonly tookOver: (owner: OwnerId, pages: number) => void;
  /** Frees the output when its exchange was released while it was handed over; true then. */
  readonly wasReleased: (owner: OwnerId, output: MapOutput) => boolean;
}

const apartBytes = 1024 * 1024;
const largeShare = 1 / 16;
const largeBytesMin = 1024 * 1024;

interface Piece {
  readonly reduce: number;
  readonly bytes: number;
  ptr: Ptr | 0;
  segment: Segment | undefined;
}

export class ExchangeWriter {
  /** Bytes that went to disk. */
  spilledBytes = 0;
  private pieces: Piece[] = [];
  private readonly runs = new BlockRuns();
  private sealing = false;
  private ended = false;
  /** Blocks beyond are better made of fewer rows, or on the heap. */
  readonly largeBytes: number;
  private readonly unregister: () => void;

  constructor(private readonly writing: ExchangeWriting) {
    const self = this;
    this.largeBytes = Math.max(largeBytesMin, writing.memory.task.pool.shares.pages * pageBytes * largeShare);
    this.unregister = writing.memory.spillable({
      name: writing.memory.name,
      get usedBytes() {
        return self.memoryBytes;
      },
      spill: () => this.spill(),
    });
  }

  /** Kernel memory held by the blocks so far. */
  get memoryBytes(): number {
    return this.runs.bytes;
  }

  /**
   * Makes room for a block of exactly `bytes` (a multiple of 16) and has `seal` fill it. Spills when there is no room. One so large
   * that readers would miss its room, and its task now, is made on the heap, where it can be, and goes to the file at once.
   */
  append(reducePartition: number, bytes: number, seal: (ptr: Ptr) => void, onHeap?: () => Uint8Array): void {
    const { reducePartitions, files } = this.writing;
    invariant(!this.ended && reducePartition < reducePartitions, `reduce partition ${reducePartition} is not there`);
    if (onHeap !== undefined && files !== undefined && bytes > this.largeBytes) {
      const segment = files.appendPlain(onHeap());
      this.spilledBytes += segment.length;
      this.pieces.push({ reduce: reducePartition, bytes, ptr: 0, segment });
      return;
    }
    const ptr =
      this.runs.reserve(bytes, runBytes => this.tryAlloc(runBytes)) ??
      // no room for a long run, or none in one piece
      this.runs.reserve(bytes, runBytes => this.allocOrSpill(runBytes), true);
    this.sealing = true;
    try {
      seal(ptr);
    } finally {
      this.sealing = false;
    }
    this.pieces.push({ reduce: reducePartition, bytes, ptr, segment: undefined });
  }

  /** Writes what is in memory to disk and frees it; gives the bytes freed. */
  spill(): number {
    const { files } = this.writing;
    if (this.sealing || this.runs.bytes === 0 || files === undefined) return 0;
    const inMemory = this.pieces.filter(piece => piece.ptr !== 0).sort((a, b) => a.reduce - b.reduce);
    for (const piece of inMemory) {
      piece.segment = files.append(piece.ptr as Ptr, piece.bytes);
      this.spilledBytes += piece.segment.length;
    }
    for (const piece of inMemory) piece.ptr = 0;
    return this.freeRuns();
  }

  /**
   * The output, now the exchange's. Spills the rest when map outputs may hold no more memory. Without a checksum of its rows, that of
   * its blocks is taken for it.
   */
  finish(rowsChecksum?: number): MapOutput {
    for (const run of this.runs) run.bytes = this.writing.memory.shrinkRun(run.ptr, run.bytes, run.used);
    const pages = this.memoryBytes / pageBytes;
    const owner = pages === 0 ? undefined : this.writing.takeOver(pages);
    if (pages > 0 && owner === undefined) {
      invariant(this.spill() > 0, "map outputs may hold no more memory, and there is no local dir to spill to");
    }
    let output: MapOutput;
    try {
      this.closeFiles();
      output = this.describe(rowsChecksum);
      this.end();
      if (owner === undefined) return output;
      for (const run of this.runs) this.writing.memory.handOver(run.ptr, run.bytes, owner);
    } finally {
      if (owner !== undefined) this.writing.tookOver(owner, pages);
    }
    if (this.writing.wasReleased(owner, output)) {
      throw new FiresteelError(
        "cancelled",
        `exchange ${output.exchange} was released while output ${output.mapPartition} was written`,
      );
    }
    return output;
  }

  /** Gives up: frees the memory and removes the file. */
  abort(): void {
    if (this.ended) return;
    this.writing.files?.abort();
    this.freeRuns();
    this.end();
  }

  /** Little goes where there is room, so that it cuts no long run in two; of much each task's is kept apart. */
  private allocRun(bytes: number): Ptr {
    return this.writing.memory.allocRun(bytes, this.memoryBytes >= apartBytes);
  }

  private tryAlloc(bytes: number): Ptr | undefined {
    try {
      return this.allocRun(bytes);
    } catch (thrown) {
      if (!(thrown instanceof MemoryRefused)) throw thrown;
      return undefined;
    }
  }

  private allocOrSpill(bytes: number): Ptr {
    for (;;) {
      try {
        return this.allocRun(bytes);
      } catch (thrown) {
        if (!(thrown instanceof MemoryRefused) || this.spill() === 0) throw thrown;
      }
    }
  }

  private freeRuns(): number {
    const freed = this.memoryBytes;
    for (const run of this.runs) this.writing.memory.free(run.ptr, run.bytes);
    this.runs.clear();
    return freed;
  }

  /** What was written to a file that is gone meanwhile is written again. */
  private closeFiles(): void {
    const { files } = this.writing;
    if (files === undefined) return;
    for (const piece of this.pieces) if (piece.segment !== undefined) piece.segment = files.settled(piece.segment);
    files.close();
  }

  private describe(rowsChecksum: number | undefined): MapOutput {
    const { exchange, mapPartition, reducePartitions, u8 } = this.writing;
    const n = this.pieces.length;
    const first = new Uint32Array(reducePartitions + 1);
    for (const piece of this.pieces) first[piece.reduce + 1]! += 1;
    for (let r = 0; r < reducePartitions; r++) first[r + 1]! += first[r]!;
    const next = first.slice();
    const [bytes, ptr, crc] = [new Uint32Array(n), new Uint32Array(n), new Uint32Array(n)];
    const names = new Map<string, number>();
    for (const { segment } of this.pieces)
      if (segment !== undefined && !names.has(segment.file)) names.set(segment.file, names.size);
    const [fileOf, offset, length] = [new Uint16Array(n), new Float64Array(n), new Uint32Array(n)];
    const spilled = names.size === 0 ? undefined : { files: [...names.keys()], fileOf, offset, length };
    for (const piece of this.pieces) {
      const at = next[piece.reduce]!++;
      bytes[at] = piece.bytes;
      ptr[at] = piece.ptr;
      crc[at] = piece.segment?.crc ?? crc32(u8.subarray(piece.ptr, piece.ptr + piece.bytes));
      if (spilled === undefined || piece.segment === undefined) continue;
      spilled.fileOf[at] = names.get(piece.segment.file)!;
      spilled.offset[at] = piece.segment.offset;
      spilled.length[at] = piece.segment.length;
    }
    const runs = Uint32Array.from([...this.runs].flatMap(run => [run.ptr / pageBytes, run.bytes / pageBytes]));
    const checksum = crc32(new Uint8Array(first.buffer), crc32(new Uint8Array(crc.buffer)));
    const checksums = { checksum, rowsChecksum: rowsChecksum ?? checksum };
    return { exchange, mapPartition, first, bytes, ptr, crc, runs, spilled, ...checksums };
  }

  private end(): void {
    this.ended = true;
    this.unregister();
    this.writing.codec?.free();
  }
}
