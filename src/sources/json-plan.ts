/**
 * JSON files as splits. JSON Lines can be cut anywhere, for a JSON text holds no bare line feed inside a value; a file that is
 * one array is one split. A file is an array when it begins with `[`, unless its first line is an array by itself and
 * more lines follow; `multiLine` says so, or not, without looking.
 */
import { cutFile, splitGoalBytes, wholeFile } from "./byte-splits.ts";
import { FiresteelError } from "../base/errors.ts";
import { type ByteSplit, type InputFile, type JsonFormat, maxLineBytesDefault, type Scan } from "./contracts.ts";
import type { JsonOptions, JsonType } from "./options.ts";
import { readHead } from "./file-head.ts";
import { checkCorruptRecord, checkMode } from "./malformed.ts";

const headBytes = 1 << 16;
const jsonTypes: readonly JsonType[] = ["string", "number", "boolean", "date", "any"];

export function planJson(files: readonly InputFile[], minPartitions: number, options: JsonOptions = {}): Scan {
  const goalBytes = splitGoalBytes(files, minPartitions);
  return {
    format: jsonFormat(options),
    splits: files.flatMap(file => splitsOf(file, goalBytes, options.multiLine)),
  };
}

function jsonFormat(options: JsonOptions): JsonFormat {
  const { schema, corruptRecord } = options;
  const mode = checkMode(options.mode);
  const properties =
    schema && Object.entries(schema).map(([name, type]) => ({ name, type: checkJsonType(name, type) }));
  checkCorruptRecord(corruptRecord, mode, properties ?? []);
  return {
    format: "json",
    mode,
    maxLineBytes: options.maxLineBytes ?? maxLineBytesDefault,
    ...(properties !== undefined && { schema: properties }),
    ...(corruptRecord !== undefined && { corruptRecord }),
  };
}

function splitsOf(file: InputFile, goalBytes: number, multiLine: boolean | undefined): ByteSplit[] {
  if (multiLine === false) return cutFile(file, goalBytes);
  if (multiLine === true) {
    const head = readHead(file, headBytes).bytes.toString("utf8").trimStart();
    return [wholeFile(file, head.startsWith("[") ? "records" : "whole")];
  }
  return isArrayFile(file) ? [wholeFile(file, "records")] : cutFile(file, goalBytes);
}

function checkJsonType(property: string, type: JsonType): JsonType {
  if (jsonTypes.includes(type)) return type;
  throw new FiresteelError(
    "user",
    `property ${JSON.stringify(property)} has the unknown type ${JSON.stringify(type)}`,
    {
      hint: "types are string, number, boolean, date and any",
    },
  );
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
