/**
 * `< <= > >=`, `===` and `==` of any two values. Values of unlike kinds are unequal without looking, unless `==` converts them;
 * whether two objects are the same one is nothing that code can tell.
 */
import type { I32 } from "../codegen/code.ts";
import { f64, i32, i64 } from "../codegen/operations.ts";
import type { Binary, Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { compareStrings, equalStrings } from "./lower-string.ts";
import { and, booleanConstant, constantOf, keepNumber, not, or, toNumber, undefinedValue } from "./lower-number.ts";
import { typeofOpaque } from "./lower-truth.ts";
import { describeKind, mergeFlags } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { Value } from "./value.ts";

export type OrderOperator = Extract<Binary, "<" | "<=" | ">" | ">=">;
export type EqualityOperator = Extract<Binary, "==" | "!=" | "===" | "!==">;

export function isOrder(operator: Binary): operator is OrderOperator {
  return operator === "<" || operator === "<=" || operator === ">" || operator === ">=";
}

export function isEquality(operator: Binary): operator is EqualityOperator {
  return operator === "==" || operator === "!=" || operator === "===" || operator === "!==";
}

export function order(operator: OrderOperator, a: Value, b: Value, frame: Frame, at?: Place): I32 {
  if (a.kind === "string" && b.kind === "string") return compareStrings(operator, a, b, frame);
  const { optional, absent } = optionalString(a) ?? optionalString(b) ?? {};
  if (optional !== undefined && absent !== undefined) {
    const other = optional === a ? b : a;
    const ordered = (value: Value) =>
      order(operator, optional === a ? value : other, optional === a ? other : value, frame, at);
    // undefined is NaN beside a string that becomes a number: less or more than nothing
    const isNothing = optional.absent === undefined && other.kind === "string";
    return mergeFlags(
      optional.present,
      () => ordered(optional.item),
      () => (isNothing ? i32.const(0) : ordered(absent)),
      frame.lowering,
    );
  }
  const left = toNumber(a, frame, at).code;
  const right = toNumber(b, frame, at).code;
  const knownLeft = constantOf(left);
  const knownRight = constantOf(right);
  switch (operator) {
    case "<":
      return known(knownLeft, knownRight, (x, y) => x < y) ?? f64.lt(left, right);
    case "<=":
      return known(knownLeft, knownRight, (x, y) => x <= y) ?? f64.le(left, right);
    case ">":
      return known(knownLeft, knownRight, (x, y) => x > y) ?? f64.gt(left, right);
    case ">=":
      return known(knownLeft, knownRight, (x, y) => x >= y) ?? f64.ge(left, right);
  }
}

function known(a: number | undefined, b: number | undefined, test: (a: number, b: number) => boolean): I32 | undefined {
  return a === undefined || b === undefined ? undefined : booleanConstant(test(a, b)).code;
}

function optionalString(value: Value) {
  if (value.kind !== "optional" || value.item.kind !== "string") return undefined;
  const absent: Value = value.absent === null ? { kind: "constant", value: null } : undefinedValue;
  return { optional: value, absent };
}

export function equality(operator: EqualityOperator, a: Value, b: Value, frame: Frame, at?: Place): I32 {
  const isLoose = operator === "==" || operator === "!=";
  const equal = equals(a, b, isLoose, frame, at);
  return operator === "!=" || operator === "!==" ? not(equal) : equal;
}

function equals(a: Value, b: Value, isLoose: boolean, frame: Frame, at: Place | undefined): I32 {
  if (a.kind === "optional") {
    if (b.kind === "constant") return isNothing(a, b.value, isLoose);
    const absent = () => isNothing(b, a.absent, isLoose);
    return mergeFlags(a.present, () => equals(a.item, b, isLoose, frame, at), absent, frame.lowering);
  }
  if (b.kind === "optional") return equals(b, a, isLoose, frame, at);
  if (a.kind === "opaque" || b.kind === "opaque") return opaqueEquals(a, b, at);
  if (a.kind === "constant" || b.kind === "constant") {
    const isEqual = a.kind === "constant" && b.kind === "constant" && (isLoose || a.value === b.value);
    return booleanConstant(isEqual).code;
  }
  if (a.kind === "string" && b.kind === "string") {
    if (a.text !== undefined && b.text !== undefined) return booleanConstant(a.text === b.text).code;
    return equalStrings(a, b, frame);
  }
  if (a.kind === "boolean" && b.kind === "boolean") {
    const both = known(constantOf(a.code), constantOf(b.code), (x, y) => x === y);
    return both ?? i32.eq(a.code, b.code);
  }
  if (isNumeric(a) && isNumeric(b) && (a.kind === b.kind || isLoose)) {
    const left = toNumber(a, frame, at).code;
    const right = toNumber(b, frame, at).code;
    return known(constantOf(left), constantOf(right), (x, y) => x === y) ?? f64.eq(left, right);
  }
  if (isLoose && isComparable(a) && isComparable(b))
    return f64.eq(toNumber(a, frame, at).code, toNumber(b, frame, at).code);
  const areObjects = isObject(a) && isObject(b);
  if (areObjects) throw new NotNative("compares objects", at);
  if (isLoose) throw new NotNative(`compares ${describeKind(a)} with ${describeKind(b)}`, at);
  return i32.const(0);
}

/** Whether the value is this of null and undefined, or with `==` any of them. What may be both is one within the other. */
function isNothing(value: Value, nothing: undefined | null, isLoose: boolean): I32 {
  if (value.kind === "constant") return i32.const(isLoose || value.value === nothing ? 1 : 0);
  if (value.kind !== "optional") return i32.const(0);
  const absent = isLoose || value.absent === nothing ? not(value.present) : i32.const(0);
  return or(absent, and(value.present, isNothing(value.item, nothing, isLoose)));
}

/** As `includes` and keys of maps compare: NaN is itself. */
export function sameValueZero(a: Value, b: Value, frame: Frame, at?: Place): I32 {
  if (a.kind !== "number" || b.kind !== "number") return equals(a, b, false, frame, at);
  if (a.integer !== undefined || b.integer !== undefined) return f64.eq(a.code, b.code);
  const x = keepNumber(a.code, frame);
  const y = keepNumber(b.code, frame);
  return i32.or(f64.eq(x, y), and(f64.ne(x, x), f64.ne(y, y)));
}

/** As `Object.is`: −0 and 0 are two. */
export function same(a: Value, b: Value, frame: Frame, at?: Place): I32 {
  if (a.kind !== "number" || b.kind !== "number") {
    if (a.kind === "optional" || b.kind === "optional") throw new NotNative("compares values that may be absent", at);
    return equals(a, b, false, frame, at);
  }
  const x = keepNumber(a.code, frame);
  const y = keepNumber(b.code, frame);
  const areNaN = and(f64.ne(x, x), f64.ne(y, y));
  return i32.or(i64.eq(i64.reinterpret_f64(x), i64.reinterpret_f64(y)), areNaN);
}

function isNumeric(value: Value): boolean {
  return value.kind === "number" || value.kind === "boolean";
}

/** With `==`, to numbers of each kind. */
function isComparable(value: Value): boolean {
  return isNumeric(value) || value.kind === "string";
}

function isObject({ kind }: Value): boolean {
  return kind === "struct" || kind === "list" || kind === "pieces" || kind === "mapped" || kind === "date";
}

function opaqueEquals(a: Value, b: Value, at: Place | undefined): I32 {
  const [opaque, other] = a.kind === "opaque" ? [a, b] : [b, a];
  const isPresent = opaque.kind === "opaque" && typeofOpaque(opaque.type) !== undefined;
  if (other.kind === "constant" && isPresent) return i32.const(0);
  throw new NotNative("compares values of mixed kinds", at);
}
