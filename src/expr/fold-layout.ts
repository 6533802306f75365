/**
 * What an accumulator of a native fold is made of: numbers and booleans, and tuples, records and lists of fixed length of them.
 * Each number, boolean and list is a leaf, and has an array of its own with an element a group.
 */
import { tupleFieldsMax } from "../data/layout.ts";
import type { ListContainer, StructShape } from "../data/schema.ts";

export type AccumulatorType =
  LeafType | { readonly kind: "struct"; readonly shape: StructShape; readonly fields: readonly AccumulatorType[] };

export type LeafType =
  | { readonly kind: "f64" }
  | { readonly kind: "bool" }
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

/** An array so short is a tuple wherever it came from, and an empty list has no layout. */
export function isListLength(container: NumberContainer, length: number): boolean {
  return container === "array" ? length > tupleFieldsMax : length > 0;
}
