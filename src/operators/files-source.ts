/**
 * Files as rows: opens the partition's split by its format and counts what was read, replaced and dropped. Hands out batches
 * where the format makes them without JavaScript rows, to who works on columns or when they cost no more.
 */
import type { Batch } from "../data/column.ts";
import type { InputSplit, ScanFormat, SourceMetric, Words } from "../sources/contracts.ts";
import { openSplit } from "../sources/open-split.ts";
import { invariant } from "../base/assert.ts";
import type { FilesPlan } from "../plan/nodes.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import type { TaskEnv } from "./task-env.ts";

export interface FilesOptions {
  /** The reader works on columns. JavaScript functions get rows, which some formats (text) make faster than batches of them. */
  readonly columns: boolean;
}

export function openFiles(
  plan: FilesPlan,
  partition: number,
  env: TaskEnv,
  options: FilesOptions = { columns: false },
): ChunkSource {
  invariant(plan.scan !== undefined, "a file plan without splits");
  const split = plan.scan.splits[partition] as InputSplit;
  const source = openSplit(plan.scan.format as ScanFormat, split, {
    kernels: env.kernels,
    allocator: env.memory.withOperator(plan.operator),
    metrics: { add: (metric: SourceMetric, amount: number) => env.count(metric, amount, split.path) },
  });
  const close = () => source.close();
  if (source.nextBatch !== undefined && (options.columns || source.columnar === true)) {
    let next = () => chunkOf(source.nextBatch!(), batchChunk);
    return {
      next: () => next(),
      ...(source.nextSpans !== undefined && {
        giveSpans: () => void (next = () => chunkOf(source.nextSpans!(), batchChunk)),
      }),
      ...(source.nextWords !== undefined && {
        giveWords: separator => void (next = () => chunkOf(source.nextWords!(separator), wordsChunk)),
      }),
      close,
    };
  }
  return { next: () => chunkOf(source.nextChunk(), rowsChunk), close };
}

function chunkOf<T>(
  pulled: T | undefined | Promise<T | undefined>,
  toChunk: (pulled: T | undefined) => Chunk | undefined,
): Chunk | undefined | Promise<Chunk | undefined> {
  return pulled instanceof Promise ? pulled.then(toChunk) : toChunk(pulled);
}

function batchChunk(batch: Batch | undefined): Chunk | undefined {
  return batch && { kind: "batch", batch };
}

function wordsChunk(words: Words | undefined): Chunk | undefined {
  return words && { kind: "batch", batch: words, sourceRows: words.lines };
}

function rowsChunk(rows: unknown[] | undefined): Chunk | undefined {
  return rows && { kind: "rows", rows };
}
