/** Where strings are in strings. */
import { f64, i32, local } from "../codegen/operations.ts";
import type { I32 } from "../codegen/code.ts";
import { searchGivenUp } from "../kernel/strings.ts";
import { encodeText } from "./lower-string-compare.ts";
import { callText, longSearch } from "./lower-string-kernels.ts";
import type { Frame } from "./lowering.ts";
import type { ValueOf } from "./value.ts";

type Text = ValueOf<"string">;

export const unitsMax = 2 ** 29;

/** Code units of a string, or of its beginning. */
export function unitsIn(text: Text, frame: Frame, bytes = text.bytes): I32 {
  return text.ascii ? bytes : callText(frame, "textLength", text.start, bytes);
}

/** `length` */
export function textLength(text: Text, frame: Frame): ValueOf<"number"> {
  if (text.text !== undefined) {
    const { length } = text.text;
    return { kind: "number", code: f64.const(length), integer: { min: length, max: length } };
  }
  const units = frame.lowering.out.keep(unitsIn(text, frame), "length");
  return { kind: "number", code: f64.convert_i32_s(units), integer: { min: 0, max: unitsMax } };
}

/** First or last byte position of a needle, −1 for none. */
export function findText(
  text: Text,
  needle: Text,
  frame: Frame,
  kernel: "textFind" | "textFindLast" = "textFind",
): I32 {
  const found = callText(frame, kernel, text.start, text.bytes, needle.start, needle.bytes);
  const isShort = needle.text !== undefined && encodeText(needle.text).length <= 1;
  if (!isShort) frame.lowering.giveUp(longSearch, i32.eq(found, i32.const(searchGivenUp)));
  return found;
}

export function includes(text: Text, needle: Text, frame: Frame): ValueOf<"boolean"> {
  return { kind: "boolean", code: i32.ge_s(findText(text, needle, frame), i32.const(0)) };
}

export function indexOf(text: Text, needle: Text, frame: Frame, last: boolean): ValueOf<"number"> {
  const { out } = frame.lowering;
  const integer = { min: -1, max: unitsMax };
  const found = findText(text, needle, frame, last ? "textFindLast" : "textFind");
  if (text.ascii) return { kind: "number", code: f64.convert_i32_s(found), integer };
  const index = out.local("i32", "index");
  out.set(index, found);
  out.if(i32.gt_s(found, i32.const(0)), () => out.set(index, unitsIn(text, frame, found)));
  return { kind: "number", code: f64.convert_i32_s(local(index)), integer };
}
