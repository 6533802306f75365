/**
 * One accumulator a group in kernel memory: an array for each of its leaves (`fold-layout.ts`), by group id, that grows with
 * the groups. All or nothing: a refusal of memory changes nothing.
 */
import type { Column } from "../data/column.ts";
import { type AccumulatorType, isListLength, type LeafType, leafBytes, leavesOf } from "../expr/fold-layout.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import { allocAll, move } from "../kernel/regions.ts";

const roomMin = 1024;

export class Accumulators {
  readonly leaves: readonly LeafType[];
  /** Of each leaf; moves when groups are reserved. */
  pointers: readonly Ptr[];
  private room = 0;
  private reader: ((group: number) => unknown) | undefined;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    readonly type: AccumulatorType,
  ) {
    this.leaves = leavesOf(type);
    this.pointers = this.leaves.map(() => nullPtr);
  }

  /** Room for so many groups; of those so far, `count` have values. */
  reserve(groups: number, count: number): void {
    if (groups <= this.room) return;
    const room = Math.max(roomMin, groups, this.room * 2);
    const pointers = allocAll(
      this.allocator,
      this.leaves.map(leaf => room * leafBytes(leaf)),
    );
    this.leaves.forEach((leaf, i) => move(this.kernels, this.pointers[i]!, count * leafBytes(leaf), pointers[i]!));
    this.free();
    this.pointers = pointers;
    this.room = room;
  }

  /** The accumulators of groups from … from + rows, where they are. Lists need memory for their offsets. */
  column(from: number, rows: number, allocator: Allocator): Column {
    return this.columnOver(
      rows,
      this.leaves.map((leaf, i) => offset(this.pointers[i]!, from * leafBytes(leaf))),
      allocator,
    );
  }

  /** The accumulators of groups ids[i], copied. */
  gather(ids: Ptr, rows: number, allocator: Allocator): Column {
    const { run } = this.kernels;
    const gathered = this.leaves.map((leaf, i) => {
      const to = allocator.alloc(Math.max(8, rows * leafBytes(leaf)));
      const from = this.pointers[i]!;
      if (leaf.kind === "f64") run.gather8(from, ids, rows, to);
      else if (leaf.kind === "bool") run.gather1(from, ids, rows, to);
      else this.gatherLists(from, ids, rows, leafBytes(leaf), to);
      return to;
    });
    return this.columnOver(rows, gathered, allocator);
  }

  /** As a JavaScript value. Needs no kernel memory. */
  get(group: number): unknown {
    this.reader ??= readerOf(this.type, this.kernels, () => this.pointers);
    return this.reader(group);
  }

  /** Makes the column's rows the accumulators of groups from … on, for which there is room. False: they are of another type. */
  restore(column: Column, from: number): boolean {
    const sources: Ptr[] = [];
    if (!sourcesOf(this.kernels, column, this.type, sources)) return false;
    this.reserve(from + column.rows, from);
    this.leaves.forEach((leaf, i) => {
      const bytes = leafBytes(leaf);
      move(this.kernels, sources[i]!, column.rows * bytes, offset(this.pointers[i]!, from * bytes));
    });
    return true;
  }

  free(): void {
    if (this.room > 0)
      this.leaves.forEach((leaf, i) => this.allocator.free(this.pointers[i]!, this.room * leafBytes(leaf)));
    this.room = 0;
  }

  private gatherLists(from: Ptr, ids: Ptr, rows: number, bytes: number, to: Ptr): void {
    const { u8, u32 } = this.kernels;
    for (let i = 0; i < rows; i++) {
      const at = from + u32[ids / 4 + i]! * bytes;
      u8.copyWithin(to + i * bytes, at, at + bytes);
    }
  }

  private columnOver(rows: number, pointers: readonly Ptr[], allocator: Allocator): Column {
    let next = 0;
    const columnOf = (type: AccumulatorType): Column => {
      if (type.kind === "struct") return { kind: "struct", rows, shape: type.shape, fields: type.fields.map(columnOf) };
      const values = pointers[next++]!;
      if (type.kind !== "list") return { kind: type.kind, rows, values };
      const offsets = allocator.alloc((rows + 1) * 4);
      const { i32 } = this.kernels;
      for (let i = 0; i <= rows; i++) i32[offsets / 4 + i] = i * type.length;
      const items: Column = { kind: "f64", rows: rows * type.length, values };
      return { kind: "list", rows, container: type.container, offsets, items };
    };
    return columnOf(this.type);
  }
}

