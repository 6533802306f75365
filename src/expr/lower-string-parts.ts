/** Parts of strings: slices, single characters and their codes, what is left without white space. None of them is copied. */
import type { I64 } from "../codegen/code.ts";
import { f64, i32, i64 } from "../codegen/operations.ts";
import { noPart } from "../kernel/strings.ts";
import type { Place } from "./ir.ts";
import { isPosition } from "./lower-pieces.ts";
import { numberArgument } from "./lower-string-arguments.ts";
import { callText, isSpan, partOf, spanOf, whole } from "./lower-string-kernels.ts";
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

type Text = ValueOf<"string">;

const slicers = { slice: "textSlice", substring: "textSubstring", substr: "textSubstr" } as const;

export function slice(
  name: keyof typeof slicers,
  text: Text,
  [start, end]: readonly Value[],
  frame: Frame,
  at: Place | undefined,
): Text {
  const from = numberArgument(start, 0, frame, at);
  const to = numberArgument(end, Infinity, frame, at);
  return spanOf(callText(frame, slicers[name], ...whole(text), from, to), text, frame);
}

export function trim(text: Text, sides: { readonly start: boolean; readonly end: boolean }, frame: Frame): Text {
  const [start, end] = [i32.const(Number(sides.start)), i32.const(Number(sides.end))];
  return partOf(callText(frame, "textTrim", text.start, text.bytes, start, end), text, frame);
}

/** `text[index]` */
export function element(text: Text, index: Value, frame: Frame, at: Place | undefined): Value {
  if (index.kind !== "number") throw new NotNative("reads a string's property by something that is not a number", at);
  const { out } = frame.lowering;
  const isIndex = isPosition(index, frame);
  const span = callText(frame, "textChar", ...whole(text), index.code, i32.const(0));
  if (isIndex === undefined) return optionalPart(span, text, frame);
  // what is no index is no place to give up at either
  return optionalPart(out.keep(i64.select(span, i64.const(noPart), isIndex), "charSpan"), text, frame);
}

export function at(text: Text, [index]: readonly Value[], frame: Frame, place: Place | undefined): Value {
  const position = numberArgument(index, 0, frame, place);
  return optionalPart(callText(frame, "textChar", ...whole(text), position, i32.const(1)), text, frame);
}

export function charAt(text: Text, [index]: readonly Value[], frame: Frame, place: Place | undefined): Text {
  const position = numberArgument(index, 0, frame, place);
  const span = callText(frame, "textChar", ...whole(text), position, i32.const(0));
  const { item } = optionalPart(span, text, frame);
  return item;
}

function optionalPart(span: I64, text: Text, frame: Frame): ValueOf<"optional"> & { readonly item: Text } {
  const present = isSpan(span, frame);
  const empty = frame.lowering.out.keep(i64.select(span, i64.const(0n), present), "charSpan");
  return { kind: "optional", absent: undefined, present, item: spanOf(empty, text, frame) };
}

export function charCodeAt(text: Text, [index]: readonly Value[], frame: Frame, place: Place | undefined): Value {
  const { out } = frame.lowering;
  const position = numberArgument(index, 0, frame, place);
  const code = callText(frame, "textCode", ...whole(text), position, i32.const(0));
  const number = f64.select(f64.convert_i32_s(code), f64.const(NaN), i32.ge_s(code, i32.const(0)));
  return { kind: "number", code: out.keep(number, "charCode") };
}

export function codePointAt(text: Text, [index]: readonly Value[], frame: Frame, place: Place | undefined): Value {
  const position = numberArgument(index, 0, frame, place);
  const code = callText(frame, "textCode", ...whole(text), position, i32.const(1));
  const item: Value = { kind: "number", code: f64.convert_i32_s(code), integer: { min: 0, max: 0x10ffff } };
  const present = frame.lowering.out.keep(i32.ge_s(code, i32.const(0)), "isThere");
  return { kind: "optional", absent: undefined, present, item };
}
