/**
 * A batch as one position-independent run of bytes: a header of 32 bytes (magic, format version, total bytes, rows, type
 * bytes, a checksum of header and type, 8 bytes of zeros), the type, then every column's buffers, each 16-byte aligned. Offsets
 * of strings and lists begin at 0 whatever they were in the batch, and padding is zero, so equal rows in equal layouts are
 * equal bytes.
 *
 * Opening checks everything that reading relies on: a damaged block is an error of kind "data" and never leads outside it.
 */
import { invariant } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { rangesLength } from "../kernel/move.ts";
import { asPtr, type Ptr } from "../kernel/ptr.ts";
import { decodeType, encodeType } from "./block-type.ts";
import { isFixed, valueBytes } from "./builder.ts";
import type { Batch, Column } from "./column.ts";
import type { Block } from "./contracts.ts";
import type { ColumnType } from "./schema.ts";
import { sliceColumn } from "./slice.ts";
import { typeOf } from "./type-of.ts";

const magic = 0x424c5346; // "FSLB"
const formatVersion = 1;
export const blockHeaderBytes = 32;
const headerBytes = blockHeaderBytes;

/** Columns' buffers are 16-byte aligned. */
export const alignBlock = (bytes: number) => Math.ceil(bytes / 16) * 16;
const align = alignBlock;

/** Bytes that `sealBlock` will need, once strings that are spans are a column. */
export function blockBytes(kernels: Kernels, batch: Batch): number {
  return headerBytes + align(encodeType(typeOf(batch.root)).length) + columnBytes(kernels, batch.root);
}

function columnBytes(kernels: Kernels, column: Column): number {
  const { rows } = column;
  switch (column.kind) {
    case "constant":
      return 0;
    case "utf8":
    case "any": {
      const [from, to] = extent(kernels, column.offsets, rows);
      return align((rows + 1) * 4) + align(to - from);
    }
    case "spans":
      return align((rows + 1) * 4) + align(rangesLength(kernels, column.starts, column.ends, rows));
    case "list":
      return align((rows + 1) * 4) + columnBytes(kernels, listItems(kernels, column));
    case "struct":
      return column.fields.reduce((sum, field) => sum + columnBytes(kernels, field), 0);
    case "optional":
      return align(rows) + columnBytes(kernels, column.item);
    case "dictionary":
      return 16 + align(rows * 4) + columnBytes(kernels, column.values);
    default:
      return align(rows * valueBytes[column.kind]);
  }
}

/** First and last of rows + 1 offsets. */
function extent(kernels: Kernels, offsets: Ptr, rows: number): readonly [number, number] {
  if (rows === 0) return [0, 0];
  return [kernels.i32[offsets >>> 2]!, kernels.i32[(offsets >>> 2) + rows]!];
}

/** The items that a list column's rows use, as a column of their own. */
function listItems(kernels: Kernels, column: Column & { kind: "list" }): Column {
  const [from, to] = extent(kernels, column.offsets, column.rows);
  return sliceColumn(column.items, from, to);
}

/** Writes the batch at `ptr`, which has `blockBytes` of room, in the batch's memory or in `to`. */
export function sealBlock(kernels: Kernels, batch: Batch, ptr: Ptr, to: Kernels = kernels): Block {
  const type = encodeType(typeOf(batch.root));
  const sealer = new Sealer(kernels, to, ptr + headerBytes);
  sealer.bytes(type);
  sealer.column(batch.root);
  const bytes = sealer.at - ptr;
  sealHeader(to, ptr, bytes, batch.rows, type);
  return { ptr, bytes };
}

export function sealHeader(kernels: Kernels, ptr: Ptr, bytes: number, rows: number, type: Uint8Array): void {
  kernels.u32.set([magic, formatVersion, bytes, rows, type.length, checksum(bytes, rows, type), 0, 0], ptr >>> 2);
}

