/**
 * One row group as batches: a struct of the columns asked for. Columns that have no native type, or values beyond it, are read
 * by values and laid out by a batch writer, so that the others stay columns all the same.
 */
import type { ColumnChunk, RowGroup, SchemaTree } from "hyparquet";
import { makeBatchWriter } from "../data/batch-writer.ts";
import { type Batch, type Column, batchRowsMax } from "../data/column.ts";
import type { BatchWriter } from "../data/contracts.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import type { SourceEnv } from "./contracts.ts";
import { type ColumnCursor, openColumn, type ReadChunk } from "./parquet-column.ts";
import { NativeColumn } from "./parquet-native.ts";
import { nativeType, Unfit } from "./parquet-native-type.ts";

/** What `ParquetReader` knows of a row group. */
export interface OpenGroup {
  readonly group: RowGroup;
  readonly root: SchemaTree;
  readonly rows: number;
  readonly read: ReadChunk;
  /** Runs work on a column; plain Errors become data errors that name it. */
  readonly guarded: <T>(column: string, work: () => T) => T;
}

export class GroupBatches {
  private readonly columns: BatchColumn[];
  private row = 0;

  /** `nullable` holds the names of columns that have had nulls, across row groups. */
  constructor(
    private readonly names: readonly string[],
    private readonly opened: OpenGroup,
    private readonly env: SourceEnv,
    nullable: Set<string>,
  ) {
    this.columns = [];
    try {
      for (const name of names) {
        this.columns.push(opened.guarded(name, () => new BatchColumn(name, opened, env, nullable)));
      }
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  next(): Batch | undefined {
    const { names, columns, opened } = this;
    let rows = Math.min(batchRowsMax, opened.rows - this.row);
    if (rows === 0) return undefined;
    for (const [i, column] of columns.entries()) {
      rows = opened.guarded(names[i]!, () => column.rowsAhead(rows));
    }
    const fields = columns.map((column, i) => opened.guarded(names[i]!, () => column.fill(this.row, rows)));
    this.row += rows;
    this.env.metrics.add("rowsRead", rows);
    return { rows, root: { kind: "struct", rows, shape: { of: "object", names }, fields } };
  }

  close(): void {
    for (const column of this.columns) column.close();
  }
}

class BatchColumn {
  private readonly tree: SchemaTree;
  private native: NativeColumn | undefined;
  private byValue: ValueColumn | undefined;
  private readonly chunks: readonly ColumnChunk[];
  private readonly chunk: Buffer | undefined;

  constructor(
    private readonly name: string,
    private readonly opened: OpenGroup,
    private readonly env: SourceEnv,
    private readonly nullable: Set<string>,
  ) {
    const { group, root, rows, read } = opened;
    const tree = root.children.find(child => child.element.name === name);
    if (tree === undefined) throw new Error("there is no such column");
    this.tree = tree;
    this.chunks = group.columns.filter(chunk => chunk.meta_data?.path_in_schema[0] === name);
    const type = nativeType(tree);
    const [chunk] = this.chunks;
    if (type === undefined || chunk === undefined) return;
    this.chunk = read(chunk);
    const { meta_data: meta } = chunk;
    this.native = new NativeColumn(env, type, tree.element, meta!, this.chunk, rows, nullable.has(name));
  }

  rowsAhead(most: number): number {
    return this.native?.rowsAhead(most) ?? most;
  }

  /** Rows `from` … `from` + `rows` − 1, which follow those of the last call. */
  fill(from: number, rows: number): Column {
    const { native } = this;
    if (native !== undefined) {
      try {
        const column = native.fill(rows);
        if (native.hasNulls) this.nullable.add(this.name);
        return column;
      } catch (thrown) {
        // pages that memory is too short for are read by values too, outside of it
        if (!(thrown instanceof Unfit || thrown instanceof MemoryRefused)) throw thrown;
        native.close();
        this.native = undefined;
      }
    }
    this.byValue ??= this.openByValue(from);
    return this.byValue.fill(rows);
  }

  close(): void {
    this.native?.close();
    this.byValue?.close();
    this.native = this.byValue = undefined;
  }

  private openByValue(from: number): ValueColumn {
    const { opened, tree, chunk } = this;
    const read: ReadChunk = wanted => chunk ?? opened.read(wanted);
    const column = new ValueColumn(openColumn(tree, opened.root, this.chunks, opened.rows, read), this.env, this.name);
    column.skip(from);
    return column;
  }
}

/** A column by its JavaScript values. */
class ValueColumn {
  private readonly values = new Array<unknown>(batchRowsMax);
  private readonly writer: BatchWriter;

  constructor(
    private readonly cursor: ColumnCursor,
    env: SourceEnv,
    name: string,
  ) {
    this.writer = makeBatchWriter(env.kernels, env.allocator, { what: `the values of column ${name}` });
  }

  skip(rows: number): void {
    for (let row = 0; row < rows; row += batchRowsMax)
      this.cursor.fill(this.values, Math.min(batchRowsMax, rows - row));
  }

  fill(rows: number): Column {
    this.writer.reset();
    this.cursor.fill(this.values, rows);
    for (let i = 0; i < rows; i++) this.writer.push(this.values[i]);
    return this.writer.finish().root;
  }

  close(): void {
    this.writer.free();
  }
}
