/**
 * Plans as text: `lineage` is Spark's toDebugString, `explainPlan` shows stages, operators and for each what does the work,
 * kernels or JavaScript, and why. Only what the engine does is said.
 */
import { formatPosition } from "../base/errors.ts";
import { parentsOf, type PartitionerPlan, type Plan } from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";
import { cutStages, type StagePlan } from "./stages.ts";

/** The lineage as a tree, parents below their children, indented at each exchange. */
export function lineage(plan: Plan): string {
  const lines: string[] = [];
  const visit = (node: Plan, indent: string) => {
    lines.push(`${indent}(${partitionCount(node)}) ${nodeTitle(node)}${node.storage === undefined ? "" : ` [${node.storage.name}]`}`);
    const parents = parentsOf(node).filter(parent => parent.op !== "probe");
    const isBranch = node.op === "exchange" || parents.length > 1;
    for (const parent of parents) visit(parent, isBranch ? `${indent}  ` : indent);
  };
  visit(plan, "");
  return lines.join("\n");
}

export function explainPlan(plan: Plan, actionName = "action"): string {
  const stages = cutStages(plan, { kind: "collect", limit: undefined }, { operator: actionName, at: undefined });
  const names = new Map(stages.map((stage, i) => [stage.kind === "result" ? undefined : stage.root.exchange, i]));
  return stages.map((stage, i) => explainStage(stage, i, names)).join("\n\n");
}

function explainStage(stage: StagePlan, index: number, names: ReadonlyMap<number | undefined, number>): string {
  const title = `Stage ${index}: ${stage.kind === "result" ? "result" : nodeTitle(stage.root)}, ${stage.partitions} ${stage.partitions === 1 ? "task" : "tasks"}`;
  const lines = [title];
  const visit = (node: Plan, depth: number) => {
    if (node.op === "exchange" || node.op === "probe") {
      lines.push(`${"  ".repeat(depth)}read of stage ${names.get(node.exchange)}`);
      return;
    }
    lines.push(`${"  ".repeat(depth)}${nodeTitle(node)}: ${workOf(node)}`);
    for (const parent of parentsOf(node)) if (parent.op !== "probe") visit(parent, depth + 1);
  };
  if (stage.kind === "result") visit(stage.root, 1);
  else {
    lines.push(`  write ${outputOf(stage.root)}: kernels${stage.root.op === "exchange" ? combinedBy(stage.root.mapSide) : ""}`);
    visit(stage.root.parent, 2);
  }
  return lines.join("\n");
}

function combinedBy(mapSide: Extract<Plan, { op: "exchange" }>["mapSide"]): string {
  if (mapSide === undefined) return "";
  return mapSide.kind === "distinct"
    ? ", each row once a task"
    : `, combined in the map tasks by JavaScript ${mapSide.combine.mergeValue.text}`;
}

function outputOf(root: Extract<Plan, { op: "exchange" | "probe" }>): string {
  if (root.op === "probe") return root.probe.kind === "count" ? "row counts" : "a sample of keys";
  return `${root.rows === "keys" ? "rows" : "pairs"} by ${partitionerText(root.partitioner)}`;
}

function partitionerText(partitioner: PartitionerPlan): string {
  const to = `into ${partitioner.partitions}`;
  switch (partitioner.kind) {
    case "hash":
      return `hash ${to}`;
    case "range":
      return `${partitioner.ascending ? "ascending" : "descending"} ranges ${to}`;
    case "custom":
      return `the job's own partitioner ${to}`;
    case "roundRobin":
      return `turn ${to}`;
  }
}

/** Who does an operator's work. */
function workOf(plan: Plan): string {
  switch (plan.op) {
    case "map":
    case "filter":
    case "flatMap":
    case "mapPartitions":
    case "mapPartitionsWithIndex":
    case "keyBy":
    case "mapValues":
    case "flatMapValues":
    case "mapAsync":
      return `JavaScript ${plan.fn.text}`;
    case "aggregate":
      return `kernels group, JavaScript folds ${(plan.from === "values" ? plan.combine.mergeValue : plan.combine.mergeCombiners).text}`;
    case "parallelize":
      return `${plan.slices.length} slices of rows from the driver`;
    case "range":
      return `${plan.rows} numbers from ${plan.start} by ${plan.step}, nothing stored`;
    case "files":
      return plan.format === "text" ? "kernels find lines" : `JavaScript reads ${plan.format}`;
    case "keys":
    case "values":
    case "glom":
    case "lookup":
    case "zipWithIndex":
      return "JavaScript";
    case "union":
    case "coalesce":
      return "no work on rows";
    case "group":
    case "cogroup":
    case "join":
    case "distinct":
    case "sort":
      return "kernels";
    case "exchange":
    case "probe":
      return "a stage of its own";
  }
}

function nodeTitle(plan: Plan): string {
  const name = plan.name === undefined ? plan.operator : `${plan.name} ${plan.operator}`;
  return plan.at === undefined ? name : `${name} at ${formatPosition(plan.at)}`;
}
