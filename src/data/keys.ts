/**
 * Canonical key bytes of the rows of a column (key-bytes.ts says what they are), the same for equal values in any layout.
 * Native columns are encoded from their bytes; only *any* columns are decoded.
 */
import { Buffer } from "node:buffer";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import { AnySource } from "./any-source.ts";
import { isFixed, valuesView } from "./builder.ts";
import type { BytesColumn, Column } from "./column.ts";
import type { EncodedKeys } from "./contracts.ts";
import { KeyWriter, keyOf, orderedElements, sortedNames } from "./key-bytes.ts";
import { rank } from "./order.ts";
import { readColumn } from "./batch-reader.ts";
import { binaryKinds } from "./value-tags.ts";

export { hashColumn } from "./hash.ts";

/** Writes the key of one row. */
type Cell = (i: number) => void;

export function encodeKeys(kernels: Kernels, allocator: Allocator, column: Column): EncodedKeys {
  const { rows } = column;
  const offsetsBytes = (rows + 1) * 4;
  const offsets = allocator.alloc(offsetsBytes);
  const writer = new KernelKeyWriter(kernels, allocator);
  try {
    const ends = new Int32Array(kernels.memory.buffer, offsets, rows + 1);
    const cell = cellOf(kernels, column, writer);
    ends[0] = 0;
    writer.reserve(Math.max(16, rows * 12));
    for (let i = 0; i < rows; i++) {
      cell(i);
      ends[i + 1] = writer.at;
    }
  } catch (thrown) {
    allocator.free(offsets, offsetsBytes);
    writer.free();
    throw thrown;
  }
  return { offsets, offsetsBytes, bytes: writer.ptr, bytesLength: writer.u.length };
}

class KernelKeyWriter extends KeyWriter {
  ptr: Ptr = nullPtr;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {
    super();
  }

  reserve(bytes: number): void {
    if (bytes > this.u.length) this.grow(bytes);
  }

  protected override grow(bytes: number): void {
    const length = Math.max(64, this.u.length * 2, bytes);
    const ptr = this.allocator.alloc(length);
    const larger = Buffer.from(this.kernels.memory.buffer as unknown as ArrayBuffer, ptr, length);
    larger.set(this.u.subarray(0, this.at));
    this.free();
    this.ptr = ptr;
    this.u = larger;
  }

  free(): void {
    if (this.ptr !== nullPtr) this.allocator.free(this.ptr, this.u.length);
    this.ptr = nullPtr;
  }
}

function cellOf(kernels: Kernels, column: Column, writer: KeyWriter): Cell {
  const { buffer } = kernels.memory;
  switch (column.kind) {
    case "constant":
      return () => writer.value(column.value);
    case "utf8":
      return stringCell(buffer, column, writer);
    case "any": {
      const source = new AnySource(kernels, column);
      return i => writer.value(source.load(i));
    }
    case "dictionary":
      return dictionaryCell(kernels, column, writer);
    case "struct":
      return structCell(kernels, column, writer);
    case "list":
      return listCell(kernels, column, writer);
    case "optional": {
      const validity = new Uint8Array(buffer, column.validity, column.rows);
      const item = cellOf(kernels, column.item, writer);
      return i => (validity[i] === 0 ? writer.value(column.absent) : item(i));
    }
    default:
      return fixedCell(buffer, column, writer);
  }
}

function fixedCell(buffer: ArrayBufferLike, column: Column & { values: Ptr }, writer: KeyWriter): Cell {
  const kind = isFixed(column.kind) ? column.kind : "f64";
  const values = valuesView(buffer, kind, column.values as Ptr, column.rows) as Float64Array;
  switch (kind) {
    case "bool":
      return i => writer.byte(values[i] === 0 ? rank.false : rank.true);
    case "i64":
      return i => writer.bigint(values[i] as unknown as bigint);
    case "date":
      return i => writer.number(rank.date, values[i]!);
    default:
      return i => writer.number(rank.number, values[i]!);
  }
}

function stringCell(buffer: ArrayBufferLike, column: BytesColumn, writer: KeyWriter): Cell {
  const offsets = new Int32Array(buffer, column.offsets, column.rows === 0 ? 0 : column.rows + 1);
  const bytes = new Uint8Array(buffer, column.bytes, column.rows === 0 ? 0 : offsets[column.rows]!);
  return i => {
    writer.byte(rank.string);
    writer.escaped(bytes, offsets[i]!, offsets[i + 1]!);
  };
}

function dictionaryCell(kernels: Kernels, column: Column & { kind: "dictionary" }, writer: KeyWriter): Cell {
  const codes = new Int32Array(kernels.memory.buffer, column.codes, column.rows);
  const reader = readColumn(kernels, column.values);
  const keys: Uint8Array[] = [];
  return i => {
    const code = codes[i]!;
    writer.bytes((keys[code] ??= keyOf(reader.get(code))));
  };
}

function structCell(kernels: Kernels, column: Column & { kind: "struct" }, writer: KeyWriter): Cell {
  const cells = column.fields.map(field => cellOf(kernels, field, writer));
  if (column.shape.of === "tuple") {
    return i => {
      writer.byte(rank.array);
      for (let k = 0; k < cells.length; k++) cells[k]!(i);
      writer.byte(0);
    };
  }
  const { names } = column.shape;
  const entries = sortedNames(names).map(({ name, key }) => ({ key, cell: cells[names.indexOf(name)]! }));
  return i => {
    writer.byte(rank.object);
    for (const { key, cell } of entries) {
      writer.bytes(key);
      cell(i);
    }
    writer.byte(0);
  };
}

function listCell(kernels: Kernels, column: Column & { kind: "list" }, writer: KeyWriter): Cell {
  const offsets = new Int32Array(kernels.memory.buffer, column.offsets, column.rows === 0 ? 0 : column.rows + 1);
  const { container, items } = column;
  if (container === "array") {
    const item = cellOf(kernels, items, writer);
    return i => {
      writer.byte(rank.array);
      for (let j = offsets[i]!; j < offsets[i + 1]!; j++) item(j);
      writer.byte(0);
    };
  }
  if (!isFixed(items.kind)) return () => {};
  const values = valuesView(kernels.memory.buffer, items.kind, (items as Column & { values: Ptr }).values, items.rows);
  return i => {
    writer.byte(rank.binary);
    writer.byte(binaryKinds.indexOf(container));
    const elements = orderedElements(values.subarray(offsets[i]!, offsets[i + 1]!));
    writer.escaped(elements, 0, elements.length);
  };
}
