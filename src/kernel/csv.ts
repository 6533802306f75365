/**
 * CSV records into columns: a block of parameters and growing columns for `csvRecords`. What the kernel leaves to its caller
 * (records and cells that are not plainly what they should be) the caller reads itself and puts in its place.
 */
import { assertNever } from "../base/assert.ts";
import { type Allocator, MemoryRefused } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { copyBytes } from "./move.ts";
import type { Ptr } from "./ptr.ts";

export type CsvColumnType = "number" | "string" | "boolean" | "date";

/** done: all bytes are read or the batch is full. strange: the record at `at` is the caller's to read. cells: look at them first. */
export type CsvStop = "done" | "strange" | "cells";

/** A field that the caller has to look at: bytes start … end of the run, of a row that is otherwise read. */
export interface CsvCell {
  readonly row: number;
  readonly column: number;
  readonly start: number;
  readonly end: number;
}

const word = { at: 0, to: 1, separator: 2, quote: 3, columns: 4, rows: 5, rowsMax: 6, cells: 7, cellsMax: 8 } as const;
const wordCellsPtr = 9;
const wordStarts = 10;
const wordDetail = 11;
const wordEscape = 12;
const wordComment = 13;
const columnsFrom = 16;
const columnWords = 8;
const typeCode = { number: 0, string: 1, boolean: 2, date: 3 } as const;
const cellsMax = 4096;
const textBytesFirst = 1 << 16;
const textBytesMax = 0x7fffff00;
const stateBytes = 16;
/** Scanned by one call. */
const scanBytes = 4 << 20;

/** Characters with a meaning; each is one byte. Escape and comment are others than the quote, or absent. */
export interface CsvBytes {
  readonly separator: number;
  readonly quote: number;
  readonly escape?: number | undefined;
  readonly comment?: number | undefined;
}

/** What a record cannot begin with. */
const noComment = 10;

interface CsvColumn {
  readonly type: CsvColumnType;
  /** Numbers and dates as f64, booleans as bytes, of texts i32 offsets. */
  readonly values: Ptr;
  readonly validity: Ptr;
}

