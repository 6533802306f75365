/** Opens one split of a scan, whatever its format. */
import { assertNever, invariant } from "../base/assert.ts";
import type { InputSplit, RowSource, ScanFormat, SourceEnv } from "./contracts.ts";
import { openBinaryRecords } from "./binary-records.ts";
import { remoteSchemeOf } from "./file-schemes.ts";
import { openParquet } from "./parquet-reader.ts";
import { openRemoteParquet } from "./parquet-remote.ts";
import { openCsv } from "./csv-reader.ts";
import { openJson } from "./json-reader.ts";
import { openObjects } from "./object-reader.ts";
import { openText } from "./text-reader.ts";
import { openWholeFiles } from "./whole-files.ts";

export function openSplit(format: ScanFormat, split: InputSplit, env: SourceEnv): RowSource {
  switch (format.format) {
    case "text":
      invariant(split.kind === "bytes", "a text split is a range of bytes");
      return openText(split, format.maxLineBytes, env);
    case "parquet":
      invariant(split.kind === "rowGroups", "a Parquet split is a range of row groups");
      return remoteSchemeOf(split.path, "read") === undefined
        ? openParquet(split, format.columns, env)
        : openRemoteParquet(split, format.columns, env);
    case "json":
      invariant(split.kind === "bytes", "a JSON split is a range of bytes");
      return openJson(split, format, env);
    case "wholeFiles":
      invariant(split.kind === "files", "a split of whole files is files");
      return openWholeFiles(split, format, env);
    case "records":
      invariant(split.kind === "bytes", "a split of records is a range of bytes");
      return openBinaryRecords(split, format.recordBytes, env);
    case "objects":
      invariant(split.kind === "bytes", "a split of an object file is a range of bytes");
      return openObjects(split, env);
    case "csv":
      invariant(split.kind === "bytes", "a CSV split is a range of bytes");
      return openCsv(split, format, env);
    default:
      return assertNever(format);
  }
}
