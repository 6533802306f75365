/** A source's rows as a JavaScript iterator, for functions that take whole partitions. */
import type { Plan } from "../plan/nodes.ts";
import { type Chunk, chunkParts, type ChunkSource, chunkToRows } from "./chunk.ts";
import { SpillScope } from "./spill-scope.ts";
import { SpillingList } from "./spilling-list.ts";
import type { TaskEnv } from "./task-env.ts";
import { waitsAgain } from "./waits.ts";

/** The source must be synchronous (see `whenSynchronous`). `plan` is who takes the rows. */
export function* rowsOf(source: ChunkSource, plan: Plan, env: TaskEnv): Generator<unknown, void, undefined> {
  for (;;) {
    const chunk = source.next() as Chunk | undefined;
    if (chunk === undefined) return;
    for (const parts = chunkParts(env.kernels, chunk); ;) {
      let part = parts.next().value;
      if (part === undefined) break;
      const { bytes } = part;
      let rows = chunkToRows(env.kernels, part.chunk);
      part = undefined;
      for (let i = 0; i < rows.length; i++) yield rows[i];
      // a collection finds the rows dead, if they are
      rows = [];
      env.checkpoint(plan, bytes);
    }
  }
}

/**
 * Opens `make` over a source whose `next` never returns a promise: at the first pull it waits for the first chunk, as long as that
 * is all there is to wait for. A source that may wait again (mapAsync, gzip, map outputs and cached partitions of other executors) is
 * read to its end into kernel memory first, because a synchronous iterator cannot wait. `below` is the source's plan, `plan` who
 * pulls.
 */
export function whenSynchronous(
  source: ChunkSource,
  below: Plan,
  plan: Plan,
  env: TaskEnv,
  make: (source: ChunkSource) => ChunkSource,
): ChunkSource {
  let made: ChunkSource | undefined;
  let spills: SpillScope | undefined;
  const open = (first: Chunk | undefined): Chunk | undefined | Promise<Chunk | undefined> => {
    made = make(withFirst(first, source));
    return made.next();
  };
  const openAll = async (): Promise<Chunk | undefined> => {
    const scope = (spills = new SpillScope(env, plan.operator, plan));
    const rows = new SpillingList(scope);
    scope.holder = rows;
    for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
      if (chunk.kind === "batch") rows.add(chunk.batch);
      else rows.push(chunkToRows(env.kernels, chunk));
      env.checkpoint(plan);
    }
    made = make(rows.drain());
    return made.next();
  };
  return {
    next() {
      if (made !== undefined) return made.next();
      if (waitsAgain(below, env)) return openAll();
      const first = source.next();
      return first instanceof Promise ? first.then(open) : open(first);
    },
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
