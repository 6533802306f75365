/** CSV records of a split as typed rows. Runs without a quote, the usual ones, are cut by the engine's own string splitting. */
import { ChunkedRows } from "./chunked-rows.ts";
import type { ByteSplit, CsvFormat, RowSource, SourceEnv } from "./contracts.ts";
import { headerNames } from "./csv-plan.ts";
import { type CsvField, parseCsvRecords } from "./csv-records.ts";
import { CsvScanner } from "./csv-scanner.ts";
import { BadField, makeCsvRow, type MakeCsvRow } from "./csv-values.ts";
import { lineOffset } from "./json-reader.ts";
import { MalformedRecords } from "./malformed.ts";
import { RecordReader, type RecordRun } from "./record-reader.ts";
import { decodeRun, splitLines } from "./text-reader.ts";

export function openCsv(split: ByteSplit, format: CsvFormat, env: SourceEnv): RowSource {
  const scanner = new CsvScanner(format, split.start === 0);
  const records = new RecordReader(split, env, { noun: "CSV record", maxBytes: format.maxLineBytes }, scanner.findLastEnd);
  const parser = new CsvRuns(split, format, records, env);
  return new ChunkedRows(records, env, run => parser.parse(run));
}

class CsvRuns {
  private headerAhead: boolean;
  private readonly makeRow: MakeCsvRow;
  private readonly malformed: MalformedRecords;
  private rows: unknown[] = [];

  constructor(
    private readonly split: ByteSplit,
    private readonly format: CsvFormat,
    private readonly records: RecordReader,
    private readonly env: SourceEnv,
  ) {
    this.headerAhead = format.headerLine && split.start === 0;
    this.makeRow = makeCsvRow(format);
    this.malformed = new MalformedRecords(split.path, "CSV", format.mode, env);
  }

  parse(run: RecordRun): unknown[] {
    this.rows = [];
    const text = decodeRun(this.records.buffer, run, this.env);
    if (text.includes(this.format.quote)) this.parseQuoted(text, run);
    else this.parsePlain(text, run);
    return this.rows;
  }

  private parsePlain(text: string, run: RecordRun): void {
    const { separator } = this.format;
    const lines = splitLines(text);
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!;
      if (line === "") continue;
      const fields: CsvField[] = line.split(separator);
      for (let k = 0; k < fields.length; k++) if (fields[k] === "") fields[k] = null;
      this.accept(fields, () => lineOffset(this.records.buffer, run, i));
    }
  }

  private parseQuoted(text: string, run: RecordRun): void {
    const offsetOf = (index: number) => run.offset + Buffer.byteLength(text.slice(0, index));
    parseCsvRecords(
      text,
      this.format,
      (fields, index) => this.accept(fields, () => offsetOf(index)),
      (index, problem) => this.malformed.report(() => ({ offset: offsetOf(index), problem })),
    );
  }

  private accept(fields: CsvField[], offset: () => number): void {
    const { columns } = this.format;
    if (this.headerAhead) {
      this.headerAhead = false;
      this.checkHeader(fields, offset);
      return;
    }
    if (fields.length !== columns.length) {
      this.malformed.report(() => ({ offset: offset(), problem: `a record has ${fields.length} fields instead of ${columns.length}` }));
      return;
    }
    try {
      this.rows.push(this.makeRow(fields));
    } catch (thrown) {
      if (!(thrown instanceof BadField)) throw thrown;
      const hint = `read the column as text with schema: { ${JSON.stringify(thrown.column)}: "string" }, or use mode: "drop"`;
      this.malformed.report(() => ({ offset: offset(), problem: thrown.message, hint }));
    }
  }

  /** Files of one scan have the same columns: a different order would mix values up. */
  private checkHeader(fields: CsvField[], offset: () => number): void {
    const names = headerNames(fields);
    const expected = this.format.columns.map(column => column.name);
    if (names.length === expected.length && names.every((name, i) => name === expected[i])) return;
    const problem = `the header is ${names.join(",")}, the first file's is ${expected.join(",")}`;
    // not a record that could be dropped: all records of the file would be read wrongly
    new MalformedRecords(this.split.path, "CSV", "fail", this.env).report(() => ({ offset: offset(), problem, hint: "read files with different columns one by one" }));
  }
}
