/** A driver's engine and its executors in one process, over the in-process network; the task threads are real. */
import { afterEach } from "bun:test";
import type { ExecutorId, JobId, RddId } from "../../src/base/ids.ts";
import { Config, settingsLayer } from "../../src/base/config.ts";
import { decodeValue } from "../../src/data/value-codec.ts";
import { type ClusterListener, type ClusterManager } from "../../src/exec/cluster-manager.ts";
import { openClusterExecutors, type ClusterExecutors } from "../../src/exec/cluster-executors.ts";
import { Engine } from "../../src/exec/engine.ts";
import type { FromEngine, Settings } from "../../src/exec/messages.ts";
import type { EngineObserver } from "../../src/exec/observer.ts";
import { openExecutor, type OpenExecutor } from "../../src/exec/open-executor.ts";
import type { Action } from "../../src/plan/action.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { cutStages } from "../../src/planner/stages.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";
import type { RpcAddress, RpcEnv } from "../../src/rpc/contracts.ts";
import type { LocalityWaits } from "../../src/schedule/contracts.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";

/** What grants executors: the test. */
class Grants implements ClusterManager {
  listener: ClusterListener | undefined;
  readonly killed: ExecutorId[] = [];

  start(_: RpcAddress, listener: ClusterListener): Promise<{ appId: string; webUiUrl: undefined }> {
    this.listener = listener;
    return Promise.resolve({ appId: "app-1", webUiUrl: undefined });
  }

  killExecutor(executor: ExecutorId): void {
    this.killed.push(executor);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** Runs jobs on an engine. */
export class Jobs {
  readonly said: FromEngine[] = [];
  engine!: Engine;
  private jobs = 0;
  private readonly waiting = new Map<number, (ended: Extract<FromEngine, { type: "jobEnded" }>) => void>();

  heard(message: FromEngine): void {
    this.said.push(message);
    if (message.type === "jobEnded") this.waiting.get(message.job)?.(message);
  }

  /** What each partition gave, in order. */
  async run(plan: Plan, action: Action, partitions: number): Promise<unknown[]> {
    const id = this.jobs++ as JobId;
    const ended = new Promise<Extract<FromEngine, { type: "jobEnded" }>>(resolve => this.waiting.set(id, resolve));
    const stages = cutStages(plan, action, { operator: action.kind, at: undefined });
    const wanted = Array.from({ length: partitions }, (_, i) => i);
    this.engine.receive({
      type: "submit",
      job: { id, stages, partitions: wanted, pool: "default", group: undefined, properties: {} },
    });
    const { error } = await ended;
    if (error !== undefined) throw new Error(error.message);
    const results: unknown[] = [];
    for (const each of this.said)
      if (each.type === "result" && each.job === id) results[each.partition] = decodeValue(each.payload);
    return results;
  }
}

export interface ClusterOptions {
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly localityWaits?: LocalityWaits;
  readonly observer?: EngineObserver;
}

export class Cluster extends Jobs {
  readonly network = new InProcessNetwork();
  readonly manager = new Grants();
  readonly opened: OpenExecutor[] = [];
  env!: RpcEnv;
  cluster!: ClusterExecutors;
  coresAwaited = 0;

  async start({ settings: given = {}, localityWaits, observer }: ClusterOptions = {}): Promise<void> {
    const settings = settingsOf({ "firesteel.master": "local[1]", ...given });
    this.env = await createRpcEnv({ role: "driver", transport: this.network.transport() });
    const limits = { taskFailuresMax: 4, stageAttemptsMax: 4, ...(localityWaits && { localityWaits }) };
    this.engine = new Engine(
      limits,
      listener => {
        this.cluster = openClusterExecutors(
          this.env,
          this.manager,
          {
            settings,
            executorTimeoutMs: 60_000,
            stageBytesMax: 1 << 27,
            starvedEveryMs: 10_000,
            coresAwaited: this.coresAwaited,
            coresWaitMaxMs: 60_000,
            localDirs: { paths: [] },
          },
          { ...listener, removed: () => {} },
        );
        return this.cluster.executors;
      },
      message => this.heard(message),
      undefined,
      observer,
    );
    await this.cluster.started;
  }

  async addExecutor(id: number, cores: number, host = "here"): Promise<OpenExecutor> {
    const executor = id as ExecutorId;
    this.manager.listener!.executorGranted({ executor, host, cores, memoryMb: 64 });
    const env = await createRpcEnv({ role: `executor-${id}`, transport: this.network.transport() });
    const opened = await openExecutor(env, {
      ...{ driver: this.env.address!, executor, host, cores, memoryBytes: 64 << 20 },
      ...{ machineBytes: 8 * 2 ** 30, localDirs: [], filesFolder: ".", secret: undefined, logUrl: undefined },
    });
    this.opened.push(opened);
    return opened;
  }

  async stop(): Promise<void> {
    await this.cluster.stop("finished");
    for (const executor of this.opened) await executor.close();
    await this.env.shutdown();
  }
}

export function range(rows: number, partitions: number): Plan {
  return { id: 0 as RddId, operator: "range", at: undefined, op: "range", start: 0, step: 1, rows, partitions };
}

const clusters: Cluster[] = [];
afterEach(async () => {
  for (const each of clusters.splice(0)) await each.stop();
});

export function settingsOf(given: Readonly<Record<string, string | number | boolean>>): Settings {
  const config = Config.from([settingsLayer("test", given)], { cores: 1, memoryBytes: 2 ** 33 });
  return Object.fromEntries(config.entries().map(({ key, value }) => [key, value as never])) as Settings;
}

/** Stopped when the test ends. */
export async function cluster(coresAwaited = 0, options: ClusterOptions = {}): Promise<Cluster> {
  const made = new Cluster();
  made.coresAwaited = coresAwaited;
  clusters.push(made);
  await made.start(options);
  return made;
}

export async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error("it never came about");
    await new Promise(resolve => setImmediate(resolve));
  }
}
