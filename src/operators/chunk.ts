/**
 * What flows between operators of one task: chunks of rows, pulled from a source. A chunk stays valid until the next pull.
 * Rows stay columns (`batch`) or numbers (`range`) until an operator needs them as JavaScript values. `sourceRows`: rows that a
 * source read for a batch, where it gives what an operator makes of them.
 */
import type { Batch, SpanRows } from "../data/column.ts";
import type { Block } from "../data/contracts.ts";
import { blockBytes } from "../data/block.ts";
import { readBatch } from "../data/batch-reader.ts";
import { sliceColumn } from "../data/slice.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";

export type Chunk =
  | { readonly kind: "rows"; readonly rows: readonly unknown[] }
  | { readonly kind: "range"; readonly start: number; readonly step: number; readonly count: number }
  | { readonly kind: "batch"; readonly batch: Batch; readonly held?: HeldBlock; readonly sourceRows?: number };

/** The block that a batch lies in, for who would else copy it. */
export interface HeldBlock extends Block {
  /**
   * Before the next pull: the block stays valid as long as the task runs. True when it is now on this account, to be freed there;
   * false when somebody else frees it.
   */
  take(memory: OperatorMemory): boolean;
}

/** Pulled by one consumer. `next` gives undefined at the end, once; `close` frees what is held, also half-way. */
export interface ChunkSource {
  next(): Chunk | undefined | Promise<Chunk | undefined>;
  close(): void;
  /** Of a source of pairs that can make one side without the other: from now on its chunks are columns of that side alone. */
  readonly giveOnly?: (side: 0 | 1) => void;
  /** Of a source that can leave strings where they lie: from the first chunk on they may come as spans. */
  readonly giveSpans?: (of: SpanRows) => void;
  /** Of a source of lines, instead: what splitting each at an ASCII character gives, as spans. */
  readonly giveWords?: (separator: number) => void;
}

/** Rows that a source hands out at once, about. */
export const chunkRows = 4096;

export function chunkLength(chunk: Chunk): number {
  switch (chunk.kind) {
    case "rows":
      return chunk.rows.length;
    case "range":
      return chunk.count;
    case "batch":
      return chunk.batch.rows;
  }
}

/** The chunk's rows after the first `skipped`. */
export function chunkWithout(chunk: Chunk, skipped: number): Chunk {
  return chunkPart(chunk, skipped, chunkLength(chunk));
}

/** The chunk's rows from `from` on, before `to`. */
export function chunkPart(chunk: Chunk, from: number, to: number): Chunk {
  if (from === 0 && to === chunkLength(chunk)) return chunk;
  switch (chunk.kind) {
    case "rows":
      return { kind: "rows", rows: chunk.rows.slice(from, to) };
    case "range":
      return { kind: "range", start: chunk.start + from * chunk.step, step: chunk.step, count: to - from };
    case "batch":
      return { kind: "batch", batch: { rows: to - from, root: sliceColumn(chunk.batch.root, from, to) } };
  }
}

export function chunkToRows(kernels: Kernels, chunk: Chunk): readonly unknown[] {
  switch (chunk.kind) {
    case "rows":
      return chunk.rows;
    case "range": {
      const rows = new Array<unknown>(chunk.count);
      for (let i = 0; i < chunk.count; i++) rows[i] = chunk.start + i * chunk.step;
      return rows;
    }
    case "batch":
      return readBatch(kernels, chunk.batch).toArray();
  }
}

/** Of columns, what is made JavaScript values of at a time, about: a thread keeps no more of a chunk alive than that. */
const partBytes = 64 * 1024;
const partRowsMin = 16;
/** Of numbers, and of what are values already: functions make of them what nobody knows before. */
const partRowsMax = 1024;

/** Some of a chunk's rows; `bytes` is what they took as columns, none when they were none. */
export interface ChunkPart {
  readonly chunk: ValueChunk;
  readonly bytes: number;
}

export type ValueChunk = Extract<Chunk, { readonly kind: "rows" | "range" }>;

/** The chunk's rows for JavaScript, not all at once. */
export function* chunkParts(kernels: Kernels, chunk: Chunk): Generator<ChunkPart, void, undefined> {
  if (chunk.kind !== "batch") {
    const length = chunkLength(chunk);
    for (let from = 0; from < length; from += partRowsMax) {
      const to = Math.min(length, from + partRowsMax);
      yield { chunk: chunkPart(chunk, from, to) as ValueChunk, bytes: 0 };
    }
    return;
  }
  const { batch } = chunk;
  const rowBytes = blockBytes(kernels, batch) / Math.max(1, batch.rows);
  const together = Math.max(partRowsMin, Math.floor(partBytes / rowBytes));
  // one for all parts: what it decodes of a column's texts serves them all
  const reader = readBatch(kernels, batch);
  for (let from = 0; from < batch.rows; from += together) {
    const to = Math.min(batch.rows, from + together);
    yield { chunk: { kind: "rows", rows: reader.toArray(from, to) }, bytes: (to - from) * rowBytes };
  }
}

/** A source of chunks that are already there. */
export function chunksOf(chunks: Iterable<Chunk>): ChunkSource {
  const iterator = chunks[Symbol.iterator]();
  return {
    next() {
      const step = iterator.next();
      return step.done === true ? undefined : step.value;
    },
    close() {
      iterator.return?.();
    },
  };
}

/** Batches as a source; its `close` frees what they are of. */
export function batchesOf(batches: Iterable<Batch>, free: () => void): ChunkSource {
  const iterator = batches[Symbol.iterator]();
  return {
    next() {
      const step = iterator.next();
      return step.done === true ? undefined : { kind: "batch", batch: step.value };
    },
    close() {
      iterator.return?.();
      free();
    },
  };
}
