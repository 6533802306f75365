/**
 * What stands behind one Context: the engine, id sequences, captured functions and the jobs' results. Rdds hold it; users
 * do not see it. Runs on the main thread and does nothing that takes long.
 */
import type { Config } from "../base/config.ts";
import type { EngineEvent } from "../base/events.ts";
import { FiresteelError } from "../base/errors.ts";
import { type AccumulatorId, type BroadcastId, type ExchangeId, idSequence, type JobId, type RddId } from "../base/ids.ts";
import { captureClosure, captureMethod } from "../closure/capture.ts";
import type { CallSite } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { decodeValue } from "../data/value-codec.ts";
import { EngineClient } from "../exec/engine-client.ts";
import type { AccumulatorUpdate, Definition, Released } from "../exec/messages.ts";
import type { Action } from "../plan/action.ts";
import type { PartitionerPlan, Plan, PlanFunction } from "../plan/nodes.ts";
import { partitionCount, partitionerOf } from "../plan/partition-count.ts";
import { type ActionCall, cutStages, type StagePlan } from "../planner/stages.ts";
import { type LocalDirs, nameLocalDirs, removeLocalDirs } from "../storage/local-dirs.ts";
import { bundlesFor } from "../closure/bundles.ts";
import { checkPartitions, HashPartitioner, type Partitioner, type PartitionerLike, RangePartitioner } from "./partitioner.ts";
import { planScans } from "./scans.ts";
import { Rdd } from "./rdd.ts";
import { decodeBlocks } from "./results.ts";
import type { ActionOptions } from "./widen.ts";

export interface DriverListener {
  event(event: EngineEvent): void;
  warning(message: string): void;
}

export class Driver {
  readonly nextRddId = idSequence<RddId>();
  readonly nextExchangeId = idSequence<ExchangeId>();
  readonly nextBroadcastId = idSequence<BroadcastId>();
  readonly nextAccumulatorId = idSequence<AccumulatorId>();
  private readonly nextJobId = idSequence<JobId>();
  private readonly engine: EngineClient;
  private readonly sentBundles = new Set<string>();
  private readonly warned = new Set<string>();
  private readonly partitionerIds = new WeakMap<object, number>();
  private readonly nextPartitionerId = idSequence();
  private readonly localProperties = new Map<string, string>();
  private readonly onAccumulated = new Map<AccumulatorId, (amount: unknown) => void>();
  /** Tells the engine when nothing refers to a plan's output any more. */
  private readonly unreferenced = new FinalizationRegistry<Released>(what => this.release(what));
  private readonly localDirs: LocalDirs;
  private readonly running = new Set<ActionCall>();
  stopped = false;

  constructor(
    readonly config: Config,
    private readonly listener: DriverListener,
  ) {
    this.localDirs = nameLocalDirs(config.get("firesteel.local.dirs"));
    process.on("exit", this.removeFiles);
    this.engine = new EngineClient(
      {
        memoryBytes: config.get("firesteel.executor.memory"),
        machineBytes: config.machine.memoryBytes,
        pool: {
          storageFraction: config.get("firesteel.memory.storageFraction"),
          waitMaxMs: config.get("firesteel.memory.grantTimeout"),
        },
        localDirs: this.localDirs,
        threads: this.threads,
        taskFailuresMax: config.get("firesteel.task.maxFailures"),
        stageAttemptsMax: config.get("firesteel.stage.maxConsecutiveAttempts"),
        settings: Object.fromEntries(config.entries().map(({ key, value }) => [key, value as never])),
      },
      {
        event: event => listener.event(event),
        warning: message => listener.warning(message),
        accumulated: updates => this.accumulated(updates),
      },
    );
  }

  get threads(): number {
    const { master } = this.config;
    if (master.kind === "local") return master.threads ?? this.config.machine.cores;
    throw new FiresteelError("user", `the master ${this.config.get("firesteel.master")} is not available: this version runs local masters only`, {
      hint: "use local, local[K] or local[*]",
    });
  }

