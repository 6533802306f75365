/** Strings that are made: joined, in another case, repeated, padded, with parts replaced. They are in the row's scratch memory. */
import type { I32, Local } from "../codegen/code.ts";
import { f64, i32, local } from "../codegen/operations.ts";
import { slackBytes } from "../kernel/strings.ts";
import type { Place } from "./ir.ts";
import { isUndefined, numberArgument, textArgument } from "./lower-string-arguments.ts";
import { constantText } from "./lower-string-compare.ts";
import { callCopy, callRepeat, callText, longSearch } from "./lower-string-kernels.ts";
import { findText, unitsIn } from "./lower-string-search.ts";
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

type Text = ValueOf<"string">;

/** What is longer is left to JavaScript, which knows its own limits; sums of a few such lengths do not overflow. */
const madeBytesMax = 2 ** 28;
const veryLong = "makes a very long string";

function room(bytes: I32, { lowering }: Frame): I32 {
  return lowering.scratch(i32.add(bytes, i32.const(slackBytes)));
}

function refuseLong(bytes: readonly I32[], { lowering }: Frame): void {
  const all = bytes.reduce((some, each) => i32.or(some, each));
  lowering.giveUp(veryLong, i32.ge_u(all, i32.const(madeBytesMax)));
}

export function changeCase(text: Text, kernel: "textLower" | "textUpper", frame: Frame): Text {
  const start = room(text.bytes, frame);
  const isDone = callText(frame, kernel, text.start, text.bytes, start);
  frame.lowering.giveUp("changes the case of letters that are not ASCII", i32.eqz(isDone));
  return { kind: "string", start, bytes: text.bytes, ascii: true };
}

export function repeat(text: Text, [times]: readonly Value[], frame: Frame, at: Place | undefined): Text {
  const { lowering } = frame;
  const { out } = lowering;
  const count = out.keep(f64.trunc(numberArgument(times, 0, frame, at)), "times");
  const total = out.keep(f64.mul(count, f64.convert_i32_u(text.bytes)), "bytes");
  const isPossible = i32.and(f64.ge(count, f64.const(0)), f64.lt(total, f64.const(madeBytesMax)));
  lowering.giveUp("repeats a string very often", i32.eqz(isPossible));
  const bytes = out.keep(i32.trunc_sat_f64_u(total), "bytes");
  const start = room(bytes, frame);
  callRepeat(frame, text.start, text.bytes, bytes, start);
  return { kind: "string", start, bytes, ascii: text.ascii };
}

export function pad(text: Text, args: readonly Value[], atStart: boolean, frame: Frame, at: Place | undefined): Text {
  const { lowering } = frame;
  const { out } = lowering;
  const method = atStart ? "padStart" : "padEnd";
  const fill = isUndefined(args[1]) ? constantText(" ", frame) : textArgument(args[1], method, frame, at);
  if (fill.text === "") return text;
  if (fill.text !== undefined && !fill.ascii) throw new NotNative("pads with what is not ASCII", at);
  const target = f64.trunc(numberArgument(args[0], 0, frame, at));
  const missing = out.keep(f64.sub(target, f64.convert_i32_u(unitsIn(text, frame))), "missing");
  lowering.giveUp(veryLong, f64.ge(missing, f64.const(madeBytesMax)));
  refuseLong([text.bytes], frame);
  let padding: I32 = i32.trunc_sat_f64_u(missing);
  if (fill.text === undefined) {
    lowering.giveUp("pads with what is not ASCII", i32.ne(unitsIn(fill, frame), fill.bytes));
    padding = i32.select(padding, i32.const(0), fill.bytes);
  }
  padding = out.keep(padding, "padding");
  const bytes = out.keep(i32.add(text.bytes, padding), "bytes");
  const start = room(bytes, frame);
  // whatever is copied first may write beyond its end
  const [textAt, fillAt] = atStart ? [i32.add(start, padding), start] : [start, i32.add(start, text.bytes)];
  callCopy(frame, text.start, text.bytes, textAt);
  callRepeat(frame, fill.start, fill.bytes, padding, fillAt);
  return { kind: "string", start, bytes, ascii: text.ascii };
}

