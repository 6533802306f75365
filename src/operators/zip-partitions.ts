/**
 * The user's function over a partition of each of two Rdds. It gets two iterators that pull from below as they are read, and gives
 * an iterable that is read as rows are wanted.
 */
import type { ZipPartitionsPlan } from "../plan/nodes.ts";
import type { ChunkSource } from "./chunk.ts";
import { rowsToChunks } from "./map-partitions.ts";
import { openPlan } from "./open.ts";
import { rowsOf, whenSynchronous } from "./rows.ts";
import type { TaskEnv } from "./task-env.ts";

export function openZipPartitions(plan: ZipPartitionsPlan, partition: number, env: TaskEnv): ChunkSource {
  const below = openPlan(plan.left, partition, env);
  const beside = closedOnce(openPlan(plan.right, partition, env));
  const source = whenSynchronous(below, plan.left, plan, env, left =>
    whenSynchronous(beside, plan.right, plan, env, right => {
      const fn = env.instantiate(plan.fn);
      return rowsToChunks(fn(rowsOf(left, plan, env), rowsOf(right, plan, env)), plan.operator, () => {
        left.close();
        right.close();
      });
    }),
  );
  return {
    next: () => source.next(),
    close() {
      source.close();
      // also when the left side failed before this was read
      beside.close();
    },
  };
}

function closedOnce(source: ChunkSource): ChunkSource {
  let isClosed = false;
  return {
    next: () => source.next(),
    close() {
      if (!isClosed) source.close();
      isClosed = true;
    },
  };
}
