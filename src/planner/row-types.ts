/**
 * What is known of rows before any are there: their layout after each operator, and which operators have native code for it.
 * `explain` prints it. The code that tasks run is made from the layouts they meet, in the same way; where a layout is not known
 * yet, nothing is said that rows could prove wrong.
 */
import { assertNever } from "../base/assert.ts";
import type { ModuleCode } from "../codegen/code.ts";
import type { ExchangeId } from "../base/ids.ts";
import type { SpanRows } from "../data/column.ts";
import { f64, type ColumnType, tuple, utf8 } from "../data/schema.ts";
import type { AccumulatorType } from "../expr/fold-layout.ts";
import { compileFold } from "../expr/fold.ts";
import { NotNative } from "../expr/not-native.ts";
import type { OutputLayout } from "../expr/output-values.ts";
import { generatePipeline, type InputType, type Step } from "../expr/pipeline.ts";
import { type FoldFunctions, foldLambdasOf } from "../operators/native-fold.ts";
import { rangeType, stepOf, wordSeparator } from "../operators/native-steps.ts";
import { isRowOperator, type RowOperator } from "../operators/pipeline.ts";
import type { AggregatePlan, CombinePlan, ExchangePlan, Plan } from "../plan/nodes.ts";
import { makesRows } from "../plan/row-makers.ts";

export type RowType = InputType | undefined;

/** How an operator's function runs. */
export type Verdict =
  | { readonly kind: "generated" }
  /** Lines are split by the kernel that finds them. */
  | { readonly kind: "words" }
  /** Its rows consist of columns that are there, and of constants: there is nothing to run. */
  | { readonly kind: "idle" }
  | { readonly kind: "javascript"; readonly why: NotNative | undefined }
  /** Generated for the layouts that have code; which come is not known before the job runs. */
  | { readonly kind: "byLayout" };

export class RowTypes {
  private readonly types = new Map<Plan, RowType>();
  /** A stage that reads an exchange does not have what is below it any more. */
  private readonly exchanges = new Map<ExchangeId, RowType>();
  private readonly verdicts = new Map<Plan, Verdict>();
  /** Plans whose rows go to a table that reads keys where they lie. */
  private readonly spans = new Map<Plan, SpanRows>();
  /** Generated code, with the operators that it is of. */
  readonly generated: { readonly plans: readonly Plan[]; readonly module: ModuleCode }[] = [];

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
        return this.exchanges.get(plan.exchange) ?? this.findExchange(plan);
      case "distinct":
        this.spans.set(plan.parent, "rows");
        return asColumns(this.typeOf(plan.parent));
      case "sort":
      case "sample":
      case "coalesce":
      case "filterByRange":
        return asColumns(this.typeOf(plan.parent));
      case "semiJoin":
        return asColumns(this.typeOf(plan.left));
      case "zipWithIndex":
      case "zipWithUniqueId":
        return pairType(this.typeOf(plan.parent), f64);
      case "zip":
      case "cartesian":
        return pairType(this.typeOf(plan.left), this.typeOf(plan.right));
      case "registers": {
        const key = plan.of === "pairs" ? pairOf(this.typeOf(plan.parent))?.[0] : undefined;
        if (plan.of === "pairs") return key && tuple(tuple(key, f64), f64);
        return tuple(f64, f64);
      }
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
      case "aggregate":
        this.spans.set(plan.parent, "keys");
        return this.folded(asColumns(this.typeOf(plan.parent)), foldOfAggregate(plan), plan);
      default:
        return undefined;
    }
  }

  private findExchange(plan: ExchangePlan): RowType {
    if (plan.mapSide !== undefined) this.spans.set(plan.parent, plan.mapSide.kind === "distinct" ? "rows" : "keys");
    const given = asColumns(this.typeOf(plan.parent));
    const type =
      plan.mapSide?.kind === "combine" ? this.folded(given, foldOfValues(plan.mapSide.combine), plan) : given;
    this.exchanges.set(plan.exchange, type);
    return type;
  }

  /** How a fold of the rows' values by key runs. */
  verdictOnFold(parent: Plan, functions: FoldFunctions): Verdict {
    const pair = pairOf(this.typeOf(parent));
    return foldCode(pair?.[1], functions).verdict;
  }

  /** How a fold of all rows runs. */
  verdictOnReduction(parent: Plan, functions: FoldFunctions): Verdict {
    return foldCode(asColumns(this.typeOf(parent)), functions).verdict;
  }

  /** How the sum of all rows runs, when they do not come from JavaScript. */
  verdictOnSum(root: Plan): Verdict {
    const isChain = isRowOperator(root) && root.storage === undefined;
    const { operators, base } = isChain ? chainOf(root) : { operators: [], base: root };
    const type = inPlace(base, this.typeOf(base));
    const input = base.storage === undefined ? type : asColumns(type);
    const steps = operators.flatMap(operator => stepOf(operator) ?? []);
    if (steps.length < operators.length) return { kind: "javascript", why: undefined };
    if (input === undefined) return { kind: "byLayout" };
    const { code, stopped } = generatePipeline(steps.slice(wordSteps(steps, input)), input, false, "sum");
    return code?.ending === "sum" ? { kind: "generated" } : { kind: "javascript", why: stopped };
  }

  private folded(pairs: RowType, functions: FoldFunctions, plan: Plan): RowType {
    const pair = pairOf(pairs);
    if (pair === undefined) return undefined;
    const { type, module } = foldCode(pair[1], functions);
    if (module !== undefined) this.generated.push({ plans: [plan], module });
    return type && tuple(pair[0], type);
  }

  private findChain(last: RowOperator): RowType {
    const { operators, base } = chainOf(last);
    const steps = operators.map(stepOf);
    const first = steps.indexOf(undefined);
    const taken = steps.slice(0, first < 0 ? steps.length : first).map(step => step!);
    const input = givesRows(base) ? undefined : inPlace(base, this.typeOf(base));
    const isKnown = input !== undefined || givesRows(base);
    const words = wordSteps(taken, input);
    const { code, stopped } =
      input === undefined || taken.length === words
        ? { code: undefined, stopped: undefined }
        : generatePipeline(taken.slice(words), input, taken.length < operators.length, undefined, this.spans.get(last));
    const native = words + (code?.steps ?? 0);
    operators.forEach((operator, i) => {
      this.verdicts.set(
        operator,
        i < words
          ? { kind: "words" }
          : i < native
            ? { kind: code?.idle === true ? "idle" : "generated" }
            : !isKnown && i < taken.length
              ? { kind: "byLayout" }
              : { kind: "javascript", why: i === native ? stopped : undefined },
      );
    });
    if (code === undefined) return words === operators.length ? utf8 : undefined;
    if (!code.idle) this.generated.push({ plans: operators.slice(words, native), module: code.module });
    return native === operators.length ? code.output && typeOfOutput(code.output, input!) : undefined;
  }
}

