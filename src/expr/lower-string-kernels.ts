/** Calls of `kernels/strings.ts` from generated code, and what comes back from them. Results are in locals. */
import type { Code, I32, I64, ValueType } from "../codegen/code.ts";
import { call, i32, i64 } from "../codegen/operations.ts";
import { noPart, noUtf8 } from "../kernel/strings.ts";
import type { Frame } from "./lowering.ts";
import type { ValueOf } from "./value.ts";

const signatures = {
  textLength: [["i32", "i32"], "i32"],
  textSlice: [["i32", "i32", "i32", "f64", "f64"], "i64"],
  textSubstring: [["i32", "i32", "i32", "f64", "f64"], "i64"],
  textSubstr: [["i32", "i32", "i32", "f64", "f64"], "i64"],
  textChar: [["i32", "i32", "i32", "f64", "i32"], "i64"],
  textCode: [["i32", "i32", "i32", "f64", "i32"], "i32"],
  textEqual: [["i32", "i32", "i32"], "i32"],
  textOrder: [["i32", "i32", "i32", "i32"], "i32"],
  textFind: [["i32", "i32", "i32", "i32"], "i32"],
  textFindLast: [["i32", "i32", "i32", "i32"], "i32"],
  textCount: [["i32", "i32", "i32", "i32"], "i32"],
  textReplaceAll: [["i32", "i32", "i32", "i32", "i32", "i32", "i32"], "i32"],
  textTrim: [["i32", "i32", "i32", "i32"], "i64"],
  textLower: [["i32", "i32", "i32"], "i32"],
  textUpper: [["i32", "i32", "i32"], "i32"],
  readNumber: [["i32", "i32", "i32"], "i64"],
  writeWhole: [["f64", "i32"], "i32"],
  pieceAt: [["i32", "i32", "i32", "i32", "i32"], "i64"],
} as const satisfies Record<string, readonly [readonly ValueType[], ValueType]>;

type Signatures = typeof signatures;
export type StringKernel = keyof Signatures;

export function callText<K extends StringKernel>(
  { lowering }: Frame,
  name: K,
  ...args: Code[]
): Code<Signatures[K][1]> {
  const [parameters, result] = signatures[name];
  const target = lowering.kernel<Signatures[K][1]>(name, parameters, result);
  return lowering.out.keep(call(target, ...args), name);
}

/** Kernels without a result. Both may write up to 15 bytes beyond what they make. */
export function callCopy({ lowering }: Frame, from: I32, bytes: I32, to: I32): void {
  lowering.out.call(
    { module: "kernels", name: "textCopy", parameters: ["i32", "i32", "i32"], result: undefined },
    from,
    bytes,
    to,
  );
}

export function callRepeat({ lowering }: Frame, from: I32, bytes: I32, total: I32, to: I32): void {
  lowering.out.call(
    { module: "kernels", name: "textRepeat", parameters: ["i32", "i32", "i32", "i32"], result: undefined },
    from,
    bytes,
    total,
    to,
  );
}

const cutPair = "cuts a pair of surrogates";
export const longSearch = "searches a text that is too much like what it looks for";

/** A string and what the kernels are told about it. */
export function whole(text: ValueOf<"string">): readonly [I32, I32, I32] {
  return [text.start, text.bytes, i32.const(Number(text.ascii))];
}

/** The part of a string that a kernel's result stands for. Gives up when its border lies within a pair, or when `why` says so. */
export function spanOf(span: I64, text: ValueOf<"string">, frame: Frame, why?: string): ValueOf<"string"> {
  if (!text.ascii || why !== undefined) frame.lowering.giveUp(why ?? cutPair, i64.eq(span, i64.const(noUtf8)));
  return partOf(span, text, frame);
}

/** Whether there is such a part. */
export function isSpan(span: I64, frame: Frame): I32 {
  return frame.lowering.out.keep(i64.ne(span, i64.const(noPart)), "isThere");
}

/** As `spanOf`, for kernels that never give up. */
export function partOf(span: I64, text: ValueOf<"string">, { lowering: { out } }: Frame): ValueOf<"string"> {
  const start = i32.add(text.start, i32.wrap_i64(i64.shr_u(span, i64.const(32n))));
  return {
    kind: "string",
    start: out.keep(start, "partStart"),
    bytes: out.keep(i32.wrap_i64(span), "partBytes"),
    ascii: text.ascii,
    lasting: text.lasting === true,
  };
}
