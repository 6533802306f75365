/** Columns whose rows kernels take one by one: values, strings, and structs and optionals of them. No dictionaries, no lists. */
import { isFixed } from "./builder.ts";
import type { Column } from "./column.ts";

export function isFlat(column: Column): boolean {
  switch (column.kind) {
    case "struct":
      return column.fields.every(isFlat);
    case "optional":
      return isFlat(column.item);
    case "utf8":
    case "any":
    case "constant":
      return true;
    default:
      return isFixed(column.kind);
  }
}