  get defaultParallelism(): number {
    return this.config.get("firesteel.default.parallelism");
  }

  makeRdd<U>(plan: Plan): Rdd<U> {
    if (plan.op === "exchange") this.unreferenced.register(plan, { kind: "exchange", id: plan.exchange });
    return new Rdd<U>(this, plan);
  }

  persisted(plan: Plan): void {
    this.unreferenced.register(plan, { kind: "rdd", id: plan.id });
  }

  /** Plans the files below when that has not been done, and counts. */
  partitionCount(plan: Plan): number {
    planScans(plan, this.config);
    return partitionCount(plan);
  }

  capture(fn: unknown, operator: string, at: CallSite | undefined, allowAsync: boolean): PlanFunction {
    this.checkRunning();
    return captureClosure(fn as never, { operator, at, allowAsync, warn: message => this.warnOnce(message) });
  }

  union<T>(rdds: readonly Rdd<T>[], at: CallSite | undefined): Rdd<T> {
    const parents = rdds.map(rdd => {
      if (rdd.driver !== this) throw new FiresteelError("user", "union takes Rdds of one Context", { at });
      return rdd.plan;
    });
    return this.makeRdd<T>({ id: this.nextRddId(), operator: "union", at, op: "union", parents });
  }

  /**
   * What an operator's optional last argument means. Nothing given: the parents' largest known partitioner, else by hash to as
   * many partitions as the largest parent has (Spark's defaultPartitioner).
   */
  partitioner(given: PartitionerLike<never> | undefined, parents: readonly Plan[], operator: string, at: CallSite | undefined): PartitionerPlan {
    if (given === undefined) {
      const known = parents.map(partitionerOf).filter(plan => plan !== undefined).sort((a, b) => b.partitions - a.partitions)[0];
      const most = Math.max(1, ...parents.map(parent => this.partitionCount(parent)));
      return known !== undefined && known.partitions >= most / 10 ? known : { kind: "hash", partitions: most };
    }
    if (typeof given === "number" || given instanceof HashPartitioner) {
      const partitions = typeof given === "number" ? given : given.numPartitions;
      checkPartitions(partitions, operator);
      return { kind: "hash", partitions };
    }
    if (given instanceof RangePartitioner) return this.rangePartitioner(parents[0]!, given.numPartitions, given.ascending, operator, at);
    return this.customPartitioner(given as Partitioner<never>, operator, at);
  }

  rangePartitioner(parent: Plan, partitions: number, ascending: boolean, operator: string, at: CallSite | undefined): PartitionerPlan {
    const mapPartitions = this.partitionCount(parent);
    const probe = {
      id: this.nextRddId(), operator, at, op: "probe", exchange: this.nextExchangeId(), parent,
      probe: { kind: "sample", key: "pair", partitions, mapPartitions },
    } as const;
    this.unreferenced.register(probe, { kind: "exchange", id: probe.exchange });
    return { kind: "range", partitions, ascending, probe };
  }

  private customPartitioner(given: Partitioner<never>, operator: string, at: CallSite | undefined): PartitionerPlan {
    if (typeof given !== "object" || given === null || typeof given.partition !== "function") {
      throw new FiresteelError("user", `${operator} needs a number of partitions or a partitioner`, { hint: "give new HashPartitioner(n), or { numPartitions, partition(key) }", at });
    }
    checkPartitions(given.numPartitions, operator);
    let identity = this.partitionerIds.get(given);
    if (identity === undefined) this.partitionerIds.set(given, (identity = this.nextPartitionerId()));
    const fn = captureMethod(given, "partition", { operator, at, warn: message => this.warnOnce(message) });
    return { kind: "custom", partitions: given.numPartitions, fn, identity };
  }

