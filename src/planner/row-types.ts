/**
 * What is known of rows before any are there: their layout after each operator, and which operators have native code for it.
 * `explain` prints it. The code that tasks run is made from the layouts they meet, in the same way; where a layout is not known
 * yet, nothing is said that rows could prove wrong.
 */
import { assertNever } from "../base/assert.ts";
import { f64, type ColumnType, tuple, utf8 } from "../data/schema.ts";
import type { NotNative } from "../expr/not-native.ts";
import type { OutputLayout } from "../expr/output-values.ts";
import { generatePipeline, type InputType, type PipelineCode } from "../expr/pipeline.ts";
import { rangeType, stepOf } from "../operators/native-steps.ts";
import { isRowOperator, type RowOperator } from "../operators/pipeline.ts";
import type { Plan } from "../plan/nodes.ts";

export type RowType = InputType | undefined;

/** How an operator's function runs. */
export type Verdict =
  | { readonly kind: "generated" }
  | { readonly kind: "javascript"; readonly why: NotNative | undefined }
  /** Generated for the layouts that have code; which come is not known before the job runs. */
  | { readonly kind: "byLayout" };

export class RowTypes {
  private readonly types = new Map<Plan, RowType>();
  private readonly verdicts = new Map<Plan, Verdict>();
  /** Generated code, with the operators that it is of. */
  readonly pipelines: { readonly operators: readonly RowOperator[]; readonly code: PipelineCode }[] = [];

  /** The layout of a plan's rows; undefined when it is not known. Ask for the last of a chain of row operators first. */
  typeOf(plan: Plan): RowType {
    if (!this.types.has(plan)) this.types.set(plan, this.find(plan));
    return this.types.get(plan);
  }

  /** Of a row operator. */
  verdictOn(plan: Plan): Verdict {
    this.typeOf(plan);
    return this.verdicts.get(plan) ?? { kind: "javascript", why: undefined };
  }

  private find(plan: Plan): RowType {
    if (isRowOperator(plan)) return this.findChain(plan);
    switch (plan.op) {
      case "range":
        return rangeType(plan);
      case "files":
        return plan.format === "text" ? utf8 : undefined;
      case "exchange":
      case "sort":
      case "distinct":
      case "coalesce":
        return asColumns(this.typeOf(plan.parent));
      case "group": {
        const pair = pairOf(this.typeOf(plan.parent));
        return pair && tuple(pair[0], { kind: "list", container: "array", item: pair[1] });
      }
      case "join": {
        const [left, right] = [pairOf(this.typeOf(plan.left)), pairOf(this.typeOf(plan.right))];
        return plan.join === "inner" && left && right ? tuple(left[0], tuple(left[1], right[1])) : undefined;
      }
      case "union": {
        const types = plan.parents.map(parent => asColumns(this.typeOf(parent)));
        return types.every(type => JSON.stringify(type) === JSON.stringify(types[0])) ? types[0] : undefined;
      }
      case "aggregate": {
        const pair = pairOf(this.typeOf(plan.parent));
        // the accumulators of an engine's or user's fold of numbers into numbers
        return pair && pair[1].kind === "f64" ? tuple(pair[0], f64) : undefined;
      }
      default:
        return undefined;
    }
  }

  private findChain(last: RowOperator): RowType {
    const operators: RowOperator[] = [];
    let base: Plan = last;
    while (isRowOperator(base) && (base === last || base.storage === undefined)) {
      operators.unshift(base);
      base = base.parent;
    }
    const steps = operators.map(stepOf);
    const first = steps.indexOf(undefined);
    const taken = steps.slice(0, first < 0 ? steps.length : first).map(step => step!);
    const input = givesRows(base) ? undefined : this.typeOf(base);
    const isKnown = input !== undefined || givesRows(base);
    const { code, stopped } =
      input === undefined || taken.length === 0
        ? { code: undefined, stopped: undefined }
        : generatePipeline(taken, input, taken.length < operators.length);
    const generated = code?.steps ?? 0;
    operators.forEach((operator, i) => {
      this.verdicts.set(
        operator,
        i < generated
          ? { kind: "generated" }
          : !isKnown && i < taken.length
            ? { kind: "byLayout" }
            : { kind: "javascript", why: i === generated ? stopped : undefined },
      );
    });
    if (code === undefined) return undefined;
    this.pipelines.push({ operators: operators.slice(0, generated), code });
    return generated === operators.length ? typeOfOutput(code.output, input!) : undefined;
  }
}

/** Rows of these are JavaScript values. */
function givesRows(plan: Plan): boolean {
  if (plan.storage !== undefined) return false;
  return ["mapPartitions", "mapPartitionsWithIndex", "mapAsync", "glom", "zipWithIndex"].includes(plan.op);
}

/** Past a breaker a range is numbers like others. */
function asColumns(type: RowType): ColumnType | undefined {
  return type?.kind === "range" ? f64 : type;
}

function pairOf(type: RowType): readonly [ColumnType, ColumnType] | undefined {
  const isPair = type?.kind === "struct" && type.shape.of === "tuple" && type.fields.length === 2;
  return isPair ? [type.fields[0]!, type.fields[1]!] : undefined;
}

function typeOfOutput(layout: OutputLayout, input: InputType): ColumnType {
  switch (layout.kind) {
    case "source": {
      let type = input as ColumnType;
      for (const field of layout.source) if (type.kind === "struct") type = type.fields[field]!;
      return type;
    }
    case "f64":
    case "date":
    case "bool":
    case "utf8":
      return { kind: layout.kind };
    case "constant":
      return { kind: "constant", value: layout.value };
    case "struct":
      return { kind: "struct", shape: layout.shape, fields: layout.fields.map(field => typeOfOutput(field, input)) };
    case "optional":
      return { kind: "optional", absent: layout.absent, item: typeOfOutput(layout.item, input) };
    default:
      return assertNever(layout);
  }
}
