/** Strings as numbers: decimals whose value is exactly rounded, and what is no number at all. Everything else is given up. */
import { f64, i32, i64 } from "../codegen/operations.ts";
import { unsureNumber } from "../kernel/strings.ts";
import type { Place } from "./ir.ts";
import { callText } from "./lower-string-kernels.ts";
import type { Frame } from "./lowering.ts";
import type { Value, ValueOf } from "./value.ts";

/** In the order of the kernel's numbering. */
const readers = { Number, parseFloat, parseInt: (text: string) => parseInt(text) };
export type NumberReader = keyof typeof readers;

/** `Number(text)`, which is also unary `+`, `parseFloat(text)` or `parseInt(text)`, to the base 10. */
export function stringToNumber(
  text: ValueOf<"string">,
  frame: Frame,
  _at: Place | undefined,
  reader: NumberReader = "Number",
): Value {
  if (text.text !== undefined) return { kind: "number", code: f64.const(readers[reader](text.text)) };
  const { lowering } = frame;
  const as = i32.const(Object.keys(readers).indexOf(reader));
  const bits = callText(frame, "readNumber", text.start, text.bytes, as);
  lowering.giveUp("reads a number that is not a plain one", i64.eq(bits, i64.const(unsureNumber)));
  return { kind: "number", code: lowering.out.keep(f64.reinterpret_i64(bits), "read") };
}
