/**
 * CSV records as batches. A kernel reads the plain ones into columns; records and cells that it leaves are read as JavaScript
 * reads them (`csv-rows.ts`, `csv-values.ts`), so both ways give the same rows, errors and counts.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { type Batch, batchRowsMax, type Column } from "../data/column.ts";
import { type CsvBytes, CsvColumns } from "../kernel/csv.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import type { CsvFormat, Pulled, SourceEnv } from "./contracts.ts";
import type { CsvRows } from "./csv-rows.ts";
import { CsvScanner } from "./csv-scanner.ts";
import { BadField, convertField } from "./csv-values.ts";
import type { RecordReader, RecordRun } from "./record-reader.ts";
import { Room } from "./room.ts";
import { decodeRun } from "./text-reader.ts";

/** More fields are no tuple, or no struct that code is generated for. */
const arrayColumnsMax = 16;
const objectColumnsMax = 128;
/** A batch that has so many bytes of text takes no other run. */
const textBytesMax = 1 << 20;

const stepMin = 16;
/** Batches of many columns have fewer rows: a task's share of memory may be small. */
const cellsMax = 1 << 17;
const rowsMin = 256;

/** Whether rows of the format have a layout that is made here, of records that the kernel knows. */
export function hasBatches(format: CsvFormat): boolean {
  const { columns, rows } = format;
  if (format.nullValue !== undefined || format.corruptRecord !== undefined) return false;
  return columns.length > 0 && columns.length <= (rows === "arrays" ? arrayColumnsMax : objectColumnsMax);
}

/** The characters of a format as kernels know them. */
export function bytesOfCsv({ separator, quote, escape, comment }: CsvFormat): CsvBytes {
  const [separatorByte, quoteByte] = [separator.charCodeAt(0), quote.charCodeAt(0)];
  return {
    ...{ separator: separatorByte, quote: quoteByte },
    ...{ escape: escape?.charCodeAt(0), comment: comment?.charCodeAt(0) },
  };
}

/** The run at hand: well-formed UTF-8 of whole records. */
class OpenRun {
  /** The run as a string where every byte is a character, once a cell was looked at. */
  private text: string | undefined;

  constructor(
    readonly ptr: Ptr,
    readonly bytes: Buffer,
    /** Offset in the file of its first byte. */
    readonly position: number,
  ) {}

  /** A slice of one string costs a fifth of a decoding. */
  textOf(start: number, end: number): string {
    this.text ??= isAscii(this.bytes) ? this.bytes.toString("latin1") : "";
    return this.text === "" ? this.bytes.toString("utf8", start, end) : this.text.slice(start, end);
  }
}

export class CsvBatches {
  private readonly columns: CsvColumns;
  private readonly repaired: Room;
  /** Columns in which nulls were met: their layout stays optional. */
  private readonly nullable: boolean[];
  private run: OpenRun | undefined;
  private handedOut = false;
  /** Rows to read before looking at cells: few where some were bad, for those behind them are read again. */
  private step = batchRowsMax;

  constructor(
    private readonly records: RecordReader,
    private readonly rows: CsvRows,
    private readonly format: CsvFormat,
    private readonly env: SourceEnv,
  ) {
    const { columns } = format;
    this.columns = new CsvColumns(
      env.kernels,
      env.allocator,
      columns.map(column => column.type),
      bytesOfCsv(format),
      Math.min(batchRowsMax, Math.max(rowsMin, Math.floor(cellsMax / columns.length))),
    );
    this.repaired = new Room(env);
    this.nullable = columns.map(() => false);
  }

  next(): Pulled<Batch> {
    if (this.handedOut) this.columns.clear();
    this.handedOut = false;
    return this.fill();
  }

  close(): void {
    this.columns.free();
    this.repaired.free();
  }

  private fill(): Pulled<Batch> {
    const { columns } = this;
    for (;;) {
      if (this.run !== undefined) {
        this.readRun(this.run);
        if (columns.rows === columns.rowsMax) return this.batch();
        this.run = undefined;
        if (columns.textBytes > textBytesMax) return this.batch();
      }
      const run = this.records.next();
      if (run instanceof Promise) return run.then(arrived => (this.start(arrived) ? this.fill() : this.batch()));
      if (!this.start(run)) return this.batch();
    }
  }

