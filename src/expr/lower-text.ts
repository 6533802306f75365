/** Strings that come of other values: constants, what is joined to a string, `typeof`. */
import { i32 } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { concatenate } from "./lower-string.ts";
import { constantOf } from "./lower-number.ts";
import { typeofValue } from "./lower-truth.ts";
import { describeKind, merge } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { Value } from "./value.ts";

export function textConstant(text: string, { lowering }: Frame, at: Place | undefined): Value {
  if (!text.isWellFormed()) throw new NotNative("has a string with half a surrogate pair", at);
  const bytes = new TextEncoder().encode(text).length;
  // all of one byte each
  const ascii = bytes === text.length;
  return { kind: "string", start: lowering.literal(text), bytes: i32.const(bytes), ascii, lasting: true, text };
}

/** Whether `+` joins strings as soon as this is a side of it. */
export function isText(value: Value): boolean {
  return value.kind === "string";
}

export function joined(parts: readonly Value[], frame: Frame, at: Place | undefined): Value {
  return concatenate(
    parts.map(part => textPart(part, frame, at)),
    frame,
    at,
  );
}

/** As `String(value)`. */
export function textOf(value: Value, frame: Frame, at: Place | undefined): Value {
  const part = textPart(value, frame, at);
  return part.kind === "string" ? part : concatenate([part], frame, at);
}

/** A string, or a number that becomes one. */
function textPart(value: Value, frame: Frame, at: Place | undefined): Value {
  switch (value.kind) {
    case "string":
    case "number":
      return value;
    case "constant":
      return textConstant(String(value.value), frame, at);
    case "boolean": {
      const known = constantOf(value.code);
      if (known !== undefined) return textConstant(String(known !== 0), frame, at);
      const text = (which: string) => () => textConstant(which, frame, at);
      return merge(value.code, text("true"), text("false"), frame.lowering, at);
    }
    case "optional": {
      const { present, absent, item } = value;
      const absentText = () => textConstant(String(absent), frame, at);
      return merge(present, () => textOf(item, frame, at), absentText, frame.lowering, at);
    }
    default:
      throw new NotNative(`turns ${describeKind(value)} into a string`, at);
  }
}

export function typeofText(value: Value, frame: Frame, at: Place | undefined): Value {
  if (value.kind === "optional") {
    const { present, absent, item } = value;
    const absentText = () => textConstant(typeof absent, frame, at);
    return merge(present, () => typeofText(item, frame, at), absentText, frame.lowering, at);
  }
  const known = typeofValue(value);
  if (known === undefined) throw new NotNative("asks for the type of a value of mixed kinds", at);
  return textConstant(known, frame, at);
}
