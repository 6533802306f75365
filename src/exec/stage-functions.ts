/**
 * The user's functions that tasks of a stage call, as the operators they were given to, and those operators that keep something from
 * row to row: for messages about a task that cannot say.
 */
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
  const calls = distinct([...callsBelow(topOf(stage), hasFunction, new Set()), ...callsOfRoot(stage)]);
  if (calls.length === 0) return { text: "a task", at: undefined };
  if (calls.length === 1) return { text: `the function given to ${namesOf(calls)}`, at: calls[0]!.at };
  return { text: `one of the functions given to ${namesOf(calls)}`, at: undefined };
}

/** Whose values a heap is likely full of that filled over many rows; `now` is what the task does, where nothing else is known. */
export function keepersOf(stage: StagePlan, now: ActionCall): StageFunctions {
  const keepers = distinct([...callsBelow(topOf(stage), keeps, new Set()), ...keepersOfRoot(stage)]);
  const functions = () => distinct([...callsBelow(topOf(stage), hasFunction, new Set()), ...callsOfRoot(stage)]);
  const likely = keepers.length > 0 ? keepers : functions();
  const calls = likely.length > 0 ? likely : [now];
  if (calls.length === 1) return { text: namesOf(calls), at: calls[0]!.at };
  return { text: `one of ${namesOf(calls)}`, at: undefined };
}

function topOf(stage: StagePlan): Plan {
  return stage.kind === "result" ? stage.root : stage.root.parent;
}

function namesOf(calls: readonly ActionCall[]): string {
  const names = calls.slice(0, namedMax).map(callText);
  return [...names, ...(calls.length > namedMax ? ["…"] : [])].join(", ");
}

function hasFunction(plan: Plan): boolean {
  return "fn" in plan || plan.op === "aggregate";
}

function keeps(plan: Plan): boolean {
  switch (plan.op) {
    case "mapPartitions":
    case "mapPartitionsWithIndex":
    case "mapAsync":
    case "barrier":
    case "zipPartitions":
    case "foldPartition":
    case "glom":
    case "aggregate":
      return true;
    default:
      return false;
  }
}

function keepersOfRoot(stage: StagePlan): ActionCall[] {
  switch (stage.kind) {
    case "probe":
      return [];
    case "exchange":
      return stage.root.mapSide?.kind === "combine" ? [stage.root] : [];
    case "result":
      switch (stage.action.kind) {
        case "reduce":
        case "aggregate":
        case "takeOrdered":
        case "foreachPartition":
        case "runPartition":
          return [stage.call];
        default:
          return [];
      }
  }
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
function callsBelow(plan: Plan, isMeant: (plan: Plan) => boolean, seen: Set<Plan>): ActionCall[] {
  if (seen.has(plan) || plan.op === "exchange" || plan.op === "probe") return [];
  seen.add(plan);
  const below = parentsOf(plan).flatMap(parent => callsBelow(parent, isMeant, seen));
  return isMeant(plan) ? [...below, plan] : below;
}

function distinct(calls: readonly ActionCall[]): ActionCall[] {
  return [...new Map(calls.map(call => [callText(call), call])).values()];
}
