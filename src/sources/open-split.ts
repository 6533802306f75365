/** Opens one split of a scan, whatever its format. */
import { assertNever, invariant } from "../base/assert.ts";
import type { InputSplit, RowSource, ScanFormat, SourceEnv } from "./contracts.ts";
import { openParquet } from "./parquet-reader.ts";
import { openCsv } from "./csv-reader.ts";
import { openJson } from "./json-reader.ts";
import { openText } from "./text-reader.ts";

export function openSplit(format: ScanFormat, split: InputSplit, env: SourceEnv): RowSource {
  switch (format.format) {
    case "text":
      invariant(split.kind === "bytes", "a text split is a range of bytes");
      return openText(split, format.maxLineBytes, env);
    case "parquet":
      invariant(split.kind === "rowGroups", "a Parquet split is a range of row groups");
      return openParquet(split, format.columns, env);
    case "json":
      invariant(split.kind === "bytes", "a JSON split is a range of bytes");
      return openJson(split, format.mode, format.maxLineBytes, env);
    case "csv":
      invariant(split.kind === "bytes", "a CSV split is a range of bytes");
      return openCsv(split, format, env);
    default:
      return assertNever(format);
  }
}
