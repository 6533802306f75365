/**
 * `+` of strings and templates: the parts are written one behind the other into the row's scratch memory. Whole numbers are written
 * as digits; other numbers are given up.
 */
import type { I32, Local } from "../codegen/code.ts";
import { f64, i32, i64, local } from "../codegen/operations.ts";
import { slackBytes } from "../kernel/strings.ts";
import type { Place } from "./ir.ts";
import { constantText, encodeText } from "./lower-string-compare.ts";
import { callCopy, callText } from "./lower-string-kernels.ts";
import type { Frame } from "./lowering.ts";
import { describeKind } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

type Text = ValueOf<"string">;
type Part = string | Value;

/** Sign and 16 digits. */
const wholeBytesMax = 17;
/** Of "undefined" */
const wordBytesMax = 9;
const partBytesMax = 2 ** 26;
const partsMax = 32;
/** Constants up to so many bytes are written as words. */
const inlineBytesMax = 24;

export function concatenate(parts: readonly Value[], frame: Frame, at: Place | undefined): Text {
  const merged = mergeConstants(parts);
  const [first] = merged;
  if (merged.length === 0) return constantText("", frame);
  if (merged.length === 1 && first !== undefined) {
    if (typeof first === "string") return constantText(first, frame);
    if (first.kind === "string") return first;
  }
  if (merged.length > partsMax) throw new NotNative("joins very many strings", at);
  const { lowering } = frame;
  const { out } = lowering;
  const dynamic = merged.flatMap(part => (typeof part === "string" ? [] : textBytes(part, frame)));
  if (dynamic.length > 1) {
    const all = dynamic.reduce((some, each) => i32.or(some, each));
    lowering.giveUp("makes a very long string", i32.ge_u(all, i32.const(partBytesMax)));
  }
  const fixed = merged.reduce((sum, part) => sum + fixedBytes(part, at), slackBytes);
  const start = lowering.scratch(dynamic.reduce((sum, each) => i32.add(sum, each), i32.const(fixed)));
  const to = out.local("i32", "writeAt");
  out.set(to, start);
  for (const part of merged) append(part, to, frame);
  const bytes = out.keep(i32.sub(local(to), start), "joinedBytes");
  return { kind: "string", start, bytes, ascii: merged.every(isAscii) };
}

/** Constants as text, neighbours in one. */
function mergeConstants(parts: readonly Value[]): Part[] {
  const merged: Part[] = [];
  for (const part of parts) {
    const text = constantOf(part);
    const before = merged.at(-1);
    if (text === undefined) merged.push(part);
    else if (typeof before === "string") merged[merged.length - 1] = before + text;
    else if (text !== "") merged.push(text);
  }
  return merged;
}

function constantOf(part: Value): string | undefined {
  if (part.kind === "constant") return String(part.value);
  if (part.kind === "string") return part.text;
  if (part.kind === "number" && part.code.kind === "constant") return String(Number(part.code.value));
  if (part.kind === "boolean" && part.code.kind === "constant") return String(part.code.value !== 0);
  return undefined;
}

/** Lengths that are known when the code runs. */
function textBytes(part: Value, { lowering: { out } }: Frame): I32[] {
  if (part.kind === "string") return [part.bytes];
  if (part.kind !== "optional" || part.item.kind !== "string") return [];
  return [out.keep(i32.select(part.item.bytes, i32.const(0), part.present), "partBytes")];
}

/** The most bytes that a part can have beside them. */
function fixedBytes(part: Part, at: Place | undefined): number {
  if (typeof part === "string") return encodeText(part).length;
  if (part.kind === "string") return 0;
  if (part.kind === "boolean") return wordBytesMax;
  if (part.kind === "number") return wholeBytesMax;
  if (part.kind === "optional") return wordBytesMax + fixedBytes(part.item, at);
  throw new NotNative(`turns ${describeKind(part)} into a string`, at);
}

function isAscii(part: Part): boolean {
  if (typeof part === "string") return encodeText(part).length === part.length;
  if (part.kind === "optional") return isAscii(part.item);
  return part.kind !== "string" || part.ascii;
}

function append(part: Part, to: Local<"i32">, frame: Frame): void {
  const { out } = frame.lowering;
  const advance = (bytes: I32) => out.set(to, i32.add(local(to), bytes));
  if (typeof part === "string") {
    const encoded = encodeText(part);
    if (encoded.length > inlineBytesMax) {
      callCopy(frame, frame.lowering.literal(part), i32.const(encoded.length), local(to));
    } else {
      if (!part.isWellFormed()) frame.lowering.literal(part); // refuses it
      storeWords(encoded, to, frame);
    }
    advance(i32.const(encoded.length));
    return;
  }
  switch (part.kind) {
    case "string":
      callCopy(frame, part.start, part.bytes, local(to));
      advance(part.bytes);
      return;
    case "boolean": {
      const flag = out.keep(part.code, "flag");
      out.store("i64.store", local(to), i64.select(wordOf("true"), wordOf("false"), flag));
      advance(i32.sub(i32.const(5), flag));
      return;
    }
    case "number":
      refuseFractions(part, frame);
      advance(callText(frame, "writeWhole", part.code, local(to)));
      return;
    case "optional":
      out.if(
        part.present,
        () => append(part.item, to, frame),
        () => append(String(part.absent), to, frame),
      );
      return;
    default:
      throw new NotNative(`turns ${describeKind(part)} into a string`, undefined);
  }
}

function refuseFractions(part: ValueOf<"number">, { lowering }: Frame): void {
  if (part.integer !== undefined) return;
  const code = lowering.out.keep(part.code, "whole");
  const isWhole = i32.and(f64.eq(code, f64.trunc(code)), f64.lt(f64.abs(code), f64.const(2 ** 53)));
  lowering.giveUp("turns a number into a string that is not whole", i32.eqz(isWhole));
}

function wordOf(text: string) {
  const padded = new DataView(new ArrayBuffer(8));
  encodeText(text).forEach((byte, i) => padded.setUint8(i, byte));
  return i64.const(padded.getBigInt64(0, true));
}

/** Whole words: what is behind the end is overwritten, or slack. */
function storeWords(bytes: Uint8Array, to: Local<"i32">, { lowering: { out } }: Frame): void {
  const padded = new DataView(new ArrayBuffer(inlineBytesMax));
  bytes.forEach((byte, i) => padded.setUint8(i, byte));
  for (let from = 0; from < bytes.length; from += 8)
    out.store("i64.store", local(to), i64.const(padded.getBigInt64(from, true)), from);
}
