/**
 * Rows that are read again and again, in order: kept in memory as sealed blocks while there is room, and on disk from there on. Few
 * and small ones become one batch.
 *
 * What was spilled can be read back whatever memory there is then: a block takes the operator's scratch memory at most, which has no
 * other use here. Only a row that is larger than that asks for more.
 */
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import { type Batch, batchRowsMax } from "../data/column.ts";
import type { Block } from "../data/contracts.ts";
import { concat, slice } from "../data/move.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { Segment } from "../storage/spill-file.ts";
import { finalRefusal, refusalOf, scratchBytes, type SpillHolder, type SpillScope } from "./spill-scope.ts";

type Piece = { readonly block: Block } | { readonly segment: Segment };

/** Of what is worth a copy to be one batch. */
const joinedBytesMax = 256 * 1024;

export class KeptRows implements SpillHolder {
  rows = 0;
  private pieces: Piece[] = [];
  private keptBytes = 0;
  /** The piece that was given last; spilling leaves it alone. */
  private given = -1;
  private scratch: Ptr | undefined;
  /** The same for a large row. */
  private loaded: Block | undefined;

  constructor(private readonly scope: SpillScope) {
    scope.holder = this;
  }

  get count(): number {
    return this.pieces.length;
  }

  /** Whether there is something for `spill` to free. */
  get holdsMemory(): boolean {
    return this.pieces.some((piece, i) => i !== this.given && "block" in piece);
  }

  /** Keeps a copy. */
  add(batch: Batch): void {
    if (batch.rows === 0) return;
    this.rows += batch.rows;
    this.scope.working(() => this.keep(batch));
  }

  private keep(batch: Batch): void {
    const { scope } = this;
    const { rows } = batch;
    if (rows > 1 && blockBytes(scope.env.kernels, batch) > scratchBytes) {
      this.keep(slice(batch, 0, rows >>> 1));
      this.keep(slice(batch, rows >>> 1, rows));
      return;
    }
    try {
      scope.prepare(batch);
      this.pieces.push({ block: this.seal(batch) });
    } catch (thrown) {
      refusalOf(thrown);
      this.spill();
      const segments: Segment[] = [];
      scope.writeAll(batch, segments);
      for (const segment of segments) this.pieces.push({ segment });
    }
  }

  /** No more rows come. */
  finish(): void {
    const { kernels } = this.scope.env;
    const blocks = this.pieces.flatMap(piece => ("block" in piece ? [piece.block] : []));
    const isSmall = this.rows <= batchRowsMax && this.keptBytes <= joinedBytesMax;
    if (blocks.length < 2 || blocks.length < this.pieces.length || !isSmall) return;
    this.scope.working(() => {
      try {
        const joined = concat(
          kernels,
          this.scope.account,
          blocks.map(({ ptr }) => openBlock(kernels, ptr)),
        );
        try {
          this.pieces = [{ block: this.seal(joined) }];
        } finally {
          joined.free();
        }
        for (const block of blocks) this.drop(block);
      } catch (thrown) {
        // they are read as they are then
        refusalOf(thrown);
      }
    });
  }

  /** The i-th batch; valid until another is asked for. */
  batch(i: number): Batch {
    const { scope } = this;
    this.given = i;
    const piece = this.pieces[i]!;
    if ("block" in piece) return openBlock(scope.env.kernels, piece.block.ptr);
    return scope.working(() => {
      for (;;) {
        try {
          return scope.read(piece.segment, this.roomFor(piece.segment));
        } catch (thrown) {
          const refusal = refusalOf(thrown);
          // those that are in memory still make room for it
          if (!this.holdsMemory) throw finalRefusal(refusal);
          this.spill();
        }
      }
    });
  }

  spill(): void {
    for (const [i, piece] of this.pieces.entries()) {
      if (i === this.given || !("block" in piece)) continue;
      this.pieces[i] = { segment: this.scope.writeBlock(piece.block) };
      this.drop(piece.block);
    }
  }

  free(): void {
    for (const piece of this.pieces) if ("block" in piece) this.drop(piece.block);
    this.pieces = [];
    if (this.loaded !== undefined) this.scope.work.free(this.loaded.ptr, this.loaded.bytes);
    this.loaded = undefined;
  }

  private seal(batch: Batch): Block {
    const { env, account } = this.scope;
    const bytes = blockBytes(env.kernels, batch);
    const block = sealBlock(env.kernels, batch, account.alloc(bytes));
    this.keptBytes += block.bytes;
    return block;
  }

  private drop(block: Block): void {
    this.keptBytes -= block.bytes;
    this.scope.account.free(block.ptr, block.bytes);
  }

  private roomFor({ rawLength }: Segment): Ptr {
    const { work, scratch } = this.scope;
    if (rawLength <= scratchBytes) return (this.scratch ??= scratch.alloc(scratchBytes));
    if (this.loaded === undefined || this.loaded.bytes < rawLength) {
      if (this.loaded !== undefined) work.free(this.loaded.ptr, this.loaded.bytes);
      this.loaded = undefined;
      this.loaded = { ptr: work.alloc(rawLength), bytes: rawLength };
    }
    return this.loaded.ptr;
  }
}
