/**
 * Strings that are read where they lie: as JavaScript values, and as columns of their own for whoever keeps them or knows no spans.
 */
import { Buffer } from "node:buffer";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { copyRanges, rangesLength } from "../kernel/move.ts";
import type { Column, SpanColumn } from "./column.ts";

export function hasSpans(column: Column): boolean {
  switch (column.kind) {
    case "spans":
      return true;
    case "struct":
      return column.fields.some(hasSpans);
    case "optional":
      return hasSpans(column.item);
    default:
      // what lists and dictionaries hold is stored
      return false;
  }
}

/** The column with its strings side by side in new memory; the other parts are shared, and so is the string of a single row. */
export function withoutSpans(kernels: Kernels, memory: Allocator, column: Column): Column {
  if (!hasSpans(column)) return column;
  switch (column.kind) {
    case "spans":
      return column.rows === 1 ? singleSpan(kernels, memory, column) : copySpans(kernels, memory, column);
    case "struct":
      return { ...column, fields: column.fields.map(field => withoutSpans(kernels, memory, field)) };
    case "optional":
      return { ...column, item: withoutSpans(kernels, memory, column.item) };
    default:
      return column;
  }
}

export function copySpans(kernels: Kernels, memory: Allocator, { rows, starts, ends, bytes }: SpanColumn): Column {
  const length = rangesLength(kernels, starts, ends, rows);
  const offsets = memory.alloc((rows + 1) * 4);
  const copied = memory.alloc(Math.max(16, length));
  copyRanges(kernels, bytes, starts, ends, rows, offsets, copied, length);
  return { kind: "utf8", rows, offsets, bytes: copied };
}

function singleSpan({ u32 }: Kernels, memory: Allocator, { starts, ends, bytes }: SpanColumn): Column {
  const offsets = memory.alloc(8);
  u32[offsets / 4] = u32[starts / 4]!;
  u32[offsets / 4 + 1] = u32[ends / 4]!;
  return { kind: "utf8", rows: 1, offsets, bytes };
}

/** Rows that lie further apart are decoded one by one, so that a string never keeps megabytes of text alive. */
const pieceBytesMax = 1 << 20;

/** The strings of spans. Where all of them are ASCII and near each other, they are cut from one text. */
export class SpanSource {
  private readonly starts: Uint32Array;
  private readonly ends: Uint32Array;
  private readonly bytes: number;
  private text: string | undefined;
  private textFrom = 0;

  constructor(
    private readonly kernels: Kernels,
    { rows, starts, ends, bytes }: SpanColumn,
    /** Not to be cut from one text, or that is done already. */
    private isPrepared = false,
  ) {
    const { buffer } = kernels.memory;
    this.starts = new Uint32Array(buffer, starts, rows);
    this.ends = new Uint32Array(buffer, ends, rows);
    this.bytes = bytes;
  }

  load(i: number): string {
    if (!this.isPrepared) this.prepare();
    const { text, textFrom } = this;
    const [start, end] = [this.starts[i]!, this.ends[i]!];
    return text === undefined ? this.decode("utf8", start, end) : text.slice(start - textFrom, end - textFrom);
  }

  private prepare(): void {
    this.isPrepared = true;
    const { starts, ends } = this;
    let [from, to] = [Infinity, 0];
    for (let i = 0; i < starts.length; i++) {
      if (starts[i]! === ends[i]!) continue;
      if (starts[i]! < from) from = starts[i]!;
      if (ends[i]! > to) to = ends[i]!;
    }
    if (to - from > pieceBytesMax || !(from < to)) return;
    const text = this.decode("utf8", from, to);
    if (text.length !== to - from) return;
    this.text = text;
    this.textFrom = from;
  }

  private decode(encoding: "utf8", from: number, to: number): string {
    const { buffer } = this.kernels.memory;
    return Buffer.from(buffer as unknown as ArrayBuffer, this.bytes + from, to - from).toString(encoding);
  }
}
