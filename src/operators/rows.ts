/** A source's rows as a JavaScript iterator, for functions that take whole partitions. */
import type { Plan } from "../plan/nodes.ts";
import { type Chunk, chunkToRows, type ChunkSource } from "./chunk.ts";
import { SpillScope } from "./spill-scope.ts";
import { SpillingList } from "./spilling-list.ts";
import type { TaskEnv } from "./task-env.ts";

/** The source must be synchronous (see `whenSynchronous`). */
export function* rowsOf(source: ChunkSource, env: TaskEnv): Generator<unknown, void, undefined> {
  for (;;) {
    const chunk = source.next();
    if (chunk === undefined) return;
    yield* chunkToRows(env.kernels, chunk as Chunk) as unknown[];
  }
}

/**
 * Opens `make` over a source whose `next` never returns a promise. A source that does (Parquet, mapAsync) is read to its end into
 * kernel memory first, because a synchronous iterator cannot wait.
 */
export function whenSynchronous(
  source: ChunkSource,
  plan: Plan,
  env: TaskEnv,
  make: (source: ChunkSource) => ChunkSource,
): ChunkSource {
  const first = source.next();
  if (!(first instanceof Promise)) return make(withFirst(first, source));
  let made: ChunkSource | undefined;
  let spills: SpillScope | undefined;
  const open = async (): Promise<Chunk | undefined> => {
    const scope = (spills = new SpillScope(env, plan.operator));
    const rows = new SpillingList(scope);
    scope.holder = rows;
    for (let chunk = await first; chunk !== undefined; chunk = await source.next()) {
      if (chunk.kind === "batch") rows.add(chunk.batch);
      else for (const row of chunkToRows(env.kernels, chunk)) rows.push(row);
      env.checkpoint(plan);
    }
    made = make(rows.drain());
    return made.next();
  };
  return {
    next: () => (made === undefined ? open() : made.next()),
    close() {
      made?.close();
      spills?.close();
      source.close();
    },
  };
}

function withFirst(first: Chunk | undefined, source: ChunkSource): ChunkSource {
  let pending = first;
  let started = false;
  return {
    next() {
      if (started) return source.next();
      started = true;
      const chunk = pending;
      pending = undefined;
      return chunk;
    },
    close: () => source.close(),
  };
}
