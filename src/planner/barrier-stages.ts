/** Which plans make their stage a barrier stage, and which of those cannot run, because not all tasks would do the same. */
import { FiresteelError, formatPosition } from "../base/errors.ts";
import { parentsOf, type Plan } from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";

/** Whether tasks that compute the plan must run together. */
export function isBarrier(plan: Plan): boolean {
  return barriersBelow(plan, new Map()) !== undefined;
}

/**
 * Refuses what would have tasks of the stage meet in different barriers, or in none: partitions that are joined or added to each
 * other above a barrier, and two barriers side by side, as Spark does.
 */
export function checkBarriers(top: Plan): void {
  const known = new Map<Plan, Plan | undefined>();
  const visited = new Set<Plan>();
  const visit = (plan: Plan) => {
    const barrier = barriersBelow(plan, known);
    if (barrier === undefined || visited.has(plan)) return;
    visited.add(plan);
    const [tasks, partitions] = [partitionCount(barrier), partitionCount(plan)];
    const meeting = parentsInStage(plan).filter(parent => barriersBelow(parent, known) !== undefined);
    if (tasks !== partitions)
      throw new FiresteelError(
        "user",
        `${plan.operator} makes ${partitions} partitions of the ${tasks} of ${nameOf(barrier)}, whose tasks must run together, each for itself`,
        { hint: "put a shuffle between them: repartition(n)", at: plan.at },
      );
    if (meeting.length > 1)
      throw new FiresteelError(
        "user",
        `${plan.operator} has tasks that run ${meeting.length} barrier functions at once`,
        {
          hint: "put a shuffle after one of them: repartition(n)",
          at: plan.at,
        },
      );
    for (const parent of meeting) visit(parent);
  };
  visit(top);
}

/** What an action of some partitions says of a stage that needs all. */
export function refusePart(top: Plan, action: string, wanted: number, at: Plan["at"]): FiresteelError {
  const barrier = barriersBelow(top, new Map())!;
  return new FiresteelError(
    "user",
    `${action} computes ${wanted} of the ${partitionCount(barrier)} partitions of ${nameOf(barrier)}, whose tasks must run together`,
    { hint: "collect() computes all: take rows of what it gives", at },
  );
}

export function refuseTasks(top: Plan, tasks: number, cores: number, at: Plan["at"]): FiresteelError {
  const barrier = barriersBelow(top, new Map())!;
  return new FiresteelError(
    "user",
    `the ${tasks} tasks of ${nameOf(barrier)} must run together, but there ${cores === 1 ? "is 1 core" : `are ${cores} cores`}`,
    { hint: "use fewer partitions, coalesce(n) before barrier(), or more cores: --master local[n]", at },
  );
}

/** The barrier that is met first on the way down, within the stage. */
function barriersBelow(plan: Plan, known: Map<Plan, Plan | undefined>): Plan | undefined {
  if (known.has(plan)) return known.get(plan);
  let found: Plan | undefined = plan.op === "barrier" ? plan : undefined;
  for (const parent of found === undefined ? parentsInStage(plan) : []) found ??= barriersBelow(parent, known);
  known.set(plan, found);
  return found;
}

function parentsInStage(plan: Plan): readonly Plan[] {
  return plan.op === "exchange" || plan.op === "probe" ? [] : parentsOf(plan);
}

function nameOf({ operator, at }: Plan): string {
  return at === undefined ? operator : `${operator} at ${formatPosition(at)}`;
}
