/** Numbers as 32 bits, exactly as ToInt32 cuts any double, and the operators on them. */
import type { F64, I32 } from "../codegen/code.ts";
import { call, f64, i32, i64, local } from "../codegen/operations.ts";
import type { Binary } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { constantOf, keepNumber, type NumberValue, ofInt32, ofUint32 } from "./lower-number.ts";

export type BitOperator = Extract<Binary, "&" | "|" | "^" | "<<" | ">>" | ">>>">;

/** The low 32 bits of the number's whole part. */
export function toInt32(value: NumberValue, frame: Frame): I32 {
  const known = constantOf(value.code);
  if (known !== undefined) return i32.const(known | 0);
  const converted = int32Behind(value.code);
  if (converted !== undefined) return converted;
  const { integer } = value;
  if (integer !== undefined) {
    if (integer.min >= -(2 ** 31) && integer.max < 2 ** 31) return i32.trunc_sat_f64_s(value.code);
    return i32.wrap_i64(i64.trunc_sat_f64_s(value.code));
  }
  const { lowering } = frame;
  const { out } = lowering;
  const number = keepNumber(value.code, frame);
  const bits = out.local("i32", "bits");
  out.if(
    // NaN and what is too large go the slow way
    f64.lt(f64.abs(number), f64.const(2 ** 63)),
    () => out.set(bits, i32.wrap_i64(i64.trunc_sat_f64_s(number))),
    () => out.set(bits, call(lowering.host("toInt32", ["f64"], "i32"), number)),
  );
  return local(bits);
}

function int32Behind(code: F64): I32 | undefined {
  const isConverted = code.kind === "operation" && (code.op === "f64.convert_i32_s" || code.op === "f64.convert_i32_u");
  return isConverted ? (code.args[0] as I32) : undefined;
}

export function bitOperation(operator: BitOperator, left: NumberValue, right: NumberValue, frame: Frame): NumberValue {
  const a = toInt32(left, frame);
  const b = toInt32(right, frame);
  switch (operator) {
    case "&": {
      const mask = Math.max(constantOf(a) ?? -1, constantOf(b) ?? -1);
      return ofInt32(i32.and(a, b), mask >= 0 ? { min: 0, max: mask } : undefined);
    }
    case "|":
      // `x | 0` is how whole numbers are made
      return ofInt32(constantOf(b) === 0 ? a : i32.or(a, b));
    case "^":
      return ofInt32(i32.xor(a, b));
    case "<<":
      return ofInt32(i32.shl(a, b));
    case ">>":
      return ofInt32(i32.shr_s(a, b));
    case ">>>": {
      const shift = (constantOf(b) ?? 0) & 31;
      return ofUint32(shift === 0 && constantOf(b) !== undefined ? a : i32.shr_u(a, b), {
        min: 0,
        max: (2 ** 32 - 1) >>> shift,
      });
    }
  }
}
