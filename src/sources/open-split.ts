/** Opens one split of a scan, whatever its format. */
import { assertNever, invariant } from "../base/assert.ts";
import type { InputSplit, RowSource, ScanFormat, SourceEnv } from "./contracts.ts";
import { openText } from "./text-reader.ts";

export function openSplit(format: ScanFormat, split: InputSplit, env: SourceEnv): RowSource {
  switch (format.format) {
    case "text":
      invariant(split.kind === "bytes", "a text split is a range of bytes");
      return openText(split, format.maxLineBytes, env);
    default:
      throw new Error("later");
  }
}
