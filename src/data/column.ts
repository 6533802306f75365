/**
 * Columns in kernel memory. A column is a descriptor: plain data with addresses, valid as long as the memory behind it.
 * All offsets are absolute positions in `bytes` or `items`, so a slice only moves pointers. A column without rows may have
 * null pointers, which must not be read.
 */
import type { Ptr } from "../kernel/ptr.ts";
import type { ListContainer, StructShape } from "./schema.ts";

export type Column =
  | {
      readonly kind: "f64" | "f32" | "i32" | "u8" | "i64" | "bool" | "date";
      readonly rows: number;
      readonly values: Ptr;
    }
  | BytesColumn
  | SpanColumn
  | { readonly kind: "constant"; readonly rows: number; readonly value: undefined | null | boolean }
  | { readonly kind: "dictionary"; readonly rows: number; readonly codes: Ptr; readonly values: Column }
  | { readonly kind: "struct"; readonly rows: number; readonly shape: StructShape; readonly fields: readonly Column[] }
  | {
      readonly kind: "list";
      readonly rows: number;
      readonly container: ListContainer;
      /** rows + 1 item indexes */
      readonly offsets: Ptr;
      readonly items: Column;
    }
  | {
      readonly kind: "optional";
      readonly rows: number;
      readonly absent: undefined | null;
      /** one byte a row: 1 present, 0 absent; the item's slot of an absent row holds anything of its type */
      readonly validity: Ptr;
      readonly item: Column;
    };

/** Cells of varying length. Without rows, `offsets` and `bytes` point at nothing. */
export interface BytesColumn {
  readonly kind: "utf8" | "any";
  readonly rows: number;
  /** rows + 1 positions in `bytes` */
  readonly offsets: Ptr;
  readonly bytes: Ptr;
}

/**
 * Strings wherever they lie in memory, in any order, one perhaps many times: lines in the buffer that they were read into, words of
 * such lines. They are there until the next batch is pulled; only whoever asks for spans gets them (`ChunkSource.giveSpans`).
 */
export interface SpanColumn {
  readonly kind: "spans";
  readonly rows: number;
  /** u32 positions in `bytes`, of each row. */
  readonly starts: Ptr;
  readonly ends: Ptr;
  readonly bytes: Ptr;
}

/** Which strings of a batch may be spans: rows that are strings, or keys of pairs. */
export type SpanRows = "rows" | "keys";

/** Rows that flow between operators. */
export interface Batch {
  readonly rows: number;
  readonly root: Column;
}

/** Most rows that one batch holds. */
export const batchRowsMax = 8192;
