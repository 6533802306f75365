/** What a pipeline's code depends on, as text: its expressions and the kinds of what they captured, not the captured values. */
import type { Captured, Lambda, NoLambda } from "./ir.ts";
import { knownLength } from "./tables.ts";
import type { InputType, Step } from "./pipeline.ts";

/** Two pipelines with one key have the same code. */
export function shapeKey(steps: readonly Step[], input: InputType, toJavaScript: boolean): string {
  const shapes = steps.map(step => ("lambda" in step ? { op: step.op, ...lambdaShape(step.lambda) } : step));
  return JSON.stringify([shapes, input, toJavaScript], exactly);
}

export function lambdaShape(lambda: Lambda | NoLambda): object {
  if ("reason" in lambda) return { no: lambda.reason };
  return {
    parameters: lambda.parameters,
    locals: lambda.locals,
    body: lambda.body,
    captures: lambda.captures.map(captureShape),
  };
}

function captureShape(value: Captured): unknown {
  if (value === null) return "null";
  if (typeof value === "object") return [value.container, value.item, knownLength(value) ?? "any"];
  return typeof value === "string" && !value.isWellFormed() ? "ill-formed string" : typeof value;
}

/** JSON for what it would make null, or leave out. */
export function exactly(_key: string, value: unknown): unknown {
  if (value === undefined) return { undefined: true };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { number: Object.is(value, -0) ? "-0" : String(value) };
  return value;
}
