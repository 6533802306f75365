/**
 * CSV records of a text as values, read field by field: every record's meaning is decided here. Malformed ones are reported and
 * left out.
 */
import type { ByteSplit, CsvFormat, SourceEnv } from "./contracts.ts";
import type { CsvColumn } from "./contracts.ts";
import { headerNames } from "./csv-plan.ts";
import { type CsvField, CsvParser } from "./csv-records.ts";
import { BadField, convertField } from "./csv-values.ts";
import { MalformedRecords } from "./malformed.ts";
import type { RecordRun } from "./record-reader.ts";

export class CsvRows {
  /** The next record names the columns. */
  headerAhead: boolean;
  private readonly malformed: MalformedRecords;
  private readonly values: unknown[];

  constructor(
    private readonly split: ByteSplit,
    private readonly format: CsvFormat,
    private readonly env: SourceEnv,
  ) {
    this.headerAhead = format.headerLine && split.start === 0;
    this.malformed = new MalformedRecords(split, "CSV", format.mode, env);
    this.values = format.columns.map(() => null);
    if (format.corruptRecord !== undefined) this.values.push(null);
  }

  /** What is parsed next is of this run. */
  begin(buffer: Buffer, run: RecordRun): void {
    this.malformed.begin(buffer, run);
  }

  /** Calls `take` with the values of each record, which are valid during the call. The text begins at byte `position` of the file. */
  parse(text: string, position: number, take: (values: readonly unknown[]) => void): void {
    const offsetOf = (index: number) => position + Buffer.byteLength(text.slice(0, index));
    const parser = new CsvParser(text, this.format, (index, problem) =>
      this.malformed.report(() => ({ offset: offsetOf(index), problem })),
    );
    while (parser.at < text.length) {
      const { at } = parser;
      if (this.headerAhead) {
        const header = parser.nextRecord();
        if (header !== undefined) this.checkHeader(header, offsetOf(at));
      } else if (!parser.skipRecordEnd() && !parser.skipComment()) {
        if (this.readValues(parser, () => offsetOf(at))) take(this.values);
      }
    }
  }

  /** Fills `values` from the next record; false after a malformed one, which is gone over. */
  private readValues(parser: CsvParser, offset: () => number): boolean {
    const { values } = this;
    const { columns, nullValue, corruptRecord } = this.format;
    const { at } = parser;
    if (corruptRecord !== undefined) values[columns.length] = null;
    try {
      for (let i = 0; i < columns.length; i++) {
        if (i > 0 && !parser.skipSeparator()) return this.refuseCount(parser, at, offset);
        const column = columns[i]!;
        if (column.type === "number" && nullValue === undefined) {
          const value = parser.nextDecimal();
          if (value === value) {
            values[i] = value;
            continue;
          }
        }
        const field = parser.nextField();
        if (field === undefined) return this.malformed.permissive && this.salvage(parser, at);
        values[i] = convertField(field, column, nullValue);
      }
    } catch (thrown) {
      if (!(thrown instanceof BadField)) throw thrown;
      if (this.malformed.permissive) return this.salvage(parser, at);
      const hint = `read the column as text with schema: { ${JSON.stringify(thrown.column)}: "string" }, or use mode: "drop" or "permissive"`;
      this.malformed.report(() => ({ offset: offset(), problem: thrown.message, hint }));
      parser.at = at;
      parser.nextRecord();
      return false;
    }
    return parser.skipRecordEnd() || this.refuseCount(parser, at, offset);
  }

  /** Reads what can be read of the malformed record at `at`: fields that it has, where they are of their column's type. */
  private salvage(parser: CsvParser, at: number): true {
    const { values } = this;
    const { columns, nullValue, corruptRecord } = this.format;
    parser.at = at;
    const fields = parser.nextRecord() ?? [];
    for (let i = 0; i < columns.length; i++) values[i] = readable(fields[i] ?? null, columns[i]!, nullValue);
    if (corruptRecord !== undefined) values[columns.length] = parser.text.slice(at, parser.at).replace(/\r?\n$/, "");
    return true;
  }

  private refuseCount(parser: CsvParser, at: number, offset: () => number): boolean {
    if (this.malformed.permissive) return this.salvage(parser, at);
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
    new MalformedRecords(this.split, "CSV", "fail", this.env).report(() => ({
      offset,
      problem,
      hint: "read files with different columns one by one",
    }));
  }
}

function readable(field: CsvField, column: CsvColumn, nullValue: string | undefined): unknown {
  try {
    return convertField(field, column, nullValue);
  } catch (thrown) {
    if (thrown instanceof BadField) return null;
    throw thrown;
  }
}
