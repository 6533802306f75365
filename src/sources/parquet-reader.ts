/**
 * Rows of Parquet row groups as objects `{ column: value }`, or as batches of them. Reads each column's bytes of a row group
 * whole, decodes by the page.
 *
 * An absent value is null. Integers are numbers where they are exact and bigints beyond, value by value; decimals are the nearest
 * numbers; timestamps and dates are Dates (milliseconds, rounded down; zoneless ones read as UTC); binary is Uint8Array;
 * lists are arrays, structs and maps objects.
 */
import type { ColumnChunk, FileMetaData, RowGroup, SchemaTree } from "hyparquet";
import { parquetSchema } from "hyparquet/src/metadata.js";
import { FiresteelError } from "../base/errors.ts";
import type { Batch } from "../data/column.ts";
import { chunkRowsMax, type RowGroupSplit, type RowSource, type SourceEnv } from "./contracts.ts";
import { type FilePieces, openPieces } from "./file-pieces.ts";
import { makeRowMaker, type RowMaker } from "./row-maker.ts";
import { GroupBatches } from "./parquet-batches.ts";
import { chunkRange, openColumn, type ColumnCursor } from "./parquet-column.ts";
import { broken, readFooter } from "./parquet-footer.ts";
import { columnNames, formOf } from "./parquet-plan.ts";

export function openParquet(split: RowGroupSplit, columns: readonly string[] | undefined, env: SourceEnv): RowSource {
  const file = { path: split.path, bytes: split.fileBytes };
  return new ParquetReader(split, columns, env, readFooter(file), openPieces(file));
}

/** Reads from `pieces`, which it closes: those that the columns lie in, each once. */
export class ParquetReader implements RowSource {
  readonly nextBatch?: () => Batch | undefined;
  readonly columnar: boolean;
  private readonly names: readonly string[];
  private readonly values: unknown[][];
  private readonly makeRows: RowMaker;
  private group: number;
  private cursors: ColumnCursor[] = [];
  private rowsLeft = 0;
  private batches: GroupBatches | undefined;
  /** Columns in which nulls were met: their layout stays optional. */
  private readonly nullable = new Set<string>();

  constructor(
    private readonly split: RowGroupSplit,
    columns: readonly string[] | undefined,
    private readonly env: SourceEnv,
    private readonly footer: FileMetaData,
    private pieces: FilePieces | undefined,
  ) {
    this.names = columns ?? columnNames(footer);
    this.values = this.names.map(() => new Array<unknown>(chunkRowsMax));
    this.makeRows = makeRowMaker(this.names);
    this.group = split.from;
    const distinct = [...new Set(this.names)];
    const form = formOf(footer, columns);
    if (form !== "rows") this.nextBatch = () => this.pullBatch(distinct);
    this.columnar = form === "columns";
  }

  nextChunk(): unknown[] | undefined {
    if (this.pieces === undefined) return undefined;
    while (this.rowsLeft === 0) {
      if (this.group === this.split.to) return undefined;
      this.openGroup(this.group++);
    }
    const rows = Math.min(chunkRowsMax, this.rowsLeft);
    this.cursors.forEach((cursor, i) => this.guarded(this.names[i]!, () => cursor.fill(this.values[i]!, rows)));
    this.rowsLeft -= rows;
    this.env.metrics.add("rowsRead", rows);
    return this.makeRows(this.values, rows);
  }

  close(): void {
    this.pieces?.close();
    this.pieces = undefined;
    this.cursors = [];
    this.batches?.close();
    this.batches = undefined;
  }

  private pullBatch(names: readonly string[]): Batch | undefined {
    if (this.pieces === undefined) return undefined;
    for (;;) {
      const batch = this.batches?.next();
      if (batch !== undefined) return batch;
      this.batches?.close();
      this.batches = undefined;
      if (this.group === this.split.to) return undefined;
      const { group, root, rows } = this.groupAt(this.group++);
      const read = (chunk: ColumnChunk) => this.readChunk(chunk);
      const guarded = <T>(column: string, work: () => T) => this.guarded(column, work);
      this.batches = new GroupBatches(names, { group, root, rows, read, guarded }, this.env, this.nullable);
    }
  }

  private groupAt(index: number): { readonly group: RowGroup; readonly root: SchemaTree; readonly rows: number } {
    const group = this.footer.row_groups[index];
    if (group === undefined) throw broken(this.split.path, `it has no row group ${index} any more`);
    return { group, root: parquetSchema(this.footer), rows: Number(group.num_rows) };
  }

  private openGroup(index: number): void {
    const { group, root, rows } = this.groupAt(index);
    this.rowsLeft = rows;
    this.cursors = this.names.map(name =>
      this.guarded(name, () => {
        const tree = root.children.find(child => child.element.name === name);
        if (tree === undefined) throw new Error("there is no such column");
        return openColumn(tree, root, leafChunks(group, name), this.rowsLeft, chunk => this.readChunk(chunk));
      }),
    );
  }

  private readChunk(chunk: ColumnChunk): Buffer {
    const { position, bytes } = chunkRange(chunk);
    if (!(position >= 0 && bytes >= 0 && position + bytes <= this.split.fileBytes))
      throw new Error("its bytes lie outside the file");
    this.env.metrics.add("bytesRead", bytes);
    return this.pieces!.at(position, bytes);
  }

  /** What is wrong inside a column's bytes is a data error that names file and column. */
  private guarded<T>(column: string, work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      if (thrown instanceof FiresteelError) throw thrown;
      throw broken(
        this.split.path,
        `column ${column}, row group ${this.group}: ${(thrown as Error).message}`,
        undefined,
        thrown,
      );
    }
  }
}

/** The columns below a top-level one. */
export function leafChunks(group: RowGroup, name: string): ColumnChunk[] {
  return group.columns.filter(chunk => chunk.meta_data?.path_in_schema[0] === name);
}
