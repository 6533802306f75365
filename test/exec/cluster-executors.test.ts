import { afterEach, describe, expect, test } from "bun:test";
import type { ExchangeId, ExecutorId, JobId, RddId } from "../../src/base/ids.ts";
import { Config, settingsLayer } from "../../src/base/config.ts";
import { decodeValue } from "../../src/data/value-codec.ts";
import { type ClusterListener, type ClusterManager } from "../../src/exec/cluster-manager.ts";
import { openClusterExecutors, type ClusterExecutors } from "../../src/exec/cluster-executors.ts";
import { Engine } from "../../src/exec/engine.ts";
import type { FromEngine, Settings } from "../../src/exec/messages.ts";
import { openExecutor, type OpenExecutor } from "../../src/exec/open-executor.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { cutStages } from "../../src/planner/stages.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";
import type { RpcAddress, RpcEnv } from "../../src/rpc/contracts.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import type { Action } from "../../src/plan/action.ts";

/** Executors in this process, over the in-process network; the threads are real. */
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

class Cluster {
  readonly network = new InProcessNetwork();
  readonly manager = new Grants();
  readonly said: FromEngine[] = [];
  readonly opened: OpenExecutor[] = [];
  env!: RpcEnv;
  engine!: Engine;
  cluster!: ClusterExecutors;
  coresAwaited = 0;
  private jobs = 0;
  private readonly waiting = new Map<number, (ended: Extract<FromEngine, { type: "jobEnded" }>) => void>();

  async start(): Promise<void> {
    const settings = Object.fromEntries(
      Config.from([settingsLayer("test", { "firesteel.master": "local[1]" })], { cores: 1, memoryBytes: 2 ** 33 })
        .entries()
        .map(({ key, value }) => [key, value as never]),
    ) as Settings;
    this.env = await createRpcEnv({ role: "driver", transport: this.network.transport() });
    const limits = { taskFailuresMax: 4, stageAttemptsMax: 4 };
    this.engine = new Engine(
      limits,
      listener => {
        this.cluster = openClusterExecutors(
          this.env,
          this.manager,
          {
            settings,
            executorTimeoutMs: 5_000,
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
      message => {
        this.said.push(message);
        if (message.type === "jobEnded") this.waiting.get(message.job)?.(message);
      },
    );
    await this.cluster.started;
  }

  async addExecutor(id: number, cores: number): Promise<OpenExecutor> {
    const executor = id as ExecutorId;
    this.manager.listener!.executorGranted({ executor, host: "here", cores, memoryMb: 64 });
    const env = await createRpcEnv({ role: `executor-${id}`, transport: this.network.transport() });
    const opened = await openExecutor(env, {
      ...{ driver: this.env.address!, executor, host: "here", cores, memoryBytes: 64 << 20 },
      ...{ machineBytes: 8 * 2 ** 30, localDirs: [], filesFolder: ".", secret: undefined, logUrl: undefined },
    });
    this.opened.push(opened);
    return opened;
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

  async stop(): Promise<void> {
    await this.cluster.stop("finished");
    for (const executor of this.opened) await executor.close();
    await this.env.shutdown();
  }
}

function range(rows: number, partitions: number): Plan {
  return { id: 0 as RddId, operator: "range", at: undefined, op: "range", start: 0, step: 1, rows, partitions };
}

function shuffled(parent: Plan, partitions: number): Plan {
  const partitioner = { kind: "hash", partitions } as const;
  const common = { operator: "distinct", at: undefined };
  const exchange: Plan = {
    ...{ id: 1 as RddId, ...common, op: "exchange", exchange: 0 as ExchangeId, parent, partitioner },
    ...{ rows: "keys", mapSide: undefined },
  } as Plan;
  return { id: 2 as RddId, ...common, op: "distinct", parent: exchange };
}

const clusters: Cluster[] = [];
afterEach(async () => {
  for (const each of clusters.splice(0)) await each.stop();
});

async function cluster(coresAwaited = 0): Promise<Cluster> {
  const made = new Cluster();
  made.coresAwaited = coresAwaited;
  clusters.push(made);
  await made.start();
  return made;
}

describe("executors over the in-process network", () => {
  test("run the tasks of a job", async () => {
    const here = await cluster();
    await here.addExecutor(0, 2);
    expect(await here.run(range(100, 4), { kind: "count" }, 4)).toEqual([25, 25, 25, 25]);
    expect(await here.run(range(100, 4), { kind: "sum" }, 4)).toEqual([300, 925, 1550, 2175]);
  });

  test("read their own map outputs", async () => {
    const here = await cluster();
    await here.addExecutor(0, 2);
    const counts = (await here.run(shuffled(range(1000, 3), 2), { kind: "count" }, 2)) as number[];
    expect(counts[0]! + counts[1]!).toBe(1000);
  });

  test("wait for the first executor", async () => {
    const here = await cluster();
    const running = here.run(range(10, 2), { kind: "count" }, 2);
    await here.addExecutor(0, 1);
    expect(await running).toEqual([5, 5]);
  });

  test("wait for as many cores as asked for", async () => {
    const here = await cluster(3);
    const running = here.run(range(10, 2), { kind: "count" }, 2);
    await here.addExecutor(0, 2);
    expect(here.cluster.executors.summaries.map(each => each.runningTasks)).toEqual([0]);
    await here.addExecutor(1, 1);
    expect(await running).toEqual([5, 5]);
  });

  test("many short tasks", async () => {
    const here = await cluster();
    await here.addExecutor(0, 1);
    await here.addExecutor(1, 1);
    const counts = await here.run(range(2000, 2000), { kind: "count" }, 2000);
    expect(counts).toEqual(new Array(2000).fill(1));
  });

  test("refuse an executor that nobody granted, and one that is there already", async () => {
    const here = await cluster();
    await here.addExecutor(0, 1);
    const env = await createRpcEnv({ role: "executor-7", transport: here.network.transport() });
    const options = {
      ...{ driver: here.env.address!, host: "here", cores: 1, memoryBytes: 64 << 20, machineBytes: 2 ** 33 },
      ...{ localDirs: [], filesFolder: ".", secret: undefined, logUrl: undefined },
    };
    await expect(openExecutor(env, { ...options, executor: 7 as ExecutorId })).rejects.toThrow(
      "executor 7 is not expected",
    );
    const second = await createRpcEnv({ role: "executor-0", transport: here.network.transport() });
    await expect(openExecutor(second, { ...options, executor: 0 as ExecutorId })).rejects.toThrow("already registered");
    await env.shutdown();
    await second.shutdown();
  });
});
