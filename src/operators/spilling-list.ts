/**
 * Rows kept in order, in memory as sealed blocks while there is room; when there is not, what is in memory goes to disk. Read
 * back once, from the first row to the last.
 */
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import type { Batch } from "../data/column.ts";
import type { Block } from "../data/contracts.ts";
import type { Segment } from "../storage/spill-file.ts";
import { type ChunkSource, chunksOf } from "./chunk.ts";
import { RowBuffer } from "./row-buffer.ts";
import { refusalOf, type SpillHolder, type SpillScope } from "./spill-scope.ts";

type Piece = { readonly block: Block } | { readonly segment: Segment };

export class SpillingList implements SpillHolder {
  rows = 0;
  private readonly pieces: Piece[] = [];
  private buffer: RowBuffer | undefined;
  /** The piece that is being read. */
  private at = -1;
  private loaded: Block | undefined;

  constructor(private readonly scope: SpillScope) {}

  push(rows: readonly unknown[]): void {
    const { scope } = this;
    const buffer = (this.buffer ??= new RowBuffer(
      scope.env.kernels,
      scope.account,
      `the rows of ${scope.operator}`,
      batch => this.keep(batch),
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
    const list = this;
    const source = chunksOf(
      (function* () {
        for (const batch of list.batches()) yield { kind: "batch", batch } as const;
      })(),
    );
    return {
      next: () => source.next(),
      close() {
        source.close();
        list.free();
      },
    };
  }

  spill(): void {
    for (let i = this.at + 1; i < this.pieces.length; i++) {
      const piece = this.pieces[i]!;
      if (!("block" in piece)) continue;
      this.pieces[i] = { segment: this.scope.writeBlock(piece.block) };
      this.scope.account.free(piece.block.ptr, piece.block.bytes);
    }
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
    if (this.loaded === undefined || this.loaded.bytes < segment.rawLength) {
      this.freeLoaded();
      this.loaded = { ptr: scope.account.alloc(segment.rawLength), bytes: segment.rawLength };
    }
    return scope.read(segment, this.loaded.ptr);
  }

  private freeLoaded(): void {
    if (this.loaded !== undefined) this.scope.account.free(this.loaded.ptr, this.loaded.bytes);
    this.loaded = undefined;
  }

  private drop(at: number): void {
    const piece = this.pieces[at]!;
    if ("block" in piece) this.scope.account.free(piece.block.ptr, piece.block.bytes);
    this.pieces[at] = dropped;
  }
}

const dropped: Piece = { segment: { file: "", offset: 0, length: 0, rawLength: 0, crc: 0 } };
