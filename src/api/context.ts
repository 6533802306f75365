/**
 * The user's way in: makes Rdds, shared variables and settings of one application. Spark's SparkContext. One is active in a
 * process at a time; `stop` ends its threads and frees its memory.
 */
import { Config, environmentLayer, settingsLayer } from "../base/config.ts";
import { FiresteelError, formatPosition } from "../base/errors.ts";
import type { JobId, StageId } from "../base/ids.ts";
import type { EngineEvent } from "../base/events.ts";
import type { CallSite } from "../closure/contracts.ts";
import { refuseSymbol } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { addInteger, builtin } from "../operators/builtin-functions.ts";
import { preview } from "../operators/row-errors.ts";
import type { ActionCall } from "../planner/stages.ts";
import type { FilesPlan } from "../plan/nodes.ts";
import { detectMachine } from "../platform/resources.ts";
import type { CsvOptions, JsonOptions, ParquetOptions, PathSpec, TextOptions } from "../sources/options.ts";
import { Accumulator, type Fold } from "./accumulator.ts";
import { Broadcast } from "./broadcast.ts";
import { Driver, jobGroupKey } from "./driver.ts";
import { checkPartitions } from "./partitioner.ts";
import type { Rdd } from "./rdd.ts";
import { encodeAt, encodeRows } from "./encode-at.ts";
import { unionOf } from "./union.ts";
import type { ActionOptions, Grown, Hint, Widen } from "./widen.ts";
import { version } from "./version.ts";

export interface ContextOptions {
  /** Such as "local[2]"; wins over the command line. */
  readonly master?: string;
  readonly appName?: string;
  readonly conf?: Readonly<Record<string, string | number | boolean>>;
}

/** What `firesteel run` gives the Contexts of its job. @internal */
export interface Surroundings {
  readonly config: Config;
  readonly onEvent: (event: EngineEvent) => void;
  readonly onWarning: (message: string) => void;
  /** A Context is ready. */
  readonly onStarted?: ((started: Pick<Context, "applicationId" | "uiWebUrl">) => void) | undefined;
  /** When present nothing runs: see `DriverListener`. */
  readonly explain?: ((plan: string) => void) | undefined;
}

let surroundings: Surroundings | undefined;
let prepared: Driver | undefined;
let active: { readonly context: Context; readonly at: CallSite | undefined } | undefined;

export class Context {
  /** @internal */
  readonly [refuseSymbol] =
    "a Context lives on the driver, and tasks cannot run jobs: run this job on the driver, and broadcast or join its result";
  readonly startTime = new Date();
  /** @internal */
  readonly driver: Driver;

  /** How many were made in this process. @internal */
  static made = 0;

  private constructor(readonly config: Config) {
    this.driver = takePrepared(config) ?? startDriver(config);
    Context.made++;
  }

  /** Starts the threads of the Context that the settings describe, before it is asked for. @internal */
  static prepare(): void {
    const config = configOf({});
    // a master would see an application that may never be
    if (config.master.kind !== "cluster") prepared = startDriver(config);
  }

  /** Ends what `prepare` started and no Context took. @internal */
  static async discardPrepared(): Promise<void> {
    await prepared?.stop();
    prepared = undefined;
  }

  /** Starts an application. Refused while another Context of this process is active. */
  static async create(options: ContextOptions = {}): Promise<Context> {
    if (active !== undefined) {
      const where =
        active.at === undefined ? "the job got it as its argument" : `created at ${formatPosition(active.at)}`;
      throw new FiresteelError("user", `a Context is already active: ${where}`, {
        hint: "stop() it first, or use Context.getOrCreate()",
        at: callSite(),
      });
    }
    const context = new Context(configOf(options));
    active = { context, at: callSite() };
    try {
      await context.driver.registered();
      surroundings?.onStarted?.(context);
      return context;
    } catch (error) {
      await context.stop();
      throw error;
    }
  }

  /** The active Context, or a new one. */
  static async getOrCreate(options: ContextOptions = {}): Promise<Context> {
    return active?.context ?? Context.create(options);
  }

  /** @internal */
  static active(): Context | undefined {
    return active?.context;
  }

  /** Sets where Contexts take their settings from and report to; `firesteel run` calls it. @internal */
  static surround(given: Surroundings | undefined): void {
    surroundings = given;
  }

  get version(): string {
    return version;
  }

  /** What the cluster's master calls the application; of local mode, made of its start. */
  get applicationId(): string {
    return this.driver.applicationId ?? `local-${this.startTime.getTime()}`;
  }

  /** Where its pages are, while `firesteel.ui.enabled`. */
  get uiWebUrl(): string | undefined {
    return this.driver.webUiUrl;
  }

