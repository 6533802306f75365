/** The type of a column that exists. */
import type { Column } from "./column.ts";
import type { ColumnType } from "./schema.ts";

export function typeOf(column: Column): ColumnType {
  switch (column.kind) {
    case "constant":
      return { kind: "constant", value: column.value };
    case "dictionary":
      return { kind: "dictionary", values: typeOf(column.values) };
    case "struct":
      return { kind: "struct", shape: column.shape, fields: column.fields.map(typeOf) };
    case "list":
      return { kind: "list", container: column.container, item: typeOf(column.items) };
    case "optional":
      return { kind: "optional", absent: column.absent, item: typeOf(column.item) };
    default:
      return { kind: column.kind };
  }
}
