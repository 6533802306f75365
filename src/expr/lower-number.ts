/**
 * Numbers as code: constants, values turned into numbers as JavaScript's operators do, and what is known of a number without
 * running: whether it is whole, and between which bounds.
 */
import type { Code, F64, I32 } from "../codegen/code.ts";
import { f64, i32 } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { stringToNumber } from "./lower-string-number.ts";
import { describeKind, merge, numberValue, unionOf } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { IntegerRange, Value, ValueOf } from "./value.ts";

export type NumberValue = ValueOf<"number">;

export const undefinedValue: Value = { kind: "constant", value: undefined };
export const safeMax = Number.MAX_SAFE_INTEGER;
export const int32Range: IntegerRange = { min: -(2 ** 31), max: 2 ** 31 - 1 };
export const uint32Range: IntegerRange = { min: 0, max: 2 ** 32 - 1 };

export function numberConstant(value: number): NumberValue {
  const isWhole = Number.isSafeInteger(value) && !Object.is(value, -0);
  return numberValue(f64.const(value), isWhole ? { min: value, max: value } : undefined);
}

export function booleanConstant(value: boolean): ValueOf<"boolean"> {
  return { kind: "boolean", code: i32.const(value ? 1 : 0) };
}

export function constantOf(code: Code): number | undefined {
  return code.kind === "constant" ? Number(code.value) : undefined;
}

/** A number from an int32 in an i32. */
export function ofInt32(code: I32, integer: IntegerRange = int32Range): NumberValue {
  const known = constantOf(code);
  return known === undefined ? { kind: "number", code: f64.convert_i32_s(code), integer } : numberConstant(known);
}

/** A number from a uint32 in an i32. */
export function ofUint32(code: I32, integer: IntegerRange = uint32Range): NumberValue {
  const known = constantOf(code);
  return known === undefined ? { kind: "number", code: f64.convert_i32_u(code), integer } : numberConstant(known >>> 0);
}

/** The range, or undefined where it leaves the whole numbers that are exact. */
export function rangeOf(min: number, max: number): IntegerRange | undefined {
  return min >= -safeMax && max <= safeMax ? { min, max } : undefined;
}

/** Bounds of numbers that are neither NaN nor −0, but need not be whole: results of divisions. */
const realBounds = new WeakMap<Value, IntegerRange>();

export function withBounds(value: NumberValue, bounds: IntegerRange | undefined): NumberValue {
  if (bounds !== undefined) realBounds.set(value, bounds);
  return value;
}

/** A number that is neither NaN nor −0 is between these. */
export function boundsOf(value: NumberValue): IntegerRange | undefined {
  return value.integer ?? realBounds.get(value);
}

/** As arithmetic operators and comparisons do it. */
export function toNumber(value: Value, frame: Frame, at: Place | undefined): NumberValue {
  switch (value.kind) {
    case "number":
      return value;
    case "boolean": {
      const known = constantOf(value.code);
      return known === undefined ? ofUint32(value.code, { min: 0, max: 1 }) : numberConstant(known);
    }
    case "date":
      return { kind: "number", code: value.code };
    case "constant":
      return numberConstant(Number(value.value));
    case "optional": {
      // strings are read where they are there
      if (value.item.kind === "string") return numberOfOptionalText(value, value.item, frame, at);
      const item = toNumber(value.item, frame, at);
      const absent = numberConstant(Number(value.absent));
      const code = f64.select(item.code, absent.code, value.present);
      return numberValue(code, unionOf(item.integer, absent.integer));
    }
    case "string":
      return value.text === undefined ? asNumber(stringToNumber(value, frame, at)) : numberConstant(Number(value.text));
    default:
      throw new NotNative(`computes with ${describeKind(value)}`, at);
  }
}

function numberOfOptionalText(
  { present, absent }: ValueOf<"optional">,
  item: ValueOf<"string">,
  frame: Frame,
  at: Place | undefined,
): NumberValue {
  const merged = merge(
    present,
    () => toNumber(item, frame, at),
    () => numberConstant(Number(absent)),
    frame.lowering,
  );
  return asNumber(merged);
}

function asNumber(value: Value): NumberValue {
  if (value.kind !== "number") throw new NotNative(`computes with ${describeKind(value)}`, undefined);
  return value;
}

/** For code that is used more than once. A converted int32 stays one, so that bit operators find it. */
export function keepNumber(code: F64, frame: Frame, name = "number"): F64 {
  const { out } = frame.lowering;
  if (code.kind === "operation" && (code.op === "f64.convert_i32_s" || code.op === "f64.convert_i32_u"))
    return { ...code, args: [out.keep(code.args[0]!, name)] };
  return out.keep(code, name);
}

/**
 * The value with its parts in locals: what it is made of so far is computed here, once. Tuples and records are made of such parts
 * from the start.
 */
export function keep(value: Value, frame: Frame, name?: string): Value {
  if (value.source !== undefined) return value;
  switch (value.kind) {
    case "number": {
      const { code } = value;
      const kept = keepNumber(code, frame, name);
      return kept === code ? value : withBounds(numberValue(kept, value.integer), realBounds.get(value));
    }
    case "boolean": {
      const { code } = value;
      const kept = frame.lowering.out.keep(code, name ?? "flag");
      return kept === code ? value : { kind: "boolean", code: kept };
    }
    case "date": {
      const { code } = value;
      const kept = frame.lowering.out.keep(code, name ?? "date");
      return kept === code ? value : { kind: "date", code: kept };
    }
    default:
      return value;
  }
}

export function not(code: I32): I32 {
  const known = constantOf(code);
  return known === undefined ? i32.eqz(code) : i32.const(known === 0 ? 1 : 0);
}

export function and(a: I32, b: I32): I32 {
  const knownA = constantOf(a);
  const knownB = constantOf(b);
  if (knownA !== undefined) return knownA === 0 ? a : b;
  if (knownB !== undefined) return knownB === 0 ? b : a;
  return i32.and(a, b);
}

export function or(a: I32, b: I32): I32 {
  return constantOf(a) === 0 ? b : constantOf(b) === 0 ? a : not(and(not(a), not(b)));
}
