/** Functions of the language, and methods of the values that have native forms. */
import type { I32 } from "../codegen/code.ts";
import { call, f64, local } from "../codegen/operations.ts";
import type { Expr, Place } from "./ir.ts";
import { arithmetic } from "./lower-arithmetic.ts";
import type { Frame } from "./lowering.ts";
import { equality, same, sameValueZero } from "./lower-compare.ts";
import { lowerDateMethod } from "./lower-date.ts";
import { containerOf, itemsCount, itemsEach } from "./lower-items.ts";
import { join } from "./lower-join.ts";
import { mathCall } from "./lower-math.ts";
import { booleanConstant, constantOf, keep, numberConstant, or, toNumber, undefinedValue } from "./lower-number.ts";
import { element, present } from "./lower-record.ts";
import { piecesJoined } from "./lower-pieces.ts";
import { stringToNumber } from "./lower-string-number.ts";
import { lowerStringMethod } from "./lower-string.ts";
import { textConstant, textOf } from "./lower-text.ts";
import { describeKind, merge, never } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import { noteThrowing } from "./throwing.ts";
import type { Value } from "./value.ts";

export function lowerCall(callee: string, args: readonly Value[], expr: Expr, frame: Frame): Value {
  const math = mathCall(callee, args, frame, expr.at);
  if (math !== undefined) return math;
  const [first] = args;
  switch (callee) {
    case "Number":
      return first === undefined ? numberConstant(0) : toNumber(first, frame, expr.at);
    case "String":
      return first === undefined ? textConstant("", frame, expr.at) : textOf(first, frame, expr.at);
    case "parseInt":
    case "Number.parseInt":
      return parsed("parseInt", first, args[1], expr, frame);
    case "parseFloat":
    case "Number.parseFloat":
      return parsed("parseFloat", first, undefined, expr, frame);
    case "Object.is":
      return { kind: "boolean", code: same(args[0] ?? undefinedValue, args[1] ?? undefinedValue, frame, expr.at) };
    case "Array.isArray":
      return isArray(first, expr);
    default:
      throw new NotNative(`calls ${callee}`, expr.at);
  }
}

/** Of numbers, where it does not matter that they become strings first. */
function parsed(
  reader: "parseInt" | "parseFloat",
  value: Value | undefined,
  radix: Value | undefined,
  { at }: Expr,
  frame: Frame,
): Value {
  const base = radix?.kind === "number" ? constantOf(radix.code) : radix && NaN;
  if (base !== undefined && base !== 10) throw new NotNative("reads numbers to a base other than 10", at);
  if (value?.kind === "string") {
    if (value.text !== undefined)
      return numberConstant(reader === "parseInt" ? parseInt(value.text, base) : parseFloat(value.text));
    return stringToNumber(value, frame, at, reader);
  }
  if (value?.kind === "number") {
    if (value.integer !== undefined) return value;
    // −0 is written as 0
    if (reader === "parseFloat") return arithmetic("+", value, numberConstant(0), frame, at);
    return { kind: "number", code: call(frame.lowering.host("parseInt", ["f64"], "f64"), value.code) };
  }
  // what is neither is written as a word
  if (value === undefined || value.kind === "boolean" || value.kind === "constant") return numberConstant(NaN);
  if (value?.kind === "optional" && value.item.kind === "string") {
    const { present: isPresent, item } = value;
    return merge(
      isPresent,
      () => parsed(reader, item, radix, { op: "constant", value: undefined }, frame),
      () => numberConstant(NaN),
      frame.lowering,
      at,
    );
  }
  throw new NotNative(`calls ${reader} of ${describeKind(value)}`, at);
}

