/** Which accumulator a fold has: that of its zero value, or of what its first value becomes. */
import { f64, i32 } from "../codegen/operations.ts";
import { tupleFieldsMax } from "../data/layout.ts";
import type { ListContainer } from "../data/schema.ts";
import { type AccumulatorType, isListLength } from "./fold-layout.ts";
import { NotNative } from "./not-native.ts";
import type { Source, Value } from "./value.ts";

/** The length of the list at a place in the rows' first value. */
export type LengthAt = (source: Source) => number;

export function accumulatorOfResult(value: Value, lengthAt: LengthAt): AccumulatorType {
  switch (value.kind) {
    case "number":
      return { kind: "f64" };
    case "boolean":
      return { kind: "bool" };
    case "struct": {
      const fields = Array.from(value.fields, field => accumulatorOfResult(field, lengthAt));
      return { kind: "struct", shape: value.shape, fields };
    }
    case "optional":
      // a row without the value gives up
      return accumulatorOfResult(value.item, lengthAt);
    case "list":
      if (value.source === undefined) break;
      return numbersOf(value.container, lengthAt(value.source));
    case "mapped":
      // as long as what it is mapped from, or the row gives up
      return accumulatorOfResult(value.items, lengthAt);
  }
  throw new NotNative(`keeps ${described(value)}`, undefined);
}

export function accumulatorOfZero(value: unknown): AccumulatorType {
  if (typeof value === "number") return { kind: "f64" };
  if (typeof value === "boolean") return { kind: "bool" };
  if (value instanceof Float64Array) return numbersOf("Float64Array", value.length);
  if (Array.isArray(value)) {
    if (value.length <= tupleFieldsMax)
      return { kind: "struct", shape: { of: "tuple" }, fields: Array.from(value, accumulatorOfZero) };
    if (value.every(item => typeof item === "number")) return numbersOf("array", value.length);
  } else if (isPlain(value)) {
    const fields = Object.values(value).map(accumulatorOfZero);
    return { kind: "struct", shape: { of: "object", names: Object.keys(value) }, fields };
  }
  throw new NotNative("starts from a value that is more than numbers and booleans", undefined);
}

/** A value that `accumulatorOfZero` has a type for. */
export function zeroInput(value: unknown): Value {
  if (typeof value === "number") return { kind: "number", code: f64.const(value) };
  if (typeof value === "boolean") return { kind: "boolean", code: i32.const(value ? 1 : 0) };
  if (Array.isArray(value) && value.length <= tupleFieldsMax)
    return { kind: "struct", shape: { of: "tuple" }, fields: value.map(zeroInput) };
  if (Array.isArray(value) || value instanceof Float64Array) return listInput(value as ArrayLike<number>);
  const fields = Object.values(value as object).map(zeroInput);
  return { kind: "struct", shape: { of: "object", names: Object.keys(value as object) }, fields };
}

function listInput(items: ArrayLike<number>): Value {
  const item = items[0]!;
  if (!Array.prototype.every.call(items, each => Object.is(each, item)))
    throw new NotNative("starts from a list of different numbers", undefined);
  return {
    kind: "list",
    container: Array.isArray(items) ? "array" : "Float64Array",
    from: i32.const(0),
    to: i32.const(items.length),
    item: () => ({ kind: "number", code: f64.const(item) }),
  };
}

function numbersOf(container: ListContainer, length: number): AccumulatorType {
  if ((container === "array" || container === "Float64Array") && isListLength(container, length))
    return { kind: "list", container, length };
  throw new NotNative("keeps lists of a length or kind of their own", undefined);
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function described(value: Value): string {
  switch (value.kind) {
    case "constant":
      return String(value.value);
    case "string":
      return "strings";
    case "date":
      return "dates";
    case "pieces":
      return "the pieces of a string";
    default:
      return "values of mixed kinds";
  }
}
