/**
 * Equality and order of strings, and whether bytes that are known stand somewhere. Short constants are compared as words, within the
 * bytes that are there; anything else is for kernels.
 */
import type { I32 } from "../codegen/code.ts";
import type { FunctionBuilder } from "../codegen/function-builder.ts";
import { i32, i64, local } from "../codegen/operations.ts";
import type { Binary } from "./ir.ts";
import { callText } from "./lower-string-kernels.ts";
import type { Frame } from "./lowering.ts";
import type { ValueOf } from "./value.ts";

/** Constants of more bytes are compared by a kernel. */
const inlineBytesMax = 32;

type Text = ValueOf<"string">;

export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A string constant. */
export function constantText(text: string, frame: Frame): Text {
  const { out } = frame.lowering;
  const start = out.keep(frame.lowering.literal(text), "literal");
  const bytes = encodeText(text).length;
  return { kind: "string", start, bytes: i32.const(bytes), ascii: bytes === text.length, lasting: true, text };
}

/** 1 when two strings are equal. */
export function equalStrings(a: Text, b: Text, frame: Frame): I32 {
  if (a.text !== undefined && b.text !== undefined) return i32.const(Number(a.text === b.text));
  const { out } = frame.lowering;
  const [text, constant] = a.text !== undefined ? [b, a.text] : [a, b.text];
  const wanted = constant === undefined ? undefined : encodeText(constant);
  if (wanted?.length === 0) return i32.eqz(text.bytes);
  if (wanted !== undefined && wanted.length <= inlineBytesMax) {
    const isEqual = out.local("i32", "isEqual");
    out.set(isEqual, i32.eq(text.bytes, i32.const(wanted.length)));
    out.if(local(isEqual), () => out.set(isEqual, bytesAre(text.start, wanted)));
    return local(isEqual);
  }
  return guarded(i32.eq(a.bytes, b.bytes), () => callText(frame, "textEqual", a.start, b.start, a.bytes), out);
}

/** `test && then()`, a local. */
export function guarded(test: I32, then: () => I32, out: FunctionBuilder): I32 {
  const result = out.local("i32", "holds");
  out.set(result, test);
  out.if(local(result), () => out.set(result, then()));
  return local(result);
}

/** 1 when these bytes (at least one) stand at the address, of which as many can be read. */
export function bytesAre(at: I32, wanted: Uint8Array): I32 {
  const view = new DataView(wanted.buffer, wanted.byteOffset, wanted.byteLength);
  const n = wanted.length;
  const tests: I32[] = [];
  const long = (from: number) => tests.push(i64.eq(i64.load(at, from), i64.const(view.getBigInt64(from, true))));
  const word = (from: number) => tests.push(i32.eq(i32.load(at, from), i32.const(view.getInt32(from, true))));
  // the last word overlaps the one before it, so that nothing behind the end is read
  if (n >= 8) {
    for (let from = 0; from + 8 < n; from += 8) long(from);
    long(n - 8);
  } else if (n >= 4) {
    word(0);
    if (n > 4) word(n - 4);
  } else {
    if (n >= 2) tests.push(i32.eq(i32.load16_u(at), i32.const(view.getUint16(0, true))));
    if (n !== 2) tests.push(i32.eq(i32.load8_u(at, n - 1), i32.const(wanted[n - 1]!)));
  }
  return tests.reduce((all, test) => i32.and(all, test));
}

/** By code units, as `<` and its kind do. */
export function compareStrings(operator: Binary, a: Text, b: Text, frame: Frame): I32 {
  if (operator === "==" || operator === "===") return equalStrings(a, b, frame);
  if (operator === "!=" || operator === "!==") return i32.eqz(equalStrings(a, b, frame));
  const order = callText(frame, "textOrder", a.start, a.bytes, b.start, b.bytes);
  const zero = i32.const(0);
  switch (operator) {
    case "<":
      return i32.lt_s(order, zero);
    case "<=":
      return i32.le_s(order, zero);
    case ">":
      return i32.gt_s(order, zero);
    case ">=":
      return i32.ge_s(order, zero);
    default:
      throw new Error(`${operator} does not compare`);
  }
}

/** 1 when the string begins with another. */
export function startsWith(text: Text, start: Text, frame: Frame): I32 {
  return stands(text, start, () => text.start, frame);
}

/** 1 when the string ends with another. */
export function endsWith(text: Text, end: Text, frame: Frame): I32 {
  return stands(text, end, () => i32.sub(i32.add(text.start, text.bytes), end.bytes), frame);
}

function stands(text: Text, part: Text, at: () => I32, frame: Frame): I32 {
  const { out } = frame.lowering;
  const wanted = part.text === undefined ? undefined : encodeText(part.text);
  if (wanted?.length === 0) return i32.const(1);
  const isRoom = i32.ge_u(text.bytes, part.bytes);
  if (wanted === undefined || wanted.length > inlineBytesMax) {
    return guarded(isRoom, () => callText(frame, "textEqual", at(), part.start, part.bytes), out);
  }
  return guarded(isRoom, () => bytesAre(out.keep(at(), "partStart"), wanted), out);
}
