/**
 * CSV files on the driver: column names from the first file's first record, types from `schema` and from the first 1,000 records,
 * and splits at record boundaries. Whether a line feed in the middle of a file ends a record depends on all quotes before it, so
 * a file that is to be cut is scanned from its start (at memory speed where it has no quotes).
 */
import { closeSync } from "node:fs";
import { FiresteelError } from "../base/errors.ts";
import { openForReading } from "./byte-reader.ts";
import { refuseUnknownCompression, splitGoalBytes, wholeFile } from "./byte-splits.ts";
import { type ByteSplit, type CsvColumn, type InputFile, maxLineBytesDefault, type Scan } from "./contracts.ts";
import type { CsvOptions } from "./options.ts";
import { type CsvField, sampleRecords } from "./csv-records.ts";
import { CsvScanner, type CsvSyntax } from "./csv-scanner.ts";
import { checkCsvType, inferType } from "./csv-values.ts";
import { readHead } from "./file-head.ts";
import { checkMode } from "./malformed.ts";
import { readAt } from "./parquet-footer.ts";

const sampleBytes = 1 << 20;
const sampledRecords = 1000;
const scanBytes = 1 << 20;
const splitSlop = 1.1;

export function planCsv(files: readonly InputFile[], minPartitions: number, options: CsvOptions = {}): Scan {
  const syntax = checkSyntax(options);
  const headerLine = options.header === undefined || options.header === true;
  const sample = readSample(files, syntax, headerLine);
  const names = columnNames(options, sample);
  const goalBytes = splitGoalBytes(files, minPartitions);
  return {
    format: {
      format: "csv",
      columns: columnTypes(names, options, headerLine ? sample.slice(1) : sample),
      rows: options.header === false ? "arrays" : "objects",
      headerLine,
      ...syntax,
      mode: checkMode(options.mode),
      maxLineBytes: options.maxLineBytes ?? maxLineBytesDefault,
    },
    splits: files.flatMap(file => cutCsvFile(file, goalBytes, syntax)),
  };
}

/** A header's names; `_c0`, `_c1` … where it has none, as in Spark. */
export function headerNames(fields: readonly CsvField[]): string[] {
  return fields.map((field, i) => (field === null || field.trim() === "" ? `_c${i}` : field));
}

function checkSyntax(options: CsvOptions): CsvSyntax {
  const { separator = ",", quote = '"' } = options;
  for (const [name, value] of Object.entries({ separator, quote })) {
    if (typeof value !== "string" || !/^[\x01-\x7f]$/.test(value) || value === "\n" || value === "\r") {
      throw new FiresteelError(
        "user",
        `the CSV ${name} ${JSON.stringify(value)} is not one ASCII character other than a line end`,
      );
    }
  }
  if (separator === quote)
    throw new FiresteelError("user", `the CSV separator and quote are both ${JSON.stringify(quote)}`);
  return { separator, quote };
}

/** The first records of the first file that has any. */
function readSample(files: readonly InputFile[], syntax: CsvSyntax, headerLine: boolean): CsvField[][] {
  for (const file of files) {
    if (file.bytes === 0) continue;
    const { bytes: head, isWholeFile } = readHead(file, sampleBytes);
    const end = isWholeFile ? head.length : new CsvScanner(syntax, false).findLastEnd(head, 0, head.length);
    // malformed records are the tasks' to report, with their place
    const records = sampleRecords(
      head.toString("utf8", 0, end < 0 ? head.length : end),
      syntax,
      sampledRecords + (headerLine ? 1 : 0),
    );
    if (records.length > 0) return records;
  }
  return [];
}

function columnNames(options: CsvOptions, sample: readonly CsvField[][]): string[] {
  const { header = true } = options;
  const first = sample[0] ?? [];
  if (header === false) return first.map((_, i) => String(i));
  const names = header === true ? headerNames(first) : [...header];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new FiresteelError("user", `two CSV columns are named ${JSON.stringify(twice)}`, {
    hint:
      header === true
        ? "rename one in the file, or remove its first line and give the names as header: [...]"
        : undefined,
  });
}

function columnTypes(names: readonly string[], options: CsvOptions, sample: readonly CsvField[][]): CsvColumn[] {
  const { schema = {}, inferSchema = true } = options;
  const unknown = Object.keys(schema).find(name => !names.includes(name));
  if (unknown !== undefined && names.length > 0) {
    throw new FiresteelError(
      "user",
      `the schema names a column ${JSON.stringify(unknown)} that the CSV file does not have`,
      {
        hint: `its columns are ${names.join(", ")}`,
      },
    );
  }
  return names.map((name, i) => {
    const given = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (given !== undefined) return { name, type: checkCsvType(name, given) };
    return { name, type: inferSchema ? inferType(sample.map(fields => fields[i] ?? null)) : "string" };
  });
}

function cutCsvFile(file: InputFile, goalBytes: number, syntax: CsvSyntax): ByteSplit[] {
  refuseUnknownCompression(file.path);
  if (file.compression !== undefined || file.bytes <= goalBytes * splitSlop) return [wholeFile(file, "records")];
  const cuts = [0, ...findCuts(file, goalBytes, syntax), file.bytes];
  return cuts.slice(1).map((end, i) => ({ ...wholeFile(file, "records"), start: cuts[i]!, end }));
}

/** The first record boundary behind every `goalBytes`; one scan over the file. */
function findCuts(file: InputFile, goalBytes: number, syntax: CsvSyntax): number[] {
  const scanner = new CsvScanner(syntax, true);
  const cuts: number[] = [];
  const fd = openForReading(file.path, file.bytes);
  try {
    let target = goalBytes;
    for (
      let position = 0;
      position < file.bytes && (file.bytes - target + goalBytes) / goalBytes > splitSlop;
      position += scanBytes
    ) {
      const piece = readAt(fd, file.path, position, Math.min(scanBytes, file.bytes - position));
      for (let at = 0; at < piece.length;) {
        const wanted = target - position;
        if (at < wanted) {
          const to = Math.min(wanted, piece.length);
          scanner.findLastEnd(piece, at, to);
          at = to;
          continue;
        }
        const end = scanner.findFirstEnd(piece, at, piece.length);
        if (end < 0) break;
        at = end;
        if (position + end < file.bytes) cuts.push(position + end);
        target = position + end + goalBytes;
        if ((file.bytes - target + goalBytes) / goalBytes <= splitSlop) break;
      }
    }
    return cuts;
  } finally {
    closeSync(fd);
  }
}
