/** Opens one split of a scan, whatever its format. */
import { assertNever, invariant } from "../base/assert.ts";
import type { InputSplit, RowSource, ScanFormat, SourceEnv } from "./contracts.ts";
import { openParquet } from "./parquet-reader.ts";
import { openText } from "./text-reader.ts";

export function openSplit(format: ScanFormat, split: InputSplit, env: SourceEnv): RowSource {
  switch (format.format) {
    case "text":
      invariant(split.kind === "bytes", "a text split is a range of bytes");
      return openText(split, format.maxLineBytes, env);
    case "parquet":
      invariant(split.kind === "rowGroups", "a Parquet split is a range of row groups");
      return openParquet(split, format.columns, env);
    case "csv":
    case "json":
      throw new Error("later");
    default:
      return assertNever(format);
  }
}
