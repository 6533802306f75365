/**
 * What an accumulator of a native fold is made of: numbers and booleans, and tuples, records and lists of fixed length of them.
 * Each number, boolean and list is a leaf, and has an array of its own with an element a group.
 */
import { tupleFieldsMax } from "../data/layout.ts";
import type { ColumnType, ListContainer, StructShape } from "../data/schema.ts";
import { NotNative } from "./not-native.ts";
import type { Place } from "./ir.ts";

export type AccumulatorType =
  LeafType | { readonly kind: "struct"; readonly shape: StructShape; readonly fields: readonly AccumulatorType[] };

export type LeafType =
  | { readonly kind: "f64" | "bool" }
  /** Numbers. An array has more of them than a tuple may have fields. */
  | { readonly kind: "list"; readonly container: NumberContainer; readonly length: number };

export type NumberContainer = Extract<ListContainer, "array" | "Float64Array">;

/** In preorder. */
export function leavesOf(type: AccumulatorType): readonly LeafType[] {
  return type.kind === "struct" ? type.fields.flatMap(leavesOf) : [type];
}

/** Bytes of a group's element. */
export function leafBytes(leaf: LeafType): number {
  return leaf.kind === "list" ? leaf.length * 8 : leaf.kind === "f64" ? 8 : 1;
}

/** Equal types have equal keys. */
export function accumulatorKey(type: AccumulatorType): string {
  if (type.kind === "list") return `${type.container}[${type.length}]`;
  if (type.kind !== "struct") return type.kind;
  const fields = type.fields.map(accumulatorKey).join(",");
  return type.shape.of === "tuple" ? `(${fields})` : `{${JSON.stringify(type.shape.names)}:${fields}}`;
}

/**
 * The accumulator of a first value that stays as it is, of a column of such values; `lengths` says how long the lists are, in
 * preorder, of which a type knows nothing. Absent values are not expected: a fold that meets one gives up.
 */
export function accumulatorOfColumn(type: ColumnType, lengths: () => number): AccumulatorType {
  switch (type.kind) {
    case "f64":
    case "f32":
    case "i32":
    case "u8":
      return { kind: "f64" };
    case "bool":
      return { kind: "bool" };
    case "constant":
      if (typeof type.value === "boolean") return { kind: "bool" };
      throw new NotNative(`keeps ${type.value}`, undefined);
    case "optional":
      return accumulatorOfColumn(type.item, lengths);
    case "struct":
      return {
        kind: "struct",
        shape: type.shape,
        fields: type.fields.map(field => accumulatorOfColumn(field, lengths)),
      };
    case "list":
      if (type.item.kind !== "f64" || (type.container !== "array" && type.container !== "Float64Array")) break;
      return listOf(type.container, lengths(), undefined);
  }
  throw new NotNative(`keeps values that are ${described(type)}`, undefined);
}

/** The accumulator that begins as a given value. */
export function accumulatorOfValue(value: unknown): AccumulatorType {
  if (typeof value === "number") return { kind: "f64" };
  if (typeof value === "boolean") return { kind: "bool" };
  if (value instanceof Float64Array) return listOf("Float64Array", value.length, undefined);
  if (Array.isArray(value)) {
    if (value.length <= tupleFieldsMax)
      return { kind: "struct", shape: { of: "tuple" }, fields: Array.from(value, accumulatorOfValue) };
    if (value.every(item => typeof item === "number")) return listOf("array", value.length, undefined);
  } else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const names = Object.keys(value);
    const fields = Object.values(value).map(accumulatorOfValue);
    return { kind: "struct", shape: { of: "object", names }, fields };
  }
  throw new NotNative(
    `starts from ${typeof value === "object" ? "a value of another kind" : `a ${typeof value}`}`,
    undefined,
  );
}

export function listOf(container: NumberContainer, length: number, at: Place | undefined): AccumulatorType {
  if (!isListLength(container, length)) throw new NotNative("keeps short lists of varying length", at);
  return { kind: "list", container, length };
}

/** An array so short is a tuple wherever it came from, and an empty list has no layout. */
export function isListLength(container: NumberContainer, length: number): boolean {
  return container === "array" ? length > tupleFieldsMax : length > 0;
}

function described(type: ColumnType): string {
  switch (type.kind) {
    case "utf8":
    case "dictionary":
      return "strings";
    case "i64":
      return "bigints";
    case "date":
      return "dates";
    case "list":
      return "lists";
    default:
      return "of mixed kinds";
  }
}
