/** The user's functions that tasks of a stage call, as the operators they were given to: for messages about a task that cannot say. */
import type { SourcePosition } from "../base/errors.ts";
import { parentsOf, type Plan } from "../plan/nodes.ts";
import { type ActionCall, callText, type StagePlan } from "../planner/stages.ts";

export interface StageFunctions {
  /** `the function given to map at job.ts:3:5`, `one of the functions given to map at …, filter at …`. */
  readonly text: string;
  /** Of the only one. */
  readonly at: SourcePosition | undefined;
}

const namedMax = 4;

export function functionsOf(stage: StagePlan): StageFunctions {
  const calls = distinct([
    ...callsBelow(stage.kind === "result" ? stage.root : stage.root.parent, new Set()),
    ...callsOfRoot(stage),
  ]);
  if (calls.length === 0) return { text: "a task", at: undefined };
  const names = calls.slice(0, namedMax).map(callText);
  if (calls.length > namedMax) names.push("…");
  if (calls.length === 1) return { text: `the function given to ${names[0]}`, at: calls[0]!.at };
  return { text: `one of the functions given to ${names.join(", ")}`, at: undefined };
}

function callsOfRoot(stage: StagePlan): ActionCall[] {
  switch (stage.kind) {
    case "probe":
      return [];
    case "result":
      return "fn" in stage.action || ("comparator" in stage.action && stage.action.comparator !== undefined)
        ? [stage.call]
        : [];
    case "exchange":
      return stage.root.mapSide?.kind === "combine" || stage.root.partitioner.kind === "custom" ? [stage.root] : [];
  }
}

/** Down to where other stages' outputs are read; first called, first. */
function callsBelow(plan: Plan, seen: Set<Plan>): ActionCall[] {
  if (seen.has(plan) || plan.op === "exchange" || plan.op === "probe") return [];
  seen.add(plan);
  const below = parentsOf(plan).flatMap(parent => callsBelow(parent, seen));
  return "fn" in plan || plan.op === "aggregate" ? [...below, plan] : below;
}

function distinct(calls: readonly ActionCall[]): ActionCall[] {
  return [...new Map(calls.map(call => [callText(call), call])).values()];
}
