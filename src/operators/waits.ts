/** Where a plan's source may make its reader wait: what decides whether rows can be handed to a synchronous function as they come. */
import type { FilesPlan, Plan } from "../plan/nodes.ts";
import { isMapStatus } from "../storage/map-status.ts";
import type { TaskEnv } from "./task-env.ts";

/** What decides whether exchanges and cached plans wait. */
type Inputs = Pick<TaskEnv, "mapOutputs" | "cachedElsewhere">;

/** Whether `next` may give a promise after the first call. Breakers wait once, while they read. */
export function waitsAgain(plan: Plan, env: Inputs): boolean {
  // it may be read from another executor
  if (plan.storage?.memory === true && env.cachedElsewhere !== undefined) return true;
  switch (plan.op) {
    case "exchange":
      return env.mapOutputs(plan.exchange).some(isMapStatus);
    case "files":
      return isUnpacked(plan);
    case "mapAsync":
    case "glom":
      return true;
    case "coalesce":
      // the second member of a group waits for its own first chunk
      return plan.groups.some(group => group.length > 1) ? !neverWaits(plan.parent, env) : waitsAgain(plan.parent, env);
    case "union":
      return plan.parents.some(parent => waitsAgain(parent, env));
    case "map":
    case "filter":
    case "flatMap":
    case "keyBy":
    case "mapValues":
    case "flatMapValues":
    case "keys":
    case "values":
    case "lookup":
    case "zipWithIndex":
      return waitsAgain(plan.parent, env);
    default:
      return false;
  }
}

/** Whether no `next` gives a promise. Cached plans wait while they fill the cache. */
function neverWaits(plan: Plan, env: Inputs): boolean {
  if (plan.storage !== undefined) return false;
  switch (plan.op) {
    case "parallelize":
    case "range":
      return true;
    case "exchange":
      return !waitsAgain(plan, env);
    case "files":
      return !isUnpacked(plan);
    case "union":
      return plan.parents.every(parent => neverWaits(parent, env));
    case "coalesce":
    case "map":
    case "filter":
    case "flatMap":
    case "mapPartitions":
    case "mapPartitionsWithIndex":
    case "keyBy":
    case "mapValues":
    case "flatMapValues":
    case "keys":
    case "values":
    case "lookup":
    case "zipWithIndex":
      return neverWaits(plan.parent, env);
    default:
      return false;
  }
}

/** Compressed files are unpacked by a stream. */
function isUnpacked({ scan }: FilesPlan): boolean {
  return (
    scan === undefined || scan.splits.some(split => (split as { compression?: unknown }).compression !== undefined)
  );
}
