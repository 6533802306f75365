/** Who does an operator's or an action's work, in words for `explain`: kernels or JavaScript, and the user's functions by their text. */
import { assertNever } from "../base/assert.ts";
import { formatPosition, type SourcePosition } from "../base/errors.ts";
import type { Action } from "../plan/action.ts";
import type { NotNative } from "../expr/not-native.ts";
import type { ExchangePlan, MapPlan, PartitionerPlan, Plan, PlanFunction, ProbePlan } from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";
import type { Verdict } from "./row-types.ts";

/** What rows are while they pass: columns in kernel memory, JavaScript values, or either, as they come. */
export type Form = "columns" | "rows" | "any";

export interface Work {
  readonly text: string;
  readonly takes: Form;
  readonly gives: Form;
}

const work = (text: string, takes: Form, gives: Form): Work => ({ text, takes, gives });

const readersOf = {
  text: "kernels find lines",
  csv: "kernels read records",
  parquet: "kernels decode pages",
  json: "JavaScript reads json",
} as const;

/** `form` is how the parent's rows come; `verdict` is of operators that are given a function for each row, or a fold. */
export function workOf(plan: Plan, form: Form, verdict: Verdict): Work {
  switch (plan.op) {
    case "parallelize":
      return work(`rows of the driver, sent in ${count(plan.slices.length, "slice")}`, "any", "rows");
    case "range":
      return work(`${plan.rows.toLocaleString("en")} numbers, made as they are read`, "any", "any");
    case "files":
      return work(readersOf[plan.format], "any", plan.format === "json" ? "rows" : "columns");
    case "map":
    case "filter":
    case "flatMap":
    case "keyBy":
    case "mapValues":
    case "flatMapValues":
      return workOfFunction(plan, verdict);
    case "mapPartitions":
    case "mapPartitionsWithIndex":
    case "mapAsync":
      return work(`JavaScript ${functionText(plan.fn, plan.at)}`, "rows", "rows");
    case "keys":
    case "values":
      if (verdict.kind === "generated") return work("generated code", "columns", "columns");
      return form === "columns" || verdict.kind === "byLayout"
        ? work("their column is taken as it is", "any", "any")
        : work(`JavaScript takes the ${plan.op}`, "rows", "rows");
    case "glom":
      return work("JavaScript makes one array a partition", "rows", "rows");
    case "lookup":
      return verdict.kind === "generated"
        ? work("generated code compares keys", "columns", "columns")
        : work("JavaScript compares keys", "rows", "rows");
    case "zipWithIndex":
      return work("JavaScript numbers rows", "rows", "rows");
    case "union":
      return work(`nothing is moved, ${count(partitionCount(plan), "partition")}`, "any", "any");
    case "coalesce":
      return work(
        `partitions are read one after the other, as ${count(partitionCount(plan), "partition")}`,
        "any",
        "any",
      );
    case "aggregate": {
      const { combine, from } = plan;
      const merge = from === "values" ? combine.mergeValue : combine.mergeCombiners;
      return work(`kernels group, ${folds(merge, plan.at, verdict)}`, "columns", givesOfFold(verdict));
    }
    case "group":
    case "cogroup":
      return work("kernels group", "columns", "columns");
    case "join":
      return work("kernels look up keys", "columns", "columns");
    case "distinct":
      return work("kernels find equal rows", "columns", "columns");
    case "sort":
      return work(`kernels sort, ${plan.ascending ? "ascending" : "descending"}`, "columns", "columns");
    case "exchange":
    case "probe":
      return work("a stage of its own", "any", "columns");
    default:
      return assertNever(plan);
  }
}

function workOfFunction(plan: MapPlan, verdict: Verdict): Work {
  const text = functionText(plan.fn, plan.at);
  switch (verdict.kind) {
    case "generated":
      return work(`generated code ${text}`, "columns", "columns");
    case "words":
      return work(`kernels split ${text}`, "columns", "columns");
    case "idle":
      return work(`columns are taken as they are, ${text}`, "columns", "columns");
    case "byLayout":
      return work(`generated code for rows whose layout has it, else JavaScript ${text}`, "any", "any");
    case "javascript":
      return work(`JavaScript ${text}${because(plan.fn, verdict.why)}`, "rows", "rows");
    default:
      return assertNever(verdict);
  }
}

/** `, which has a loop (job.ts:4:9)` */
function because({ lambda }: PlanFunction, why: NotNative | undefined): string {
  const no = lambda !== undefined && "reason" in lambda ? lambda : why;
  if (no === undefined || lambda === undefined)
    return lambda === undefined ? "" : ", which gets its rows from JavaScript";
  const place = lambda.file !== undefined && no.at !== undefined ? ` (${lambda.file}:${no.at})` : "";
  return `, which ${no.reason}${place}`;
}

