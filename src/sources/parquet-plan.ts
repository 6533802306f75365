/**
 * Parquet files cut at their row groups: one split each, or several neighbours when they are small. Reads every footer
 * on the driver, so that broken files and unknown columns are errors before anything runs.
 */
import type { FileMetaData } from "hyparquet";
import { FiresteelError } from "../base/errors.ts";
import type { InputFile, RowGroupSplit, Scan } from "./contracts.ts";
import type { ParquetOptions } from "./options.ts";
import { readFooter } from "./parquet-footer.ts";

/** Row groups are put together up to this many compressed bytes. */
const splitBytesMin = 1 << 20;

export function planParquet(files: readonly InputFile[], options: ParquetOptions = {}): Scan {
  const { columns } = options;
  const splits = files.flatMap(file => {
    const footer = readFooter(file.path, file.bytes);
    if (columns !== undefined) refuseUnknownColumns(file.path, footer, columns);
    return splitFile(file, footer);
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

function splitFile(file: InputFile, footer: FileMetaData): RowGroupSplit[] {
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
    splits.push({ kind: "rowGroups", path: file.path, fileBytes: file.bytes, from, to, rows });
    from = to;
  }
  return splits;
}

function refuseUnknownColumns(path: string, footer: FileMetaData, columns: readonly string[]): void {
  const known = columnNames(footer);
  const unknown = columns.find(column => !known.includes(column));
  if (unknown === undefined) return;
  throw new FiresteelError("user", `${path} has no column ${JSON.stringify(unknown)}`, {
    hint: `its columns are ${known.join(", ")}`,
  });
}
