/**
 * Where a task's rows end: a sink takes rows one by one, or whole chunks when it can. `drive` runs a plan's partition into a
 * sink, checking between chunks for cancellation and heap use.
 */
import type { SpanRows } from "../data/column.ts";
import type { Plan } from "../plan/nodes.ts";
import { type Chunk, chunkLength, chunkToRows } from "./chunk.ts";
import type { Ending } from "./ending.ts";
import { openPipeline } from "./open.ts";
import type { TaskEnv } from "./task-env.ts";

export interface RowSink {
  /** Called once, before the first rows. */
  begin?(): void;
  push(row: unknown): void;
  /** Takes a chunk whole; for sinks that need not see rows as JavaScript values. */
  takeChunk?(chunk: Chunk): void;
  /** Strings that `takeChunk` takes as spans, where the source can give them so. */
  readonly spans?: SpanRows;
  /** What generated code may end in, so that rows do not come here. */
  readonly ending?: Ending;
  /** Called after each chunk: rows that the sink keeps must not keep the chunk's text alive. A promise is waited for. */
  settle?(): void | Promise<void>;
}

/** Thrown by a sink's `push` when it wants no more rows. */
export const enough: unique symbol = Symbol("enough");

export async function drive(plan: Plan, partition: number, env: TaskEnv, sink: RowSink): Promise<void> {
  const push = (row: unknown) => sink.push(row);
  const between = (bytes: number) => env.checkpoint(plan, bytes);
  const { source, pipeline, takesRows } = openPipeline(plan, partition, env, push, sink.ending);
  try {
    if (sink.spans !== undefined && pipeline === undefined) source.giveSpans?.(sink.spans);
    for (let isFirst = true; ; isFirst = false) {
      let chunk = source.next();
      if (chunk instanceof Promise) chunk = await chunk;
      if (chunk === undefined) break;
      if (isFirst) sink.begin?.();
      const rows = chunkLength(chunk);
      if (!takesRows) env.taken.rows += rows;
      if (pipeline !== undefined) {
        env.metrics.jsRows += rows;
        pipeline.feed(chunk, between);
      } else if (sink.takeChunk !== undefined) {
        env.metrics[chunk.kind === "rows" ? "jsRows" : "kernelRows"] += rows;
        sink.takeChunk(chunk);
      } else {
        env.metrics.jsRows += rows;
        for (const row of chunkToRows(env.kernels, chunk)) sink.push(row);
      }
      const settled = sink.settle?.();
      if (settled instanceof Promise) await settled;
      env.checkpoint(plan);
    }
  } catch (error) {
    if (error !== enough) throw error;
  } finally {
    source.close();
  }
}