/** `replace` and `replaceAll` of strings, by strings that mean what they say. */
export function replace(text: Text, args: readonly Value[], all: boolean, frame: Frame, at: Place | undefined): Text {
  const method = all ? "replaceAll" : "replace";
  const needle = textArgument(args[0], method, frame, at);
  const by = textArgument(args[1], method, frame, at);
  if (by.text?.includes("$")) throw new NotNative("replaces by a pattern with $", at);
  if (by.text === undefined) {
    const dollar = findText(by, constantText("$", frame), frame);
    frame.lowering.giveUp("replaces by a pattern with $", i32.ge_s(dollar, i32.const(0)));
  }
  if (all && needle.text === "") throw new NotNative("replaces between characters", at);
  if (all && needle.text === undefined) frame.lowering.giveUp("replaces between characters", i32.eqz(needle.bytes));
  return (all ? replaceEvery : replaceFirst)(text, needle, by, frame);
}

/** The string as it is, unless `test` holds and `make` makes another. */
function unless(text: Text, by: Text, test: I32, frame: Frame, make: (to: Result) => void): Text {
  const { out } = frame.lowering;
  const to = { start: out.local("i32", "replaced"), bytes: out.local("i32", "replacedBytes") };
  out.set(to.start, text.start);
  out.set(to.bytes, text.bytes);
  out.if(test, () => make(to));
  return { kind: "string", start: local(to.start), bytes: local(to.bytes), ascii: text.ascii && by.ascii };
}

interface Result {
  readonly start: Local<"i32">;
  readonly bytes: Local<"i32">;
}

function replaceFirst(text: Text, needle: Text, by: Text, frame: Frame): Text {
  const { out } = frame.lowering;
  refuseLong([text.bytes, by.bytes], frame);
  const found = findText(text, needle, frame);
  return unless(text, by, i32.ge_s(found, i32.const(0)), frame, to => {
    out.set(to.bytes, i32.add(i32.sub(text.bytes, needle.bytes), by.bytes));
    out.set(to.start, room(local(to.bytes), frame));
    const behind = out.keep(i32.add(found, needle.bytes), "behind");
    callCopy(frame, text.start, found, local(to.start));
    const byAt = out.keep(i32.add(local(to.start), found), "byAt");
    callCopy(frame, by.start, by.bytes, byAt);
    callCopy(frame, i32.add(text.start, behind), i32.sub(text.bytes, behind), i32.add(byAt, by.bytes));
  });
}

/** Of a needle that is not empty. */
export function replaceEvery(text: Text, needle: Text, by: Text, frame: Frame): Text {
  const { lowering } = frame;
  const { out } = lowering;
  refuseLong([text.bytes, by.bytes], frame);
  const count = callText(frame, "textCount", text.start, text.bytes, needle.start, needle.bytes);
  lowering.giveUp(longSearch, i32.lt_s(count, i32.const(0)));
  return unless(text, by, count, frame, to => {
    const growth = f64.mul(f64.convert_i32_s(count), f64.convert_i32_s(i32.sub(by.bytes, needle.bytes)));
    const bytes = out.keep(f64.add(f64.convert_i32_s(text.bytes), growth), "bytes");
    lowering.giveUp(veryLong, f64.ge(bytes, f64.const(madeBytesMax)));
    out.set(to.bytes, i32.trunc_sat_f64_u(bytes));
    out.set(to.start, room(local(to.bytes), frame));
    const parts = [text.start, text.bytes, needle.start, needle.bytes, by.start, by.bytes, local(to.start)];
    callText(frame, "textReplaceAll", ...parts);
  });
}
