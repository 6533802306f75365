/**
 * The growing columns behind a writer: a tree of builders that mirrors the layout, each with its buffers in kernel memory
 * and views over them. Row counts live in the writer alone: a builder's strings and items end where its offsets say, so a
 * row that fails half-way leaves nothing to undo. Growing allocates before it frees; a refusal changes nothing.
 *
 * Views start at their buffer, so that indexes stay small: bytes above 2 GiB of one big view are ten times slower.
 */
import { Buffer } from "node:buffer";
import { invariant } from "../base/assert.ts";
import { MemoryRefused, type Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import type { Column } from "./column.ts";
import type { ColumnType } from "./schema.ts";

/** Strings of so many rows wait at most; a power of two. */
export const pendingRows = 1024;

const rowsFirst = 32;
const bytesFirst = 256;
const bytesMax = 0x7fffff00;

/** From there on what grows does so by less: more of one batch than that is one row's. */
const rowsLarge = 1 << 18;
const bytesLarge = 1 << 21;

function larger(size: number, large: number): number {
  return size < large ? size * 2 : Math.floor(size * 1.25);
}

type Values = Float64Array | Float32Array | Int32Array | Uint8Array | BigInt64Array;

export const valueBytes = { f64: 8, f32: 4, i32: 4, u8: 1, i64: 8, bool: 1, date: 8 } as const;
export type FixedKind = keyof typeof valueBytes;

export function isFixed(kind: ColumnType["kind"]): kind is FixedKind {
  return kind in valueBytes;
}

/** A typed view over `rows` values at `ptr`. */
export function valuesView(buffer: ArrayBufferLike, kind: FixedKind, ptr: Ptr, rows: number): Values {
  switch (kind) {
    case "f64":
    case "date":
      return new Float64Array(buffer, ptr, rows);
    case "f32":
      return new Float32Array(buffer, ptr, rows);
    case "i32":
      return new Int32Array(buffer, ptr, rows);
    case "i64":
      return new BigInt64Array(buffer, ptr, rows);
    case "u8":
    case "bool":
      return new Uint8Array(buffer, ptr, rows);
  }
}

export class Builder {
  readonly type: ColumnType;
  /** Rows that fit. */
  cap = 0;
  /** Fixed-width values, or the validity bytes of an optional column. */
  v: Values = emptyValues;
  /** Offsets of strings, any and lists: cap + 1 of them. */
  o: Int32Array = emptyOffsets;
  /** The bytes of strings and any. */
  u: Buffer = emptyBytes;
  /** The same bytes, for unaligned numbers (any). */
  d: DataView = emptyView;
  /** Strings that wait to be encoded: that of row i at i modulo `pendingRows` (store-text.ts). */
  s: string[] = noStrings;
  /** The first row whose string waits. */
  settled = 0;
  /** Where the strings that wait may end. */
  limit = -1;
  readonly children: readonly Builder[];
  private valuesPtr = nullPtr;
  private offsetsPtr = nullPtr;
  private bytesPtr = nullPtr;

  constructor(
    type: ColumnType,
    readonly kernels: Kernels,
    readonly allocator: Allocator,
    children?: readonly Builder[],
  ) {
    this.type = type;
    this.children = children ?? childTypes(type).map(child => new Builder(child, kernels, allocator));
  }

  /** Room for `rows` rows. The contents up to now are kept. */
  reserveRows(rows: number): void {
    if (rows <= this.cap) return;
    const cap = Math.max(rowsFirst, larger(this.cap, rowsLarge), rows);
    const { type } = this;
    if (type.kind === "utf8" && this.s === noStrings) this.s = new Array<string>(pendingRows).fill("");
    if (type.kind === "struct" || type.kind === "optional") {
      for (const child of this.children) child.reserveRows(cap);
    }
    if (isFixed(type.kind)) this.growValues(type.kind, cap);
    else if (type.kind === "optional") this.growValues("bool", cap);
    else if (type.kind === "utf8" || type.kind === "any" || type.kind === "list") this.growOffsets(cap);
    this.cap = cap;
  }

  /** Room for `wanted` bytes after the first `used`. */
  reserveBytes(used: number, wanted: number): void {
    const needed = used + wanted;
    if (needed <= this.u.length) return;
    if (needed > bytesMax) throw new MemoryRefused(wanted, `a batch holds at most ${bytesMax} bytes of one column`);
    const bytes = Math.min(bytesMax, Math.max(bytesFirst, larger(this.u.length, bytesLarge), needed));
    const ptr = this.allocator.alloc(bytes);
    const view = Buffer.from(this.kernels.memory.buffer as unknown as ArrayBuffer, ptr, bytes);
    if (used > 0) view.set(this.u.subarray(0, used));
    if (this.bytesPtr !== nullPtr) this.allocator.free(this.bytesPtr, this.u.length);
    this.bytesPtr = ptr;
    this.u = view;
    this.d = new DataView(this.kernels.memory.buffer, ptr, bytes);
  }

  private growValues(kind: FixedKind, cap: number): void {
    const width = valueBytes[kind];
    const ptr = this.allocator.alloc(cap * width);
    const view = valuesView(this.kernels.memory.buffer, kind, ptr, cap);
    if (this.valuesPtr !== nullPtr) {
      (view as Float64Array).set(this.v as Float64Array);
      this.allocator.free(this.valuesPtr, this.v.length * width);
    }
    this.valuesPtr = ptr;
    this.v = view;
  }

  private growOffsets(cap: number): void {
    const ptr = this.allocator.alloc((cap + 1) * 4);
    const view = new Int32Array(this.kernels.memory.buffer, ptr, cap + 1);
    if (this.offsetsPtr !== nullPtr) {
      view.set(this.o);
      this.allocator.free(this.offsetsPtr, this.o.length * 4);
    } else {
      view[0] = 0;
    }
    this.offsetsPtr = ptr;
    this.o = view;
  }

  /** Takes over the buffers of a builder of the same kind, which must not be used or freed afterwards. */
  adopt(other: Builder): void {
    this.cap = other.cap;
    this.v = other.v;
    this.o = other.o;
    this.u = other.u;
    this.d = other.d;
    this.s = other.s;
    this.settled = other.settled;
    this.limit = other.limit;
    this.valuesPtr = other.valuesPtr;
    this.offsetsPtr = other.offsetsPtr;
    this.bytesPtr = other.bytesPtr;
  }

  /** The first `rows` rows as a column. Strings must be settled. */
  column(rows: number): Column {
    const { type } = this;
    switch (type.kind) {
      case "constant":
        return { kind: "constant", rows, value: type.value };
      case "struct":
        return { kind: "struct", rows, shape: type.shape, fields: this.children.map(child => child.column(rows)) };
      case "optional":
        return {
          kind: "optional",
          rows,
          absent: type.absent,
          validity: this.valuesPtr,
          item: this.children[0]!.column(rows),
        };
      case "list": {
        const items = this.children[0]!.column(rows === 0 ? 0 : this.o[rows]!);
        return { kind: "list", rows, container: type.container, offsets: this.offsetsPtr, items };
      }
      case "utf8":
      case "any":
        return { kind: type.kind, rows, offsets: this.offsetsPtr, bytes: this.bytesPtr };
      case "dictionary":
      case "spans":
        invariant(false, "writers make neither dictionaries nor spans");
        break;
      default:
        return { kind: type.kind, rows, values: this.valuesPtr };
    }
  }

  /** Kernel memory held, used or not. */
  get allocatedBytes(): number {
    const own = this.v.byteLength + this.o.byteLength + this.u.byteLength;
    return this.children.reduce((sum, child) => sum + child.allocatedBytes, own);
  }

  free(): void {
    this.freeOwn();
    for (const child of this.children) child.free();
  }

  /** Frees the buffers of this builder but not its children's. */
  freeOwn(): void {
    if (this.valuesPtr !== nullPtr) this.allocator.free(this.valuesPtr, this.v.byteLength);
    if (this.offsetsPtr !== nullPtr) this.allocator.free(this.offsetsPtr, this.o.byteLength);
    if (this.bytesPtr !== nullPtr) this.allocator.free(this.bytesPtr, this.u.byteLength);
    this.valuesPtr = this.offsetsPtr = this.bytesPtr = nullPtr;
    this.v = emptyValues;
    this.o = emptyOffsets;
    this.u = emptyBytes;
    this.d = emptyView;
    this.s = noStrings;
    this.settled = 0;
    this.limit = -1;
    this.cap = 0;
  }
}

const emptyValues = new Uint8Array(0);
const emptyOffsets = new Int32Array(0);
const emptyBytes = Buffer.alloc(0);
const emptyView = new DataView(new ArrayBuffer(0));
const noStrings: string[] = [];

export function childTypes(type: ColumnType): readonly ColumnType[] {
  switch (type.kind) {
    case "struct":
      return type.fields;
    case "list":
    case "optional":
      return [type.item];
    case "dictionary":
      return [type.values];
    default:
      return [];
  }
}
