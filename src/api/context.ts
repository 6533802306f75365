/**
 * The user's way in: makes Rdds, shared variables and settings of one application. Spark's SparkContext. One is active in a
 * process at a time; `stop` ends its threads and frees its memory.
 */
import { Config, environmentLayer, settingsLayer } from "../base/config.ts";
import { configKeys, type ConfigValue } from "../base/config-keys.ts";
import { FiresteelError, formatPosition } from "../base/errors.ts";
import type { EngineEvent } from "../base/events.ts";
import { inspected } from "../base/inspected.ts";
import type { CallSite } from "../closure/contracts.ts";
import { refuseSymbol } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { preview } from "../operators/row-errors.ts";
import { setFilesPlace } from "../operators/added-files.ts";
import type { ActionCall } from "../planner/stages.ts";
import { detectMachine } from "../platform/resources.ts";
import { ContextShared } from "./context-shared.ts";
import { Driver } from "./driver.ts";
import { checkSettings } from "./plain-arguments.ts";
import type { Rdd } from "./rdd.ts";
import type { ActionOptions } from "./widen.ts";
import { version } from "./version.ts";

/** What a Context is made with. What is not given comes from the command line, the environment and the properties file. */
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

export type LogLevel = ConfigValue<"firesteel.log.level">;

const logLevels: readonly LogLevel[] = configKeys["firesteel.log.level"].choices;

let surroundings: Surroundings | undefined;
let prepared: Driver | undefined;
let active: { readonly context: Context; readonly at: CallSite | undefined } | undefined;

export class Context extends ContextShared {
  /** @internal */
  readonly [refuseSymbol] =
    "a Context lives on the driver, and tasks cannot run jobs: run this job on the driver, and broadcast or join its result";
  /**
   * When it was made.
   * @example
   * ```ts
   * ctx.startTime <= new Date() // => true
   * ```
   */
  readonly startTime = new Date();
  /** @internal */
  readonly driver: Driver;

  /** How many were made in this process. @internal */
  static made = 0;

