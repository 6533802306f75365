/**
 * Column-wise moves of batches. `slice` shares memory with its batch; `gather` and `concat` make batches of their own, in one
 * go or, when memory is refused, not at all.
 */
import { invariant } from "../base/assert.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { readColumn } from "./batch-reader.ts";
import { sliceColumn } from "./slice.ts";
import { Builder } from "./builder.ts";
import type { Batch, Column } from "./column.ts";
import { concatColumns } from "./concat.ts";
import type { OwnedBatch } from "./contracts.ts";
import { gatherColumn, withoutDictionaries } from "./gather.ts";
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
  return owned(allocator, n, held => gatherColumn(kernels, held, batch.root, indexes, n));
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
  const stored = typeKey(storedType(typeOf(first)));
  if (parts.every(part => typeKey(storedType(typeOf(part))) === stored)) {
    return owned(allocator, rows, held => {
      const plain = new HeldMemory(allocator);
      try {
        const without = parts.map(part => withoutDictionaries(kernels, plain, part));
        return concatColumns(kernels, held, without);
      } finally {
        plain.freeAll();
      }
    });
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
