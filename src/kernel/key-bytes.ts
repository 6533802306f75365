/**
 * Canonical key bytes of columns: two values are equal exactly when their bytes are, and memcmp of the bytes is their order.
 *
 * A row's bytes are written column by column: `KeyBytes` first gathers lengths (each column's `add…`), then `layOut` makes the
 * offsets and the same columns are written in the same order (`write…`). What one value becomes:
 *
 *   undefined 02, null 03, false 04, true 05, number 10 + 8 bytes of its u64 key, string 20 + UTF-8 with every 00 as 00 FF + 00 01,
 *   Date 28 + 8 bytes, tuple or array 38 + its elements + 00.
 *
 * A `mask` (one byte a row) leaves rows out where it is 0: an absent struct writes no fields. `descending` complements a column's
 * bytes, which reverses its order within a struct.
 */
import { FiresteelError } from "../base/errors.ts";
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { columnBytesMax, copyBytes, fill, prefixSum, rowsWithin } from "./move.ts";
import { nullPtr, offset, type Ptr } from "./ptr.ts";

export const keyTags = {
  undefined: 0x02,
  null: 0x03,
  false: 0x04,
  true: 0x05,
  number: 0x10,
  bigint: 0x18,
  string: 0x20,
  date: 0x28,
  bytes: 0x30,
  array: 0x38,
  end: 0x00,
} as const;

const rowsPerCall = 1 << 16;
const bytesPerCall = 8 << 20;

const numberWidths = { f64: 8, date: 8, f32: 4, i32: 4 } as const;
export type NumberKind = keyof typeof numberWidths;

export interface KeyColumnOptions {
  /** 1 a row that has the value, 0 one that has not. */
  readonly mask?: Ptr;
  readonly descending?: boolean;
}

export class KeyBytes {
  private readonly lengths: Ptr;
  private readonly tableBytes: number;
  /** After `layOut`: i32[rows + 1]. */
  readonly offsets: Ptr;
  private dest: Ptr = nullPtr;

  /** Takes 8 bytes a row from the allocator; the offsets are the caller's to free (`offsetsBytes`), the rest goes with `free`. */
  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    readonly rows: number,
  ) {
    this.tableBytes = Math.max(1, rows) * 4;
    this.offsets = allocator.alloc(this.offsetsBytes);
    this.lengths = allocator.alloc(this.tableBytes);
    fill(kernels, 4, this.lengths, rows, 0);
  }

  get offsetsBytes(): number {
    return (this.rows + 1) * 4;
  }

  /** A tag or terminator: one byte. A boolean: one byte. A number or Date: nine. */
  addFixed(bytes: number, { mask = nullPtr }: KeyColumnOptions = {}): void {
    this.eachPart((row, rows) =>
      this.kernels.run.keyLengthsFixed(rows, at(mask, row), bytes, offset(this.lengths, row * 4)),
    );
  }

  addUtf8(offsets: Ptr, bytes: Ptr, { mask = nullPtr }: KeyColumnOptions = {}): void {
    this.eachPartOf(offsets, (row, rows) =>
      this.kernels.run.keyLengthsUtf8(
        offset(offsets, row * 4),
        bytes,
        rows,
        at(mask, row),
        offset(this.lengths, row * 4),
      ),
    );
  }

  /** Key bytes made elsewhere, written as they are. */
  addRaw(offsets: Ptr, { mask = nullPtr }: KeyColumnOptions = {}): void {
    this.eachPart((row, rows) =>
      this.kernels.run.keyLengthsRaw(offset(offsets, row * 4), rows, at(mask, row), offset(this.lengths, row * 4)),
    );
  }

  /** Turns the lengths into offsets. Returns the bytes that the keys will take, for which the caller then gives room. */
  layOut(): number {
    const bytes = prefixSum(this.kernels, this.lengths, this.rows, this.offsets);
    if (bytes > columnBytesMax) {
      throw new FiresteelError("resource", `the keys of one batch take ${bytes} bytes; the most is ${columnBytesMax}`);
    }
    copyBytes(this.kernels, this.offsets, this.rows * 4, this.lengths); // from here on the rows' cursors
    return bytes;
  }

  writeTo(dest: Ptr): void {
    this.dest = dest;
  }

  writeByte(byte: number, { mask = nullPtr, descending = false }: KeyColumnOptions = {}): void {
    this.eachPart((row, rows) =>
      this.kernels.run.keyWriteByte(rows, at(mask, row), byte ^ flipOf(descending), this.dest, this.cursors(row)),
    );
  }

  writeBool(values: Ptr, { mask = nullPtr, descending = false }: KeyColumnOptions = {}): void {
    const flip = flipOf(descending);
    this.eachPart((row, rows) =>
      this.kernels.run.keyWriteBool(offset(values, row), rows, at(mask, row), flip, this.dest, this.cursors(row)),
    );
  }

  writeNumbers(kind: NumberKind, values: Ptr, { mask = nullPtr, descending = false }: KeyColumnOptions = {}): void {
    const { run } = this.kernels;
    const write = kind === "i32" ? run.keyWriteI32 : kind === "f32" ? run.keyWriteF32 : run.keyWriteF64;
    const tag = kind === "date" ? keyTags.date : keyTags.number;
    const flip = flipOf(descending);
    this.eachPart((row, rows) =>
      write(offset(values, row * numberWidths[kind]), rows, at(mask, row), tag, flip, this.dest, this.cursors(row)),
    );
  }

  writeUtf8(offsets: Ptr, bytes: Ptr, { mask = nullPtr, descending = false }: KeyColumnOptions = {}): void {
    const flip = flipOf(descending);
    this.eachPartOf(offsets, (row, rows) =>
      this.kernels.run.keyWriteUtf8(
        offset(offsets, row * 4),
        bytes,
        rows,
        at(mask, row),
        flip,
        this.dest,
        this.cursors(row),
      ),
    );
  }

  writeRaw(offsets: Ptr, bytes: Ptr, { mask = nullPtr, descending = false }: KeyColumnOptions = {}): void {
    const flip = flipOf(descending);
    this.eachPartOf(offsets, (row, rows) =>
      this.kernels.run.keyWriteRaw(
        offset(offsets, row * 4),
        bytes,
        rows,
        at(mask, row),
        flip,
        this.dest,
        this.cursors(row),
      ),
    );
  }

  free(): void {
    this.allocator.free(this.lengths, this.tableBytes);
  }

  private cursors(row: number): Ptr {
    return offset(this.lengths, row * 4);
  }

  private eachPart(part: (row: number, rows: number) => void): void {
    for (let row = 0; row < this.rows; row += rowsPerCall) part(row, Math.min(rowsPerCall, this.rows - row));
  }

  private eachPartOf(offsets: Ptr, part: (row: number, rows: number) => void): void {
    for (let row = 0; row < this.rows;) {
      const rows = rowsWithin(
        this.kernels,
        offset(offsets, row * 4),
        Math.min(rowsPerCall, this.rows - row),
        bytesPerCall,
      );
      part(row, rows);
      row += rows;
    }
  }
}

function at(mask: Ptr, row: number): Ptr {
  return mask === nullPtr ? nullPtr : offset(mask, row);
}

function flipOf(descending: boolean): number {
  return descending ? 0xff : 0;
}
