/**
 * Column-wise moves of batches. `slice` shares memory with its batch; `gather` and `concat` make batches of their own, in one
 * go or, when memory is refused, not at all.
 */
import { invariant } from "../base/assert.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { readColumn } from "./batch-reader.ts";
import { sliceColumn } from "./slice.ts";
import { Builder, valueBytes } from "./builder.ts";
import type { Batch, BytesColumn, Column } from "./column.ts";
import { concatColumns } from "./concat.ts";
import type { OwnedBatch } from "./contracts.ts";
import { storedType, typeKey, unify } from "./layout.ts";
import { storeCode } from "./store-code.ts";
import { settle } from "./store-text.ts";
import { typeOf } from "./type-of.ts";

export { typeOf } from "./type-of.ts";

/** Rows from … to, over the same memory. */
export function slice(batch: Batch, from: number, to: number): Batch {
  return { rows: to - from, root: sliceColumn(batch.root, from, to) };
}

/** rows[i] of the result is the batch's row indexes[i]: u32, `n` of them. */
export function gather(kernels: Kernels, allocator: Allocator, batch: Batch, indexes: Ptr, n: number): OwnedBatch {
  return owned(allocator, n, held => new Gatherer(kernels, held).gather(batch.root, indexes, n));
}

/** The rows of all batches in order, in the least layout that fits them all. */
export function concat(kernels: Kernels, allocator: Allocator, batches: readonly Batch[]): OwnedBatch {
  const parts = batches.filter(batch => batch.rows > 0).map(batch => batch.root);
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const [first] = parts;
  if (first === undefined) return owned(allocator, 0, () => ({ kind: "constant", rows: 0, value: undefined }));
  const key = typeKey(typeOf(first));
  if (parts.every(part => typeKey(typeOf(part)) === key)) {
    return owned(allocator, rows, held => concatColumns(kernels, held, parts));
  }
  return storeAll(kernels, allocator, parts, rows);
}

function owned(allocator: Allocator, rows: number, make: (held: HeldMemory) => Column): OwnedBatch {
  const held = new HeldMemory(allocator);
  try {
    return { rows, root: make(held), free: () => held.freeAll() };
  } catch (thrown) {
    held.freeAll();
    throw thrown;
  }
}

/** Remembers what was allocated, to the byte. */
class HeldMemory implements Allocator {
  private held: { readonly ptr: Ptr; readonly bytes: number }[] = [];

  constructor(private readonly allocator: Allocator) {}

  alloc(bytes: number): Ptr {
    const size = Math.max(16, bytes);
    const ptr = this.allocator.alloc(size);
    this.held.push({ ptr, bytes: size });
    return ptr;
  }

  free(ptr: Ptr): void {
    const at = this.held.findIndex(each => each.ptr === ptr);
    const [found] = this.held.splice(at, 1);
    this.allocator.free(ptr, found!.bytes);
  }

  freeAll(): void {
    for (const { ptr, bytes } of this.held) this.allocator.free(ptr, bytes);
    this.held = [];
  }
}

/** Rows of unlike layouts, read and stored one by one. */
function storeAll(kernels: Kernels, allocator: Allocator, parts: readonly Column[], rows: number): OwnedBatch {
  const builder = new Builder(storedType(parts.map(typeOf).reduce(unify)), kernels, allocator);
  try {
    builder.reserveRows(rows);
    const { store } = storeCode(builder);
    let at = 0;
    for (const part of parts) {
      const reader = readColumn(kernels, part);
      for (let i = 0; i < part.rows; i++) invariant(store(reader.get(i), at++), "a unified layout does not hold a row");
    }
    settle(builder, rows);
  } catch (thrown) {
    builder.free();
    throw thrown;
  }
  return { rows, root: builder.column(rows), free: () => builder.free() };
}

class Gatherer {
  constructor(
    private readonly kernels: Kernels,
    private readonly memory: Allocator,
  ) {}

  gather(column: Column, indexes: Ptr, n: number): Column {
    if (n === 0) return sliceColumn(column, 0, 0);
    switch (column.kind) {
      case "constant":
        return { ...column, rows: n };
      case "utf8":
      case "any":
        return this.bytes(column, indexes, n);
      case "struct":
        return { ...column, rows: n, fields: column.fields.map(field => this.gather(field, indexes, n)) };
      case "optional":
        return {
          ...column,
          rows: n,
          validity: this.fixed(column.validity, 1, indexes, n),
          item: this.gather(column.item, indexes, n),
        };
      case "dictionary":
        return {
          ...column,
          rows: n,
          codes: this.fixed(column.codes, 4, indexes, n),
          values: concatColumns(this.kernels, this.memory, [column.values]),
        };
      case "list":
        return this.list(column, indexes, n);
      default:
        return { ...column, rows: n, values: this.fixed(column.values, valueBytes[column.kind], indexes, n) };
    }
  }

  private fixed(source: Ptr, width: 1 | 4 | 8, indexes: Ptr, n: number): Ptr {
    const { run } = this.kernels;
    const target = this.memory.alloc(n * width);
    const kernel = width === 1 ? run.gather1 : width === 4 ? run.gather4 : run.gather8;
    kernel(source, indexes, n, target);
    return target;
  }

  private bytes(column: BytesColumn, indexes: Ptr, n: number): Column {
    const { run, u32 } = this.kernels;
    const total = run.gatheredLength(column.offsets, indexes, n);
    invariant(total < 0x7fffffff, "gathered rows exceed 2 GiB");
    const offsets = this.memory.alloc((n + 1) * 4);
    const bytes = this.memory.alloc(total);
    for (let done = 0; done < n;) {
      const from = done === 0 ? 0 : u32[(offsets >>> 2) + done]!;
      const rest = offset(indexes, done * 4);
      done +=
        run.gatherBytes(column.offsets, column.bytes, rest, n - done, offset(offsets, done * 4), bytes, from, total) >>>
        0;
    }
    return { ...column, rows: n, offsets, bytes };
  }

  private list(column: Column & { kind: "list" }, indexes: Ptr, n: number): Column {
    const { run, u32 } = this.kernels;
    const total = run.gatheredLength(column.offsets, indexes, n);
    invariant(total < 0x7fffffff, "gathered rows exceed 2³¹ items");
    const offsets = this.memory.alloc((n + 1) * 4);
    const items = this.memory.alloc(total * 4);
    for (let done = 0; done < n;) {
      const from = done === 0 ? 0 : u32[(offsets >>> 2) + done]!;
      done +=
        run.gatherListItems(
          column.offsets,
          offset(indexes, done * 4),
          n - done,
          offset(offsets, done * 4),
          items,
          from,
        ) >>> 0;
    }
    return { ...column, rows: n, offsets, items: this.gather(column.items, items, total) };
  }
}
