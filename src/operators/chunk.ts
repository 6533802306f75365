/**
 * What flows between operators of one task: chunks of rows, pulled from a source. A chunk stays valid until the next pull.
 * Rows stay columns (`batch`) or numbers (`range`) until an operator needs them as JavaScript values. `sourceRows`: rows that a
 * source read for a batch, where it gives what an operator makes of them.
 */
import type { Batch, SpanRows } from "../data/column.ts";
import type { Block } from "../data/contracts.ts";
import { readBatch } from "../data/batch-reader.ts";
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
