/** Rows of several batches taken one after the other, in any order, without putting the batches together first. */
import type { Batch } from "../data/column.ts";
import { concat, gather } from "../data/move.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";

/** Rows that one entry of the table of parts stands for. */
const stride = 1024;

export class Parts {
  readonly rows: number;
  /** Where each part begins. */
  private readonly starts: Float64Array;
  /** The part of every stride's first row. */
  private readonly partAt: Uint32Array;

  constructor(
    private readonly kernels: Kernels,
    readonly batches: readonly Batch[],
  ) {
    const { length } = batches;
    this.starts = new Float64Array(length + 1);
    for (let i = 0; i < length; i++) this.starts[i + 1] = this.starts[i]! + batches[i]!.rows;
    this.rows = this.starts[length]!;
    this.partAt = new Uint32Array(Math.ceil(this.rows / stride));
    for (let i = 0, part = 0; i < this.partAt.length; i++) {
      while (this.starts[part + 1]! <= i * stride) part++;
      this.partAt[i] = part;
    }
  }

  /** Row i of the result is row ids[i] (u32). */
  gather(allocator: Allocator, ids: Ptr, rows: number): Batch {
    const { kernels, batches, starts } = this;
    if (batches.length === 1) return gather(kernels, allocator, batches[0]!, ids, rows);
    const { u32 } = kernels;
    const partOf = this.partsOf(ids, rows);
    const cursors = new Uint32Array(batches.length + 1);
    for (let i = 0; i < rows; i++) cursors[partOf[i]! + 1]!++;
    for (let part = 0; part < batches.length; part++) cursors[part + 1]! += cursors[part]!;
    const ends = cursors.slice(1);
    const local = allocator.alloc(Math.max(4, rows * 4));
    const places = allocator.alloc(Math.max(4, rows * 4));
    for (let i = 0; i < rows; i++) {
      const part = partOf[i]!;
      const place = cursors[part]!++;
      u32[local / 4 + place] = u32[ids / 4 + i]! - starts[part]!;
      u32[places / 4 + i] = place;
    }
    const gathered: Batch[] = [];
    for (let part = 0, from = 0; part < batches.length; from = ends[part++]!) {
      const count = ends[part]! - from;
      if (count > 0) gathered.push(gather(kernels, allocator, batches[part]!, offset(local, from * 4), count));
    }
    return gather(kernels, allocator, concat(kernels, allocator, gathered), places, rows);
  }

  private partsOf(ids: Ptr, rows: number): Uint32Array {
    const { u32 } = this.kernels;
    const { starts, partAt } = this;
    const parts = new Uint32Array(rows);
    for (let i = 0; i < rows; i++) {
      const row = u32[ids / 4 + i]!;
      let part = partAt[Math.floor(row / stride)]!;
      while (starts[part + 1]! <= row) part++;
      parts[i] = part;
    }
    return parts;
  }
}
