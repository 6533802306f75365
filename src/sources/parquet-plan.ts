/**
 * Parquet files cut at their row groups: one split each, or several neighbours when they are small. Reads every footer
 * on the driver, so that broken files and unknown columns are errors before anything runs.
 */
import type { FileMetaData, RowGroup } from "hyparquet";
import { parquetSchema } from "hyparquet/src/metadata.js";
import { FiresteelError } from "../base/errors.ts";
import type { InputFile, RowGroupSplit, Scan } from "./contracts.ts";
import type { ParquetOptions } from "./options.ts";
import { remotePart } from "./byte-splits.ts";
import { chunkRange } from "./parquet-column.ts";
import { nativeType } from "./parquet-native-type.ts";
import { readFooter } from "./parquet-footer.ts";

/** Row groups are put together up to this many compressed bytes. */
const splitBytesMin = 1 << 20;

export function planParquet(files: readonly InputFile[], options: ParquetOptions = {}): Scan {
  const { columns } = options;
  const splits = files.flatMap(file => {
    const footer = readFooter(file);
    if (columns !== undefined) refuseUnknownColumns(file.path, footer, columns);
    return splitFile(file, footer, columns);
  });
  return { format: { format: "parquet", ...(columns !== undefined && { columns }) }, splits };
}

/** Names of the top-level columns, in the file's order. */
export function columnNames(footer: FileMetaData): string[] {
  const names: string[] = [];
  let nested = 0;
  for (const element of footer.schema.slice(1)) {
    if (nested === 0) names.push(element.name);
    else nested--;
    nested += element.num_children ?? 0;
  }
  return names;
}

/** Rows of more columns are no struct that code is generated for. */
const batchColumnsMax = 128;

/** How rows of these columns, or all, are best read: as rows alone, as batches where somebody wants them, or as batches. */
export function formOf(footer: FileMetaData, columns: readonly string[] | undefined): "rows" | "batches" | "columns" {
  const names = new Set(columns ?? columnNames(footer));
  const { children } = parquetSchema(footer);
  const isColumnar = children.every(tree => !names.has(tree.element.name) || nativeType(tree) !== undefined);
  return names.size > batchColumnsMax ? "rows" : isColumnar ? "columns" : "batches";
}

function splitFile(file: InputFile, footer: FileMetaData, columns: readonly string[] | undefined): RowGroupSplit[] {
  // tasks know the footer of a remote file too late
  const form = file.readForPlan !== undefined && { form: formOf(footer, columns) };
  const splits: RowGroupSplit[] = [];
  const groups = footer.row_groups;
  for (let from = 0; from < groups.length;) {
    let to = from;
    let bytes = 0;
    let rows = 0;
    do {
      rows += Number(groups[to]!.num_rows);
      bytes += groups[to]!.columns.reduce((sum, chunk) => sum + Number(chunk.meta_data?.total_compressed_size ?? 0), 0);
      to++;
    } while (to < groups.length && bytes < splitBytesMin);
    splits.push({
      ...{ kind: "rowGroups", path: file.path, fileBytes: file.bytes, from, to, rows },
      ...form,
      // only who knows where blocks are asks where the row groups are
      ...remotePart(file, ...(file.blocks === undefined ? ([0, 0] as const) : spanOf(groups.slice(from, to)))),
    });
    from = to;
  }
  return splits;
}

/** From the first byte of the row groups to the last. */
function spanOf(groups: readonly RowGroup[]): readonly [number, number] {
  const ranges = groups.flatMap(group => group.columns.map(chunkRange));
  const start = Math.min(...ranges.map(range => range.position));
  return [start, Math.max(...ranges.map(range => range.position + range.bytes))];
}

function refuseUnknownColumns(path: string, footer: FileMetaData, columns: readonly string[]): void {
  const known = columnNames(footer);
  const unknown = columns.find(column => !known.includes(column));
  if (unknown === undefined) return;
  throw new FiresteelError("user", `${path} has no column ${JSON.stringify(unknown)}`, {
    hint: `its columns are ${known.join(", ")}`,
  });
}
