/**
 * Rows that wait to be written together, so that what is written at once does not become tiny when memory is short: copies of
 * batches with the hashes of their keys, in a region that is set aside while there is room.
 */
import { blockBytes, openBlock, sealBlock } from "../data/block.ts";
import type { Batch } from "../data/column.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { asPtr, type Ptr } from "../kernel/ptr.ts";

export interface Staged {
  readonly batch: Batch;
  /** u64: of its rows' keys. */
  readonly hashes: Ptr;
}

const alignment = 16;

export class RowStage {
  readonly staged: Staged[] = [];
  rows = 0;
  /** Writes out what waits, to make room for another's rows. */
  flush: (() => void) | undefined;
  private readonly region: Ptr;
  private at = 0;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    readonly bytes: number,
  ) {
    this.region = allocator.alloc(bytes);
  }

  /** Keeps a copy; false when there is no room for one. */
  add(batch: Batch, hashes: Ptr): boolean {
    const { kernels } = this;
    const hashBytes = aligned(batch.rows * 8);
    const bytes = blockBytes(kernels, batch);
    if (this.at + hashBytes + bytes > this.bytes) return false;
    const kept = asPtr(this.region + this.at);
    kernels.u8.copyWithin(kept, hashes, hashes + batch.rows * 8);
    const block = sealBlock(kernels, batch, asPtr(kept + hashBytes));
    this.staged.push({ batch: openBlock(kernels, block.ptr), hashes: kept });
    this.at = aligned(this.at + hashBytes + bytes);
    this.rows += batch.rows;
    return true;
  }

  clear(): void {
    this.staged.length = 0;
    this.rows = 0;
    this.at = 0;
  }

  close(): void {
    this.allocator.free(this.region, this.bytes);
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
