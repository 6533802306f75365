/**
 * A plan's lineage as Spark's toDebugString draws it: one line a step with its partitions, parents below their children, a new
 * branch at every shuffle and for every further parent.
 *
 *   (2) reduceByKey[4] at job.ts:6:6
 *    +-(3) map[2] at job.ts:5:6 [MEMORY_ONLY]
 *       |  textFile[1] at job.ts:4:6
 */
import { formatPosition } from "../base/errors.ts";
import { parentsOf, type Plan } from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";

interface Step {
  readonly plan: Plan;
  readonly isShuffled: boolean;
}

export function lineage(plan: Plan): string {
  const count = `(${partitionCount(plan)})`;
  const bar = `${" ".repeat(Math.floor((count.length - 1) / 2))}|${" ".repeat(count.length - Math.floor((count.length - 1) / 2))}`;
  return [`${count} ${title(plan)}`, ...below(plan, bar)].join("\n");
}

/** Lines of the steps below; `prefix` ends in the bar of the branch that they stand on. */
function below(plan: Plan, prefix: string): string[] {
  const checkpoint = checkpointOf(plan);
  if (checkpoint !== undefined) return [`${prefix}${checkpoint}`];
  const steps = stepsBelow(plan);
  return steps.flatMap((step, i) => {
    if (!step.isShuffled) return [`${prefix}${title(step.plan)}`, ...below(step.plan, prefix)];
    const outer = prefix.replace(/\|\s*$/, "");
    const count = `(${partitionCount(step.plan)})`;
    const offset = Math.floor((count.length - 1) / 2);
    const inner = `${outer}${i === steps.length - 1 ? "  " : "| "}${" ".repeat(offset)}|${" ".repeat(count.length - offset)}`;
    return [`${outer}+-${count} ${title(step.plan)}`, ...below(step.plan, inner)];
  });
}

/** An exchange that an operator made for itself is a branch below it, not a step of its own. */
function stepsBelow(plan: Plan): Step[] {
  if (plan.op === "exchange") return [{ plan: plan.parent, isShuffled: true }];
  return parentsOf(plan)
    .filter(parent => parent.op !== "probe")
    .map(parent => {
      const isOwn =
        parent.op === "exchange" &&
        parent.operator === plan.operator &&
        parent.at?.line === plan.at?.line &&
        parent.at?.column === plan.at?.column;
      return isOwn ? { plan: parent.parent, isShuffled: true } : { plan: parent, isShuffled: false };
    });
}

/** Where a plan's rows come from whose lineage was cut. */
function checkpointOf(plan: Plan): string | undefined {
  if (plan.op === "kept") return "LocalCheckpointRDD";
  return plan.op === "files" && plan.checkpoint !== undefined
    ? `ReliableCheckpointRDD in ${plan.checkpoint}`
    : undefined;
}

function title(plan: Plan): string {
  const name = plan.name === undefined ? "" : `${plan.name} `;
  const at = plan.at === undefined ? "" : ` at ${formatPosition(plan.at)}`;
  return `${name}${plan.operator}[${plan.id}]${at}${plan.storage === undefined ? "" : ` [${plan.storage.name}]`}`;
}
