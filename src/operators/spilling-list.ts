/**
 * Rows kept in order, in memory as sealed blocks while there is room; when there is not, what is in memory goes to disk. Read
 * back once, from the first row to the last.
 *
 * What was spilled can be read back whatever memory there is then: of the memory that spilling frees it keeps what one segment takes.
 */
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import type { Batch } from "../data/column.ts";
import type { Block } from "../data/contracts.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import type { Segment } from "../storage/spill-file.ts";
import { batchesOf, type ChunkSource } from "./chunk.ts";
import { RowBuffer } from "./row-buffer.ts";
import { refusalOf, type SpillHolder, type SpillScope } from "./spill-scope.ts";

type Piece = { readonly block: Block } | { readonly segment: Segment };

export class SpillingList implements SpillHolder {
  rows = 0;
  private readonly pieces: Piece[] = [];
  private buffer: RowBuffer | undefined;
  /** The piece that is being read. */
  private at = -1;
  /** What segments are read into. */
  private loaded: { readonly ptr: Ptr; readonly bytes: number; readonly memory: OperatorMemory } | undefined;

  constructor(private readonly scope: SpillScope) {}

  push(rows: readonly unknown[]): void {
    const { scope } = this;
    const buffer = (this.buffer ??= new RowBuffer(
      scope.env.kernels,
      scope.account,
      `the rows of ${scope.operator}`,
      batch => this.keep(batch),
      () => this.madeRoom(),
    ));
    scope.working(() => {
      for (let i = 0; i < rows.length; i++) buffer.push(rows[i]);
      buffer.settle();
    });
  }

  /** Whether there is something for `spill` to free. */
  get holdsMemory(): boolean {
    return this.pieces.some((piece, i) => i > this.at && "block" in piece);
  }

  /** Takes the memory that reading back will need; false when there is too little. */
  tryReserve(): boolean {
    const segments = this.pieces.flatMap(piece => ("segment" in piece ? piece.segment.rawLength : []));
    try {
      this.reserve(segments.reduce((most, bytes) => Math.max(most, bytes), 0));
      return true;
    } catch (thrown) {
      refusalOf(thrown);
      return false;
    }
  }

  /** Keeps a copy of the batch. */
  add(batch: Batch): void {
    this.scope.working(() => {
      this.buffer?.flush();
      this.keep(batch);
    });
  }

  /** Each batch is valid until the next. */
  *batches(): Generator<Batch, void, undefined> {
    this.scope.working(() => this.buffer?.flush());
    for (this.at = 0; this.at < this.pieces.length; this.at++) {
      yield this.scope.working(() => this.open(this.pieces[this.at]!));
      this.drop(this.at);
    }
  }

  /** All rows in order, as a source; its `close` frees the list. */
  drain(): ChunkSource {
    return batchesOf(this.batches(), () => this.free());
  }

  spill(): void {
    for (let i = this.at + 1; i < this.pieces.length; i++) {
      const piece = this.pieces[i]!;
      if (!("block" in piece)) continue;
      const segments: Segment[] = [];
      this.scope.writeKept(piece.block, segments);
      this.pieces.splice(i, 1, ...segments.map(segment => ({ segment })));
      i += segments.length - 1;
      this.keepRoom(piece.block);
    }
  }

  /** Frees a block that was written, but for what one of its segments takes when it is read. */
  private keepRoom({ ptr, bytes }: Block): void {
    const memory = this.scope.account;
    if (Math.min(bytes, pageBytes) <= (this.loaded?.bytes ?? 0)) return memory.free(ptr, bytes);
    this.freeLoaded();
    this.loaded = { ptr, bytes: bytes > pageBytes ? memory.shrinkRun(ptr, bytes, pageBytes) : bytes, memory };
  }

  private madeRoom(): boolean {
    if (!this.holdsMemory) return false;
    this.spill();
    return true;
  }

  free(): void {
    for (let i = 0; i < this.pieces.length; i++) this.drop(i);
    this.pieces.length = 0;
    this.buffer?.free();
    this.buffer = undefined;
    this.freeLoaded();
  }

  private keep(batch: Batch): void {
    if (batch.rows === 0) return;
    const { env, account } = this.scope;
    this.rows += batch.rows;
    const bytes = blockBytes(env.kernels, batch);
    try {
      this.scope.prepare(batch);
      this.pieces.push({ block: sealBlock(env.kernels, batch, account.alloc(bytes)) });
    } catch (thrown) {
      refusalOf(thrown);
      this.spill();
      const segments: Segment[] = [];
      this.scope.writeAll(batch, segments);
      for (const segment of segments) this.pieces.push({ segment });
    }
  }

  private open(piece: Piece): Batch {
    const { scope } = this;
    if ("block" in piece) return openBlock(scope.env.kernels, piece.block.ptr);
    const { segment } = piece;
    return scope.read(segment, this.reserve(segment.rawLength));
  }

  private reserve(bytes: number): Ptr {
    if (this.loaded === undefined || this.loaded.bytes < bytes) {
      this.freeLoaded();
      const memory = this.scope.work;
      this.loaded = { ptr: memory.alloc(Math.max(16, bytes)), bytes: Math.max(16, bytes), memory };
    }
    return this.loaded.ptr;
  }

  private freeLoaded(): void {
    if (this.loaded !== undefined) this.loaded.memory.free(this.loaded.ptr, this.loaded.bytes);
    this.loaded = undefined;
  }

  private drop(at: number): void {
    const piece = this.pieces[at]!;
    if ("block" in piece) this.scope.account.free(piece.block.ptr, piece.block.bytes);
    this.pieces[at] = dropped;
  }
}

const dropped: Piece = { segment: { file: "", offset: 0, length: 0, rawLength: 0, crc: 0 } };
