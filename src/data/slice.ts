/** Parts of columns, over the same memory. */
import { offset } from "../kernel/ptr.ts";
import { valueBytes } from "./builder.ts";
import type { Column } from "./column.ts";

/** Rows from … to of a column, over the same memory: only pointers move. */
export function sliceColumn(column: Column, from: number, to: number): Column {
  const rows = to - from;
  if (from === 0 && rows === column.rows) return column;
  switch (column.kind) {
    case "constant":
      return { ...column, rows };
    case "utf8":
    case "any":
      return { ...column, rows, offsets: offset(column.offsets, from * 4) };
    case "spans":
      return { ...column, rows, starts: offset(column.starts, from * 4), ends: offset(column.ends, from * 4) };
    case "list":
      return { ...column, rows, offsets: offset(column.offsets, from * 4) };
    case "struct":
      return { ...column, rows, fields: column.fields.map(field => sliceColumn(field, from, to)) };
    case "optional":
      return { ...column, rows, validity: offset(column.validity, from), item: sliceColumn(column.item, from, to) };
    case "dictionary":
      return { ...column, rows, codes: offset(column.codes, from * 4) };
    default:
      return { ...column, rows, values: offset(column.values, from * valueBytes[column.kind]) };
  }
}
