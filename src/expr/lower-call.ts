/** Functions of the language, and methods of the values that have native forms. */
import type { Expr } from "./ir.ts";
import { or } from "./lower-number.ts";
import type { Frame } from "./lowering.ts";
import { sameValueZero } from "./lower-compare.ts";
import { lowerDateMethod } from "./lower-date.ts";
import { containerOf, itemsEach } from "./lower-items.ts";
import { mathCall } from "./lower-math.ts";
import { booleanConstant, numberConstant, toNumber } from "./lower-number.ts";
import { present } from "./lower-record.ts";
import { lowerStringMethod } from "./lower-string.ts";
import { textConstant, textOf } from "./lower-text.ts";
import { describeKind, never } from "./merge.ts";
import { NotNative } from "./not-native.ts";
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
    case "Array.isArray":
      return isArray(first, expr);
    default:
      throw new NotNative(`calls ${callee}`, expr.at);
  }
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

export function lowerMethod(target: Value, name: string, args: readonly Value[], expr: Expr, frame: Frame): Value {
  const { at } = expr;
  switch (target.kind) {
    case "optional":
      return lowerMethod(present(target, frame), name, args, expr, frame);
    case "constant":
      return never(`calls a method of ${target.value}`, frame, at);
    case "string":
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
      if (name === "includes" && args.length === 1) return includes(target, args[0]!, expr, frame);
      break;
    default:
  }
  throw new NotNative(`calls ${name} of ${describeKind(target)}`, at);
}

function includes(target: Value, wanted: Value, { at }: Expr, frame: Frame): Value {
  const { out } = frame.lowering;
  if (target.kind === "struct" && target.shape.of === "tuple") {
    const found = Array.from(target.fields, field => sameValueZero(field, wanted, frame, at));
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
