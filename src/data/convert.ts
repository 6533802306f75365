/**
 * Widens builders in the middle of a batch: the same rows in a wider layout. Buffers of columns that do not change are taken
 * over as they are; the others are read and stored anew. Either all of it succeeds or, when memory is refused, the
 * builders are as before.
 */
import { invariant } from "../base/assert.ts";
import { readBuilder } from "./batch-reader.ts";
import { Builder } from "./builder.ts";
import { typeKey } from "./layout.ts";
import type { ColumnType } from "./schema.ts";
import { storeCode } from "./store-code.ts";

/** Strings that can be must have been settled. */
export function widen(root: Builder, rows: number, to: ColumnType): Builder {
  const conversion = new Conversion(root.cap);
  try {
    const widened = conversion.convert(root, rows, to);
    conversion.commit();
    return widened;
  } catch (thrown) {
    conversion.rollBack();
    throw thrown;
  }
}

class Conversion {
  /** Builders whose own buffers are new: freed when it fails. */
  private readonly made: Builder[] = [];
  /** Builders whose own buffers are replaced: freed when it succeeds. */
  private readonly replaced: Builder[] = [];

  constructor(private readonly cap: number) {}

  commit(): void {
    for (const builder of this.replaced) builder.freeOwn();
  }

  rollBack(): void {
    for (const builder of this.made) builder.freeOwn();
  }

  convert(from: Builder, rows: number, to: ColumnType): Builder {
    if (typeKey(from.type) === typeKey(to)) return from;
    if (from.type.kind === "struct" && to.kind === "struct" && from.children.length === to.fields.length) {
      return this.rewrap(
        from,
        to,
        from.children.map((child, k) => this.convert(child, rows, to.fields[k]!)),
      );
    }
    if (to.kind === "optional") {
      if (from.type.kind === "optional") return this.rewrap(from, to, [this.convert(from.children[0]!, rows, to.item)]);
      return this.makeOptional(from, rows, to);
    }
    return this.storeAnew(from, rows, to);
  }

  /** The builder's own buffers under another type. */
  private rewrap(from: Builder, to: ColumnType, children: readonly Builder[]): Builder {
    const builder = new Builder(to, from.kernels, from.allocator, children);
    builder.adopt(from);
    return builder;
  }

  private makeOptional(from: Builder, rows: number, to: ColumnType & { kind: "optional" }): Builder {
    const absent = from.type.kind === "constant" && from.type.value === to.absent;
    const item = absent ? this.makeBlank(from, rows, to.item) : this.convert(from, rows, to.item);
    const builder = new Builder(to, from.kernels, from.allocator, [item]);
    this.made.push(builder);
    builder.reserveRows(item.cap);
    (builder.v as Uint8Array).fill(absent ? 0 : 1, 0, rows);
    return builder;
  }

  /** The column of an optional whose rows are all absent up to now. */
  private makeBlank(from: Builder, rows: number, to: ColumnType): Builder {
    const builder = this.makeNew(from, to);
    blank(builder, rows);
    return builder;
  }

  private storeAnew(from: Builder, rows: number, to: ColumnType): Builder {
    const builder = this.makeNew(from, to);
    const reader = readBuilder(from, rows);
    const { store } = storeCode(builder);
    for (let i = 0; i < rows; i++) {
      if (i >= builder.cap) builder.reserveRows(i + 1);
      invariant(store(reader.get(i), i), "a wider layout does not hold a row of the narrower one");
    }
    this.noteAll(from, this.replaced);
    return builder;
  }

  private makeNew(from: Builder, to: ColumnType): Builder {
    const builder = new Builder(to, from.kernels, from.allocator);
    this.noteAll(builder, this.made);
    builder.reserveRows(Math.max(this.cap, from.cap));
    return builder;
  }

  private noteAll(builder: Builder, into: Builder[]): void {
    into.push(builder);
    for (const child of builder.children) this.noteAll(child, into);
  }
}

function blank(builder: Builder, rows: number): void {
  if (builder.type.kind === "i64") (builder.v as BigInt64Array).fill(0n, 0, rows);
  else (builder.v as Uint8Array).fill(0, 0, Math.min(rows, builder.v.length));
  builder.o.fill(0, 0, Math.min(rows + 1, builder.o.length));
  builder.settled = rows;
  if (builder.type.kind !== "list") for (const child of builder.children) blank(child, rows);
}