  private start(run: RecordRun | undefined): boolean {
    if (run === undefined) return false;
    const { buffer, ptr } = this.records;
    this.rows.begin(buffer, run);
    let bytes = buffer.subarray(run.from, run.to);
    let at = offset(ptr, run.from);
    if (!isUtf8(bytes)) {
      bytes = Buffer.from(decodeRun(buffer, run, this.env));
      at = this.repaired.ensure(bytes.length);
      this.env.kernels.u8.set(bytes, at);
    }
    this.run = new OpenRun(at, bytes, run.offset);
    this.columns.startRun(bytes.length);
    return true;
  }

  /** Reads records until the run ends or the batch is full. */
  private readRun(run: OpenRun): void {
    const { columns } = this;
    while (columns.at < run.bytes.length && columns.rows < columns.rowsMax) {
      if (this.rows.headerAhead) {
        this.readRecord(run);
        continue;
      }
      const stop = columns.read(run.ptr, this.step);
      this.step = Math.min(batchRowsMax, this.step * 2);
      if (!this.readCells(run)) this.step = stepMin;
      else if (stop === "strange") this.readRecord(run);
    }
  }

  /** Reads the record at hand as JavaScript does. */
  private readRecord(run: OpenRun): void {
    const { columns } = this;
    const from = columns.at;
    const end = new CsvScanner(this.format, false).findFirstEnd(run.bytes, from, run.bytes.length);
    const to = end < 0 ? run.bytes.length : end;
    columns.skipTo(to);
    this.rows.parse(run.bytes.toString("utf8", from, to), run.position + from, values => columns.push(values));
  }

  /** Looks at the cells that the kernel left. False when one is bad: then all from its record on is to be read again. */
  private readCells(run: OpenRun): boolean {
    const { columns, format } = this;
    for (const { row, column, start, end } of columns.takeCells()) {
      const text = run.textOf(start, end);
      const isQuoted = run.bytes[start - 1] === format.quote.charCodeAt(0);
      const field = isQuoted ? withoutQuoting(text, format) : text;
      try {
        columns.put(row, column, convertField(field, format.columns[column]!));
      } catch (thrown) {
        if (!(thrown instanceof BadField)) throw thrown;
        columns.skipTo(columns.startOf(row));
        columns.truncate(row);
        this.readRecord(run);
        return false;
      }
    }
    return true;
  }

  private batch(): Batch | undefined {
    const { columns, format, env } = this;
    const { rows } = columns;
    if (rows === 0) return undefined;
    this.handedOut = true;
    env.metrics.add("rowsRead", rows);
    const fields = format.columns.map((_, i) => this.field(i, rows));
    const shape =
      format.rows === "arrays"
        ? ({ of: "tuple" } as const)
        : ({ of: "object", names: format.columns.map(column => column.name) } as const);
    return { rows, root: { kind: "struct", rows, shape, fields } };
  }

  private field(i: number, rows: number): Column {
    const { kernels } = this.env;
    const { type, values, validity } = this.columns.columns[i]!;
    this.nullable[i] ||= kernels.run.countMask(validity, rows) < rows;
    const item = columnOf(type, rows, values, this.columns.bytesOf(i));
    return this.nullable[i] ? { kind: "optional", rows, absent: null, validity, item } : item;
  }
}

function columnOf(type: CsvFormat["columns"][number]["type"], rows: number, values: Ptr, bytes: Ptr): Column {
  switch (type) {
    case "number":
      return { kind: "f64", rows, values };
    case "date":
      return { kind: "date", rows, values };
    case "boolean":
      return { kind: "bool", rows, values };
    case "string":
      return { kind: "utf8", rows, offsets: values, bytes };
  }
}

/** A quoted field's text, of doubled and escaped characters one. */
function withoutQuoting(text: string, { quote, escape }: CsvFormat): string {
  if (escape === undefined || !text.includes(escape)) return text.replaceAll(quote + quote, quote);
  let field = "";
  for (let i = 0; i < text.length; i++) {
    const next = text[i + 1];
    if (text[i] === quote || (text[i] === escape && (next === quote || next === escape))) i++;
    field += text[i];
  }
  return field;
}
