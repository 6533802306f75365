/** What users say about the files that they read: paths, and the options that `ctx.textFile` and its kin take last. */

/** One path, glob or comma list of them, or several (whose commas are then their own). */
export type PathSpec = string | readonly string[];

export type MalformedMode = "fail" | "drop";

export type CsvType = "string" | "number" | "boolean" | "date";

export interface TextOptions {
  /** `firesteel.text.maxLineBytes`. */
  readonly maxLineBytes?: number;
}

export interface CsvOptions extends TextOptions {
  /** true: each file's first record names the columns. Names: no such record, these are the names. false: rows are arrays. */
  readonly header?: boolean | readonly string[];
  /** One character; "," by default. */
  readonly separator?: string;
  /** One character; `"` by default. */
  readonly quote?: string;
  /** Types by column name (by position, "0", "1" …, when header is false). Others are inferred, or strings. */
  readonly schema?: Readonly<Record<string, CsvType>>;
  /** Infer the types that `schema` leaves open from the first 1,000 rows; true by default, otherwise they are strings. */
  readonly inferSchema?: boolean;
  readonly mode?: MalformedMode;
}

export interface JsonOptions extends TextOptions {
  readonly mode?: MalformedMode;
}

export interface ParquetOptions {
  readonly columns?: readonly string[];
}
