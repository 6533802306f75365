/** Which Parquet columns have a native column, and which one; the others are read value by value. */
import type { SchemaElement, SchemaTree } from "hyparquet";
import type { PlainNumbers } from "../kernel/parquet.ts";
import { flatType } from "./parquet-values.ts";

export type NativeType =
  | { readonly kind: "numbers"; readonly plain: PlainNumbers; readonly column: "f64" | "f32" | "i32" | "date" }
  | { readonly kind: "bool" }
  | { readonly kind: "utf8" };

/** Thrown when a column has values that its native type does not: a bigint among numbers, bytes that are not UTF-8. */
export class Unfit extends Error {}

export function nativeType(tree: SchemaTree): NativeType | undefined {
  const { element } = tree;
  if (tree.children.length > 0 || element.repetition_type === "REPEATED") return undefined;
  return ofElement(element);
}

function ofElement(element: SchemaElement): NativeType | undefined {
  const type = flatType(element);
  switch (type?.kind) {
    case "boolean":
      return { kind: "bool" };
    case "string":
      return { kind: "utf8" };
    case "int32":
      return { kind: "numbers", plain: { kind: "i32" }, column: "i32" };
    case "uint32":
      return { kind: "numbers", plain: { kind: "u32" }, column: "f64" };
    case "int64":
      return { kind: "numbers", plain: { kind: "i64" }, column: "f64" };
    case "uint64":
      return { kind: "numbers", plain: { kind: "u64" }, column: "f64" };
    case "float":
      return { kind: "numbers", plain: { kind: "f32" }, column: "f32" };
    case "double":
      return { kind: "numbers", plain: { kind: "f64" }, column: "f64" };
    case "date":
      if (element.type === "INT32") return { kind: "numbers", plain: { kind: "days" }, column: "date" };
      return { kind: "numbers", plain: { kind: "times", units: type.denominator }, column: "date" };
    case "decimal":
      if (element.type !== "INT32" && element.type !== "INT64") return undefined;
      return {
        kind: "numbers",
        plain: { kind: "decimals", width: element.type === "INT32" ? 4 : 8, divisor: type.divisor },
        column: "f64",
      };
    default:
      return undefined;
  }
}