function readerOf(type: AccumulatorType, kernels: Kernels, pointers: () => readonly Ptr[]): (group: number) => unknown {
  let leaves = 0;
  const { f64, u8 } = kernels;
  const readerFor = (part: AccumulatorType): ((group: number) => unknown) => {
    if (part.kind === "list") {
      const leaf = leaves++;
      return group => {
        const at = pointers()[leaf]! / 8 + group * part.length;
        const items = new Float64Array(f64.subarray(at, at + part.length));
        return part.container === "array" ? Array.from(items) : items;
      };
    }
    if (part.kind !== "struct") {
      const leaf = leaves++;
      if (part.kind === "f64") return group => f64[pointers()[leaf]! / 8 + group];
      return group => u8[pointers()[leaf]! + group] === 1;
    }
    const fields = part.fields.map(readerFor);
    const { shape } = part;
    if (shape.of === "tuple") return group => fields.map(field => field(group));
    return group => Object.fromEntries(fields.map((field, i) => [shape.names[i]!, field(group)]));
  };
  return readerFor(type);
}

/** The type of accumulators that a column of them has; undefined when they are not of a kind that is kept in arrays. */
export function typeOfAccumulators(kernels: Kernels, column: Column): AccumulatorType | undefined {
  switch (column.kind) {
    case "f64":
    case "bool":
      return { kind: column.kind };
    case "struct": {
      const fields = column.fields.map(field => typeOfAccumulators(kernels, field));
      return fields.every(field => field !== undefined) ? { kind: "struct", shape: column.shape, fields } : undefined;
    }
    case "list": {
      const { rows, container, items, offsets } = column;
      if (rows === 0 || items.kind !== "f64" || (container !== "array" && container !== "Float64Array"))
        return undefined;
      const length = kernels.i32[offsets / 4 + 1]! - kernels.i32[offsets / 4]!;
      return isListLength(container, length) ? { kind: "list", container, length } : undefined;
    }
    default:
      return undefined;
  }
}

/** Where a column keeps the leaves; false when it is not laid out as accumulators of the type are. */
function sourcesOf(kernels: Kernels, column: Column, type: AccumulatorType, into: Ptr[]): boolean {
  switch (type.kind) {
    case "struct":
      return (
        column.kind === "struct" &&
        column.fields.length === type.fields.length &&
        sameShape(column.shape, type.shape) &&
        type.fields.every((field, i) => sourcesOf(kernels, column.fields[i]!, field, into))
      );
    case "list": {
      if (column.kind !== "list" || column.container !== type.container || column.items.kind !== "f64") return false;
      const { i32 } = kernels;
      const first = column.offsets / 4;
      for (let i = 0; i < column.rows; i++) if (i32[first + i + 1]! - i32[first + i]! !== type.length) return false;
      into.push(offset(column.items.values, column.rows === 0 ? 0 : i32[first]! * 8));
      return true;
    }
    default:
      if (column.kind !== type.kind) return false;
      into.push(column.values);
      return true;
  }
}

function sameShape(a: Extract<AccumulatorType, { kind: "struct" }>["shape"], b: typeof a): boolean {
  if (a.of === "tuple" || b.of === "tuple") return a.of === b.of;
  return a.names.length === b.names.length && a.names.every((name, i) => name === b.names[i]);
}