export class CsvColumns {
  readonly columns: readonly CsvColumn[];
  private readonly block: Ptr;
  private readonly held: { ptr: Ptr; bytes: number }[] = [];

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    types: readonly CsvColumnType[],
    { separator, quote, escape = quote, comment = noComment }: CsvBytes,
    readonly rowsMax: number,
  ) {
    try {
      this.block = this.alloc((columnsFrom + types.length * columnWords) * 4);
      this.set(word.separator, separator);
      this.set(word.quote, quote);
      this.set(wordEscape, escape);
      this.set(wordComment, comment);
      this.set(word.columns, types.length);
      this.set(word.rowsMax, rowsMax);
      this.set(word.cells, 0);
      this.set(word.cellsMax, cellsMax);
      this.set(wordCellsPtr, this.alloc(cellsMax * 16));
      this.set(wordStarts, this.alloc(rowsMax * 4));
      this.columns = types.map((type, i) => this.makeColumn(type, i));
      this.clear();
    } catch (thrown) {
      this.free();
      throw thrown;
    }
  }

  get rows(): number {
    return this.get(word.rows);
  }

  /** Position in the run of the next record. */
  get at(): number {
    return this.get(word.at);
  }

  /** Begins with another run of bytes; rows stay. */
  startRun(to: number): void {
    this.set(word.at, 0);
    this.set(word.to, to);
  }

  skipTo(at: number): void {
    this.set(word.at, at);
  }

  /** Forgets all rows. */
  clear(): void {
    this.truncate(0);
    for (const { type, values } of this.columns) if (type === "string") this.kernels.u32[values >>> 2] = 0;
  }

  /** Forgets rows from one on, and all cells. */
  truncate(rows: number): void {
    this.set(word.rows, rows);
    this.set(word.cells, 0);
  }

  /** Position of the record that row i came from; known for rows that the kernel read. */
  startOf(row: number): number {
    return this.kernels.u32[(this.get(wordStarts) >>> 2) + row]!;
  }

  /** Bytes of all texts together. */
  get textBytes(): number {
    let bytes = 0;
    for (const { type, values } of this.columns)
      if (type === "string") bytes += this.kernels.u32[(values >>> 2) + this.rows]!;
    return bytes;
  }

  /** Reads on from `at` in the bytes at `src`, some rows at most. */
  read(src: Ptr, rows = this.rowsMax): CsvStop {
    this.set(word.rowsMax, Math.min(this.rowsMax, this.rows + rows));
    for (;;) {
      const why = this.kernels.run.csvRecords(this.block, src);
      if (why === 0) return "done";
      if (why === 1) return "strange";
      if (why === 3) return "cells";
      const i = this.get(wordDetail);
      this.reserveBytes(i, this.get(word.to) - this.at);
    }
  }

  /** The cells to look at, in order; none afterwards. */
  takeCells(): CsvCell[] {
    const count = this.get(word.cells);
    const from = this.get(wordCellsPtr) >>> 2;
    this.set(word.cells, 0);
    const { u32 } = this.kernels;
    return Array.from({ length: count }, (_, i) => {
      const at = from + i * 4;
      return { row: u32[at]!, column: u32[at + 1]!, start: u32[at + 2]!, end: u32[at + 3]! };
    });
  }

  /** Adds a row of values that the caller read. */
  push(values: readonly unknown[]): void {
    const { rows } = this;
    values.forEach((value, i) => this.put(rows, i, value));
    this.set(word.rows, rows + 1);
  }

  /** Puts a value into a row: any column of a new row, or a number or date into a row that is there. */
  put(row: number, column: number, value: unknown): void {
    const { kernels } = this;
    const { type, values, validity } = this.columns[column]!;
    kernels.u8[validity + row] = value === null ? 0 : 1;
    switch (type) {
      case "number":
      case "date":
        kernels.f64[values / 8 + row] = value === null ? 0 : Number(value);
        return;
      case "boolean":
        kernels.u8[values + row] = value === true ? 1 : 0;
        return;
      case "string":
        return this.putText(row, column, value === null ? "" : (value as string));
      default:
        assertNever(type);
    }
  }

  bytesOf(column: number): Ptr {
    return this.get(columnsFrom + column * columnWords + 3) as Ptr;
  }

  free(): void {
    for (const { ptr, bytes } of this.held) this.allocator.free(ptr, bytes);
    this.held.length = 0;
  }

  private putText(row: number, column: number, text: string): void {
    const { u32, u8 } = this.kernels;
    const offsets = (this.columns[column]!.values >>> 2) + row;
    const bytes = Buffer.from(text);
    this.reserveBytes(column, bytes.length, row);
    const from = u32[offsets]!;
    u8.set(bytes, this.bytesOf(column) + from);
    u32[offsets + 1] = from + bytes.length;
  }

  /** Room for so many bytes more behind the texts of the rows there are. */
  private reserveBytes(column: number, more: number, rows = this.rows): void {
    const at = columnsFrom + column * columnWords;
    const used = this.kernels.u32[(this.columns[column]!.values >>> 2) + rows]!;
    const room = this.get(at + 4);
    if (used + more <= room) return;
    const bytes = Math.min(textBytesMax, Math.max(used + more, room * 2));
    if (bytes <= room)
      throw new MemoryRefused(more, `the texts of a CSV column take more than ${room} bytes in one batch`);
    const old = this.bytesOf(column);
    const ptr = this.alloc(bytes);
    copyBytes(this.kernels, old, used, ptr);
    this.set(at + 3, ptr);
    this.set(at + 4, bytes);
    const found = this.held.findIndex(each => each.ptr === old);
    this.held.splice(found, 1);
    this.allocator.free(old, room);
  }

  private makeColumn(type: CsvColumnType, i: number): CsvColumn {
    const { rowsMax } = this;
    const at = columnsFrom + i * columnWords;
    const width = type === "boolean" ? 1 : type === "string" ? 4 : 8;
    const values = this.alloc((rowsMax + 1) * width);
    const validity = this.alloc(rowsMax);
    const bytes = type === "string" ? this.alloc(textBytesFirst) : 0;
    [typeCode[type], values, validity, bytes, type === "string" ? textBytesFirst : 0].forEach((value, k) =>
      this.set(at + k, value),
    );
    return { type, values, validity };
  }

  private alloc(bytes: number): Ptr {
    const ptr = this.allocator.alloc(bytes);
    this.held.push({ ptr, bytes });
    return ptr;
  }

  private get(index: number): number {
    return this.kernels.u32[(this.block >>> 2) + index]!;
  }

  private set(index: number, value: number): void {
    this.kernels.u32[(this.block >>> 2) + index] = value;
  }
}

/** Where CSV records end, over several calls: the state of a scan is kept between them. */
export class CsvEnds {
  private readonly state: Ptr;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly syntax: CsvBytes,
  ) {
    this.state = allocator.alloc(stateBytes);
    this.restart();
  }

  /** The next bytes begin a record. */
  restart(): void {
    this.kernels.u32[this.state >>> 2] = 0;
  }

  /** Behind the last record that ends in from … to of the bytes at `src`; −1 when none does. */
  last(src: Ptr, from: number, to: number): number {
    let found = -1;
    for (let at = from; at < to; at += scanBytes) {
      const end = this.scan(src, at, Math.min(to, at + scanBytes), false);
      if (end >= 0) found = end;
    }
    return found;
  }

  /** Behind the first; the bytes behind it are not scanned. */
  first(src: Ptr, from: number, to: number): number {
    for (let at = from; at < to; at += scanBytes) {
      const end = this.scan(src, at, Math.min(to, at + scanBytes), true);
      if (end >= 0) return end;
    }
    return -1;
  }

  free(): void {
    this.allocator.free(this.state, stateBytes);
  }

  private scan(src: Ptr, from: number, to: number, first: boolean): number {
    const { run } = this.kernels;
    const { separator, quote, escape = quote, comment = noComment } = this.syntax;
    const most = first ? 1 : 0;
    const end = run.csvRecordEnd(src, from, to, separator, quote, escape, comment, most, this.state) >>> 0;
    return end === 0xffffffff ? -1 : end;
  }
}
