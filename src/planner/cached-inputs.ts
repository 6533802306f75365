/**
 * Which persisted partitions a task of a stage would read, and which machines have the files below, as Spark's preferred locations
 * look for them: down the plan as far as the stage goes, where a partition needs one partition of each parent.
 */
import type { RddId } from "../base/ids.ts";
import { type FilesPlan, parentsOf, type Plan } from "../plan/nodes.ts";
import { keeps } from "../plan/storage-level.ts";
import { partitionCount } from "../plan/partition-count.ts";
import type { StagePlan } from "./stages.ts";

/** Plans of the stage that are persisted, each once. */
export function persistedIn(stage: StagePlan): Plan[] {
  const found = new Set<Plan>();
  const visited = new Set<Plan>();
  const visit = (plan: Plan) => {
    if (visited.has(plan)) return;
    visited.add(plan);
    if (keeps(plan.storage)) found.add(plan);
    if (!isCut(plan)) for (const parent of parentsOf(plan)) visit(parent);
  };
  visit(topOf(stage));
  return [...found];
}

export interface CachedInput {
  readonly rdd: RddId;
  readonly partition: number;
}

/** The persisted partitions that a task may read, nearest its end first: those below others too, which may be gone. */
export function inputPartitions(stage: StagePlan, partition: number): CachedInput[] {
  const found: CachedInput[] = [];
  const isNew = once();
  const visit = (plan: Plan, at: number) => {
    if (!isNew(plan, at)) return;
    if (keeps(plan.storage)) found.push({ rdd: plan.id, partition: at });
    if (!isCut(plan)) for (const [parent, parentAt] of inputsOf(plan, at)) visit(parent, parentAt);
  };
  visit(topOf(stage), partition);
  return found;
}

/** What `placesOf` gives for the first persisted partition on the way down that has places; empty when none has. */
export function placesOfInputs<Place>(
  stage: StagePlan,
  partition: number,
  placesOf: (rdd: RddId, partition: number) => readonly Place[],
): readonly Place[] {
  return placesBelow(topOf(stage), partition, placesOf, once());
}

/** Whether anyone told where the files of the stage are. */
export function knowsHosts(stage: StagePlan): boolean {
  const visited = new Set<Plan>();
  const visit = (plan: Plan): boolean => {
    if (visited.has(plan)) return false;
    visited.add(plan);
    if (plan.op === "files") return splitsOf(plan).some(split => split.hosts !== undefined);
    return !isCut(plan) && parentsOf(plan).some(visit);
  };
  return visit(topOf(stage));
}

/** Machines that have the first file split on the way down of which anyone told; empty where none did. */
export function hostsOfInputs(stage: StagePlan, partition: number): readonly string[] {
  const isNew = once();
  const visit = (plan: Plan, at: number): readonly string[] => {
    if (!isNew(plan, at)) return [];
    if (plan.op === "files") return splitsOf(plan)[at]?.hosts ?? [];
    if (isCut(plan)) return [];
    for (const [parent, parentAt] of inputsOf(plan, at)) {
      const hosts = visit(parent, parentAt);
      if (hosts.length > 0) return hosts;
    }
    return [];
  };
  return visit(topOf(stage), partition);
}

/** The splits of sources/, as far as places go. */
function splitsOf(plan: FilesPlan): readonly { readonly hosts?: readonly string[] }[] {
  return (plan.scan?.splits ?? []) as readonly { readonly hosts?: readonly string[] }[];
}

function placesBelow<Place>(
  plan: Plan,
  partition: number,
  placesOf: (rdd: RddId, partition: number) => readonly Place[],
  isNew: (plan: Plan, partition: number) => boolean,
): readonly Place[] {
  if (!isNew(plan, partition)) return [];
  if (keeps(plan.storage)) {
    const places = placesOf(plan.id, partition);
    if (places.length > 0) return places;
  }
  if (isCut(plan)) return [];
  for (const [parent, at] of inputsOf(plan, partition)) {
    const places = placesBelow(parent, at, placesOf, isNew);
    if (places.length > 0) return places;
  }
  return [];
}

/** Partitions that many are made of are looked at once. */
function once(): (plan: Plan, partition: number) => boolean {
  const seen = new Map<Plan, Set<number>>();
  return (plan, partition) => {
    const of = seen.get(plan) ?? new Set();
    seen.set(plan, of);
    return of.size < of.add(partition).size;
  };
}

/** The partitions of parents that a partition is made of. */
function inputsOf(plan: Plan, partition: number): (readonly [Plan, number])[] {
  if (plan.op === "coalesce") return (plan.groups[partition] ?? []).map(at => [plan.parent, at]);
  if (plan.op === "cartesian") {
    const ofRight = partitionCount(plan.right);
    return [
      [plan.left, Math.floor(partition / ofRight)],
      [plan.right, partition % ofRight],
    ];
  }
  if (plan.op !== "union") return parentsOf(plan).map(parent => [parent, partition]);
  let at = partition;
  for (const parent of plan.parents) {
    const count = partitionCount(parent);
    if (at < count) return [[parent, at]];
    at -= count;
  }
  return [];
}

/** The rows of a stage that writes an exchange or a probe are its parent's. */
function topOf({ root, kind }: StagePlan): Plan {
  return kind === "result" ? root : root.parent;
}

function isCut(plan: Plan): boolean {
  return plan.op === "exchange" || plan.op === "probe";
}
