/** Strings in expressions. */
import type { I32 } from "../codegen/code.ts";
import type { Expr, Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

type Text = ValueOf<"string">;

export function lowerStringMethod(
  _target: Text,
  name: string,
  _args: readonly Value[],
  expr: Expr,
  _frame: Frame,
): Value {
  throw new NotNative(`calls ${name} of a string`, expr.at);
}

export function lowerStringProperty(_target: Text, name: string, _frame: Frame, at: Place | undefined): Value {
  throw new NotNative(`reads ${name} of a string`, at);
}

export function stringElement(_target: Text, _index: Value, _frame: Frame, at: Place | undefined): Value {
  throw new NotNative("reads a character of a string", at);
}

export function compareStrings(_operator: "<" | "<=" | ">" | ">=", _a: Text, _b: Text, _frame: Frame): I32 {
  throw new NotNative("compares strings", undefined);
}

export function equalStrings(_a: Text, _b: Text, _frame: Frame): I32 {
  throw new NotNative("compares strings", undefined);
}

export function concatenate(_parts: readonly Value[], _frame: Frame, at: Place | undefined): Value {
  throw new NotNative("joins strings", at);
}
