/**
 * What stands behind one Context: the engine, id sequences, captured functions and the jobs' results. Rdds hold it; users
 * do not see it. Runs on the main thread and does nothing that takes long.
 */
import type { Config } from "../base/config.ts";
import type { EngineEvent } from "../base/events.ts";
import { FiresteelError } from "../base/errors.ts";
import { formatBytes } from "../base/quantity.ts";
import { type AccumulatorId, type BroadcastId, idSequence, type JobId, type RddId, type StageId } from "../base/ids.ts";
import { captureClosure } from "../closure/capture.ts";
import type { CallSite } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { decodeValue } from "../data/value-codec.ts";
import { UsageError } from "../base/usage-error.ts";
import { takeSecret } from "../deploy/secret.ts";
import { EngineClient } from "../exec/engine-client.ts";
import type { AccumulatorUpdate, Definition, Released } from "../exec/messages.ts";
import type { Action } from "../plan/action.ts";
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";
import { explainAction } from "../planner/explain.ts";
import { type ActionCall, cutStages, type StagePlan } from "../planner/stages.ts";
import { localityWaits } from "../schedule/locality-waits.ts";
import { type LocalDirs, nameLocalDirs, removeLocalDirs } from "../storage/local-dirs.ts";
import { bundlesFor } from "../closure/bundles.ts";
import { Partitioning } from "./partitioning.ts";
import { planScans } from "./scans.ts";
import { Rdd } from "./rdd.ts";
import { decodeBlocks } from "../exec/collected-rows.ts";
import type { ActionOptions } from "./widen.ts";

/** One call of an action, with the settings of its moment. */
export interface ActionRun extends ActionCall {
  readonly properties: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

interface RunningJob {
  readonly run: ActionRun;
  readonly plan: Plan;
  /** Why it must not start. */
  cancelled: string | undefined;
}

export interface DriverListener {
  event(event: EngineEvent): void;
  warning(message: string): void;
  /** When present nothing runs: it gets each action's plan as text, and actions give what they give of no rows. */
  readonly explain?: ((text: string) => void) | undefined;
}

export class Driver {
  readonly nextRddId = idSequence<RddId>();
  readonly nextBroadcastId = idSequence<BroadcastId>();
  readonly nextAccumulatorId = idSequence<AccumulatorId>();
  readonly partitioning = new Partitioning(this);
  private readonly nextJobId = idSequence<JobId>();
  /** None where jobs are only explained. */
  private readonly engine: EngineClient | undefined;
  private readonly sentBundles = new Set<string>();
  private readonly warned = new Set<string>();
  /** The same for every capture: each line is warned of once. */
  private readonly warn = (message: string): void => this.warnOnce(message);
  private readonly localProperties = new Map<string, string>();
  private readonly onAccumulated = new Map<AccumulatorId, (amount: unknown) => void>();
  /** Tells the engine when nothing refers to a persisted plan any more. */
  private readonly unreferenced = new FinalizationRegistry<RddId>(id => this.release({ kind: "rdd", id }));
  private readonly explained = new WeakSet<ActionRun>();
  private readonly localDirs: LocalDirs;
  /** Also keeps the plans of running jobs, so that nothing they read is freed. */
  private readonly running = new Set<RunningJob>();
  stopped = false;

  constructor(
    readonly config: Config,
    private readonly listener: DriverListener,
  ) {
    this.localDirs = nameLocalDirs(config.get("firesteel.local.dirs"));
    process.on("exit", this.removeFiles);
    this.engine = listener.explain === undefined ? this.startEngine() : undefined;
  }

  get explains(): boolean {
    return this.engine === undefined;
  }

  get defaultParallelism(): number {
    return this.config.get("firesteel.default.parallelism");
  }

  makeRdd<U>(plan: Plan): Rdd<U> {
    return new Rdd<U>(this, plan);
  }

  persisted(plan: Plan): void {
    this.unreferenced.register(plan, plan.id);
  }

  /** Plans the files below when that has not been done, and counts. */
  partitionCount(plan: Plan): number {
    planScans(plan, this.config);
    return partitionCount(plan);
  }

  capture(fn: unknown, operator: string, at: CallSite | undefined, allowAsync: boolean): PlanFunction {
    this.checkRunning();
    return captureClosure(fn as never, { operator, at, allowAsync, warn: this.warn });
  }

