/**
 * Rows kept in order, in memory as sealed blocks while there is room; when there is not, what is in memory goes to disk. Read
 * back once, from the first row to the last.
 */
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import { makeBatchWriter } from "../data/batch-writer.ts";
import { type Batch, batchRowsMax } from "../data/column.ts";
import type { BatchWriter, Block } from "../data/contracts.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { Segment } from "../storage/spill-file.ts";
import { type ChunkSource, chunksOf } from "./chunk.ts";
import { refusalOf, type SpillHolder, type SpillScope } from "./spill-scope.ts";

type Piece = { readonly block: Block } | { readonly segment: Segment };

export class SpillingList implements SpillHolder {
  rows = 0;
  private readonly pieces: Piece[] = [];
  private writer: BatchWriter | undefined;
  /** The piece that is being read. */
  private at = -1;
  private buffer: { readonly ptr: Ptr; readonly bytes: number } | undefined;

  constructor(private readonly scope: SpillScope) {}

  push(row: unknown): void {
    const { scope } = this;
    scope.working(() => {
      this.writer ??= makeBatchWriter(scope.env.kernels, scope.account, { what: `the rows of ${scope.operator}` });
      try {
        this.writer.push(row);
      } catch (thrown) {
        refusalOf(thrown);
        this.flush();
        this.writer.free();
        this.spill();
        this.writer.push(row);
      }
      if (this.writer.rows === batchRowsMax) this.flush();
    });
  }

  /** Whether there is something for `spill` to free. */
  get holdsMemory(): boolean {
    return this.pieces.some((piece, i) => i > this.at && "block" in piece);
  }

  /** Keeps a copy of the batch. */
  add(batch: Batch): void {
    this.scope.working(() => {
      this.flush();
      this.keep(batch);
    });
  }

  /** Each batch is valid until the next. */
  *batches(): Generator<Batch, void, undefined> {
    this.scope.working(() => this.flush());
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
    this.writer?.free();
    this.writer = undefined;
    if (this.buffer !== undefined) this.scope.account.free(this.buffer.ptr, this.buffer.bytes);
    this.buffer = undefined;
  }

  private flush(): void {
    const { writer } = this;
    if (writer === undefined || writer.rows === 0) return;
    this.keep(writer.finish());
    writer.reset();
  }

  private keep(batch: Batch): void {
    if (batch.rows === 0) return;
    const { env, account } = this.scope;
    this.rows += batch.rows;
    const bytes = blockBytes(env.kernels, batch);
    try {
      this.scope.prepareWhenLarge();
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
    if (this.buffer === undefined || this.buffer.bytes < segment.rawLength) {
      if (this.buffer !== undefined) scope.account.free(this.buffer.ptr, this.buffer.bytes);
      this.buffer = undefined;
      this.buffer = { ptr: scope.account.alloc(segment.rawLength), bytes: segment.rawLength };
    }
    return scope.read(segment, this.buffer.ptr);
  }

  private drop(at: number): void {
    const piece = this.pieces[at]!;
    if ("block" in piece) this.scope.account.free(piece.block.ptr, piece.block.bytes);
    this.pieces[at] = dropped;
  }
}

const dropped: Piece = { segment: { file: "", offset: 0, length: 0, rawLength: 0, crc: 0 } };
