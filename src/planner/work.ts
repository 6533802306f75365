/** Who does an operator's or an action's work, in words for `explain`: kernels or JavaScript, and the user's functions by their text. */
import { assertNever } from "../base/assert.ts";
import { formatPosition, type SourcePosition } from "../base/errors.ts";
import type { Action } from "../plan/action.ts";
import type { NotNative } from "../expr/not-native.ts";
import type {
  CoalescePlan,
  ExchangePlan,
  FoldPartitionPlan,
  FilesPlan,
  SourcePlan,
  MapPlan,
  PartitionerPlan,
  Plan,
  PlanFunction,
  ProbePlan,
  SamplePlan,
  WidePlan,
} from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";
import type { Verdict } from "./row-types.ts";

/** What rows are while they pass: columns in kernel memory, JavaScript values, or either, as they come. */
export type Form = "columns" | "rows" | "any";

export interface Work {
  readonly text: string;
  readonly takes: Form;
  readonly gives: Form;
}

const inJavaScript: Verdict = { kind: "javascript", why: undefined };
const work = (text: string, takes: Form, gives: Form): Work => ({ text, takes, gives });

const readersOf = {
  text: "kernels find lines",
  csv: "kernels read records",
  parquet: "kernels decode pages",
  json: "JavaScript reads json",
  wholeText: "files are read whole, as text",
  wholeBytes: "files are read whole, as bytes",
  records: "records of one length are cut out",
  objects: "blocks are columns as they lie",
} as const;

function isColumnar(format: FilesPlan["format"]): boolean {
  return format === "text" || format === "csv" || format === "parquet" || format === "objects";
}

function workOfSource(plan: SourcePlan): Work {
  if (plan.op === "parallelize")
    return work(`rows of the driver, sent in ${count(plan.slices.length, "slice")}`, "any", "rows");
  if (plan.op === "range")
    return work(`${plan.rows.toLocaleString("en")} numbers, made as they are read`, "any", "any");
  if (plan.op === "kept") return work("the local checkpoint, as executors keep it", "any", "columns");
  const { checkpoint, format } = plan;
  if (checkpoint !== undefined) return work(`the checkpoint in ${checkpoint}, columns as they lie`, "any", "columns");
  return work(readersOf[format], "any", isColumnar(format) ? "columns" : "rows");
}

/** `form` is how the parent's rows come; `verdict` is of operators that are given a function for each row, or a fold. */
export function workOf(plan: Plan, form: Form, verdict: Verdict): Work {
  switch (plan.op) {
    case "parallelize":
    case "range":
    case "kept":
    case "files":
      return workOfSource(plan);
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
    case "zipPartitions":
      return work(`JavaScript ${functionText(plan.fn, plan.at)}`, "rows", "rows");
    case "barrier":
      return work(`JavaScript ${functionText(plan.fn, plan.at)}, all tasks at once`, "rows", "rows");
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
    case "sample":
      return work(sampleText(plan), "any", "any");
    case "zipWithIndex":
    case "zipWithUniqueId":
      return form === "columns"
        ? work("a column of numbers beside theirs", "columns", "columns")
        : work(
            form === "rows" ? "JavaScript numbers rows" : "rows are numbered, by a column where they are columns",
            form,
            form,
          );
    case "zip":
      return form === "columns"
        ? work("columns are put side by side", "columns", "columns")
        : work(form === "rows" ? "JavaScript pairs rows" : "rows are paired, as columns where both are", form, form);
    case "cartesian":
      return work("kernels repeat left rows beside the right rows, which are kept", "columns", "columns");
    case "filterByRange": {
      const skips = plan.ranges === undefined ? "" : "; partitions whose range is another are not read";
      const where = form === "columns" ? "in their column" : form === "rows" ? "by JavaScript" : "where they are";
      return work(`keys are compared ${where}${skips}`, form, form);
    }
    case "union":
      return work(`nothing is moved, ${count(partitionCount(plan), "partition")}`, "any", "any");
    case "foldPartition":
      return work(foldText(plan, form === "rows" ? inJavaScript : verdict), "any", "rows");
    case "pipe":
      return work(`lines to and from ${plan.command.join(" ")}`, "rows", "rows");
    case "registers":
      return work(`kernels hash values into sketches of 2^${plan.precision} registers`, "columns", "columns");
    case "coalesce":
      return work(coalesceText(plan), "any", "any");
    default:
      return workOfWide(plan, verdict);
  }
}

function workOfWide(plan: WidePlan, verdict: Verdict): Work {
  switch (plan.op) {
    case "aggregate": {
      const { combine, from } = plan;
      const merge = from === "values" ? combine.mergeValue : combine.mergeCombiners;
      return work(`kernels group, ${folds(merge, plan.at, verdict)}`, "columns", givesOfFold(verdict));
    }
    case "group":
    case "cogroup":
      return work("kernels group", "columns", "columns");
    case "join":
    case "semiJoin":
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

function foldText({ fn, at }: FoldPartitionPlan, verdict: Verdict): string {
  return `${folds(fn, at, verdict)}, into one value a partition`;
}

function coalesceText(plan: CoalescePlan): string {
  const partitions = count(partitionCount(plan), "partition");
  const isMoved = plan.groups.some(group => group.length !== 1);
  return isMoved ? `partitions are read one after the other, as ${partitions}` : `nothing is moved, ${partitions}`;
}

/** Rows are drawn one by one; columns are not looked into, but for keys. */
function sampleText({ sample, seed, withReplacement }: SamplePlan): string {
  const how = `${withReplacement ? "with replacement, " : ""}seed ${seed}`;
  switch (sample.kind) {
    case "rows": {
      const part = withReplacement ? sample.to : Math.min(1, sample.to) - sample.from;
      return `${Number(part.toPrecision(6))} of the rows are drawn, ${how}`;
    }
    case "keys":
      return `rows are drawn by their key's fraction, ${how}`;
    case "exact":
      return `${count(sample.rows, "row")} of all partitions are drawn, ${how}`;
    case "exactKeys":
      return `rows are drawn, of each key its fraction exactly, ${how}`;
    default:
      return assertNever(sample);
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
    case "histogram":
      return work(`JavaScript counts the numbers of ${count(action.edges.length - 1, "bucket")}`, "any", "any");
    case "foreach":
    case "foreachPartition":
    case "runPartition":
      return work(`JavaScript ${functionText(action.fn, at)}`, "rows", "any");
    case "keep":
      return work("kept by executors", "columns", "any");
    case "saveObjects":
      return work(`JavaScript values become blocks, below ${action.output.path}`, "any", "any");
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
    if (root.probe.kind === "count") {
      const which = root.probe.withoutLast === true ? "rows of all partitions but the last" : "rows";
      return work(`${which} are counted`, "any", "any");
    }
    if (root.probe.kind === "countKeys") return work("JavaScript counts the rows of each key", "rows", "any");
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
      return isEngines(partitioner.fn)
        ? `with their neighbours ${into}`
        : `where JavaScript ${partitioner.fn.text} says ${into}`;
    case "roundRobin":
      return `in turn ${into}`;
  }
}

function folds(fn: PlanFunction, at: SourcePosition | undefined, verdict: Verdict): string {
  const what = isEngines(fn) ? (fn.text === "least" ? "keeps the least" : "adds") : `folds ${functionText(fn, at)}`;
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