function isArray(value: Value | undefined, expr: Expr): Value {
  switch (value?.kind) {
    case "list":
      return booleanConstant(value.container === "array");
    case "struct":
      return booleanConstant(value.shape.of === "tuple");
    case "pieces":
      return booleanConstant(true);
    case "mapped":
      return booleanConstant((containerOf(value) ?? "array") === "array");
    case "opaque":
      throw new NotNative("tests a value of mixed kinds", expr.at);
    case "optional": {
      const item = isArray(value.item, expr);
      return item.kind === "boolean" && item.code.kind === "constant" && item.code.value === 1
        ? { kind: "boolean", code: value.present }
        : item;
    }
    default:
      return booleanConstant(false);
  }
}

/** Those that refuse some arguments, or make strings that are too long. */
const throwingMethods: ReadonlySet<string> = new Set(["repeat", "padStart", "padEnd", "normalize"]);

export function lowerMethod(target: Value, name: string, args: readonly Value[], expr: Expr, frame: Frame): Value {
  const { at } = expr;
  switch (target.kind) {
    case "optional":
      return lowerMethod(present(target, frame), name, args, expr, frame);
    case "constant":
      return never(`calls a method of ${target.value}`, frame, at);
    case "string":
      if (throwingMethods.has(name)) noteThrowing(frame.lowering);
      return lowerStringMethod(target, name, args, expr, frame);
    case "date":
      return lowerDateMethod(target, name, frame, at);
    case "number":
    case "boolean":
      if (name === "valueOf") return target;
      if (name === "toString" && args.length === 0) return textOf(target, frame, at);
      break;
    case "struct":
    case "list":
    case "pieces":
    case "mapped":
      // records have no methods
      if (target.kind === "struct" && target.shape.of !== "tuple") break;
      if (name === "includes" && args.length === 1) return includes(target, args[0]!, expr, frame);
      if (name === "at" && args.length === 1) return itemAt(target, args[0]!, frame, at);
      if ((name === "indexOf" || name === "lastIndexOf") && args.length === 1)
        return indexOf(target, args[0]!, name === "lastIndexOf", expr, frame);
      if (name === "join") return join(target, args[0], frame, at);
      break;
    default:
  }
  throw new NotNative(`calls ${name} of ${describeKind(target)}`, at);
}

function itemAt(target: Value, index: Value, frame: Frame, at: Place | undefined): Value {
  const known = index.kind === "number" ? constantOf(index.code) : undefined;
  if (known === undefined || !Number.isInteger(known)) throw new NotNative("calls at with a computed index", at);
  const position =
    known >= 0 ? numberConstant(known) : arithmetic("+", itemsCount(target, frame, at), index, frame, at);
  return element(target, keep(position, frame), frame, at);
}

function includes(target: Value, wanted: Value, { at }: Expr, frame: Frame): Value {
  const { out } = frame.lowering;
  if (target.kind === "struct" && target.shape.of === "tuple") {
    const found: I32[] = Array.from(target.fields, field => sameValueZero(field, wanted, frame, at));
    return { kind: "boolean", code: found.reduce(or, booleanConstant(false).code) };
  }
  const result = out.local("i32", "includes");
  out.set(result, booleanConstant(false).code);
  out.block("found", found =>
    itemsEach(target, frame, at, item =>
      out.if(sameValueZero(item, wanted, frame, at), () => {
        out.set(result, booleanConstant(true).code);
        out.jump(found);
      }),
    ),
  );
  return { kind: "boolean", code: { kind: "local", type: "i32", local: result } };
}

/** The first item that is equal, or the last; −1 for none. */
function indexOf(target: Value, wanted: Value, last: boolean, { at }: Expr, frame: Frame): Value {
  const { out } = frame.lowering;
  const result = out.local("f64", "indexOf");
  out.set(result, f64.const(-1));
  out.block("found", found =>
    itemsEach(target, frame, at, (item, index) =>
      out.if(equality("===", item, wanted, frame, at), () => {
        out.set(result, index().code);
        if (!last) out.jump(found);
      }),
    ),
  );
  return { kind: "number", code: local(result), integer: { min: -1, max: 2 ** 31 - 1 } };
}
