/** Expressions as generated code, for values of known kinds. */
import type { I32 } from "../codegen/code.ts";
import type { Expr } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value } from "./value.ts";

export function lowerExpr(expr: Expr, _frame: Frame): Value {
  throw new NotNative(`has ${expr.op}`, expr.at);
}

/** Whether the expression's value is truthy. */
export function lowerTest(expr: Expr, _frame: Frame): I32 {
  throw new NotNative(`has ${expr.op}`, expr.at);
}
