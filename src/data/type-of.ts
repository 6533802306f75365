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

/**
 * Whether the column is known to have the type; false also where that would take long to tell. Makes nothing: it is asked of
 * every batch.
 */
export function isOfType(column: Column, type: ColumnType): boolean {
  if (column.kind !== type.kind) return false;
  switch (column.kind) {
    case "constant":
      return column.value === (type as typeof column).value;
    case "dictionary":
      return isOfType(column.values, (type as { readonly values: ColumnType }).values);
    case "struct": {
      const { shape, fields } = type as Extract<ColumnType, { kind: "struct" }>;
      if (column.shape !== shape || column.fields.length !== fields.length) return false;
      for (let i = 0; i < fields.length; i++) if (!isOfType(column.fields[i]!, fields[i]!)) return false;
      return true;
    }
    case "list": {
      const { container, item } = type as Extract<ColumnType, { kind: "list" }>;
      return column.container === container && isOfType(column.items, item);
    }
    case "optional": {
      const { absent, item } = type as Extract<ColumnType, { kind: "optional" }>;
      return column.absent === absent && isOfType(column.item, item);
    }
    default:
      return true;
  }
}
