/** Values as conditions, as `if`, `!` and `&&` take them, and `typeof`. */
import type { I32 } from "../codegen/code.ts";
import { f64, i32 } from "../codegen/operations.ts";
import type { ColumnType } from "../data/schema.ts";
import type { Place } from "./ir.ts";
import { and, booleanConstant, constantOf } from "./lower-number.ts";
import { NotNative } from "./not-native.ts";
import type { Value } from "./value.ts";

export function truthiness(value: Value, at?: Place): I32 {
  switch (value.kind) {
    case "boolean":
      return value.code;
    case "number": {
      const known = constantOf(value.code);
      if (known !== undefined) return booleanConstant(Boolean(known)).code;
      if (value.integer !== undefined) return f64.ne(value.code, f64.const(0));
      // NaN is greater than nothing
      return f64.gt(f64.abs(value.code), f64.const(0));
    }
    case "string":
      return value.text === undefined ? i32.ne(value.bytes, i32.const(0)) : booleanConstant(value.text !== "").code;
    case "constant":
      return i32.const(0);
    case "optional":
      return and(value.present, truthiness(value.item, at));
    case "opaque": {
      const known = typeofOpaque(value.type);
      if (known === "object") return i32.const(1);
      throw new NotNative("tests a value of mixed kinds", at);
    }
    default:
      return i32.const(1);
  }
}

/** What `typeof` says of a value that is present; undefined when code cannot know. */
export function typeofOpaque(type: ColumnType): "object" | "bigint" | undefined {
  if (type.kind === "struct" || type.kind === "list" || type.kind === "date") return "object";
  return type.kind === "i64" ? "bigint" : undefined;
}

/** Undefined when code cannot know. */
export function typeofValue(value: Exclude<Value, { kind: "optional" }>): string | undefined {
  switch (value.kind) {
    case "number":
    case "boolean":
    case "string":
      return value.kind;
    case "constant":
      return typeof value.value;
    case "opaque":
      return typeofOpaque(value.type);
    default:
      return "object";
  }
}
