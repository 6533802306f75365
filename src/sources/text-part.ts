/** Rows as lines of a part: strings as they are, other rows as `formatRow` has them; columns of strings without JavaScript strings. */
import type { BytesColumn } from "../data/column.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { SourceMetrics } from "./contracts.ts";
import { formatRow } from "./format-row.ts";
import { LineBuffer } from "./line-buffer.ts";
import type { PartFile } from "./output-committer.ts";

const flushChars = 1 << 18;

export class TextPart {
  private pending: string[] = [];
  private pendingChars = 0;
  private readonly lines: LineBuffer | undefined;

  /** Columns are written with the kernels, where given. */
  constructor(
    private readonly file: PartFile,
    private readonly metrics: SourceMetrics,
    memory?: { readonly kernels: Kernels; readonly allocator: Allocator },
  ) {
    this.lines = memory && new LineBuffer(memory.kernels, memory.allocator, bytes => this.file.write(bytes));
  }

  write(rows: readonly unknown[]): void {
    if (rows.length === 0) return;
    this.lines?.flush();
    const text = rows.every(isString) ? rows.join("\n") : rows.map(formatRow).join("\n");
    this.pending.push(text, "\n");
    this.pendingChars += text.length + 1;
    this.metrics.add("rowsWritten", rows.length);
    if (this.pendingChars >= flushChars) this.flushStrings();
  }

  /** Writes the first rows of a column without making JavaScript strings of them, as far as memory allows; how many those are. */
  writeColumn(column: BytesColumn): number {
    if (this.lines === undefined || column.rows === 0) return 0;
    this.flushStrings();
    const rows = this.lines.add(column);
    this.metrics.add("rowsWritten", rows);
    return rows;
  }

  /** Memory that `spill` would free, for others of the task. */
  get usedBytes(): number {
    return this.lines?.heldBytes ?? 0;
  }

  spill(): number {
    const freed = this.usedBytes;
    this.lines?.flush();
    this.lines?.release();
    return freed;
  }

  /** All rows are with the file. Of the two that hold lines only one does at a time. */
  flush(): void {
    this.lines?.flush();
    this.flushStrings();
  }

  /** Frees memory; what was not flushed is gone. */
  close(): void {
    this.lines?.release();
    this.pending = [];
  }

  private flushStrings(): void {
    if (this.pending.length === 0) return;
    const bytes = Buffer.from(this.pending.join(""));
    this.pending = [];
    this.pendingChars = 0;
    this.file.write(bytes);
  }
}

function isString(row: unknown): boolean {
  return typeof row === "string";
}
