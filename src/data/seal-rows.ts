/**
 * Rows of a batch, in any order, as a block: what gathering them and sealing the result would give, without the batch between.
 * For layouts of values, strings and structs of them.
 */
import { invariant } from "../base/assert.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { columnBytesMax, gather, gatherBytes, gatheredLength } from "../kernel/move.ts";
import { asPtr, type Ptr } from "../kernel/ptr.ts";
import { alignBlock, blockHeaderBytes, sealHeader } from "./block.ts";
import { encodeType } from "./block-type.ts";
import { valueBytes } from "./builder.ts";
import type { Batch, BytesColumn, Column } from "./column.ts";
import type { Block } from "./contracts.ts";
import { typeOf } from "./type-of.ts";

type Fixed = Extract<Column, { values: Ptr }>;

/** Seals rows of one batch. `bytes` comes before each `seal`, with the same rows. */
export class RowSealer {
  private readonly type: Uint8Array;
  /** Bytes of the rows' cells in each column of variable length. */
  private lengths: number[] = [];
  private at = 0;

  constructor(
    private readonly kernels: Kernels,
    private readonly batch: Batch,
  ) {
    this.type = encodeType(typeOf(batch.root));
  }

  /** What `seal` will need for the rows at `indexes`. */
  bytes(indexes: Ptr, n: number): number {
    this.lengths = [];
    return blockHeaderBytes + alignBlock(this.type.length) + this.columnBytes(this.batch.root, indexes, n);
  }

  /** Writes the rows at `indexes` at `ptr`. */
  seal(indexes: Ptr, n: number, ptr: Ptr): Block {
    const { kernels, type } = this;
    kernels.u8.set(type, ptr + blockHeaderBytes);
    this.at = ptr + blockHeaderBytes;
    this.pad(type.length);
    this.lengths.reverse();
    this.column(this.batch.root, indexes, n);
    const bytes = this.at - ptr;
    sealHeader(kernels, ptr, bytes, n, type);
    return { ptr, bytes };
  }

  private columnBytes(column: Column, indexes: Ptr, n: number): number {
    switch (column.kind) {
      case "constant":
        return 0;
      case "struct":
        return column.fields.reduce((sum, field) => sum + this.columnBytes(field, indexes, n), 0);
      case "optional":
        return alignBlock(n) + this.columnBytes(column.item, indexes, n);
      case "utf8":
      case "any": {
        const length = gatheredLength(this.kernels, column.offsets, indexes, n);
        invariant(length <= columnBytesMax, "gathered rows exceed 2 GiB");
        this.lengths.push(length);
        return alignBlock((n + 1) * 4) + alignBlock(length);
      }
      default:
        return alignBlock(n * valueBytes[(column as Fixed).kind]);
    }
  }

  private column(column: Column, indexes: Ptr, n: number): void {
    switch (column.kind) {
      case "constant":
        return;
      case "struct":
        for (const field of column.fields) this.column(field, indexes, n);
        return;
      case "optional":
        this.fixed(column.validity, 1, indexes, n);
        return this.column(column.item, indexes, n);
      case "utf8":
      case "any":
        return this.cells(column, indexes, n);
      default: {
        const { kind, values } = column as Fixed;
        this.fixed(values, valueBytes[kind], indexes, n);
      }
    }
  }

  private fixed(values: Ptr, width: 1 | 4 | 8, indexes: Ptr, n: number): void {
    gather(this.kernels, width, values, indexes, n, asPtr(this.at));
    this.pad(n * width);
  }

  private cells({ offsets, bytes }: BytesColumn, indexes: Ptr, n: number): void {
    const length = this.lengths.pop()!;
    const to = asPtr(this.at);
    this.pad((n + 1) * 4);
    gatherBytes(this.kernels, offsets, bytes, indexes, n, to, asPtr(this.at), length);
    this.pad(length);
  }

  /** Moves on behind `bytes`, which are followed by zeros. */
  private pad(bytes: number): void {
    const to = this.at + alignBlock(bytes);
    this.kernels.u8.fill(0, this.at + bytes, to);
    this.at = to;
  }
}