/** How many of the first operators are done where lines are read. */
function wordSteps([first]: readonly Step[], input: RowType): number {
  return input?.kind === "spans" && wordSeparator(first) !== undefined ? 1 : 0;
}

/** The row operators that run one after the other, to `last`. */
function chainOf(last: RowOperator): { readonly operators: readonly RowOperator[]; readonly base: Plan } {
  const operators: RowOperator[] = [];
  let base: Plan = last;
  while (isRowOperator(base) && (base === last || base.storage === undefined)) {
    operators.unshift(base);
    base = base.parent;
  }
  return { operators, base };
}

export function foldOfAggregate({ combine, from }: AggregatePlan): FoldFunctions {
  if (from === "values") return foldOfValues(combine);
  return { create: undefined, zero: undefined, merge: combine.mergeCombiners };
}

export function foldOfValues({ create, zero, mergeValue }: CombinePlan): FoldFunctions {
  return { create, zero, merge: mergeValue };
}

function foldCode(
  values: ColumnType | undefined,
  functions: FoldFunctions,
): { readonly verdict: Verdict; readonly type?: ColumnType; readonly module?: ModuleCode } {
  const lambdas = foldLambdasOf(functions);
  if (lambdas === undefined) return { verdict: { kind: "javascript", why: undefined } };
  if (values === undefined) return { verdict: { kind: "byLayout" } };
  let needsLength = false;
  try {
    const { accumulator, module } = compileFold(lambdas, values, undefined, () => {
      needsLength = true;
      throw new NotNative("has lists whose length is not known yet", undefined);
    });
    return { verdict: { kind: "generated" }, type: typeOfAccumulator(accumulator), module };
  } catch (thrown) {
    if (!(thrown instanceof NotNative)) throw thrown;
    return { verdict: needsLength ? { kind: "byLayout" } : { kind: "javascript", why: thrown } };
  }
}

function typeOfAccumulator(type: AccumulatorType): ColumnType {
  if (type.kind === "struct") return { ...type, fields: type.fields.map(typeOfAccumulator) };
  return type.kind === "list" ? { kind: "list", container: type.container, item: f64 } : type;
}

/** Whether its rows come as JavaScript values. */
function givesRows(plan: Plan): boolean {
  if (plan.storage !== undefined) return false;
  switch (plan.op) {
    case "zipWithIndex":
    case "zipWithUniqueId":
    case "filterByRange":
      return givesRows(plan.parent);
    case "zip":
      return givesRows(plan.left) || givesRows(plan.right);
    default:
      return makesRows(plan);
  }
}

/** Code reads the lines of a text in the buffer that they were read into. */
function inPlace(base: Plan, type: RowType): RowType {
  return base.op === "files" && base.storage === undefined && type?.kind === "utf8" ? { kind: "spans" } : type;
}

/** Past a breaker a range is numbers like others. */
function asColumns(type: RowType): ColumnType | undefined {
  return type?.kind === "range" ? f64 : type;
}

function pairType(left: RowType, right: RowType): ColumnType | undefined {
  const [first, second] = [asColumns(left), asColumns(right)];
  return first && second && tuple(first, second);
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
      return type.kind === "spans" ? utf8 : type;
    }
    case "f64":
    case "date":
    case "bool":
    case "utf8":
      return { kind: layout.kind };
    case "spans":
      return utf8;
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
