/**
 * JSON values as rows: as they are, or as objects of a schema. What a text is that cannot be parsed, or a value that is not of
 * the schema, is decided here by the mode: an error with its place, no row, or a row of what can be read.
 */
import type { ByteSplit, JsonFormat, SourceEnv } from "./contracts.ts";
import { problemAt } from "./json-problem.ts";
import { MalformedRecords } from "./malformed.ts";
import type { JsonType } from "./options.ts";
import type { RecordRun } from "./record-reader.ts";
import { makeObject, type ObjectMaker } from "./row-maker.ts";

/** Stands for a value that is not of its property's type. */
const unreadable: unique symbol = Symbol("unreadable");

export class JsonRows {
  readonly malformed: MalformedRecords;
  private readonly schema: NonNullable<JsonFormat["schema"]> | undefined;
  private readonly make: ObjectMaker;

  constructor(
    split: ByteSplit,
    private readonly format: JsonFormat,
    env: SourceEnv,
  ) {
    this.malformed = new MalformedRecords(split, "JSON", format.mode, env);
    this.schema = format.schema;
    const names = (format.schema ?? []).map(property => property.name);
    this.make = makeObject(format.corruptRecord === undefined ? names : [...names, format.corruptRecord]);
  }

  /** What is read next is of this run. */
  begin(buffer: Buffer, run: RecordRun): void {
    this.malformed.begin(buffer, run);
  }

  /** Whether values are rows as they are. */
  get plain(): boolean {
    return this.schema === undefined;
  }

  /** Adds the row of one text; `offset` is where the text begins in the file. */
  read(text: string, offset: () => number, rows: unknown[]): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (thrown) {
      this.malformed.report(() => problemAt(text, offset(), thrown));
      if (this.malformed.permissive) rows.push(this.corrupt(text));
      return;
    }
    this.add(value, text, offset, rows);
  }

  /** Adds the row of a value; its text and place are for those that are not of the schema. */
  add(value: unknown, text: string, offset: () => number, rows: unknown[]): void {
    const { schema } = this;
    if (schema === undefined) {
      rows.push(value);
      return;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.malformed.report(() => ({ offset: offset(), problem: `${nameOf(value)} where an object is needed` }));
      if (this.malformed.permissive) rows.push(this.corrupt(text));
      return;
    }
    const values: unknown[] = [];
    let isMalformed = false;
    for (const { name, type } of schema) {
      const given = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null;
      const read = given === null ? null : convert(given, type);
      if (read === unreadable) {
        this.malformed.report(() => ({
          offset: offset(),
          problem: `property ${JSON.stringify(name)} is ${nameOf(given)}, not a ${type}`,
        }));
        if (!this.malformed.permissive) return;
        isMalformed = true;
      }
      values.push(read === unreadable ? null : read);
    }
    if (this.format.corruptRecord !== undefined) values.push(isMalformed ? text.trim() : null);
    rows.push(this.make(values));
  }

  /** The row of a text of which nothing can be read. */
  private corrupt(text: string): unknown {
    const { schema } = this;
    const { corruptRecord } = this.format;
    const whole = corruptRecord === undefined ? [] : [text.trim()];
    if (schema !== undefined) return this.make([...schema.map(() => null), ...whole]);
    return corruptRecord === undefined ? null : this.make(whole);
  }
}

function convert(value: unknown, type: JsonType): unknown {
  switch (type) {
    case "any":
      return value;
    case "string":
      return typeof value === "string" ? value : JSON.stringify(value);
    case "date": {
      const date = typeof value === "string" ? new Date(value) : undefined;
      return date === undefined || Number.isNaN(date.getTime()) ? unreadable : date;
    }
    default:
      return typeof value === type ? value : unreadable;
  }
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
