/** What users say about the files that they read: paths, and the options that `ctx.textFile` and its kin take last. */

/** One path, glob or comma list of them, or several (whose commas are then their own). */
export type PathSpec = string | readonly string[];

/**
 * What is done about records that cannot be read. fail: the job fails, with file, line and column (Spark's FAILFAST); drop: they are
 * left out and counted (DROPMALFORMED); permissive: what can be read of them is kept, the rest is null (PERMISSIVE).
 */
export type MalformedMode = "fail" | "drop" | "permissive";

/** What the fields of a column become. Dates are what `new Date` reads; they are never inferred. */
export type CsvType = "string" | "number" | "boolean" | "date";

/** What readers of lines take last. */
export interface TextOptions {
  /** The longest line; `firesteel.text.maxLineBytes` by default. */
  readonly maxLineBytes?: number;
}

/** What `csvFile` takes last. */
export interface CsvOptions extends TextOptions {
  /** true: each file's first record names the columns. Names: no such record, these are the names. false: rows are arrays. */
  readonly header?: boolean | readonly string[];
  /** One character; "," by default. */
  readonly separator?: string;
  /** One character; `"` by default. */
  readonly quote?: string;
  /** One character that takes a quote or itself as it is, inside quotes; besides, as always, a doubled quote is a quote. */
  readonly escape?: string;
  /** One character: lines that begin with it are no records. */
  readonly comment?: string;
  /** Fields of this text are null, quoted or not; empty ones without quotes are null in any case. */
  readonly nullValue?: string;
  /** Types by column name (by position, "0", "1" …, when header is false). Others are inferred, or strings. */
  readonly schema?: Readonly<Record<string, CsvType>>;
  /** Infer the types that `schema` leaves open from the first 1,000 rows; true by default, otherwise they are strings. */
  readonly inferSchema?: boolean;
  /** "fail" by default. */
  readonly mode?: MalformedMode;
  /** A column behind the others, for mode "permissive": the text of records that were malformed, null of others. */
  readonly corruptRecord?: string;
}

/** string: strings, and other values as their JSON; date: strings that are dates; any: values as they are. */
export type JsonType = CsvType | "any";

/** What `jsonFile` takes last. */
export interface JsonOptions extends TextOptions {
  /** Rows are objects with these properties, in this order; what a value lacks is null. Without it rows are the values themselves. */
  readonly schema?: Readonly<Record<string, JsonType>>;
  /**
   * true: each file is one value, or one array of rows, over any number of lines. false: one value a line. By default a file that
   * begins as an array does is one.
   */
  readonly multiLine?: boolean;
  /** "fail" by default. */
  readonly mode?: MalformedMode;
  /** A property for mode "permissive": the text of records that were malformed; with a schema, null in others. */
  readonly corruptRecord?: string;
}

/** What `parquetFile` takes last. */
export interface ParquetOptions {
  /** The columns to read; all by default. */
  readonly columns?: readonly string[];
}
