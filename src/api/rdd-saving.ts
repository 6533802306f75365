/** Actions that write files: one part a partition, committed whole or not at all. */
import type { ConfigKey } from "../base/config-keys.ts";
import { FiresteelError } from "../base/errors.ts";
import { callSite } from "../closure/stack.ts";
import { preview } from "../operators/row-errors.ts";
import { textPartName } from "../operators/save-text.ts";
import { failureOf } from "../operators/task-failure.ts";
import type { Action } from "../plan/action.ts";
import { checkOutputCodec, type OutputCodec } from "../sources/codecs.ts";
import { fileSettings } from "../sources/file-settings.ts";
import { committerOf, type OutputDirectory, partName } from "../sources/output-committer.ts";
import type { ActionRun } from "./driver.ts";
import { checkOptions } from "./known-options.ts";
import { RddKeyedActions } from "./rdd-keyed-actions.ts";
import type { ActionOptions } from "./widen.ts";

export interface SaveTextOptions extends ActionOptions {
  /** Compresses the parts, whose names then end in `.gz` or `.zst`. */
  readonly codec?: OutputCodec;
}

export abstract class RddSaving<T> extends RddKeyedActions<T> {
  /**
   * Writes `part-00000` … and `_SUCCESS` into a new directory, one line a row: strings as they are, other primitives as `String`
   * prints them, Dates as ISO 8601, all else as JSON, which `jsonFile` reads back. The codec may come second, as in Spark, or
   * among the options. The directory is local, or an `s3:` or `hdfs:` address. Nothing of a failed job is left behind.
   * @cost job: every partition is written by one task; the output is committed when all are there
   * @memory some lines, and a mebibyte to compress
   * @throws where the directory exists, cannot be made, or the codec is unknown
   * @example
   * ```ts
   * await ctx.parallelize(["b", "a"], 1).saveAsTextFile("letters", "gzip");
   * await ctx.textFile("letters/part-00000.gz").collect() // => ["b", "a"]
   * ```
   */
  async saveAsTextFile(path: string, options?: SaveTextOptions): Promise<void>;
  async saveAsTextFile(path: string, codec?: OutputCodec, options?: ActionOptions): Promise<void>;
  async saveAsTextFile(path: string, second?: OutputCodec | SaveTextOptions, third?: ActionOptions): Promise<void> {
    const options: SaveTextOptions | undefined = isOptions(second) ? second : third;
    if (options !== undefined) checkOptions("saveAsTextFile", options, callSite());
    const run = this.driver.begin("saveAsTextFile", options);
    const named = isOptions(second) ? second.codec : second;
    const codec = named === undefined ? undefined : onDriver(run, () => checkOutputCodec(named));
    const action = (output: OutputDirectory): Action => ({
      kind: "saveText",
      output,
      ...(codec !== undefined && { codec }),
    });
    await this.save(path, run, action, partition => textPartName(partition, codec));
  }

  /**
   * Writes `part-00000` … and `_SUCCESS` into a new directory, with rows as the values that they are, checksummed: `objectFile` reads
   * them. Nothing of a failed job is left behind.
   * @cost job: every partition is written by one task; the output is committed when all are there
   * @memory one batch of rows
   * @throws where the directory exists or cannot be made, and of rows with instances of the job's own classes, which other
   * jobs do not have; classes that packages export are kept
   * @example
   * ```ts
   * await ctx.parallelize([new Map([["a", 1n]])], 1).saveAsObjectFile("maps");
   * await ctx.objectFile("maps").first() // => new Map([["a", 1n]])
   * ```
   */
  async saveAsObjectFile(path: string, options?: ActionOptions): Promise<void> {
    const run = this.driver.begin("saveAsObjectFile", options);
    await this.save(path, run, output => ({ kind: "saveObjects", output }), partName);
  }

  /** Has the job write its parts, and commits those that count. */
  private async save(
    path: string,
    run: ActionRun,
    action: (output: OutputDirectory) => Action,
    nameOf: (partition: number) => string,
  ): Promise<void> {
    if (this.driver.explains) return void (await this.driver.values(this.plan, action({ path }), run));
    const committer = onDriver(run, () =>
      committerOf(checkPath(path, run.operator), () => fileSettings(key => this.driver.config.get(key as ConfigKey))),
    );
    const output = await this.committing(run, () => committer.createOutput(path));
    try {
      const attempts = await this.driver.values<number>(this.plan, action(output), run);
      const parts = attempts.map((attempt, partition) => ({ file: nameOf(partition), attempt }));
      await this.committing(run, () => committer.commitOutput(output, parts));
    } catch (error) {
      await committer.abortOutput(output);
      throw error;
    }
  }

  private async committing<R>(run: ActionRun, step: () => R | Promise<R>): Promise<R> {
    try {
      return await step();
    } catch (error) {
      throw failureOf(error, run);
    }
  }
}

function isOptions(given: unknown): given is SaveTextOptions {
  return typeof given === "object" && given !== null;
}

function onDriver<R>(run: ActionRun, work: () => R): R {
  try {
    return work();
  } catch (error) {
    throw failureOf(error, run);
  }
}

function checkPath(path: unknown, operator: string): string {
  if (typeof path !== "string") {
    throw new FiresteelError("user", `${operator} needs a path, but got ${preview(path)}`, {
      hint: "if it comes from the job's arguments, give one after the job file",
    });
  }
  if (path === "") throw new FiresteelError("user", "the output path is empty");
  return path;
}
