/**
 * How the planner and the tasks read and write files. The driver makes a `Scan` synchronously (`planText`, `planCsv`,
 * `planJson`, `planParquet`): a format with its options, and splits, all plain data. A task opens one split with
 * `openSplit(scan.format, split, env)` and pulls chunks of rows, or batches, until `undefined`.
 *
 * Plain and Parquet files answer synchronously; compressed files may answer with promises, so callers `await` only what is a promise.
 */
import type { Batch } from "../data/column.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Codec } from "./codecs.ts";
import type { FileSettings } from "./file-settings.ts";
import type { CsvType, JsonType, MalformedMode } from "./options.ts";

/** A file that exists and may be read. `path` is absolute, or the address of a remote file. */
export interface InputFile {
  readonly path: string;
  /** `bytesUnknown` where a web server does not tell. */
  readonly bytes: number;
  readonly compression?: Codec;
  /** Where it is, when `path` shows less: an address with a password, or a query that may hold a signature. */
  readonly address?: string;
  /** Of a remote file: what changes when it does. */
  readonly version?: string;
  /** Largest split of it; a local file's block where nothing is said. */
  readonly blockBytes?: number;
  /** It has no ranges: one split. */
  readonly wholeOnly?: boolean;
  /** Where its bytes are, as far as anyone tells. */
  readonly blocks?: readonly FileBlock[];
  /** Of a remote file: how the driver reads bytes `from` … `to` − 1 for its plans. A function, for it knows secrets and is never sent. */
  readonly readForPlan?: (from: number, to: number) => Buffer;
}

export interface FileBlock {
  readonly start: number;
  readonly bytes: number;
  /** Names and addresses of machines that have it. */
  readonly hosts: readonly string[];
}

/** What a split says of its file where that is remote. Plain data. */
export interface RemotePart {
  readonly address?: string;
  readonly version?: string;
  readonly wholeOnly?: boolean;
  /** Machines that have most of the split's bytes, those with more first. */
  readonly hosts?: readonly string[];
}

/** Larger than any file: the length of one whose server does not tell it. */
export const bytesUnknown = Number.MAX_SAFE_INTEGER;

/** One partition's input: bytes of a file, row groups of a Parquet file, or whole files. Plain data. */
export type InputSplit = ByteSplit | RowGroupSplit | FilesSplit;

export interface FilesSplit {
  readonly kind: "files";
  /** Each whole. */
  readonly files: readonly ByteSplit[];
  /** One of the files', a remote one's where there are such. */
  readonly path: string;
  /** Of one of the files that are compressed. */
  readonly compression?: Codec;
  /** Machines that have most of their bytes. */
  readonly hosts?: readonly string[];
}

export interface ByteSplit extends RemotePart {
  readonly kind: "bytes";
  readonly path: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly fileBytes: number;
  readonly compression?: Codec;
  /**
   * lines: Hadoop's rule; the split's lines are those that begin after `start` (or at 0) and at or before `end`.
   * records: `start` and `end` are record boundaries. whole: the file is one record.
   */
  readonly bounds: "lines" | "records" | "whole";
}

export interface RowGroupSplit extends RemotePart {
  readonly kind: "rowGroups";
  readonly path: string;
  readonly fileBytes: number;
  /** Row groups `from` … `to` − 1. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Of a remote file: how its rows are best read. */
  readonly form?: "rows" | "batches" | "columns";
}

/** A format and its options. Plain data, the same for all splits of a scan. */
export type ScanFormat =
  | { readonly format: "text"; readonly maxLineBytes: number }
  | { readonly format: "wholeFiles"; readonly rows: "text" | "bytes"; readonly maxFileBytes: number }
  | { readonly format: "records"; readonly recordBytes: number }
  | { readonly format: "objects" }
  | CsvFormat
  | JsonFormat
  | {
      readonly format: "parquet";
      /** Top-level columns to read, in this order; all of them when absent. */
      readonly columns?: readonly string[];
    };

export interface JsonFormat {
  readonly format: "json";
  readonly mode: MalformedMode;
  readonly maxLineBytes: number;
  readonly schema?: readonly { readonly name: string; readonly type: JsonType }[];
  readonly corruptRecord?: string;
}

export interface CsvFormat {
  readonly format: "csv";
  readonly columns: readonly CsvColumn[];
  /** Rows are objects keyed by column name, or arrays in column order. */
  readonly rows: "objects" | "arrays";
  /** Every file begins with a record of column names. */
  readonly headerLine: boolean;
  readonly separator: string;
  readonly quote: string;
  readonly escape?: string;
  readonly comment?: string;
  readonly nullValue?: string;
  readonly corruptRecord?: string;
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
  /** What remote files are read with; absent where all are local. */
  readonly files?: FileSettings;
}

export interface SourceMetrics {
  /** `path`: the file's, where a split has several. */
  add(metric: SourceMetric, amount: number, path?: string): void;
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