  get defaultParallelism(): number {
    return this.driver.defaultParallelism;
  }

  /** Rows at hand, cut evenly: slice i begins at i·rows/numSlices, rounded down. Values are copied now. */
  parallelize<T extends [Hint, ...Hint[]]>(rows: Iterable<T>, numSlices?: number): Rdd<Widen<T>>;
  parallelize<T>(rows: Iterable<T>, numSlices?: number): Rdd<T>;
  parallelize<T>(rows: Iterable<T>, numSlices: number = this.defaultParallelism): Rdd<T> {
    const node = this.node("parallelize");
    checkPartitions(numSlices, "parallelize", node.at);
    if (typeof (rows as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] !== "function") {
      throw new FiresteelError("user", `parallelize needs an array or another iterable, but got ${preview(rows)}`, {
        at: node.at,
      });
    }
    const all = Array.isArray(rows) ? rows : [...rows];
    const starts = Array.from({ length: numSlices + 1 }, (_, i) => Math.floor((i * all.length) / numSlices));
    const slices = starts.slice(1).map((end, i) => encodeRows(all, starts[i]!, end, "parallelize", node.at));
    return this.driver.makeRdd<T>({ ...node, op: "parallelize", slices });
  }

  /** Numbers from `start`, 0 when only one is given, up to but without `end`, by `step`. */
  range(start: number, end?: number, step = 1, numSlices: number = this.defaultParallelism): Rdd<number> {
    const node = this.node("range");
    checkPartitions(numSlices, "range", node.at);
    const [first, limit] = end === undefined ? [0, start] : [start, end];
    for (const [name, value] of Object.entries({ start: first, end: limit, step })) {
      if (!Number.isFinite(value))
        throw new FiresteelError("user", `range's ${name} must be a finite number, but is ${value}`, { at: node.at });
    }
    if (step === 0) throw new FiresteelError("user", "range's step must not be 0", { at: node.at });
    const rows = Math.max(0, Math.ceil((limit - first) / step));
    return this.driver.makeRdd<number>({ ...node, op: "range", start: first, step, rows, partitions: numSlices });
  }

  emptyRdd<T = never>(): Rdd<T> {
    return this.driver.makeRdd<T>({ ...this.node("emptyRdd"), op: "parallelize", slices: [] });
  }

  /** Lines of text files: one path, several, or Spark's comma list; directories and globs. `.gz` is unpacked. */
  textFile(
    path: PathSpec,
    minPartitions: number = Math.min(2, this.defaultParallelism),
    options: TextOptions = {},
  ): Rdd<string> {
    return this.files<string>("text", "textFile", path, minPartitions, options);
  }

  /** Rows of a CSV file as objects keyed by its header. */
  csvFile<T = Record<string, string | number | boolean | Date | null>>(
    path: PathSpec,
    options: CsvOptions = {},
  ): Rdd<T> {
    return this.files<T>("csv", "csvFile", path, this.defaultParallelism, options);
  }

  /** One JSON value a line, or one top-level array. */
  jsonFile<T = unknown>(path: PathSpec, options: JsonOptions = {}): Rdd<T> {
    return this.files<T>("json", "jsonFile", path, this.defaultParallelism, options);
  }

  /** Rows of Parquet files as objects keyed by column. */
  parquetFile<T = Record<string, unknown>>(path: PathSpec, options: ParquetOptions = {}): Rdd<T> {
    return this.files<T>("parquet", "parquetFile", path, this.defaultParallelism, options);
  }

  /** The rows of all, one after the other. */
  union<T>(rdds: readonly Rdd<T>[]): Rdd<T> {
    if (rdds.length === 0) return this.emptyRdd<T>();
    return unionOf(this.driver, rdds, callSite());
  }

  /** Sends a value to every task thread once. */
  broadcast<T>(value: T): Broadcast<T> {
    return new Broadcast(
      this.driver,
      this.driver.nextBroadcastId(),
      encodeAt(value, "the broadcast value", callSite()),
      value,
    );
  }

  /** A sum of integers; other numbers are refused. */
  longAccumulator(name?: string): Accumulator<number> {
    return this.makeAccumulator(name, 0, { inTask: builtin("addInteger"), add: addInteger, join: addInteger });
  }

  doubleAccumulator(name?: string): Accumulator<number> {
    const add = (a: number, b: number) => a + b;
    return this.makeAccumulator(name, 0, { inTask: builtin("add"), add, join: add });
  }

  /** A list of all that was added, in partition order. */
  collectionAccumulator<T>(name?: string): Accumulator<T[], T> {
    return this.makeAccumulator<T[], T>(name, [], {
      inTask: builtin("append"),
      add: (list, item) => {
        list.push(item);
        return list;
      },
      join: (list, items) => {
        for (const item of items) list.push(item);
        return list;
      },
    });
  }

