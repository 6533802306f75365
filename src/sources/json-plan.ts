/**
 * JSON files as splits. JSON Lines can be cut anywhere, for a JSON text holds no bare line feed inside a value; a file that is
 * one array is one split. A file is an array when it begins with `[`, unless its first line is an array by itself and
 * more lines follow.
 */
import { cutFile, splitGoalBytes, wholeFile } from "./byte-splits.ts";
import { type InputFile, maxLineBytesDefault, type Scan } from "./contracts.ts";
import type { JsonOptions } from "./options.ts";
import { readHead } from "./file-head.ts";
import { checkMode } from "./malformed.ts";

const headBytes = 1 << 16;

export function planJson(files: readonly InputFile[], minPartitions: number, options: JsonOptions = {}): Scan {
  const goalBytes = splitGoalBytes(files, minPartitions);
  return {
    format: {
      format: "json",
      mode: checkMode(options.mode),
      maxLineBytes: options.maxLineBytes ?? maxLineBytesDefault,
    },
    splits: files.flatMap(file => (isArrayFile(file) ? [wholeFile(file, "records")] : cutFile(file, goalBytes))),
  };
}

function isArrayFile(file: InputFile): boolean {
  const head = readHead(file, headBytes).bytes.toString("utf8").trimStart();
  if (!head.startsWith("[")) return false;
  const lineEnd = head.indexOf("\n");
  if (lineEnd < 0 || head.slice(lineEnd).trim() === "") return true;
  try {
    JSON.parse(head.slice(0, lineEnd));
    return false;
  } catch {
    return true;
  }
}
