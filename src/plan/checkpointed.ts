/**
 * Cuts a plan's lineage: the node itself becomes the source of its rows, so that all plans above it read them from there, and what was
 * below it is freed when nothing else refers to it. What the node was called, where, and how its keys are placed stays.
 */
import type { FilesPlan, KeptPlan, Plan } from "./nodes.ts";
import { partitionCount, partitionerOf } from "./partition-count.ts";

/** Its rows are read from the parts of a checkpoint in `path`, one a partition. */
export function becomeFiles(plan: Plan, path: string, scan: NonNullable<FilesPlan["scan"]>): void {
  const partitioner = partitionerOf(plan);
  become(plan, {
    ...{ op: "files", format: "objects", paths: [path], minPartitions: 1, options: {}, scan, checkpoint: path },
    ...(partitioner !== undefined && { partitioner }),
  });
}

/** Its rows are those that executors keep, and nowhere else. */
export function becomeKept(plan: Plan): void {
  const partitioner = partitionerOf(plan);
  const partitions = partitionCount(plan);
  become(plan, { op: "kept", partitions, ...(partitioner !== undefined && { partitioner }) });
}

type Own<P> = Omit<P, "id" | "operator" | "at" | "name" | "storage">;
const staying: ReadonlySet<string> = new Set(["id", "operator", "at", "name", "storage"]);

function become(plan: Plan, now: Own<FilesPlan> | Own<KeptPlan>): void {
  for (const key of Object.keys(plan)) if (!staying.has(key)) delete (plan as unknown as Record<string, unknown>)[key];
  Object.assign(plan, now);
}
