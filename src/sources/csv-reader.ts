/** CSV records of a split as typed rows, read field by field straight into values. */
import { ChunkedRows } from "./chunked-rows.ts";
import type { ByteSplit, CsvFormat, RowSource, SourceEnv } from "./contracts.ts";
import { headerNames } from "./csv-plan.ts";
import { type CsvField, CsvParser } from "./csv-records.ts";
import { CsvScanner } from "./csv-scanner.ts";
import { BadField, convertField } from "./csv-values.ts";
import { MalformedRecords } from "./malformed.ts";
import { RecordReader, type RecordRun } from "./record-reader.ts";
import { makeObject, type ObjectMaker } from "./row-maker.ts";
import { decodeRun } from "./text-reader.ts";

export function openCsv(split: ByteSplit, format: CsvFormat, env: SourceEnv): RowSource {
  const scanner = new CsvScanner(format, split.start === 0);
  const records = new RecordReader(
    split,
    env,
    { noun: "CSV record", maxBytes: format.maxLineBytes },
    scanner.findLastEnd,
  );
  const rows = new CsvRows(split, format, env);
  return new ChunkedRows(records, env, run => rows.parse(decodeRun(records.buffer, run, env), run));
}

class CsvRows {
  private headerAhead: boolean;
  private readonly malformed: MalformedRecords;
  private readonly makeRow: ObjectMaker;
  private readonly values: unknown[];

  constructor(
    private readonly split: ByteSplit,
    private readonly format: CsvFormat,
    private readonly env: SourceEnv,
  ) {
    this.headerAhead = format.headerLine && split.start === 0;
    this.malformed = new MalformedRecords(split.path, "CSV", format.mode, env);
    this.makeRow =
      format.rows === "arrays" ? values => values.slice() : makeObject(format.columns.map(column => column.name));
    this.values = format.columns.map(() => null);
  }

  parse(text: string, run: RecordRun): unknown[] {
    const rows: unknown[] = [];
    const offsetOf = (index: number) => run.offset + Buffer.byteLength(text.slice(0, index));
    const parser = new CsvParser(text, this.format, (index, problem) =>
      this.malformed.report(() => ({ offset: offsetOf(index), problem })),
    );
    while (parser.at < text.length) {
      const { at } = parser;
      if (this.headerAhead) {
        const header = parser.nextRecord();
        if (header !== undefined) this.checkHeader(header, offsetOf(at));
      } else if (!parser.skipRecordEnd()) {
        if (this.readValues(parser, () => offsetOf(at))) rows.push(this.makeRow(this.values));
      }
    }
    return rows;
  }

  /** Fills `values` from the next record; false after a malformed one, which is gone over. */
  private readValues(parser: CsvParser, offset: () => number): boolean {
    const { values } = this;
    const { columns } = this.format;
    const { at } = parser;
    try {
      for (let i = 0; i < columns.length; i++) {
        if (i > 0 && !parser.skipSeparator()) return this.refuseCount(parser, at, offset);
        const column = columns[i]!;
        if (column.type === "number") {
          const value = parser.nextDecimal();
          if (value === value) {
            values[i] = value;
            continue;
          }
        }
        const field = parser.nextField();
        if (field === undefined) return false;
        values[i] = column.type === "string" ? field : convertField(field, column);
      }
    } catch (thrown) {
      if (!(thrown instanceof BadField)) throw thrown;
      const hint = `read the column as text with schema: { ${JSON.stringify(thrown.column)}: "string" }, or use mode: "drop"`;
      this.malformed.report(() => ({ offset: offset(), problem: thrown.message, hint }));
      parser.at = at;
      parser.nextRecord();
      return false;
    }
    return parser.skipRecordEnd() || this.refuseCount(parser, at, offset);
  }

  private refuseCount(parser: CsvParser, at: number, offset: () => number): false {
    parser.at = at;
    const fields = parser.nextRecord();
    // undefined: it is malformed in another way as well, which has been reported
    if (fields === undefined) return false;
    const { length } = this.format.columns;
    this.malformed.report(() => ({
      offset: offset(),
      problem: `a record has ${fields.length} ${fields.length === 1 ? "field" : "fields"} instead of ${length}`,
    }));
    return false;
  }

  /** Files of one scan have the same columns: a different order would mix values up. */
  private checkHeader(fields: CsvField[], offset: number): void {
    this.headerAhead = false;
    const names = headerNames(fields);
    const expected = this.format.columns.map(column => column.name);
    if (names.length === expected.length && names.every((name, i) => name === expected[i])) return;
    const problem = `the header is ${names.join(",")}, the first file's is ${expected.join(",")}`;
    // not a record that could be dropped: all records of the file would be read wrongly
    new MalformedRecords(this.split.path, "CSV", "fail", this.env).report(() => ({
      offset,
      problem,
      hint: "read files with different columns one by one",
    }));
  }
}
