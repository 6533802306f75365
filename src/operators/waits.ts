/** Where a plan's source may make its reader wait: what decides whether rows can be handed to a synchronous function as they come. */
import type { FilesPlan, Plan } from "../plan/nodes.ts";
import { keeps } from "../plan/storage-level.ts";
import type { InputSplit } from "../sources/contracts.ts";
import { remoteSchemeOf } from "../sources/file-schemes.ts";
import { isMapStatus } from "../storage/map-status.ts";
import { isRowOperator } from "./pipeline.ts";
import type { TaskEnv } from "./task-env.ts";

/** What decides whether exchanges and cached plans wait. */
type Inputs = Pick<TaskEnv, "mapOutputs" | "cachedElsewhere">;

/** Whether `next` may give a promise after the first call. Breakers wait once, while they read. */
export function waitsAgain(plan: Plan, env: Inputs): boolean {
  // it may be read from another executor, and a file that proves damaged is computed again
  if (keeps(plan.storage) && (plan.storage.disk || env.cachedElsewhere !== undefined)) return true;
  switch (plan.op) {
    case "exchange":
      return env.mapOutputs(plan.exchange).some(isMapStatus);
    case "files":
      return comesLate(plan);
    case "mapAsync":
    case "barrier":
    case "pipe":
    case "glom":
      return true;
    case "coalesce":
      // the second member of a group waits for its own first chunk
      return plan.groups.some(group => group.length > 1) ? !neverWaits(plan.parent, env) : waitsAgain(plan.parent, env);
    case "union":
      return plan.parents.some(parent => waitsAgain(parent, env));
    case "zip":
      return waitsAgain(plan.left, env) || waitsAgain(plan.right, env);
    case "cartesian":
      // the right side is read whole, with the first left rows
      return waitsAgain(plan.left, env);
    default:
      return givesAsItComes(plan) && waitsAgain(plan.parent, env);
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
      return !comesLate(plan);
    case "union":
      return plan.parents.every(parent => neverWaits(parent, env));
    case "zip":
    case "zipPartitions":
      return neverWaits(plan.left, env) && neverWaits(plan.right, env);
    case "coalesce":
    case "mapPartitions":
    case "mapPartitionsWithIndex":
      return neverWaits(plan.parent, env);
    default:
      return givesAsItComes(plan) && neverWaits(plan.parent, env);
  }
}

/** Whether it makes of each chunk of its parent a chunk of its own, when that comes. */
function givesAsItComes(plan: Plan): plan is Extract<Plan, { readonly parent: Plan }> {
  switch (plan.op) {
    case "zipWithIndex":
    case "sample":
    case "zipWithUniqueId":
    case "filterByRange":
    case "registers":
      return true;
    default:
      return isRowOperator(plan);
  }
}

/** Compressed files are unpacked by a stream, remote ones come over a network. */
function comesLate({ scan }: FilesPlan): boolean {
  if (scan === undefined) return true;
  return (scan.splits as readonly InputSplit[]).some(
    split =>
      (split.kind !== "rowGroups" && split.compression !== undefined) ||
      remoteSchemeOf(split.path, "read") !== undefined,
  );
}
