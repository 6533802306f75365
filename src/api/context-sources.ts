/** Where Rdds begin: rows at hand, ranges, files, unions of others. `Context` adds what is of the application. */
import { FiresteelError } from "../base/errors.ts";
import { callSite } from "../closure/stack.ts";
import { preview } from "../operators/row-errors.ts";
import type { FilesPlan } from "../plan/nodes.ts";
import type { CsvOptions, JsonOptions, ParquetOptions, PathSpec, TextOptions } from "../sources/options.ts";
import type { Driver } from "./driver.ts";
import { encodeRows } from "./encode-at.ts";
import { checkPartitions } from "./partitioner.ts";
import type { Rdd } from "./rdd.ts";
import { checkOptions } from "./known-options.ts";
import { unionOf } from "./union.ts";
import type { Hint, Widen } from "./widen.ts";

const recordBytesMax = 1 << 30;

export abstract class ContextSources {
  /** @internal */
  abstract readonly driver: Driver;

  /**
   * Partitions of `parallelize` and `range` where the call names no number, and the number of partitions that files are cut for:
   * `firesteel.default.parallelism`, by default the number of task threads; with a master elsewhere, that of the driver's own cores.
   * @example
   * ```ts
   * ctx.range(100).numPartitions === ctx.defaultParallelism // => true
   * ```
   */
  get defaultParallelism(): number {
    return this.driver.defaultParallelism;
  }

  /**
   * Rows at hand as an Rdd, cut evenly: slice i begins at i·rows/numSlices, rounded down. Values are copied now.
   * @cost narrow
   * @memory the rows are encoded on the driver, and stay there; tasks fetch their slices
   * @throws when `rows` is no iterable, a row cannot be sent, or `numSlices` is no integer from 1 to 1,000,000
   * @example
   * ```ts
   * await ctx.parallelize(["a", "b", "c"], 2).glom().collect() // => [["a"], ["b", "c"]]
   * ```
   */
  parallelize<T extends [Hint, ...Hint[]]>(rows: Iterable<T>, numSlices?: number): Rdd<Widen<T>>;
  parallelize<T>(rows: Iterable<T>, numSlices?: number): Rdd<T>;
  parallelize<T>(rows: Iterable<T>, numSlices: number = this.defaultParallelism): Rdd<T> {
    const node = this.node("parallelize");
    checkPartitions(numSlices, "parallelize", node.at);
    if (typeof (rows as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] !== "function") {
      throw new FiresteelError("user", `parallelize needs an array or another iterable, but got ${preview(rows)}`, {
        hint: hintForRows(rows),
        at: node.at,
      });
    }
    const all = Array.isArray(rows) ? rows : [...rows];
    const starts = Array.from({ length: numSlices + 1 }, (_, i) => Math.floor((i * all.length) / numSlices));
    const slices = starts.slice(1).map((end, i) => encodeRows(all, starts[i]!, end, "parallelize", node.at));
    return this.driver.makeRdd<T>({ ...node, op: "parallelize", slices });
  }

  /**
   * Numbers from `start` up to but without `end`, by `step`; with one argument from 0 up to it.
   * @cost narrow
   * @memory nothing is stored: numbers are counted up in the tasks
   * @throws when a bound is not finite, `step` is 0, or `numSlices` is no integer from 1 to 1,000,000
   * @example
   * ```ts
   * await ctx.range(3).collect() // => [0, 1, 2]
   * await ctx.range(10, 0, -4).collect() // => [10, 6, 2]
   * ```
   */
  range(start: number, end?: number, step = 1, numSlices: number = this.defaultParallelism): Rdd<number> {
    const node = this.node("range");
    checkPartitions(numSlices, "range", node.at);
    const [first, limit] = end === undefined ? [0, start] : [start, end];
    for (const [name, value] of Object.entries({ start: first, end: limit, step })) {
      if (!Number.isFinite(value))
        throw new FiresteelError("user", `range's ${name} must be a finite number, but is ${preview(value)}`, {
          at: node.at,
        });
    }
    if (step === 0) throw new FiresteelError("user", "range's step must not be 0", { at: node.at });
    const rows = Math.max(0, Math.ceil((limit - first) / step));
    return this.driver.makeRdd<number>({ ...node, op: "range", start: first, step, rows, partitions: numSlices });
  }

  /**
   * No rows in no partitions.
   * @cost narrow
   * @memory none
   * @example
   * ```ts
   * await ctx.emptyRdd<string>().count() // => 0
   * ```
   */
  emptyRdd<T = never>(): Rdd<T> {
    return this.driver.makeRdd<T>({ ...this.node("emptyRdd"), op: "parallelize", slices: [] });
  }