  /** A value of any type with its own merge, which must be associative and leave what it is merged with `zero` as it is. */
  accumulator<Z extends Hint, T extends Hint = Grown<Z>>(
    zero: Z & NoInfer<T>,
    merge: (a: T, b: T) => T,
    name?: string,
  ): Accumulator<NoInfer<T>> {
    const inTask = this.driver.capture(merge, "accumulator", callSite(), false);
    return this.makeAccumulator<T, T>(name, zero, { inTask, add: merge, join: merge });
  }

  /** `fn` of each partition's rows, in partition order; of some partitions when they are named. */
  async runJob<T, U>(
    rdd: Rdd<T>,
    fn: (rows: IteratorObject<T, undefined, unknown>) => U,
    partitions?: readonly number[],
    options?: ActionOptions,
  ): Promise<U[]> {
    const run = this.driver.begin("runJob", options);
    const plan = this.driver.planOf(rdd, "runJob", run.at);
    const captured = this.driver.capture(fn, "runJob", run.at, false);
    checkWanted(partitions, this.driver.partitionCount(plan), run.at);
    return this.driver.values<U>(plan, { kind: "runPartition", fn: captured }, run, partitions);
  }

  /** Jobs started from now on belong to the group, so that they can be cancelled together. */
  setJobGroup(group: string, description?: string): void {
    this.driver.setLocalProperty(jobGroupKey, group);
    if (description !== undefined) this.setJobDescription(description);
  }

  setJobDescription(description: string): void {
    this.driver.setLocalProperty("firesteel.job.description", description);
  }

  cancelJobGroup(group: string): void {
    this.driver.cancel(group, `cancelJobGroup("${group}")`);
  }

  cancelAllJobs(): void {
    this.driver.cancel(undefined, "cancelAllJobs()");
  }

  /** Cancels one job, by the id that events and pages show. Unknown and ended ids are ignored. */
  cancelJob(jobId: number, reason = `cancelJob(${jobId})`): void {
    this.driver.cancelJob(jobId as JobId, reason);
  }

  /** Cancels every job that needs the stage: `taskContext().stageId` in its tasks. */
  cancelStage(stageId: number, reason = `cancelStage(${stageId})`): void {
    this.driver.cancelStage(stageId as StageId, reason);
  }

  /** Seen by tasks as `taskContext().localProperty(key)`; null removes it. */
  setLocalProperty(key: string, value: string | null): void {
    this.driver.setLocalProperty(key, value);
  }

  getLocalProperty(key: string): string | undefined {
    return this.driver.getLocalProperty(key);
  }

  /** Ends the application. Jobs that still run are cancelled. Does nothing the second time. */
  async stop(): Promise<void> {
    if (active?.context === this) active = undefined;
    await this.driver.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private makeAccumulator<T, A>(name: string | undefined, zero: T, fold: Fold<T, A>): Accumulator<T, A> {
    return new Accumulator(this.driver, this.driver.nextAccumulatorId(), name, zero, fold);
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

function checkWanted(partitions: readonly number[] | undefined, count: number, at: CallSite | undefined): void {
  for (const [i, partition] of (partitions ?? []).entries()) {
    const isPartition = Number.isInteger(partition) && partition >= 0 && partition < count;
    if (isPartition && partitions!.indexOf(partition) === i) continue;
    const why = isPartition ? "is named twice" : `does not exist: there are ${count}`;
    throw new FiresteelError("user", `partition ${partition} given to runJob ${why}`, { at });
  }
}

function startDriver(config: Config): Driver {
  return new Driver(config, {
    event: event => surroundings?.onEvent(event),
    warning: message => (surroundings?.onWarning ?? warnOnStderr)(message),
    explain: surroundings?.explain,
  });
}

/** The prepared driver, if it was started with the very settings that are wanted now. */
function takePrepared(config: Config): Driver | undefined {
  const driver = prepared;
  prepared = undefined;
  if (driver === undefined) return undefined;
  if (settingsText(driver.config) === settingsText(config)) return driver;
  void driver.stop();
  return undefined;
}

function settingsText(config: Config): string {
  return config
    .entries()
    .map(({ key, text }) => `${key}=${text}`)
    .join("\n");
}

function configOf(options: ContextOptions): Config {
  const base = surroundings?.config ?? Config.from([environmentLayer(process.env)], detectMachine());
  return base.with(
    settingsLayer("Context.create", {
      ...options.conf,
      ...(options.master !== undefined && { "firesteel.master": options.master }),
      ...(options.appName !== undefined && { "firesteel.app.name": options.appName }),
    }),
  );
}

function warnOnStderr(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}