/** FNV-1a (Fowler, Noll, Vo). The rows of columns without storage are guarded by nothing else. */
function checksum(bytes: number, rows: number, type: Uint8Array): number {
  let hash = Math.imul(Math.imul(0x811c9dc5 ^ bytes, 0x01000193) ^ rows, 0x01000193);
  for (const byte of type) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

class Sealer {
  constructor(
    private readonly kernels: Kernels,
    private readonly to: Kernels,
    public at: number,
  ) {}

  column(column: Column): void {
    const { rows } = column;
    switch (column.kind) {
      case "constant":
        return;
      case "utf8":
      case "any": {
        const [from, to] = extent(this.kernels, column.offsets, rows);
        this.offsets(column.offsets, rows);
        this.copy(column.bytes + from, to - from);
        return;
      }
      case "spans":
        invariant(false, "blocks keep no spans");
        break;
      case "list":
        this.offsets(column.offsets, rows);
        return this.column(listItems(this.kernels, column));
      case "struct":
        for (const field of column.fields) this.column(field);
        return;
      case "optional":
        this.copy(column.validity, rows);
        return this.column(column.item);
      case "dictionary":
        this.to.u32.set([column.values.rows, 0, 0, 0], this.at >>> 2);
        this.at += 16;
        this.copy(column.codes, rows * 4);
        return this.column(column.values);
      default:
        this.copy(column.values, rows * valueBytes[column.kind]);
    }
  }

  bytes(bytes: Uint8Array): void {
    this.to.u8.set(bytes, this.at);
    this.pad(bytes.length);
  }

  private copy(from: number, bytes: number): void {
    if (this.to === this.kernels) this.to.u8.copyWithin(this.at, from, from + bytes);
    else this.to.u8.set(this.kernels.u8.subarray(from, from + bytes), this.at);
    this.pad(bytes);
  }

  private pad(bytes: number): void {
    const to = this.at + align(bytes);
    this.to.u8.fill(0, this.at + bytes, to);
    this.at = to;
  }

  private offsets(offsets: Ptr, rows: number): void {
    const [base] = extent(this.kernels, offsets, rows);
    if (rows === 0) {
      this.to.u32[this.at >>> 2] = 0;
      return this.pad(4);
    }
    if (base === 0) return this.copy(offsets, (rows + 1) * 4);
    const source = new Int32Array(this.kernels.memory.buffer, offsets, rows + 1);
    const target = new Int32Array(this.to.memory.buffer, this.at, rows + 1);
    for (let i = 0; i <= rows; i++) target[i] = source[i]! - base;
    this.pad((rows + 1) * 4);
  }
}

/** Rows of a block, without opening it. */
export function blockRows(kernels: Kernels, ptr: Ptr): number {
  return kernels.u32[(ptr >>> 2) + 3]!;
}

/** Length of a block, without opening it. */
export function sealedBytes(kernels: Kernels, ptr: Ptr): number {
  return kernels.u32[(ptr >>> 2) + 2]!;
}

/**
 * A batch whose columns point into the block. `bytes`, when known, must be the block's length. Throws kind "data" when it
 * is not a block or does not hold together.
 */
export function openBlock(kernels: Kernels, ptr: Ptr, bytes?: number): Batch {
  const room = kernels.memory.buffer.byteLength - ptr;
  if (room < headerBytes || (bytes !== undefined && bytes < headerBytes)) throw damaged("it is cut short");
  const { u8, u32 } = kernels;
  const at = ptr >>> 2;
  const version = u32[at + 1]!;
  const total = u32[at + 2]!;
  const rows = u32[at + 3]!;
  const typeBytes = u32[at + 4]!;
  if (u32[at] !== magic) throw damaged("it does not begin as a block does");
  if (version !== formatVersion) throw damaged(`its format version is ${version}, not ${formatVersion}`);
  if (total > room || (bytes !== undefined && total !== bytes)) throw damaged(`it claims ${total} bytes`);
  if (rows > 0x7fffffff || headerBytes + align(typeBytes) > total) throw damaged("its header does not hold together");
  const start = ptr + headerBytes;
  const isLast = isAt(u8, start, typeBytes, lastOpened.encoded);
  const encoded = isLast ? lastOpened.encoded : u8.slice(start, start + typeBytes);
  if (checksum(total, rows, encoded) !== u32[at + 5]) throw damaged("the checksum of its header does not match");
  const type = isLast ? lastOpened.type : decodeType(encoded);
  if (type === undefined) throw damaged("its type cannot be read");
  if (!isLast) lastOpened = { encoded, type };
  const opener = new Opener(kernels, start + align(typeBytes), ptr + total);
  const root = opener.column(type, rows);
  if (opener.at !== ptr + total) throw damaged("its columns do not fill it");
  return { rows, root };
}

/** Type of the block that was opened last: the next of its partition mostly has it too. */
let lastOpened: { readonly encoded: Uint8Array; readonly type: ColumnType | undefined } = {
  encoded: new Uint8Array(),
  type: undefined,
};

function isAt(u8: Uint8Array, at: number, length: number, bytes: Uint8Array): boolean {
  if (bytes.length !== length) return false;
  for (let i = 0; i < length; i++) if (u8[at + i] !== bytes[i]) return false;
  return true;
}

class Opener {
  constructor(
    private readonly kernels: Kernels,
    public at: number,
    private readonly end: number,
  ) {}

  column(type: ColumnType, rows: number): Column {
    switch (type.kind) {
      case "constant":
        return { kind: "constant", rows, value: type.value };
      case "utf8":
      case "any": {
        const offsets = this.take((rows + 1) * 4);
        return { kind: type.kind, rows, offsets, bytes: this.take(this.checkOffsets(offsets, rows)) };
      }
      case "list": {
        const offsets = this.take((rows + 1) * 4);
        const items = this.column(type.item, this.checkOffsets(offsets, rows));
        return { kind: "list", rows, container: type.container, offsets, items };
      }
      case "struct":
        return { kind: "struct", rows, shape: type.shape, fields: type.fields.map(field => this.column(field, rows)) };
      case "optional": {
        const validity = this.take(rows);
        return { kind: "optional", rows, absent: type.absent, validity, item: this.column(type.item, rows) };
      }
      case "dictionary": {
        const head = this.take(16);
        const valueRows = this.kernels.u32[head >>> 2]!;
        const codes = this.take(rows * 4);
        this.checkCodes(codes, rows, valueRows);
        return { kind: "dictionary", rows, codes, values: this.column(type.values, valueRows) };
      }
      default:
        if (!isFixed(type.kind)) throw damaged("its type cannot be read");
        return { kind: type.kind, rows, values: this.take(rows * valueBytes[type.kind]) };
    }
  }

  private take(bytes: number): Ptr {
    const ptr = asPtr(this.at);
    this.at += align(bytes);
    if (this.at > this.end) throw damaged("a column is cut short");
    return ptr;
  }

  /** Offsets begin at 0 and never fall; returns the last. */
  private checkOffsets(ptr: Ptr, rows: number): number {
    const offsets = new Int32Array(this.kernels.memory.buffer, ptr, rows + 1);
    let last = offsets[0]!;
    let rising = last === 0;
    for (let i = 1; i <= rows; i++) {
      const next = offsets[i]!;
      rising = rising && next >= last;
      last = next;
    }
    if (!rising) throw damaged("the offsets of a column are out of order");
    return last;
  }

  private checkCodes(ptr: Ptr, rows: number, values: number): void {
    const codes = new Uint32Array(this.kernels.memory.buffer, ptr, rows);
    for (let i = 0; i < rows; i++) if (codes[i]! >= values) throw damaged("a dictionary code is out of range");
  }
}

function damaged(why: string): FiresteelError {
  return new FiresteelError("data", `a block is damaged: ${why}`);
}
