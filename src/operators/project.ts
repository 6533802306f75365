/** Keys or values of pairs that come as columns: the column itself, without making rows of it. */
import type { BuiltinPlan, Plan } from "../plan/nodes.ts";
import { type Chunk, chunkToRows, type ChunkSource } from "./chunk.ts";
import { pairColumns } from "./pair-buffer.ts";
import { notAPair } from "./row-errors.ts";
import { naming } from "./task-failure.ts";
import type { TaskEnv } from "./task-env.ts";

export type Projection = BuiltinPlan & { readonly op: "keys" | "values" };

export function isProjection(plan: Plan): plan is Projection {
  return plan.op === "keys" || plan.op === "values";
}

/** Whether a plan's chunks are, or may be, columns. */
export function givesColumns(plan: Plan): boolean {
  switch (plan.op) {
    case "exchange":
    case "aggregate":
    case "group":
    case "cogroup":
    case "join":
    case "semiJoin":
    case "cartesian":
    case "zip":
    case "distinct":
    case "sort":
    case "sample":
    case "registers":
    case "coalesce":
      return true;
    default:
      return plan.storage !== undefined;
  }
}

export function openProjection(plan: Projection, source: ChunkSource, env: TaskEnv): ChunkSource {
  const at = plan.op === "keys" ? 0 : 1;
  if (source.giveOnly !== undefined) {
    source.giveOnly(at);
    return { next: () => source.next(), close: () => source.close() };
  }
  /** The first row that is no pair fails when those before it have been given. */
  let failure: Error | undefined;
  const take = (rows: readonly unknown[]): unknown[] => {
    const taken: unknown[] = [];
    for (const row of rows) {
      if (!Array.isArray(row) || row.length !== 2) {
        failure = notAPair(row, plan.operator);
        if (taken.length === 0) throw failure;
        break;
      }
      taken.push(row[at]);
    }
    return taken;
  };
  const project = (chunk: Chunk | undefined): Chunk | undefined => {
    if (chunk === undefined) return undefined;
    const columns = chunk.kind === "batch" ? pairColumns(chunk.batch) : undefined;
    if (columns !== undefined) return { kind: "batch", batch: { rows: columns[at].rows, root: columns[at] } };
    return { kind: "rows", rows: take(chunkToRows(env.kernels, chunk)) };
  };
  return naming(plan, () => ({
    next() {
      if (failure !== undefined) throw failure;
      const chunk = source.next();
      return chunk instanceof Promise ? chunk.then(project) : project(chunk);
    },
    close: () => source.close(),
  }));
}
