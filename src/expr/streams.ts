/** The rows that a flatMap's function gives for one row, one after the other, without the array that JavaScript would make. */
import type { Label } from "../codegen/code.ts";
import { i32, local } from "../codegen/operations.ts";
import { piecesEach } from "./lower-pieces.ts";
import { present } from "./lower-record.ts";
import { lowerExpr, lowerTest } from "./lower.ts";
import type { Expr } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value } from "./value.ts";

/** Writes code that calls `emit`'s code for every item; `emit` may be asked for its code more than once. */
export function stream(expr: Expr, frame: Frame, emit: (item: Value) => void): void {
  const { out } = frame.lowering;
  switch (expr.op) {
    case "array":
      for (const item of expr.items) {
        if (item.op === "spread") streamValue(spreadOf(lowerExpr(item.of, frame), frame), frame, item, emit);
        else emit(lowerExpr(item, frame));
      }
      return;
    case "conditional":
      out.if(
        lowerTest(expr.test, frame),
        () => stream(expr.then, frame, emit),
        () => stream(expr.otherwise, frame, emit),
      );
      return;
    case "let":
      frame.locals[expr.local] = lowerExpr(expr.value, frame);
      stream(expr.body, frame, emit);
      return;
    case "giveUp":
      frame.lowering.giveUp(expr.reason);
      return;
    default:
      streamValue(lowerExpr(expr, frame), frame, expr, emit);
  }
}

/** Spreading undefined is an error, and strings are spread into characters. */
function spreadOf(value: Value, frame: Frame): Value {
  return value.kind === "optional" ? present(value, frame) : value;
}

function streamValue(value: Value, frame: Frame, { at }: Expr, emit: (item: Value) => void): void {
  const { out } = frame.lowering;
  switch (value.kind) {
    case "pieces":
      piecesEach(value, frame, emit);
      return;
    case "list": {
      const index = out.local("i32", "item");
      out.set(index, value.from);
      out.block("itemsDone", done =>
        out.loop("items", (again: Label) => {
          out.jump(done, i32.ge_u(local(index), value.to));
          emit(value.item(local(index)));
          out.set(index, i32.add(local(index), i32.const(1)));
          out.jump(again);
        }),
      );
      return;
    }
    case "mapped": {
      const { each } = value;
      streamValue(value.items, frame, { op: "constant", value: undefined, ...(at !== undefined && { at }) }, item =>
        each(item, emit),
      );
      return;
    }
    case "struct":
      if (value.shape.of !== "tuple") break;
      for (const field of value.fields) emit(field);
      return;
    default:
      break;
  }
  throw new NotNative(`gives flatMap ${value.kind === "struct" ? "an object" : `a ${value.kind}`}, not an array`, at);
}