  /**
   * Lines of text files, without their ends (LF or CRLF; a byte order mark at the start is dropped). Files named `.gz`, `.zst`,
   * `.bz2` or `.deflate` are decompressed. As in Spark, partitions have about total / `minPartitions` bytes, at most
   * `firesteel.files.maxPartitionBytes`; a compressed file is one partition. Paths are local, or addresses: `http:` and `https:`
   * (one file each), `s3:` of any server that speaks S3, `hdfs:` by WebHDFS, whose tasks run where their blocks are; all sources
   * read them.
   * @cost narrow: files are listed on the driver when partitions are first needed
   * @memory streams: buffers of a partition; a line has at most `maxLineBytes`
   * @throws when a path names nothing or cannot be read; in the task, when a line is too long, or a remote file has changed since
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * writeFileSync("poem.txt", "two roads\ndiverged\n");
   * await ctx.textFile("poem.txt").collect() // => ["two roads", "diverged"]
   * ```
   */
  textFile(
    path: PathSpec,
    minPartitions: number = Math.min(2, this.defaultParallelism),
    options: TextOptions = {},
  ): Rdd<string> {
    return this.files<string>("text", "textFile", path, minPartitions, options);
  }

  /**
   * Files as rows of their path and their text, in the order of their paths; several small ones make a partition. Compressed files
   * are unpacked.
   * @cost narrow
   * @memory one file at a time, `firesteel.files.maxFileBytes` at most
   * @throws where a path names nothing, or a file is larger than a row may be
   * @example
   * ```ts
   * await ctx.parallelize(["a", "b"], 1).saveAsTextFile("whole");
   * await ctx.wholeTextFiles("whole").values().collect() // => ["a\nb\n"]
   * ```
   */
  wholeTextFiles(
    path: PathSpec,
    minPartitions: number = Math.min(2, this.defaultParallelism),
  ): Rdd<[path: string, text: string]> {
    return this.files("wholeText", "wholeTextFiles", path, minPartitions, {});
  }

  /**
   * Files as rows of their path and their bytes, compressed or not, in the order of their paths; several small ones make a partition.
   * Where Spark gives a stream to open later, these are the bytes themselves.
   * @cost narrow
   * @memory one file at a time, `firesteel.files.maxFileBytes` at most
   * @throws where a path names nothing, or a file is larger than a row may be
   * @example
   * ```ts
   * await ctx.parallelize(["ab"], 1).saveAsTextFile("bytes");
   * await ctx.binaryFiles("bytes").mapValues(bytes => bytes.length).values().collect() // => [3]
   * ```
   */
  binaryFiles(
    path: PathSpec,
    minPartitions: number = Math.min(2, this.defaultParallelism),
  ): Rdd<[path: string, bytes: Uint8Array]> {
    return this.files("wholeBytes", "binaryFiles", path, minPartitions, {});
  }

  /**
   * Records of `recordLength` bytes each, as arrays of their own.
   * @cost narrow
   * @memory streams: buffers of a partition
   * @throws where a file does not hold whole records
   * @example
   * ```ts
   * await ctx.parallelize(["abc", "def"], 1).saveAsTextFile("records");
   * await ctx.binaryRecords("records/part-00000", 4).map(bytes => bytes[0]).collect() // => [97, 100]
   * ```
   */
  binaryRecords(path: PathSpec, recordLength: number): Rdd<Uint8Array> {
    if (!Number.isSafeInteger(recordLength) || recordLength < 1 || recordLength > recordBytesMax) {
      throw new FiresteelError(
        "user",
        `binaryRecords needs a record length of 1 … ${recordBytesMax} bytes, but got ${preview(recordLength)}`,
        { at: callSite() },
      );
    }
    return this.files("records", "binaryRecords", path, 1, { recordBytes: recordLength });
  }

  /**
   * Rows that `saveAsObjectFile` has written, as the values that they were. A file may be read by several partitions.
   * @cost narrow
   * @memory one batch of rows at a time
   * @throws where a path names nothing, or a file is damaged, cut short, foreign, or of a newer version
   * @example
   * ```ts
   * await ctx.parallelize([["a", 1], ["b", 2]], 1).saveAsObjectFile("pairs");
   * await ctx.objectFile<[string, number]>("pairs").collect() // => [["a", 1], ["b", 2]]
   * ```
   */
  objectFile<T = unknown>(path: PathSpec, minPartitions: number = Math.min(2, this.defaultParallelism)): Rdd<T> {
    return this.files<T>("objects", "objectFile", path, minPartitions, {});
  }

