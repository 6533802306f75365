/**
 * The user's function over a whole partition's rows, in a task that runs at the same time as all others of its stage. It may be
 * asynchronous, since it waits for them, and give an iterable, an async iterable or a promise of one.
 */
import { FiresteelError } from "../base/errors.ts";
import type { BarrierPlan } from "../plan/nodes.ts";
import { type Chunk, chunkRows, type ChunkSource } from "./chunk.ts";
import { rowsToChunks } from "./map-partitions.ts";
import { openPlan } from "./open.ts";
import { preview } from "./row-errors.ts";
import { rowsOf, whenSynchronous } from "./rows.ts";
import type { TaskEnv } from "./task-env.ts";

export function openBarrier(plan: BarrierPlan, partition: number, env: TaskEnv): ChunkSource {
  const upstream = openPlan(plan.parent, partition, env);
  return whenSynchronous(upstream, plan.parent, plan, env, source => {
    const fn = env.instantiate(plan.fn);
    let made: ChunkSource | undefined;
    return {
      async next() {
        if (made === undefined) {
          const rows = rowsOf(source, plan, env);
          const result: unknown = await (plan.withIndex ? fn(partition, rows) : fn(rows));
          made = chunksOfResult(result, plan.operator);
        }
        const chunk = await made.next();
        env.checkpoint(plan);
        return chunk;
      },
      close() {
        made?.close();
        source.close();
      },
    };
  });
}

function chunksOfResult(result: unknown, operator: string): ChunkSource {
  const asynchronous = (result as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator];
  if (typeof asynchronous !== "function") {
    if (result === undefined)
      throw new FiresteelError("user", `the function given to ${operator} returned ${preview(result)}, not its rows`, {
        hint: "return an array, [] for none, or write an async generator function*",
        isPermanent: true,
      });
    return rowsToChunks(result, operator, () => {});
  }
  const iterator = asynchronous.call(result);
  let done = false;
  return {
    async next(): Promise<Chunk | undefined> {
      const rows: unknown[] = [];
      while (!done && rows.length < chunkRows) {
        const step = await iterator.next();
        if (step.done === true) done = true;
        else rows.push(step.value);
      }
      return rows.length === 0 ? undefined : { kind: "rows", rows };
    },
    close() {
      if (!done) void iterator.return?.();
      done = true;
    },
  };
}
