/**
 * What JavaScript does with strings, on UTF-8. Indexes and lengths are of UTF-16 code units; a string that would begin or end
 * within a surrogate pair has no UTF-8 and is given up.
 */
import type { Expr, Place } from "./ir.ts";
import { split } from "./lower-pieces.ts";
import { noPosition, textArgument } from "./lower-string-arguments.ts";
import { endsWith, startsWith } from "./lower-string-compare.ts";
import { concatenate } from "./lower-string-join.ts";
import { changeCase, pad, repeat, replace } from "./lower-string-make.ts";
import { at, charAt, charCodeAt, codePointAt, element, slice, trim } from "./lower-string-parts.ts";
import { includes, indexOf, textLength } from "./lower-string-search.ts";
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

export { compareStrings, constantText, equalStrings } from "./lower-string-compare.ts";
export { concatenate } from "./lower-string-join.ts";
export { stringToNumber, type NumberReader } from "./lower-string-number.ts";

type Text = ValueOf<"string">;
type Method = (text: Text, args: readonly Value[], frame: Frame, place: Place | undefined) => Value;

const methods = new Map<string, Method>(
  Object.entries<Method>({
    split,
    slice: (text, args, frame, place) => slice("slice", text, args, frame, place),
    substring: (text, args, frame, place) => slice("substring", text, args, frame, place),
    substr: (text, args, frame, place) => slice("substr", text, args, frame, place),
    trim: (text, _args, frame) => trim(text, { start: true, end: true }, frame),
    trimStart: (text, _args, frame) => trim(text, { start: true, end: false }, frame),
    trimEnd: (text, _args, frame) => trim(text, { start: false, end: true }, frame),
    at,
    charAt,
    charCodeAt,
    codePointAt,
    startsWith: searching("startsWith", (text, part, frame) => ({
      kind: "boolean",
      code: startsWith(text, part, frame),
    })),
    endsWith: searching("endsWith", (text, part, frame) => ({ kind: "boolean", code: endsWith(text, part, frame) })),
    includes: searching("includes", includes),
    indexOf: searching("indexOf", (text, part, frame) => indexOf(text, part, frame, false)),
    lastIndexOf: searching("lastIndexOf", (text, part, frame) => indexOf(text, part, frame, true)),
    toLowerCase: (text, _args, frame) => changeCase(text, "textLower", frame),
    toUpperCase: (text, _args, frame) => changeCase(text, "textUpper", frame),
    repeat,
    padStart: (text, args, frame, place) => pad(text, args, true, frame, place),
    padEnd: (text, args, frame, place) => pad(text, args, false, frame, place),
    replace: (text, args, frame, place) => replace(text, args, false, frame, place),
    replaceAll: (text, args, frame, place) => replace(text, args, true, frame, place),
    concat: (text, args, frame, place) => concatenate([text, ...args], frame, place),
    toString: (text: Text) => text,
    valueOf: (text: Text) => text,
  }),
);

function searching(name: string, method: (text: Text, part: Text, frame: Frame) => Value): Method {
  return (text, [part, position], frame, place) => {
    noPosition(position, name, place);
    return method(text, textArgument(part, name, frame, place), frame);
  };
}

/** `target.name(…args)` */
export function lowerStringMethod(target: Text, name: string, args: readonly Value[], expr: Expr, frame: Frame): Value {
  const method = methods.get(name);
  if (method === undefined) throw new NotNative(`calls ${name} of a string`, expr.at);
  return method(target, args, frame, expr.at);
}

/** `target.name` */
export function lowerStringProperty(target: Text, name: string, frame: Frame, place: Place | undefined): Value {
  if (name === "length") return textLength(target, frame);
  throw new NotNative(`reads ${name} of a string`, place);
}

/** `target[index]` */
export function stringElement(target: Text, index: Value, frame: Frame, place: Place | undefined): Value {
  return element(target, index, frame, place);
}