  private constructor(
    /**
     * The settings, by key, defaults included; sizes are bytes, durations milliseconds. They cannot be changed.
     * @throws by `get`, when there is no such key, naming the nearest
     * @example
     * ```ts
     * await using ctx = await Context.create({ master: "local[1]", conf: { "firesteel.executor.memory": "64m" } });
     * ctx.config.get("firesteel.executor.memory") // => 67108864
     * ```
     */
    readonly config: Config,
  ) {
    super();
    if (!(config instanceof Config))
      throw new FiresteelError("user", "a Context is not made with new", {
        hint: 'write await Context.create({ master: "local[2]" })',
        at: callSite(),
      });
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

  /**
   * Starts an application. What `options` set wins over the command line, the environment and files. Resolves when a cluster has
   * taken the application; in local mode at once.
   * @memory local mode reserves `firesteel.executor.memory`, whose pages the system commits when they are touched
   * @throws when another Context of this process is active, naming where it was made; when a setting is wrong; when no master
   * answers
   * @example
   * ```ts
   * await using ctx = await Context.create({ master: "local[2]", conf: { "firesteel.executor.memory": "256m" } });
   * await ctx.range(5).sum() // => 10
   * ```
   */
  static async create(options: ContextOptions = {}): Promise<Context> {
    checkSettings("Context.create", options);
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
    context.showFiles();
    try {
      await context.driver.registered();
      surroundings?.onStarted?.(context);
      return context;
    } catch (error) {
      await context.stop();
      throw error;
    }
  }

  /**
   * The active Context, or a new one with these settings. An active one keeps its own: those of `options` that differ are named in a
   * warning.
   * @throws when a new one cannot be made; when a setting is wrong
   * @example
   * ```ts
   * const ctx = await Context.getOrCreate({ master: "local[1]" });
   * (await Context.getOrCreate()) === ctx // => true
   * ```
   */
  static async getOrCreate(options: ContextOptions = {}): Promise<Context> {
    checkSettings("Context.getOrCreate", options);
    if (active === undefined) return Context.create(options);
    const { context } = active;
    const ignored = differences(context.config, configOf(options), options);
    if (ignored.length > 0)
      context.driver.warnOnce(
        `Context.getOrCreate gave the active Context, which keeps its settings: ${ignored.join("; ")}`,
      );
    return context;
  }

  /** @internal */
  static active(): Context | undefined {
    return active?.context;
  }

  /** Sets where Contexts take their settings from and report to; `firesteel run` calls it. @internal */
  static surround(given: Surroundings | undefined): void {
    surroundings = given;
  }

  /** Without its settings, some of which are secrets. @internal */
  [inspected](): string {
    return `Context ${this.applicationId} (${this.appName}, ${this.master}${this.isStopped ? ", stopped" : ""})`;
  }

  /**
   * Firesteel's version.
   * @example
   * ```ts
   * ctx.version.split(".").length // => 3
   * ```
   */
  get version(): string {
    return version;
  }

  /**
   * Where it runs: `local[4]`, `firesteel://host:7077`.
   * @example
   * ```ts
   * ctx.master.startsWith("local") // => true
   * ```
   */
  get master(): string {
    return this.config.get("firesteel.master");
  }

  /**
   * What the application is called.
   * @example
   * ```ts
   * await using ctx = await Context.create({ master: "local[1]", appName: "nightly" });
   * ctx.appName // => "nightly"
   * ```
   */
  get appName(): string {
    return this.config.get("firesteel.app.name");
  }

  /**
   * What the engine writes to stderr: "error" leaves warnings out; the others show them. `firesteel.log.level` is its first value.
   * @throws another word
   * @example
   * ```ts
   * ctx.setLogLevel("warn");
   * ```
   */
  setLogLevel(level: LogLevel): void {
    if (!logLevels.includes(level))
      throw new FiresteelError("user", `${preview(level)} is no log level`, {
        hint: `one of ${logLevels.join(", ")}`,
        at: callSite(),
      });
    this.driver.logLevel = level;
  }

  /**
   * Whether `stop` was called: then nothing runs any more, and operators and actions are refused.
   * @example
   * ```ts
   * ctx.isStopped // => false
   * ```
   */
  get isStopped(): boolean {
    return this.driver.stopped;
  }

  /**
   * Partitions of `textFile` where no number is given: `defaultParallelism`, at most 2.
   * @example
   * ```ts
   * ctx.defaultMinPartitions <= 2 // => true
   * ```
   */
  get defaultMinPartitions(): number {
    return Math.min(this.defaultParallelism, 2);
  }

  /**
   * What the cluster's master calls the application; of local mode, made of its start.
   * @example
   * ```ts
   * ctx.applicationId.startsWith("local-") // => true
   * ```
   */
  get applicationId(): string {
    return this.driver.applicationId;
  }

  /**
   * The address of its pages where `firesteel.ui.enabled`, which it is on clusters unless it is set: jobs, stages, executors, what is
   * kept. Undefined without them.
   * @example
   * ```ts
   * await using ctx = await Context.create({ master: "local[1]", conf: { "firesteel.ui.enabled": true } });
   * ctx.uiWebUrl?.startsWith("http://") // => true
   * ```
   */
  get uiWebUrl(): string | undefined {
    return this.driver.webUiUrl;
  }

  /**
   * `fn` of each partition's rows, in the order of partitions; of some partitions when they are named.
   * @cost job: the partitions are computed, each gives one value
   * @memory rows are pulled as `fn` reads them; what it gives is on the driver
   * @throws when `rdd` is another Context's, or a partition does not exist or is named twice
   * @example
   * ```ts
   * await ctx.runJob(ctx.range(0, 6, 1, 3), rows => [...rows].length, [0, 2]) // => [2, 2]
   * ```
   */
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

  /**
   * Ends the application: its threads, memory and files. Jobs that still run are cancelled. Does nothing the second time.
   * @example
   * ```ts
   * await ctx.stop();
   * ```
   */
  async stop(): Promise<void> {
    if (active?.context === this) {
      active = undefined;
      setFilesPlace(undefined);
    }
    await this.driver.stop();
  }

  /**
   * What `await using` calls at the end of its block: `stop()`.
   * @example
   * ```ts
   * let sum = 0;
   * {
   *   await using ctx = await Context.create({ master: "local[1]" });
   *   sum = await ctx.range(4).sum();
   * }
   * sum // => 6
   * ```
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function checkWanted(partitions: readonly number[] | undefined, count: number, at: CallSite | undefined): void {
  if (partitions !== undefined && !Array.isArray(partitions))
    throw new FiresteelError("user", `runJob needs an array of partitions, but got ${preview(partitions)}`, {
      hint: "give [0, 2], or leave it out for all",
      at,
    });
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

/** Settings of `options` that another Context does not have. */
function differences(has: Config, wanted: Config, { master, appName, conf }: ContextOptions): string[] {
  const asked = new Set(Object.keys(conf ?? {}));
  if (master !== undefined) asked.add("firesteel.master");
  if (appName !== undefined) asked.add("firesteel.app.name");
  const known = new Map(has.entries().map(({ key, text }) => [key, text]));
  return wanted
    .entries()
    .filter(({ key, text }) => asked.has(key) && known.get(key) !== text)
    .map(({ key, text }) => `${key} is ${known.get(key)}, not ${text}`);
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