  /** One decoded result a partition. */
  async values<R>(plan: Plan, action: Action, name: string, options: ActionOptions | undefined, partitions?: readonly number[]): Promise<R[]> {
    const results: R[] = [];
    await this.run(plan, action, name, partitions, options, (index, payload) => {
      results[index] = decodeValue(payload) as R;
    });
    return results;
  }

  /** Rows of some partitions, or all, in order; at most `limit` a partition. */
  async collect<T>(
    plan: Plan,
    name: string,
    partitions: readonly number[] | undefined,
    limit: number | undefined,
    options: ActionOptions | undefined,
  ): Promise<T[]> {
    const payloads: Uint8Array[] = [];
    const maxBytes = this.config.get("firesteel.driver.maxResultSize");
    let bytes = 0;
    await this.run(plan, { kind: "collect", limit }, name, partitions, options, (index, payload) => {
      bytes += payload.byteLength;
      if (maxBytes > 0 && bytes > maxBytes) throw tooLarge(name, bytes, maxBytes);
      payloads[index] = payload;
    });
    return decodeBlocks<T>(payloads);
  }

  decode<R>(encoded: Uint8Array): R {
    return decodeValue(encoded) as R;
  }

  async run(
    plan: Plan,
    action: Action,
    name: string,
    partitions: readonly number[] | undefined,
    options: ActionOptions | undefined,
    onResult: (index: number, payload: Uint8Array) => void,
  ): Promise<void> {
    // known in an action's first job alone; later ones start below the runtime's frames
    const at = callSite();
    const call = { operator: name, at };
    this.running.add(call);
    try {
      await this.runStages(plan, action, call, partitions, options, onResult);
    } finally {
      this.running.delete(call);
    }
  }

  private async runStages(
    plan: Plan,
    action: Action,
    call: ActionCall,
    partitions: readonly number[] | undefined,
    options: ActionOptions | undefined,
    onResult: (index: number, payload: Uint8Array) => void,
  ): Promise<void> {
    this.checkRunning();
    const wanted = partitions ?? Array.from({ length: this.partitionCount(plan) }, (_, i) => i);
    const position = new Map(wanted.map((partition, index) => [partition, index]));
    const stages = cutStages(plan, action, call);
    await this.sendBundles(stages);
    const job = {
      id: this.nextJobId(),
      stages,
      partitions: wanted,
      pool: this.localProperties.get("firesteel.scheduler.pool") ?? "default",
      group: this.localProperties.get(jobGroupKey),
      properties: Object.fromEntries(this.localProperties),
    };
    this.listener.event({ type: "jobStarted", job: job.id, name: call.operator, atMs: Date.now() });
    await this.engine.run(job, (partition, payload) => onResult(position.get(partition)!, payload), options?.signal);
  }

  define(definition: Definition): void {
    this.engine.send({ type: "define", definition });
  }

  release(what: Released): void {
    if (!this.stopped) this.engine.send({ type: "release", what });
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

  cancel(message: { type: "cancelJob"; job: JobId } | { type: "cancelGroup"; group: string } | { type: "cancelAll" }, reason: string): void {
    this.engine.send({ ...message, reason });
  }

  /** Actions that have been called and have not ended. */
  get runningActions(): readonly ActionCall[] {
    return [...this.running];
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.engine.stop();
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
    throw new FiresteelError("user", "the Context is stopped", { hint: "create a new one, or stop it after its last job" });
  }

  warnOnce(message: string): void {
    if (this.warned.has(message) || this.warned.size > warningsMax) return;
    this.warned.add(message);
    this.listener.warning(message);
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

function tooLarge(name: string, bytes: number, maxBytes: number): FiresteelError {
  const mb = (n: number) => `${(n / 1048576).toFixed(1)} MB`;
  return new FiresteelError("resource", `the result of ${name} is larger than firesteel.driver.maxResultSize: ${mb(bytes)} so far, ${mb(maxBytes)} allowed`, {
    hint: "save it with saveAsTextFile, iterate with toLocalIterator, or raise firesteel.driver.maxResultSize",
  });
}
