/**
 * Key bytes of one row of a column at a time, for the layouts that no kernel encodes: *any*, lists, dictionaries, bigints. The
 * result is the same for every layout.
 */
import { invariant } from "../base/assert.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import { AnySource } from "./any-source.ts";
import { readColumn } from "./batch-reader.ts";
import { isFixed, valuesView } from "./builder.ts";
import type { BytesColumn, Column } from "./column.ts";
import { type KeyWriter, keyOf, orderedElements, sortedNames } from "./key-bytes.ts";
import { rank } from "./order.ts";
import { binaryKinds } from "./value-tags.ts";

/** Writes the key of one row. */
export type KeyCell = (i: number) => void;

export function keyCell(kernels: Kernels, column: Column, writer: KeyWriter): KeyCell {
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
      const item = keyCell(kernels, column.item, writer);
      return i => (validity[i] === 0 ? writer.value(column.absent) : item(i));
    }
    case "spans":
      invariant(false, "spans are copied before their keys are made");
      break;
    default:
      return fixedCell(buffer, column, writer);
  }
}

function fixedCell(buffer: ArrayBufferLike, column: Column & { values: Ptr }, writer: KeyWriter): KeyCell {
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

function stringCell(buffer: ArrayBufferLike, column: BytesColumn, writer: KeyWriter): KeyCell {
  const offsets = new Int32Array(buffer, column.offsets, column.rows === 0 ? 0 : column.rows + 1);
  const bytes = new Uint8Array(buffer, column.bytes, column.rows === 0 ? 0 : offsets[column.rows]!);
  return i => {
    writer.byte(rank.string);
    writer.escaped(bytes, offsets[i]!, offsets[i + 1]!);
  };
}

function dictionaryCell(kernels: Kernels, column: Column & { kind: "dictionary" }, writer: KeyWriter): KeyCell {
  const codes = new Int32Array(kernels.memory.buffer, column.codes, column.rows);
  const reader = readColumn(kernels, column.values);
  const keys: Uint8Array[] = [];
  return i => {
    const code = codes[i]!;
    writer.bytes((keys[code] ??= keyOf(reader.get(code))));
  };
}

function structCell(kernels: Kernels, column: Column & { kind: "struct" }, writer: KeyWriter): KeyCell {
  const cells = column.fields.map(field => keyCell(kernels, field, writer));
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

function listCell(kernels: Kernels, column: Column & { kind: "list" }, writer: KeyWriter): KeyCell {
  const offsets = new Int32Array(kernels.memory.buffer, column.offsets, column.rows === 0 ? 0 : column.rows + 1);
  const { container, items } = column;
  if (container === "array") {
    const item = keyCell(kernels, items, writer);
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
