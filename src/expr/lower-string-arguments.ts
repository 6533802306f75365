/** Arguments of string methods, as JavaScript turns them into what the methods take. */
import type { F64 } from "../codegen/code.ts";
import { f64, i32 } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { describeKind } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

export function isUndefined(value: Value | undefined): boolean {
  return value === undefined || (value.kind === "constant" && value.value === undefined);
}

/** A number, with what stands for undefined. */
export function numberArgument(value: Value | undefined, absent: number, frame: Frame, at: Place | undefined): F64 {
  if (value === undefined || value.kind === "constant") return f64.const(value?.value === null ? 0 : absent);
  const { out } = frame.lowering;
  switch (value.kind) {
    case "number":
      return out.keep(value.code, "argument");
    case "boolean":
      return out.keep(f64.convert_i32_u(value.code), "argument");
    case "optional": {
      const item = numberArgument(value.item, absent, frame, at);
      return out.keep(f64.select(item, f64.const(value.absent === null ? 0 : absent), value.present), "argument");
    }
    default:
      throw new NotNative(`gives a string's method ${describeKind(value)} for a number`, at);
  }
}

/** A string; one that may be missing is given up where it is. */
export function textArgument(
  value: Value | undefined,
  method: string,
  frame: Frame,
  at: Place | undefined,
): ValueOf<"string"> {
  if (value?.kind === "string") return value;
  if (value?.kind === "optional" && value.item.kind === "string") {
    frame.lowering.giveUp(`gives ${method} ${value.absent}`, i32.eqz(value.present));
    return value.item;
  }
  throw new NotNative(`gives ${method} ${value === undefined ? "nothing" : describeKind(value)}`, at);
}

export function noPosition(value: Value | undefined, method: string, at: Place | undefined): void {
  if (!isUndefined(value)) throw new NotNative(`gives ${method} a position`, at);
}