  /** The plan of another Rdd that an operator was given. */
  planOf(other: unknown, operator: string, at: CallSite | undefined): Plan {
    if (!(other instanceof Rdd)) {
      const hint = Array.isArray(other) ? "ctx.parallelize makes an Rdd of an array" : undefined;
      throw new FiresteelError(
        "user",
        `${operator} needs an Rdd, but got ${Array.isArray(other) ? "an array" : typeof other}`,
        { hint, at },
      );
    }
    if (other.driver === this) return other.plan;
    throw new FiresteelError("user", `${operator} got an Rdd of another Context`, {
      hint: "make both Rdds with the same Context",
      at,
    });
  }

  /** What all jobs of one call of an action have in common; made before the action's first wait. */
  begin(operator: string, options: ActionOptions | undefined): ActionRun {
    this.checkRunning();
    return { operator, at: callSite(), properties: Object.fromEntries(this.localProperties), signal: options?.signal };
  }

  /** One decoded result a partition. */
  async values<R>(plan: Plan, action: Action, run: ActionRun, partitions?: readonly number[]): Promise<R[]> {
    const results: R[] = [];
    await this.runJob(plan, action, run, partitions, (index, payload) => {
      results[index] = decodeValue(payload) as R;
    });
    return results;
  }

  /** Rows of some partitions, or all, in order; at most `limit` a partition. */
  async collect<T>(plan: Plan, run: ActionRun, partitions?: readonly number[], limit?: number): Promise<T[]> {
    const payloads: Uint8Array[] = [];
    const maxBytes = this.config.get("firesteel.driver.maxResultSize");
    let bytes = 0;
    await this.runJob(plan, { kind: "collect", limit }, run, partitions, (index, payload) => {
      bytes += payload.byteLength;
      if (maxBytes > 0 && bytes > maxBytes) throw tooLarge(run.operator, bytes, maxBytes);
      payloads[index] = payload;
    });
    return decodeBlocks<T>(payloads);
  }

  decode<R>(encoded: Uint8Array): R {
    return decodeValue(encoded) as R;
  }

  private async runJob(
    plan: Plan,
    action: Action,
    run: ActionRun,
    partitions: readonly number[] | undefined,
    onResult: (index: number, payload: Uint8Array) => void,
  ): Promise<void> {
    this.checkRunning();
    if (this.explains) return this.explainOnce(plan, action, run);
    const job: RunningJob = { run, plan, cancelled: undefined };
    this.running.add(job);
    try {
      await this.submit(job, action, partitions, onResult);
    } catch (error) {
      throw atAction(error, run);
    } finally {
      this.running.delete(job);
    }
  }

  /** An action may read a plan in several jobs. */
  private explainOnce(plan: Plan, action: Action, run: ActionRun): void {
    if (this.explained.has(run)) return;
    this.explained.add(run);
    this.partitionCount(plan);
    this.listener.explain?.(explainAction(plan, action, run));
  }

  private async submit(
    running: RunningJob,
    action: Action,
    partitions: readonly number[] | undefined,
    onResult: (index: number, payload: Uint8Array) => void,
  ): Promise<void> {
    const { run, plan } = running;
    const wanted = partitions ?? Array.from({ length: this.partitionCount(plan) }, (_, i) => i);
    const position = new Map(wanted.map((partition, index) => [partition, index]));
    const stages = cutStages(plan, action, { operator: run.operator, at: run.at });
    await this.sendBundles(stages);
    if (running.cancelled !== undefined)
      throw new FiresteelError("cancelled", `${run.operator} was cancelled: ${running.cancelled}`);
    const { properties, operator } = run;
    const job = {
      id: this.nextJobId(),
      stages,
      partitions: wanted,
      pool: properties["firesteel.scheduler.pool"] ?? "default",
      group: properties[jobGroupKey],
      properties,
    };
    this.listener.event({ type: "jobStarted", job: job.id, name: operator, atMs: Date.now() });
    await this.engine?.run(job, (partition, payload) => onResult(position.get(partition)!, payload), run.signal);
  }

  define(definition: Definition): void {
    this.engine?.send({ type: "define", definition });
  }

  release(what: Released): void {
    if (!this.stopped) this.engine?.send({ type: "release", what });
  }

  watchAccumulator(id: AccumulatorId, add: (amount: unknown) => void): void {
    this.onAccumulated.set(id, add);
  }

  setLocalProperty(key: string, value: string | null): void {
    if (value === null) this.localProperties.delete(key);
    else this.localProperties.set(key, value);
  }

  getLocalProperty(key: string): string | undefined {
    return this.localProperties.get(key);
  }