  /**
   * Rows of CSV files as objects keyed by the header's names, or arrays without a header. Types are those of `schema`, else found
   * from the first 1,000 rows; an empty field is null, but in a column of text a quoted one is "". A malformed record fails the job,
   * unless `mode` drops such records or keeps what can be read of them.
   * @cost narrow: files are listed, and their first records read, on the driver when partitions are first needed; a file of several
   * partitions is scanned there for records with line ends inside quotes
   * @memory streams: buffers of a partition; a record has at most `maxLineBytes`
   * @throws when a path names nothing or cannot be read, or an option is wrong; in the task, when a record is malformed and `mode`
   * is "fail", with its line and column
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * writeFileSync("towns.csv", "name,people\nOslo,717710\nBergen,291940\n");
   * await ctx.csvFile("towns.csv").first() // => { name: "Oslo", people: 717710 }
   * ```
   */
  csvFile<T = Record<string, string | number | boolean | Date | null>>(
    path: PathSpec,
    options: CsvOptions = {},
  ): Rdd<T> {
    return this.files<T>("csv", "csvFile", path, this.defaultParallelism, options);
  }

  /**
   * One JSON value a line, or the elements of a file that is one array; with `multiLine` a file may be one value too. With a `schema`
   * rows are objects of its properties.
   * @cost narrow: files are listed on the driver when partitions are first needed; a file that is one array is one partition
   * @memory streams: buffers of a partition; a value has at most `maxLineBytes`
   * @throws when a path names nothing or cannot be read; in the task, when a value is malformed, or not of the schema, and
   * `mode` is "fail", with its line and column
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * writeFileSync("towns.json", '{"name":"Oslo"}\n{"name":"Bergen"}\n');
   * await ctx.jsonFile<{ name: string }>("towns.json").map(town => town.name).collect() // => ["Oslo", "Bergen"]
   * ```
   */
  jsonFile<T = unknown>(path: PathSpec, options: JsonOptions = {}): Rdd<T> {
    return this.files<T>("json", "jsonFile", path, this.defaultParallelism, options);
  }

  /**
   * Rows of Parquet files as objects keyed by column; `columns` are the only ones read. Partitions are row groups, small neighbours
   * together.
   * @cost narrow: all footers are read on the driver when partitions are first needed
   * @memory streams: a row group's pages of the columns that are read, one at a time
   * @throws when a path names nothing, a file is broken, or a column is unknown
   * @example
   * ```ts
   * await ctx.parquetFile("rows.parquet", { columns: ["i32"] }).take(2) // => [{ i32: -150 }, { i32: -149 }]
   * ```
   */
  parquetFile<T = Record<string, unknown>>(path: PathSpec, options: ParquetOptions = {}): Rdd<T> {
    return this.files<T>("parquet", "parquetFile", path, this.defaultParallelism, options);
  }

  /**
   * The rows of all Rdds, one after the other, duplicates kept. None at all gives an empty Rdd.
   * @cost narrow
   * @memory streams: rows of one Rdd after the other
   * @throws when one is no Rdd of this Context
   * @example
   * ```ts
   * await ctx.union([ctx.range(2), ctx.range(2)]).collect() // => [0, 1, 0, 1]
   * ```
   */
  union<T>(rdds: readonly Rdd<T>[]): Rdd<T> {
    if (!Array.isArray(rdds)) {
      throw new FiresteelError("user", "a Context's union needs an array of Rdds", {
        hint: "ctx.union([a, b]), or a.union(b)",
        at: callSite(),
      });
    }
    if (rdds.length === 0) return this.emptyRdd<T>();
    return unionOf(this.driver, rdds, callSite());
  }

  private node(operator: string) {
    return { id: this.driver.nextRddId(), operator, at: callSite() };
  }

  private files<T>(
    format: FilesPlan["format"],
    operator: string,
    path: PathSpec,
    minPartitions: number,
    options: object,
  ): Rdd<T> {
    const node = this.node(operator);
    checkPartitions(minPartitions, operator, node.at);
    checkOptions(operator, options, node.at);
    if (typeof path !== "string" && !(Array.isArray(path) && path.every(each => typeof each === "string"))) {
      throw new FiresteelError("user", `${operator} needs a path, or an array of paths, but got ${preview(path)}`, {
        hint: path === undefined ? "if it comes from the job's arguments, give one after the job file" : undefined,
        at: node.at,
      });
    }
    const paths = typeof path === "string" ? path : [...path];
    return this.driver.makeRdd<T>({ ...node, op: "files", format, paths, minPartitions, options: { ...options } });
  }
}

function hintForRows(given: unknown): string | undefined {
  if (given instanceof Promise) return "await it first";
  if (typeof given === "number") return `ctx.range(${given}) has the numbers below`;
  return typeof given === "object" && given !== null ? "Object.entries(…) makes pairs of an object" : undefined;
}
