/**
 * What stands behind one Context: the engine, id sequences, captured functions and the jobs' results. Rdds hold it; users
 * do not see it. Runs on the main thread and does nothing that takes long.
 */
import type { Config } from "../base/config.ts";
import type { ConfigValue } from "../base/config-keys.ts";
import type { EngineEvent } from "../base/events.ts";
import { FiresteelError } from "../base/errors.ts";
import { type AccumulatorId, type BroadcastId, idSequence, type JobId, type RddId, type StageId } from "../base/ids.ts";
import { captureClosure } from "../closure/capture.ts";
import type { CallSite } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { decodeValue } from "../data/value-codec.ts";
import { EngineClient } from "../exec/engine-client.ts";
import type { AccumulatorUpdate, Definition, Released } from "../exec/messages.ts";
import { resultTooLarge } from "../operators/result-too-large.ts";
import { preview } from "../operators/row-errors.ts";
import type { Action } from "../plan/action.ts";
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";
import { explainAction } from "../planner/explain.ts";
import { type ActionCall, cutStages, type StagePlan } from "../planner/stages.ts";
import type { PoolOptions } from "../schedule/pools.ts";
import { newFileKey } from "../storage/file-cipher.ts";
import { type LocalDirs, nameLocalDirs, removeLocalDirs, removeOrphans } from "../storage/local-dirs.ts";
import { bundlesFor } from "../closure/bundles.ts";
import { checkBarrierStages } from "./barrier-limits.ts";
import { engineStart, poolOptions } from "./engine-start.ts";
import { checkActionOptions } from "./known-options.ts";
import { LocalProperties } from "./local-properties.ts";
import { abortedBy, checkAborted, signalOf } from "./cancellation.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Partitioning } from "./partitioning.ts";
import { Persistent } from "./persistent.ts";
import { planScans } from "./scans.ts";
import { Rdd } from "./rdd.ts";
import { StatusLedger } from "./status-ledger.ts";
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
  readonly action: Action;
  /** Once it is submitted. */
  id: JobId | undefined;
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
  /** What the application is called until a cluster's master calls it otherwise. */
  private readonly localId = `local-${Date.now()}`;
  private readonly nextJobId = idSequence<JobId>();
  /** None where jobs are only explained. */
  private readonly engine: EngineClient | undefined;
  private readonly sentBundles = new Set<string>();
  private readonly warned = new Set<string>();
  /** The same for every capture: each line is warned of once. */
  private readonly warn = (message: string): void => this.warnOnce(message);
  logLevel: ConfigValue<"firesteel.log.level">;
  readonly localProperties = new LocalProperties();
  readonly status = new StatusLedger();
  readonly pools: PoolOptions;
  private readonly onAccumulated = new Map<AccumulatorId, (amount: unknown) => void>();
  readonly persistent = new Persistent(id => void this.release({ kind: "rdd", id }));
  readonly checkpoints = new Checkpoints(this);
  /** Broadcasts and accumulators, freed when nothing refers to them any more. */
  readonly shared = new FinalizationRegistry<Extract<Released, { kind: "broadcast" | "accumulator" }>>(what => {
    if (what.kind === "accumulator") this.onAccumulated.delete(what.id);
    void this.release(what);
  });
  private readonly explained = new WeakSet<ActionRun>();
  readonly localDirs: LocalDirs;
  /** Also keeps the plans of running jobs, so that nothing they read is freed. */
  private readonly running = new Set<RunningJob>();
  stopped = false;

  constructor(
    readonly config: Config,
    private readonly listener: DriverListener,
  ) {
    this.pools = poolOptions(config);
    this.logLevel = config.get("firesteel.log.level");
    const key = config.get("firesteel.io.encryption") ? newFileKey() : undefined;
    this.localDirs = { ...nameLocalDirs(config.get("firesteel.local.dirs")), key };
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
        `${operator} needs an Rdd, but got ${Array.isArray(other) ? "an array" : preview(other)}`,
        { hint, at },
      );
    }
    if (other.driver === this) return other.plan;
    throw new FiresteelError("user", `${operator} got an Rdd of another Context`, {
      hint: "make both Rdds with the same Context",
      at,
    });
  }

  /** What all jobs of one call of an action have in common; made before the action's first wait. Throws when it is cancelled already. */
  begin(operator: string, options: ActionOptions | undefined): ActionRun {
    const run = this.beginLater(operator, options);
    checkAborted(run);
    return run;
  }

  /** The same for an action that does nothing before it is asked: only then is it cancelled. */
  beginLater(operator: string, options: ActionOptions | undefined): ActionRun {
    this.checkRunning();
    const call = { operator, at: callSite() };
    checkActionOptions(operator, options, call.at);
    return { ...call, properties: this.localProperties.snapshot(), signal: signalOf(options, call) };
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
    const allow = this.resultLimit(run);
    await this.runJob(plan, { kind: "collect", limit }, run, partitions, (index, payload) => {
      allow(payload);
      payloads[index] = payload;
    });
    return decodeBlocks<T>(payloads);
  }

  /** Throws when the results of one action that it has been given come to more than the driver may hold. */
  resultLimit(run: ActionRun): (payload: Uint8Array) => void {
    const maxBytes = this.config.get("firesteel.driver.maxResultSize");
    let bytes = 0;
    return payload => {
      bytes += payload.byteLength;
      if (maxBytes > 0 && bytes > maxBytes) throw resultTooLarge(run.operator, bytes, maxBytes);
    };
  }

  decode<R>(encoded: Uint8Array): R {
    return decodeValue(encoded) as R;
  }

  /** `onResult` gets each partition's encoded result as it comes. */
  async runJob(
    plan: Plan,
    action: Action,
    run: ActionRun,
    partitions: readonly number[] | undefined,
    onResult: (index: number, payload: Uint8Array) => void,
  ): Promise<void> {
    this.checkRunning();
    checkAborted(run);
    if (this.explains) return this.explainOnce(plan, action, run);
    const job: RunningJob = { run, plan, action, id: undefined, cancelled: undefined };
    this.running.add(job);
    try {
      await this.submit(job, action, partitions, onResult);
    } catch (error) {
      if (job.id !== undefined) this.status.jobEnded(job.id, isCancelled(error) ? "cancelled" : "failed");
      throw run.signal?.aborted === true && isCancelled(error) ? abortedBy(run.signal, run) : this.placed(error, run);
    } finally {
      this.running.delete(job);
    }
    await this.checkpoints.afterJob(plan, run);
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
    checkBarrierStages(stages, wanted.length, run, this.config);
    await this.sendBundles(stages);
    if (running.cancelled !== undefined)
      throw new FiresteelError("cancelled", `${run.operator} was cancelled: ${running.cancelled}`);
    const { properties, operator } = run;
    const id = (running.id = this.nextJobId());
    const pool = properties["firesteel.scheduler.pool"] ?? "default";
    const group = properties[jobGroupKey];
    const job = { id, stages, partitions: wanted, pool, group, properties };
    this.status.jobSubmitted(id, group, pool);
    this.listener.event({ type: "jobStarted", job: job.id, name: operator, atMs: Date.now() });
    await this.engine?.run(job, (partition, payload) => onResult(position.get(partition)!, payload), run.signal);
  }

  /** Errors that have no place of their own, such as cancellation, name the action's line. */
  private placed(error: unknown, { at }: ActionRun): unknown {
    if (!(error instanceof FiresteelError) || error.kind === "internal") return error;
    for (let each: unknown = error; each instanceof Error; each = each.cause)
      each.message = this.persistent.withNames(each.message);
    if (error.at !== undefined) return error;
    return new FiresteelError(error.kind, error.message, { hint: error.hint, at, cause: error.cause });
  }

  define(definition: Definition): void {
    this.engine?.send({ type: "define", definition });
  }

  /** `blocking`: resolves when executors have. */
  async release(what: Released, blocking = false): Promise<void> {
    if (this.stopped) return;
    if (blocking) await this.engine?.release(what);
    else this.engine?.send({ type: "release", what });
  }

  watchAccumulator(id: AccumulatorId, add: (amount: unknown) => void): void {
    this.onAccumulated.set(id, add);
  }

  /** Cancels jobs of a group, or all, those included that are only about to be submitted. */
  cancel(group: string | undefined, reason: string): void {
    for (const job of this.running) {
      if (group === undefined || job.run.properties[jobGroupKey] === group) job.cancelled = reason;
    }
    this.engine?.send(group === undefined ? { type: "cancelAll", reason } : { type: "cancelGroup", group, reason });
  }

  /** Jobs that one of an action's properties marks, submitted or not. */
  cancelWhere(matches: (properties: Readonly<Record<string, string>>) => boolean, reason: string): void {
    for (const job of this.running) {
      if (!matches(job.run.properties)) continue;
      job.cancelled = reason;
      if (job.id !== undefined) this.cancelJob(job.id, reason);
    }
  }

  cancelJob(job: JobId, reason: string): void {
    this.engine?.send({ type: "cancelJob", job, reason });
  }

  cancelStage(stage: StageId, reason: string): void {
    this.engine?.send({ type: "cancelStage", stage, reason });
  }

  get applicationId(): string {
    return this.engine?.appId ?? this.localId;
  }

  get webUiUrl(): string | undefined {
    return this.engine?.webUiUrl;
  }

  /** Resolves when a cluster has taken it, or its pages are there; at once where neither is to be. Rejects when that fails. */
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
    // task hosts look for them when they have run for a while, which a short job's do not
    removeOrphans(this.localDirs);
    this.checkpoints.removeEmpty();
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
    this.warning(message);
  }

  private warning(message: string): void {
    if (this.logLevel !== "error") this.listener.warning(message);
  }

  private startEngine(): EngineClient {
    const { config, listener } = this;
    return new EngineClient(engineStart(config, this.localId, this.localDirs, this.pools), {
      event: event => {
        this.status.apply(event);
        listener.event(event);
      },
      warning: message => this.warning(this.persistent.withNames(message)),
      accumulated: updates => this.accumulated(updates),
    });
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

function isCancelled(error: unknown): boolean {
  return error instanceof FiresteelError && error.kind === "cancelled";
}
