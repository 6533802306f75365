/**
 * How the planner and the tasks read and write files. The driver makes a `Scan` synchronously (`planText`, `planCsv`,
 * `planJson`, `planParquet`): a format with its options, and splits, all plain data. A task opens one split with
 * `openSplit(scan.format, split, env)` and pulls chunks of rows, or batches, until `undefined`.
 *
 * Plain and Parquet files answer synchronously; gzip files answer with promises, so callers `await` only what is a promise.
 */
import type { Batch } from "../data/column.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { CsvType, MalformedMode } from "./options.ts";

/** A file that exists and may be read. `path` is absolute. */
export interface InputFile {
  readonly path: string;
  readonly bytes: number;
  readonly compression?: "gzip";
}

/** One partition's input: bytes of a file, or row groups of a Parquet file. Plain data. */
export type InputSplit = ByteSplit | RowGroupSplit;

export interface ByteSplit {
  readonly kind: "bytes";
  readonly path: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly fileBytes: number;
  readonly compression?: "gzip";
  /**
   * lines: Hadoop's rule; the split's lines are those that begin after `start` (or at 0) and at or before `end`.
   * records: `start` and `end` are record boundaries.
   */
  readonly bounds: "lines" | "records";
}

export interface RowGroupSplit {
  readonly kind: "rowGroups";
  readonly path: string;
  readonly fileBytes: number;
  /** Row groups `from` … `to` − 1. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** A format and its options. Plain data, the same for all splits of a scan. */
export type ScanFormat =
  | { readonly format: "text"; readonly maxLineBytes: number }
  | CsvFormat
  | { readonly format: "json"; readonly mode: MalformedMode; readonly maxLineBytes: number }
  | {
      readonly format: "parquet";
      /** Top-level columns to read, in this order; all of them when absent. */
      readonly columns?: readonly string[];
    };

export interface CsvFormat {
  readonly format: "csv";
  readonly columns: readonly CsvColumn[];
  /** Rows are objects keyed by column name, or arrays in column order. */
  readonly rows: "objects" | "arrays";
  /** Every file begins with a record of column names. */
  readonly headerLine: boolean;
  readonly separator: string;
  readonly quote: string;
  readonly mode: MalformedMode;
  readonly maxLineBytes: number;
}

export interface CsvColumn {
  readonly name: string;
  readonly type: CsvType;
}

/** What `textFile`, `csvFile`, `jsonFile` and `parquetFile` become. */
export interface Scan {
  readonly format: ScanFormat;
  readonly splits: readonly InputSplit[];
}

/** What a task gives its readers and writers. */
export interface SourceEnv {
  readonly kernels: Kernels;
  readonly allocator: Allocator;
  readonly metrics: SourceMetrics;
}

export interface SourceMetrics {
  add(metric: SourceMetric, amount: number): void;
}

/** invalidUtf8 counts replaced byte sequences; rowsDropped what mode "drop" left out; bytesRead is before decompression. */
export type SourceMetric = "bytesRead" | "rowsRead" | "invalidUtf8" | "rowsDropped" | "bytesWritten" | "rowsWritten";

export type Pulled<T> = T | undefined | Promise<T | undefined>;

export interface Words extends Batch {
  /** Lines that end in these words. */
  readonly lines: number;
}

/** Rows of one split, in file order. Use one of the methods, not several. `close` may be called at any time, and more than once. */
export interface RowSource<T = unknown> {
  /** At most `chunkRowsMax` rows; never an empty chunk; undefined at the end. The array is the caller's. */
  nextChunk(): Pulled<T[]>;
  /**
   * The same rows as columns, at most `batchRowsMax`, valid until the next call or `close`. Present where the format
   * makes columns without making JavaScript rows first (text, Parquet).
   */
  nextBatch?(): Pulled<Batch>;
  /** As `nextBatch`, with strings as spans of the buffer that was read into. Present where that spares a copy (text). */
  nextSpans?(): Pulled<Batch>;
  /** What splitting every row at an ASCII character gives, as spans: in one pass, where rows are lines. */
  nextWords?(separator: number): Pulled<Words>;
  /** Rows made from batches are no slower than chunks: whoever needs rows may as well take batches. */
  readonly columnar?: boolean;
  close(): void;
}

export const chunkRowsMax = 4096;
export const maxLineBytesDefault = 256 * 1024 * 1024;

/** A saveAsTextFile in progress (`text-sink.ts`): made on the driver by `createOutput`, plain data. */
export interface OutputDirectory {
  /** Absolute. */
  readonly path: string;
  /** The outermost parent directory that had to be made for it. */
  readonly createdParent?: string;
}

/** One attempt's part file. Nothing of it is seen before `commit`; the first attempt of a partition to commit wins. */
export interface PartWriter {
  write(rows: readonly unknown[]): void;
  /** Makes the file whole and safe from `abort`; it counts when the job's commit names its attempt. */
  commit(): void;
  abort(): void;
}
