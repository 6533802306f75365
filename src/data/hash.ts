/**
 * Hashes of columns: the hash is of the value (kernels/hash.ts defines it), never of its layout. Native columns are hashed by
 * kernels, a column at a time; values of *any* columns one by one (value-hash.ts).
 */
import { invariant } from "../base/assert.ts";
import { type Allocator, MemoryRefused } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import { hashKind, hashRuns, hashStrings } from "../kernel/hash.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { asPtr, offset, type Ptr } from "../kernel/ptr.ts";
import { AnySource } from "./any-source.ts";
import { readColumn } from "./batch-reader.ts";
import { gatherColumn } from "./gather.ts";
import { sliceColumn } from "./slice.ts";
import type { BytesColumn, Column } from "./column.ts";
import { binaryHashKind, ValueHasher } from "./value-hash.ts";

/** Most rows hashed by one kernel call. */
const callRowsMax = 1 << 20;

/** hashes[i] = hash of row i, in u64[rows]. Scratch memory comes from `allocator` and is given back. */
export function hashColumn(kernels: Kernels, allocator: Allocator, column: Column, hashes: Ptr): void {
  for (let from = 0; from < column.rows; from += callRowsMax) {
    const to = Math.min(column.rows, from + callRowsMax);
    hashRows(kernels, allocator, sliceColumn(column, from, to), offset(hashes, from * 8));
  }
}

/** In halves where memory is short; a row with a list too long for its items' hashes to be had at once, by its value. */
function hashRows(kernels: Kernels, allocator: Allocator, column: Column, hashes: Ptr): void {
  const { rows } = column;
  const hasher = new ColumnHasher(kernels, allocator);
  try {
    return hasher.hash(column, hashes);
  } catch (thrown) {
    if (!(thrown instanceof MemoryRefused)) throw thrown;
    hasher.free();
    if (rows === 1) return hashValue(kernels, allocator, readColumn(kernels, column).get(0), hashes);
  } finally {
    hasher.free();
  }
  const half = rows >>> 1;
  hashRows(kernels, allocator, sliceColumn(column, 0, half), hashes);
  hashRows(kernels, allocator, sliceColumn(column, half, rows), offset(hashes, half * 8));
}

function hashValue(kernels: Kernels, allocator: Allocator, value: unknown, hash: Ptr): void {
  const hasher = new ValueHasher(kernels, allocator);
  try {
    hasher.hash(value, hash);
  } finally {
    hasher.free();
  }
}

class ColumnHasher {
  private values: ValueHasher | undefined = undefined;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {}

  free(): void {
    this.values?.free();
    this.values = undefined;
  }

  private get valueHasher(): ValueHasher {
    return (this.values ??= new ValueHasher(this.kernels, this.allocator));
  }

  hash(column: Column, hashes: Ptr): void {
    const { run } = this.kernels;
    const { rows } = column;
    if (rows === 0) return;
    switch (column.kind) {
      case "f64":
        return run.hashF64(column.values, rows, hashes);
      case "f32":
        return run.hashF32(column.values, rows, hashes);
      case "i32":
        return run.hashI32(column.values, rows, hashes);
      case "i64":
        return run.hashI64(column.values, rows, hashes);
      case "bool":
        return run.hashBool(column.values, rows, hashes);
      case "date":
        return run.hashNumbersAs(hashKind.date, column.values, rows, hashes);
      case "u8":
        return this.withScratch(rows * 8, numbers => {
          const bytes = this.kernels.u8.subarray(column.values, column.values + rows);
          this.kernels.f64.set(bytes, numbers / 8);
          run.hashF64(numbers, rows, hashes);
        });
      case "utf8":
        return hashStrings(this.kernels, column.offsets, column.bytes, rows, hashes);
      case "constant":
        return run.hashConstant(constantKind(column.value), rows, hashes);
      case "optional":
        this.hash(column.item, hashes);
        return run.hashAbsent(constantKind(column.absent), column.validity, rows, hashes);
      case "dictionary":
        if (column.values.rows > rows) return this.hashFewCodes(column, hashes);
        return this.withScratch(column.values.rows * 8, valueHashes => {
          this.hash(column.values, valueHashes);
          run.hashCodes(column.codes, valueHashes, rows, hashes);
        });
      case "struct":
        return this.hashStruct(column, hashes);
      case "list":
        return this.hashList(column, hashes);
      case "spans":
        invariant(false, "spans are hashed where they are grouped");
        break;
      case "any":
        return this.hashAny(column, hashes);
    }
  }

  /** Few rows of a large dictionary: only the values that they have. */
  private hashFewCodes({ codes, rows, values }: Column & { kind: "dictionary" }, hashes: Ptr): void {
    const arena = new Arena(this.allocator);
    try {
      this.hash(gatherColumn(this.kernels, arena, values, codes, rows), hashes);
    } finally {
      arena.close();
    }
  }

  private hashStruct(column: Column & { kind: "struct" }, hashes: Ptr): void {
    const { run } = this.kernels;
    const { rows, fields, shape } = column;
    this.withScratch(rows * 8 + 16, fieldHashes => {
      if (shape.of === "tuple") {
        run.startArrays(hashKind.array, rows, hashes);
        for (const field of fields) {
          this.hash(field, fieldHashes);
          run.combineHashes(fieldHashes, rows, hashes);
        }
        return run.finishArrays(fields.length, rows, hashes);
      }
      run.fill8(hashes, rows, 0);
      const nameHash = offset(fieldHashes, rows * 8);
      for (const [k, field] of fields.entries()) {
        this.valueHasher.hash(shape.names[k], nameHash);
        this.hash(field, fieldHashes);
        run.addField(nameHash, fieldHashes, rows, hashes);
      }
      run.finishObjects(hashKind.object, fields.length, rows, hashes);
    });
  }

  private hashList(column: Column & { kind: "list" }, hashes: Ptr): void {
    const { kernels } = this;
    const { rows, offsets, container, items } = column;
    const from = kernels.i32[offsets >>> 2]!;
    const to = kernels.i32[(offsets >>> 2) + rows]!;
    if (items.kind === "u8" || (items.kind === "i32" && container !== "array")) {
      return hashRuns(
        kernels,
        binaryHashKind(container),
        offsets,
        items.values,
        items.kind === "u8" ? 1 : 4,
        rows,
        hashes,
      );
    }
    const kind = container === "array" ? hashKind.array : binaryHashKind(container);
    this.withScratch((to - from) * 8, itemHashes => {
      this.hash(sliceColumn(items, from, to), itemHashes);
      // the kernel counts items from the column's first, whose hash would be before the scratch
      kernels.run.hashLists(kind, offsets, asPtr(itemHashes - from * 8), rows, hashes);
    });
  }

  private hashAny(column: BytesColumn, hashes: Ptr): void {
    const source = new AnySource(this.kernels, column);
    const hasher = this.valueHasher;
    for (let i = 0; i < column.rows; i++) hasher.hash(source.load(i), offset(hashes, i * 8));
  }

  private withScratch(bytes: number, use: (scratch: Ptr) => void): void {
    const size = Math.max(16, bytes);
    const scratch = this.allocator.alloc(size);
    try {
      use(scratch);
    } finally {
      this.allocator.free(scratch, size);
    }
  }
}

function constantKind(value: undefined | null | boolean): number {
  if (value === undefined) return hashKind.undefined;
  if (value === null) return hashKind.null;
  return value ? hashKind.true : hashKind.false;
}
