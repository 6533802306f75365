import { describe, expect, test } from "bun:test";
import type { ExchangeId, ExecutorId, RddId } from "../../src/base/ids.ts";
import { openExecutor } from "../../src/exec/open-executor.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";
import { cluster, range } from "./cluster.ts";

function shuffled(parent: Plan, partitions: number): Plan {
  const partitioner = { kind: "hash", partitions } as const;
  const common = { operator: "distinct", at: undefined };
  const exchange: Plan = {
    ...{ id: 1 as RddId, ...common, op: "exchange", exchange: 0 as ExchangeId, parent, partitioner },
    ...{ rows: "keys", mapSide: undefined },
  } as Plan;
  return { id: 2 as RddId, ...common, op: "distinct", parent: exchange };
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