export function workOfAction(action: Action, at: SourcePosition | undefined, verdict: Verdict): Work {
  switch (action.kind) {
    case "collect":
      return work(
        action.limit === undefined ? "to the driver" : `${count(action.limit, "row")} at most to the driver`,
        "columns",
        "any",
      );
    case "count":
      return work("rows are counted", "any", "any");
    case "sum":
      return work(adds(verdict), verdict.kind === "javascript" ? "rows" : "any", "any");
    case "reduce":
    case "aggregate":
      return work(folds(action.fn, at, verdict), verdict.kind === "javascript" ? "rows" : "any", "any");
    case "takeOrdered": {
      const by =
        action.comparator === undefined ? "in the order of values" : `by ${functionText(action.comparator, at)}`;
      return work(`JavaScript keeps ${count(action.rows, "row")} ${by}`, "rows", "any");
    }
    case "stats":
      return work("kernels", "columns", "any");
    case "foreach":
    case "foreachPartition":
    case "runPartition":
      return work(`JavaScript ${functionText(action.fn, at)}`, "rows", "any");
    case "saveText":
      return work(
        `strings in columns become lines by kernels, other rows by JavaScript, below ${action.output.path}`,
        "any",
        "any",
      );
    default:
      return assertNever(action);
  }
}

/** What a stage's tasks do with their rows at the end. */
export function workOfOutput(root: ExchangePlan | ProbePlan): Work {
  if (root.op === "probe") {
    if (root.probe.kind === "count") return work("rows are counted", "any", "any");
    return work(`keys are sampled for ${count(root.probe.partitions, "range")}`, "any", "any");
  }
  const what = root.rows === "keys" ? "rows" : "pairs";
  return work(`kernels place ${what} ${placedBy(root.partitioner)}`, "columns", "any");
}

/** What an exchange's tasks combine first, when they do. */
export function workOfMapSide({ mapSide, at }: ExchangePlan, verdict: Verdict): Work | undefined {
  if (mapSide === undefined) return undefined;
  if (mapSide.kind === "distinct") return work("kernels find equal rows", "columns", "columns");
  return work(`kernels group, ${folds(mapSide.combine.mergeValue, at, verdict)}`, "columns", givesOfFold(verdict));
}

function placedBy(partitioner: PartitionerPlan): string {
  const into = `into ${count(partitioner.partitions, "partition")}`;
  switch (partitioner.kind) {
    case "hash":
      return `by the hash of their keys ${into}`;
    case "range":
      return `in ${partitioner.ascending ? "ascending" : "descending"} ranges of keys ${into}`;
    case "custom":
      return `where JavaScript ${partitioner.fn.text} says ${into}`;
    case "roundRobin":
      return `in turn ${into}`;
  }
}

function folds(fn: PlanFunction, at: SourcePosition | undefined, verdict: Verdict): string {
  const what = isEngines(fn) ? "adds" : `folds ${functionText(fn, at)}`;
  switch (verdict.kind) {
    case "generated":
    case "words": // these are of rows only
    case "idle":
      return `generated code ${what}`;
    case "byLayout":
      return `generated code ${what} where the layout of values has it, else JavaScript`;
    case "javascript":
      return `JavaScript ${what}${because(fn, verdict.why)}`;
    default:
      return assertNever(verdict);
  }
}

function adds(verdict: Verdict): string {
  switch (verdict.kind) {
    case "generated":
    case "words": // these are of rows only
    case "idle":
      return "generated code adds up";
    case "byLayout":
      return "generated code adds up where the layout of rows has it, else JavaScript";
    case "javascript":
      return "JavaScript adds up";
    default:
      return assertNever(verdict);
  }
}

function givesOfFold(verdict: Verdict): Form {
  return verdict.kind === "generated" ? "columns" : "any";
}

/** A function that stands elsewhere than its operator says where. */
function functionText(fn: PlanFunction, at: SourcePosition | undefined): string {
  if (isEngines(fn)) return "of the engine";
  const isHere = fn.at === undefined || (fn.at.file === at?.file && Math.abs(fn.at.line - at.line) <= 1);
  return isHere ? fn.text : `${fn.text} (${formatPosition(fn.at)})`;
}

function isEngines(fn: PlanFunction): boolean {
  return fn.bundle === "" && fn.id.startsWith("engine:");
}

function count(n: number, noun: string): string {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}
