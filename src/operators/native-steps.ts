/** Row operators and what they read, as the generator of native code knows them. */
import { decodeValue } from "../data/value-codec.ts";
import type { RangeType, Step } from "../expr/pipeline.ts";
import type { Plan } from "../plan/nodes.ts";
import type { RowOperator } from "./pipeline.ts";

/** Undefined when the operator's function has no expression. */
export function stepOf(operator: RowOperator): Step | undefined {
  switch (operator.op) {
    case "keys":
    case "values":
      return { op: operator.op };
    case "lookup": {
      const key = decodeValue(operator.key);
      return typeof key === "string" || typeof key === "number" || typeof key === "boolean"
        ? { op: "lookup", key }
        : undefined;
    }
    default: {
      const { lambda } = operator.fn;
      return lambda === undefined || "reason" in lambda ? undefined : { op: operator.op, lambda };
    }
  }
}

/** The character at which a flatMap splits its rows and does nothing else: ASCII, and none that ends lines. */
export function wordSeparator(step: Step | undefined): number | undefined {
  if (step?.op !== "flatMap" || "reason" in step.lambda) return undefined;
  const { body, captures, parameters } = step.lambda;
  if (parameters === 0) return undefined;
  if (body.op !== "method" || body.name !== "split" || body.args.length !== 1) return undefined;
  if (body.target.op !== "local" || body.target.local !== 0) return undefined;
  const [by] = body.args;
  const text = by!.op === "constant" ? by!.value : by!.op === "capture" ? captures[by!.capture] : undefined;
  if (typeof text !== "string" || text.length !== 1 || text === "\n" || text === "\r") return undefined;
  const code = text.charCodeAt(0);
  return code < 0x80 ? code : undefined;
}

/** What is known of a range's numbers. */
export function rangeType(plan: Plan): RangeType {
  if (plan.op !== "range") return { kind: "range", integer: undefined };
  const last = plan.start + Math.max(0, plan.rows - 1) * plan.step;
  const isWhole = [plan.start, plan.step, last].every(Number.isSafeInteger);
  if (!isWhole) return { kind: "range", integer: undefined };
  return { kind: "range", integer: { min: bound(Math.min(plan.start, last)), max: bound(Math.max(plan.start, last)) } };
}

/** The next power of two, up or down: ranges of about one size share their code. */
function bound(limit: number): number {
  return limit === 0
    ? 0
    : Math.sign(limit) * Math.min(Number.MAX_SAFE_INTEGER, 2 ** Math.ceil(Math.log2(Math.abs(limit))));
}
