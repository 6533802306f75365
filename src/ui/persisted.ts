/** Rdds that a job is to keep in memory, found in the plans of its stages. */
import { formatPosition } from "../base/errors.ts";
import type { RddId } from "../base/ids.ts";
import { parentsOf, type Plan } from "../plan/nodes.ts";
import type { StagePlan } from "../planner/stages.ts";

export interface PersistedRdd {
  readonly id: RddId;
  /** What the user called it, else the operator and its line. */
  readonly name: string;
  readonly level: string;
}

/** Plans of thousands of nodes are looked at in part. */
const nodesMax = 2000;

export function persistedIn(stages: readonly StagePlan[]): PersistedRdd[] {
  const found: PersistedRdd[] = [];
  const seen = new Set<Plan>();
  const waiting: Plan[] = stages.map(stage => stage.root);
  while (waiting.length > 0 && seen.size < nodesMax) {
    const node = waiting.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    const { id, name, operator, at, storage } = node;
    if (storage !== undefined && storage.name !== "NONE")
      found.push({
        id,
        name: name ?? (at === undefined ? operator : `${operator} at ${formatPosition(at)}`),
        level: storage.name,
      });
    waiting.push(...parentsOf(node));
  }
  return found;
}
