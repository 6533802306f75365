/** Rows of several batches taken one after the other, in any order, without putting the batches together first. */
import { invariant } from "../base/assert.ts";
import type { Batch, BytesColumn, Column } from "../data/column.ts";
import { valueBytes } from "../data/builder.ts";
import { isFlat } from "../data/flat-column.ts";
import { typeKey } from "../data/layout.ts";
import { concat, gather, slice } from "../data/move.ts";
import { typeOf } from "../data/type-of.ts";
import { type Allocator, MemoryRefused } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { columnBytesMax } from "../kernel/move.ts";
import { gatheredPartsLength, gatherParts, gatherPartsBytes, hintRows, partIds, partShift } from "../kernel/parts.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";

export class Parts {
  readonly rows: number;
  /** Where each part begins, and the end. */
  private readonly starts: Uint32Array;
  /** The part of every `hintRows`-th row. */
  private readonly hints: Uint32Array;
  /** Of ids that kernels take; undefined when the parts have layouts for which there is none. */
  private readonly shift: number | undefined;
  private tables: Tables | undefined;

  constructor(
    private readonly kernels: Kernels,
    readonly batches: readonly Batch[],
  ) {
    const { length } = batches;
    this.starts = new Uint32Array(length + 1);
    for (let i = 0; i < length; i++) this.starts[i + 1] = this.starts[i]! + batches[i]!.rows;
    this.rows = this.starts[length]!;
    this.hints = new Uint32Array(Math.ceil(this.rows / hintRows));
    for (let i = 0, part = 0; i < this.hints.length; i++) {
      while (this.starts[part + 1]! <= i * hintRows) part++;
      this.hints[i] = part;
    }
    const longest = batches.reduce((most, { rows }) => Math.max(most, rows), 0);
    this.shift = areAlike(batches) ? partShift(length, longest) : undefined;
  }

  /** The id of each part's first row; those of the others follow. Without tables for kernels ids are row numbers. */
  firstIds(): readonly number[] {
    const { shift, batches } = this;
    if (shift === undefined || batches.length === 1) return Array.from(this.starts.subarray(0, batches.length));
    return batches.map((_, part) => part * 2 ** shift);
  }

  /**
   * Some columns of the parts, of whose rows `take` takes the same ids; undefined where ids would be others, or where there is no
   * memory for tables.
   */
  narrowed(columns: (batch: Batch) => Batch, allocator: Allocator): Parts | undefined {
    const { batches, shift, kernels } = this;
    if (shift === undefined && batches.length > 1) return undefined;
    const parts = new Parts(kernels, batches.map(columns));
    try {
      parts.prepare(allocator);
      return parts;
    } catch (thrown) {
      if (!(thrown instanceof MemoryRefused)) throw thrown;
      return undefined;
    }
  }

  /** Writes the tables that taking rows needs, once for all calls; they must live as long. */
  prepare(allocator: Allocator): void {
    if (this.batches.length > 1 && this.shift !== undefined) this.tables = this.write(allocator, this.shift);
  }

  /** Row numbers to ids, in place. Needs tables. */
  toIds(rows: Ptr, n: number): void {
    const { tables, shift } = this;
    if (tables !== undefined) partIds(this.kernels, rows, n, tables.starts, tables.hints, shift!, rows);
  }

  /** Row i of the result is the row of id ids[i] (u32). Needs tables. */
  take(allocator: Allocator, ids: Ptr, n: number): Batch {
    return this.tables === undefined ? this.gather(allocator, ids, n) : this.tables.columns.gather(allocator, ids, n);
  }

  /** The row of an id, over the same memory. */
  row(id: number): Batch {
    const { shift, tables } = this;
    const part = tables === undefined ? this.partOf(id) : Math.floor(id / 2 ** shift!);
    const at = tables === undefined ? id - this.starts[part]! : id % 2 ** shift!;
    return slice(this.batches[part]!, at, at + 1);
  }

  /** Row i of the result is row rows[i] (u32). */
  gather(allocator: Allocator, rows: Ptr, n: number): Batch {
    const { kernels, batches, shift } = this;
    if (batches.length === 1) return gather(kernels, allocator, batches[0]!, rows, n);
    if (shift === undefined) return this.gatherUnlike(allocator, rows, n);
    const { starts, hints, columns } = this.tables ?? this.write(allocator, shift);
    const ids = allocator.alloc(Math.max(4, n * 4));
    partIds(kernels, rows, n, starts, hints, shift, ids);
    return columns.gather(allocator, ids, n);
  }

  private write(allocator: Allocator, shift: number): Tables {
    const { kernels, batches } = this;
    return {
      starts: putWords(kernels, allocator, this.starts),
      hints: putWords(kernels, allocator, this.hints),
      columns: new PartColumns(kernels, allocator, batches, shift),
    };
  }

