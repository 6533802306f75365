/** Columns of one layout, one after the other in new memory. Offsets of strings and lists begin at 0. */
import { invariant } from "../base/assert.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { sliceColumn } from "./slice.ts";
import { valueBytes } from "./builder.ts";
import type { Column } from "./column.ts";

type Of<Kind extends Column["kind"]> = Extract<Column, { kind: Kind }>;

export function concatColumns(kernels: Kernels, allocator: Allocator, parts: readonly Column[]): Column {
  return new Concatenation(kernels, allocator).concat(parts);
}

class Concatenation {
  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {}

  concat(parts: readonly Column[]): Column {
    const first = parts[0]!;
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    if (rows === 0) return sliceColumn(first, 0, 0);
    switch (first.kind) {
      case "constant":
        return { ...first, rows };
      case "struct":
        return {
          ...first,
          rows,
          fields: first.fields.map((_, k) => this.concat((parts as Of<"struct">[]).map(each => each.fields[k]!))),
        };
      case "optional":
        return {
          ...first,
          rows,
          validity: this.joined((parts as Of<"optional">[]).map(each => ({ ptr: each.validity, bytes: each.rows }))),
          item: this.concat((parts as Of<"optional">[]).map(each => each.item)),
        };
      case "utf8":
      case "any":
        return this.concatBytes(parts as Of<"utf8" | "any">[], rows);
      case "list":
        return this.concatLists(parts as Of<"list">[], rows);
      case "dictionary":
        return this.concatDictionaries(parts as Of<"dictionary">[], rows);
      case "spans":
        invariant(false, "spans are copied before they are kept");
        break;
      default: {
        const width = valueBytes[first.kind];
        const spans = (parts as (typeof first)[]).map(each => ({ ptr: each.values, bytes: each.rows * width }));
        return { ...first, rows, values: this.joined(spans) };
      }
    }
  }

  private joined(spans: readonly { readonly ptr: Ptr; readonly bytes: number }[]): Ptr {
    const target = this.allocator.alloc(spans.reduce((sum, span) => sum + span.bytes, 0));
    let at: number = target;
    for (const { ptr, bytes } of spans) {
      this.kernels.u8.copyWithin(at, ptr, ptr + bytes);
      at += bytes;
    }
    return target;
  }

  /** One run of offsets from several, and the extents of what they point into. */
  private joinedOffsets(parts: readonly { readonly rows: number; readonly offsets: Ptr }[], rows: number) {
    const { run, i32 } = this.kernels;
    const offsets = this.allocator.alloc((rows + 1) * 4);
    const extents: { from: number; to: number }[] = [];
    let row = 0;
    let end = 0;
    for (const part of parts) {
      const word = part.offsets >>> 2;
      const extent = part.rows === 0 ? { from: 0, to: 0 } : { from: i32[word]!, to: i32[word + part.rows]! };
      extents.push(extent);
      if (part.rows > 0) run.addI32(part.offsets, part.rows, end - extent.from, offset(offsets, row * 4));
      row += part.rows;
      end += extent.to - extent.from;
      invariant(end <= 0x7fffffff, "a column of joined batches exceeds 2 GiB");
    }
    i32[(offsets >>> 2) + rows] = end;
    return { offsets, extents };
  }

  private concatBytes(parts: readonly Of<"utf8" | "any">[], rows: number): Column {
    const { offsets, extents } = this.joinedOffsets(parts, rows);
    const spans = parts.map((part, k) => ({
      ptr: offset(part.bytes, extents[k]!.from),
      bytes: extents[k]!.to - extents[k]!.from,
    }));
    return { ...parts[0]!, rows, offsets, bytes: this.joined(spans) };
  }

  private concatLists(parts: readonly Of<"list">[], rows: number): Column {
    const { offsets, extents } = this.joinedOffsets(parts, rows);
    const items = parts.map((part, k) => sliceColumn(part.items, extents[k]!.from, extents[k]!.to));
    return { ...parts[0]!, rows, offsets, items: this.concat(items) };
  }

  /** The values one after the other as well, so that codes only move up. */
  private concatDictionaries(parts: readonly Of<"dictionary">[], rows: number): Column {
    const codes = this.allocator.alloc(rows * 4);
    let row = 0;
    let values = 0;
    for (const part of parts) {
      this.kernels.run.addI32(part.codes, part.rows, values, offset(codes, row * 4));
      row += part.rows;
      values += part.values.rows;
    }
    return { ...parts[0]!, rows, codes, values: this.concat(parts.map(part => part.values)) };
  }
}
