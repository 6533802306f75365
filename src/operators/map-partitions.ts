/**
 * The user's function over a whole partition's rows. It gets an iterator that pulls from below as it is read, and gives an
 * iterable that is read as rows are wanted, so neither side need fit in memory.
 */
import { FiresteelError } from "../base/errors.ts";
import type { MapPlan } from "../plan/nodes.ts";
import { chunkRows, type Chunk, type ChunkSource } from "./chunk.ts";
import { openPlan } from "./open.ts";
import { isThenable, preview, promised } from "./row-errors.ts";
import { rowsOf, whenSynchronous } from "./rows.ts";
import type { TaskEnv } from "./task-env.ts";

export function openMapPartitions(plan: MapPlan, partition: number, env: TaskEnv): ChunkSource {
  const upstream = openPlan(plan.parent, partition, env);
  return whenSynchronous(upstream, plan.parent, plan, env, source => {
    const rows = rowsOf(source, plan, env);
    const fn = env.instantiate(plan.fn);
    const result = plan.op === "mapPartitions" ? fn(rows) : fn(partition, rows);
    return rowsToChunks(result, plan.operator, () => source.close());
  });
}

/** An iterable that a user's function returned, as a source. */
export function rowsToChunks(result: unknown, operator: string, close: () => void): ChunkSource {
  if (isThenable(result)) throw promised(operator, result);
  if (
    typeof result !== "object" ||
    result === null ||
    typeof (result as Iterable<unknown>)[Symbol.iterator] !== "function"
  ) {
    throw new FiresteelError(
      "user",
      `the function given to ${operator} must return an iterable of rows, but returned ${preview(result)}`,
      {
        hint: "return an array or write a generator function*",
        isPermanent: true,
      },
    );
  }
  const iterator = (result as Iterable<unknown>)[Symbol.iterator]();
  let done = false;
  return {
    next(): Chunk | undefined {
      if (done) return undefined;
      const rows: unknown[] = [];
      while (rows.length < chunkRows) {
        const step = iterator.next();
        if (step.done === true) {
          done = true;
          break;
        }
        rows.push(step.value);
      }
      return rows.length === 0 ? undefined : { kind: "rows", rows };
    },
    close() {
      if (!done) iterator.return?.();
      done = true;
      close();
    },
  };
}