  /** Cancels jobs of a group, or all, those included that are only about to be submitted. */
  cancel(group: string | undefined, reason: string): void {
    for (const job of this.running) {
      if (group === undefined || job.run.properties[jobGroupKey] === group) job.cancelled = reason;
    }
    this.engine?.send(group === undefined ? { type: "cancelAll", reason } : { type: "cancelGroup", group, reason });
  }

  cancelJob(job: JobId, reason: string): void {
    this.engine?.send({ type: "cancelJob", job, reason });
  }

  cancelStage(stage: StageId, reason: string): void {
    this.engine?.send({ type: "cancelStage", stage, reason });
  }

  /** Resolves when a cluster has taken the application, at once in local mode; rejects when none does. */
  get applicationId(): string | undefined {
    return this.engine?.appId;
  }

  get webUiUrl(): string | undefined {
    return this.engine?.webUiUrl;
  }

  async registered(): Promise<void> {
    await this.engine?.registered();
  }

  /** Actions that have been called and have not ended. */
  get runningActions(): readonly ActionCall[] {
    return [...this.running].map(job => job.run);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const job of this.running) job.cancelled ??= "the Context was stopped";
    await this.engine?.stop();
    this.removeFiles();
    process.off("exit", this.removeFiles);
  }

  /** Also when the user's code ends the process; what threads still write then, the next start removes. */
  private readonly removeFiles = (): void => {
    try {
      removeLocalDirs(this.localDirs);
    } catch {
      // a thread was writing
    }
  };

  checkRunning(): void {
    if (!this.stopped) return;
    throw new FiresteelError("user", "the Context is stopped", {
      hint: "create a new one, or stop it after its last job",
    });
  }

  warnOnce(message: string): void {
    if (this.warned.has(message) || this.warned.size > warningsMax) return;
    this.warned.add(message);
    this.listener.warning(message);
  }

  private startEngine(): EngineClient {
    const { config, listener } = this;
    const { master } = config;
    if (config.get("firesteel.executor.heartbeatInterval") * 2 > config.get("firesteel.executor.timeout")) {
      throw new UsageError("executors would be given up between two heartbeats", {
        hint: "make firesteel.executor.heartbeatInterval at most half of firesteel.executor.timeout",
      });
    }
    return new EngineClient(
      {
        memoryBytes: config.get("firesteel.executor.memory"),
        machineBytes: config.machine.memoryBytes,
        pool: {
          storageFraction: config.get("firesteel.memory.storageFraction"),
          waitMaxMs: config.get("firesteel.memory.grantTimeout"),
        },
        localDirs: this.localDirs,
        threads: master.kind === "local" ? (master.threads ?? config.machine.cores) : 0,
        ...(master.kind !== "local" && {
          master: { url: master, appName: config.get("firesteel.app.name"), secret: takeSecret() },
        }),
        taskFailuresMax: config.get("firesteel.task.maxFailures"),
        stageAttemptsMax: config.get("firesteel.stage.maxConsecutiveAttempts"),
        localityWaits: localityWaits(config),
        settings: Object.fromEntries(config.entries().map(({ key, value }) => [key, value as never])),
      },
      {
        event: event => listener.event(event),
        warning: message => listener.warning(message),
        accumulated: updates => this.accumulated(updates),
      },
    );
  }

  private accumulated(updates: readonly AccumulatorUpdate[]): void {
    for (const { id, amount } of updates) this.onAccumulated.get(id)?.(decodeValue(amount));
  }

  private async sendBundles(stages: readonly StagePlan[]): Promise<void> {
    for (const bundle of await bundlesFor(stages, this.sentBundles)) {
      this.sentBundles.add(bundle.hash);
      this.define({ kind: "bundle", bundle });
    }
  }
}

export const jobGroupKey = "firesteel.jobGroup.id";
const warningsMax = 1000;

/** Errors that have no place of their own, such as cancellation, name the action's line. */
function atAction(error: unknown, { at }: ActionRun): unknown {
  if (!(error instanceof FiresteelError) || error.at !== undefined || error.kind === "internal") return error;
  return new FiresteelError(error.kind, error.message, { hint: error.hint, at, cause: error.cause });
}

function tooLarge(name: string, bytes: number, maxBytes: number): FiresteelError {
  return new FiresteelError(
    "resource",
    `the result of ${name} is larger than firesteel.driver.maxResultSize: ${formatBytes(bytes)} so far, ${formatBytes(maxBytes)} allowed`,
    {
      hint: "save it with saveAsTextFile, iterate with toLocalIterator, or raise firesteel.driver.maxResultSize",
    },
  );
}