  /** Each part's rows for themselves, put together, then put in order. */
  private gatherUnlike(allocator: Allocator, rows: Ptr, n: number): Batch {
    const { kernels, batches, starts } = this;
    const { u32 } = kernels;
    const partOf = new Uint32Array(n);
    const cursors = new Uint32Array(batches.length + 1);
    for (let i = 0; i < n; i++) {
      const row = u32[rows / 4 + i]!;
      const part = this.partOf(row);
      partOf[i] = part;
      cursors[part + 1]!++;
    }
    for (let part = 0; part < batches.length; part++) cursors[part + 1]! += cursors[part]!;
    const ends = cursors.slice(1);
    const local = allocator.alloc(Math.max(4, n * 4));
    const places = allocator.alloc(Math.max(4, n * 4));
    for (let i = 0; i < n; i++) {
      const part = partOf[i]!;
      const place = cursors[part]!++;
      u32[local / 4 + place] = u32[rows / 4 + i]! - starts[part]!;
      u32[places / 4 + i] = place;
    }
    const gathered: Batch[] = [];
    for (let part = 0, from = 0; part < batches.length; from = ends[part++]!) {
      const count = ends[part]! - from;
      if (count > 0) gathered.push(gather(kernels, allocator, batches[part]!, offset(local, from * 4), count));
    }
    return gather(kernels, allocator, concat(kernels, allocator, gathered), places, n);
  }

  private partOf(row: number): number {
    let part = this.hints[Math.floor(row / hintRows)]!;
    while (this.starts[part + 1]! <= row) part++;
    return part;
  }
}

interface Tables {
  readonly starts: Ptr;
  readonly hints: Ptr;
  readonly columns: PartColumns;
}

/** Whether kernels can take rows from these batches: of one layout, which is of values, strings and structs of them. */
export function areAlike(batches: readonly Batch[]): boolean {
  const [first] = batches;
  if (first === undefined || !isFlat(first.root)) return false;
  const key = typeKey(typeOf(first.root));
  return batches.every(({ root }) => typeKey(typeOf(root)) === key);
}

type Of<Kind extends Column["kind"]> = Extract<Column, { kind: Kind }>;
type Fixed = Extract<Column, { values: Ptr }>;

/** Where the columns of alike batches are, as tables for kernels; rows are taken by id (kernel/parts.ts). */
export class PartColumns {
  /** In preorder of the columns that have storage. */
  private readonly tables: Ptr[] = [];
  private readonly like: Column;

  constructor(
    private readonly kernels: Kernels,
    allocator: Allocator,
    batches: readonly Batch[],
    private readonly shift: number,
  ) {
    this.like = batches[0]!.root;
    this.addTables(
      allocator,
      batches.map(({ root }) => root),
    );
  }

  gather(allocator: Allocator, ids: Ptr, n: number): Batch {
    const tables = this.tables.values();
    const take = (like: Column): Column => {
      switch (like.kind) {
        case "constant":
          return { ...like, rows: n };
        case "struct":
          return { ...like, rows: n, fields: like.fields.map(take) };
        case "optional": {
          const validity = this.fixed(allocator, tables.next().value!, 1, ids, n);
          return { ...like, rows: n, validity, item: take(like.item) };
        }
        case "utf8":
        case "any":
          return { kind: like.kind, rows: n, ...this.bytes(allocator, tables.next().value!, ids, n) };
        default: {
          const { kind } = like as Fixed;
          return { kind, rows: n, values: this.fixed(allocator, tables.next().value!, valueBytes[kind], ids, n) };
        }
      }
    };
    return { rows: n, root: take(this.like) };
  }

  private addTables(allocator: Allocator, parts: readonly Column[]): void {
    const like = parts[0]!;
    const add = (addresses: readonly number[]) =>
      this.tables.push(putWords(this.kernels, allocator, Uint32Array.from(addresses)));
    switch (like.kind) {
      case "constant":
        return;
      case "struct":
        for (const k of like.fields.keys())
          this.addTables(
            allocator,
            (parts as Of<"struct">[]).map(each => each.fields[k]!),
          );
        return;
      case "optional":
        add((parts as Of<"optional">[]).map(each => each.validity));
        return this.addTables(
          allocator,
          (parts as Of<"optional">[]).map(each => each.item),
        );
      case "utf8":
      case "any":
        return void add((parts as BytesColumn[]).flatMap(each => [each.offsets, each.bytes]));
      default:
        add((parts as readonly Fixed[]).map(each => each.values));
    }
  }

  private fixed(allocator: Allocator, table: Ptr, width: 1 | 4 | 8, ids: Ptr, n: number): Ptr {
    const target = allocator.alloc(Math.max(8, n * width));
    gatherParts(this.kernels, width, table, this.shift, ids, n, target);
    return target;
  }

  private bytes(allocator: Allocator, table: Ptr, ids: Ptr, n: number): { readonly offsets: Ptr; readonly bytes: Ptr } {
    const { kernels, shift } = this;
    const total = gatheredPartsLength(kernels, table, shift, ids, n);
    invariant(total <= columnBytesMax, "gathered rows exceed 2 GiB");
    const offsets = allocator.alloc((n + 1) * 4);
    const bytes = allocator.alloc(Math.max(16, total));
    gatherPartsBytes(kernels, table, shift, ids, n, offsets, bytes, total);
    return { offsets, bytes };
  }
}

function putWords(kernels: Kernels, allocator: Allocator, words: Uint32Array): Ptr {
  const ptr = allocator.alloc(Math.max(4, words.length * 4));
  kernels.u32.set(words, ptr / 4);
  return ptr;
}
