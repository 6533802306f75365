/**
 * Files as rows: opens the partition's split by its format and counts what was read, replaced and dropped. Hands out batches
 * where the format makes them without JavaScript rows, to who works on columns or when they cost no more.
 */
import type { Batch } from "../data/column.ts";
import type { InputSplit, ScanFormat, SourceMetric, Words } from "../sources/contracts.ts";
import { remoteSchemeOf } from "../sources/file-schemes.ts";
import { fileSettings } from "../sources/file-settings.ts";
import { openSplit } from "../sources/open-split.ts";
import { invariant } from "../base/assert.ts";
import type { FilesPlan } from "../plan/nodes.ts";
import { type Chunk, chunkLength, type ChunkSource } from "./chunk.ts";
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
    ...(remoteSchemeOf(split.path, "read") !== undefined && { files: fileSettings(key => env.setting(key)) }),
    metrics: { add: (metric: SourceMetric, amount: number, path = split.path) => env.count(metric, amount, path) },
  });
  const close = () => source.close();
  const chunkOf = <T>(
    pulled: T | undefined | Promise<T | undefined>,
    toChunk: (pulled: T) => Chunk,
  ): Chunk | undefined | Promise<Chunk | undefined> => {
    const given = (found: T | undefined): Chunk | undefined => {
      if (found === undefined) return undefined;
      const chunk = toChunk(found);
      env.metrics.inputRows += (chunk.kind === "batch" ? chunk.sourceRows : undefined) ?? chunkLength(chunk);
      return chunk;
    };
    return pulled instanceof Promise ? pulled.then(given) : given(pulled);
  };
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

function batchChunk(batch: Batch): Chunk {
  return { kind: "batch", batch };
}

function wordsChunk(words: Words): Chunk {
  return { kind: "batch", batch: words, sourceRows: words.lines };
}

function rowsChunk(rows: unknown[]): Chunk {
  return { kind: "rows", rows };
}
