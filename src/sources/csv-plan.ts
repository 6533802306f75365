/**
 * CSV files on the driver: column names from the first file's first record, types from `schema` and from the first 1,000 records,
 * and splits at record boundaries. Whether a line feed in the middle of a file ends a record depends on all quotes before it, so
 * a file that is to be cut is scanned from its start (at memory speed where it has no quotes).
 */
import { FiresteelError } from "../base/errors.ts";
import { bytesOf, splitBytesOf, splitGoalBytes, wholeFile } from "./byte-splits.ts";
import { refuseUnknownCompression } from "./codecs.ts";
import { type ByteSplit, type CsvColumn, type InputFile, maxLineBytesDefault, type Scan } from "./contracts.ts";
import type { CsvOptions } from "./options.ts";
import { type CsvField, sampleRecords } from "./csv-records.ts";
import { CsvScanner, type CsvSyntax } from "./csv-scanner.ts";
import { checkCsvType, inferType } from "./csv-values.ts";
import { readHead } from "./file-head.ts";
import { openPieces } from "./file-pieces.ts";
import { checkCorruptRecord, checkMode } from "./malformed.ts";

const sampleBytes = 1 << 20;
const sampledRecords = 1000;
const localScanBytes = 1 << 20;
const remoteScanBytes = 1 << 23;
const splitSlop = 1.1;

export function planCsv(files: readonly InputFile[], minPartitions: number, options: CsvOptions = {}): Scan {
  const syntax = checkSyntax(options);
  const headerLine = options.header === undefined || options.header === true;
  const sample = readSample(files, syntax, headerLine);
  const names = columnNames(options, sample);
  const goalBytes = splitGoalBytes(files, minPartitions);
  const columns = columnTypes(names, options, headerLine ? sample.slice(1) : sample);
  return {
    format: {
      format: "csv",
      columns,
      rows: options.header === false ? "arrays" : "objects",
      headerLine,
      ...syntax,
      ...recordOptions(options, columns),
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
  const { separator = ",", quote = '"', escape, comment } = options;
  const given = Object.entries({ separator, quote, escape, comment }).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (typeof value !== "string" || !/^[\x01-\x7f]$/.test(value) || value === "\n" || value === "\r") {
      throw new FiresteelError(
        "user",
        `the CSV ${name} ${JSON.stringify(value)} is not one ASCII character other than a line end`,
      );
    }
    const [same] = given.find(([other, text]) => text === value && other !== name) ?? [];
    // doubled quotes are what an escape that is the quote would say
    if (same !== undefined && !(same === "escape" && name === "quote") && !(same === "quote" && name === "escape"))
      throw new FiresteelError("user", `the CSV ${name} and ${same} are both ${JSON.stringify(value)}`);
  }
  return {
    separator,
    quote,
    ...(escape !== undefined && escape !== quote && { escape }),
    ...(comment !== undefined && { comment }),
  };
}

/** What is done about malformed records and texts for null; the columns are known. */
function recordOptions(options: CsvOptions, columns: readonly CsvColumn[]) {
  const { nullValue, corruptRecord } = options;
  const mode = checkMode(options.mode);
  if (nullValue !== undefined && typeof nullValue !== "string")
    throw new FiresteelError("user", `the CSV nullValue ${JSON.stringify(nullValue)} is not a string`);
  checkCorruptRecord(corruptRecord, mode, columns);
  return {
    mode,
    ...(nullValue !== undefined && { nullValue }),
    ...(corruptRecord !== undefined && { corruptRecord }),
  };
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
  const { schema = {}, inferSchema = true, nullValue } = options;
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
    return {
      name,
      type: inferSchema
        ? inferType(sample.map(fields => (fields[i] === nullValue ? null : (fields[i] ?? null))))
        : "string",
    };
  });
}

function cutCsvFile(file: InputFile, goalBytes: number, syntax: CsvSyntax): ByteSplit[] {
  refuseUnknownCompression(file.path);
  const splitBytes = splitBytesOf(file, goalBytes);
  const isUncut = file.compression !== undefined || file.wholeOnly === true || file.bytes <= splitBytes * splitSlop;
  if (isUncut) return [wholeFile(file, "records")];
  const cuts = [0, ...findCuts(file, splitBytes, syntax), file.bytes];
  return cuts.slice(1).map((end, i) => bytesOf(file, cuts[i]!, end, "records"));
}

/** The first record boundary behind every `goalBytes`; one scan over the file. */
function findCuts(file: InputFile, goalBytes: number, syntax: CsvSyntax): number[] {
  const scanner = new CsvScanner(syntax, true);
  const cuts: number[] = [];
  const pieces = openPieces(file);
  const scanBytes = file.readForPlan === undefined ? localScanBytes : remoteScanBytes;
  try {
    let target = goalBytes;
    for (
      let position = 0;
      position < file.bytes && (file.bytes - target + goalBytes) / goalBytes > splitSlop;
      position += scanBytes
    ) {
      const piece = pieces.at(position, Math.min(scanBytes, file.bytes - position));
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
    pieces.close();
  }
}
