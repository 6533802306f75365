import { afterAll, describe, expect, test } from "bun:test";
import type { ExchangeId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { blockBytes, sealBlock } from "../../src/data/block.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { chunkToRows } from "../../src/operators/chunk.ts";
import { openPlan } from "../../src/operators/open.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import type { MapOutput } from "../../src/storage/map-output.ts";
import type { MapInput } from "../../src/storage/map-status.ts";
import { exchange, removeFolder, TestExecutor, TestWay } from "../shuffle/executors.ts";
import { inTask, planned, plans } from "./task-fixture.ts";

afterAll(removeFolder);

type Pair = readonly [string, number];

/** A map output whose blocks are batches of pairs, three blocks for each of two reduce partitions. */
function write(executor: TestExecutor, mapPartition: number, random: Random, id: ExchangeId): MapOutput {
  const { kernels, store } = executor;
  const task = executor.task();
  const memory = task.withOperator("map");
  const writer = store.openWriter(id, mapPartition, 2, memory);
  for (let block = 0; block < 6; block++) {
    const rows = makeBatchWriter(kernels, memory);
    for (let i = 0; i < 500; i++) rows.push([`key ${random.below(3000)}`, mapPartition * 10_000 + block * 1000 + i]);
    const batch = rows.finish();
    writer.append(block % 2, blockBytes(kernels, batch), ptr => void sealBlock(kernels, batch, ptr));
    rows.free();
  }
  const output = writer.finish();
  task.releaseAll();
  executor.registry.accept(output);
  return output;
}

const node = { id: 0 as never, at: undefined };
const source: Plan = { ...node, operator: "parallelize", op: "parallelize", slices: [] };
const other = 8 as ExchangeId;

function exchangePlan(id: ExchangeId): Plan {
  return { ...node, operator: "partitionBy", op: "exchange", exchange: id, parent: source } as unknown as Plan;
}

const mapped: Plan = {
  ...node,
  operator: "mapPartitions",
  op: "mapPartitions",
  parent: exchangePlan(exchange),
  fn: planned((rows: Iterable<Pair>) => Array.from(rows, ([key, n]) => `${key} ${n}`)),
};
const threeRows = { start: 0, step: 1, rows: 3, partitions: 1 };
const shapes: Readonly<Record<string, Plan>> = {
  exchange: exchangePlan(exchange),
  "map of an exchange": {
    ...node,
    operator: "map",
    op: "map",
    parent: exchangePlan(exchange),
    fn: planned(([key, n]: Pair) => [key, n + 1]),
  },
  "mapPartitions, whose function cannot wait": mapped,
  "coalesce and mapPartitions": {
    ...mapped,
    parent: { ...node, operator: "coalesce", op: "coalesce", parent: exchangePlan(exchange), groups: [[0, 1]] },
  } as Plan,
  "zipWithIndex and glom": {
    ...{ ...node, operator: "glom", op: "glom" },
    parent: {
      ...node,
      operator: "zipWithIndex",
      op: "zipWithIndex",
      parent: exchangePlan(exchange),
      counts: undefined,
    },
  } as Plan,
  "zipWithUniqueId of zip": {
    ...{ ...node, operator: "zipWithUniqueId", op: "zipWithUniqueId", partitions: 3 },
    parent: { ...node, operator: "zip", op: "zip", left: exchangePlan(exchange), right: exchangePlan(exchange) },
  } as Plan,
  "zipPartitions, whose function cannot wait": {
    ...{ ...node, operator: "zipPartitions", op: "zipPartitions" },
    ...{ left: exchangePlan(exchange), right: exchangePlan(other) },
    fn: planned(function* (a: Iterator<Pair>, b: Iterator<Pair>) {
      for (let [x, y] = [a.next(), b.next()]; x.done !== true; [x, y] = [a.next(), b.next()]) yield [x.value, y.value];
    }),
  } as Plan,
  cartesian: plans.cartesian(
    { ...node, operator: "range", op: "range", ...threeRows } as Plan,
    { ...node, operator: "coalesce", op: "coalesce", parent: exchangePlan(exchange), groups: [[0]] } as Plan,
  ),
  subtractByKey: plans.subtractByKey(exchangePlan(exchange), exchangePlan(other)),
  groupByKey: plans.groupByKey(exchangePlan(exchange)),
  sortByKey: plans.sortByKey(exchangePlan(exchange)),
  join: plans.join(exchangePlan(exchange), exchangePlan(other)),
  cogroup: plans.cogroup(exchangePlan(exchange), exchangePlan(other)),
};

async function rowsOf(executor: TestExecutor, plan: Plan, inputs: (id: ExchangeId) => readonly MapInput[]) {
  const memory = executor.task();
  const changes = { kernels: executor.kernels, exchanges: executor.store, memory, mapOutputs: inputs };
  return inTask(changes, async env => {
    const opened = openPlan(plan, 0, env);
    const rows: unknown[] = [];
    for (let chunk = await opened.next(); chunk !== undefined; chunk = await opened.next())
      rows.push(...chunkToRows(env.kernels, chunk));
    opened.close();
    memory.releaseAll();
    return { rows, metrics: env.metrics };
  });
}

describe("an exchange with outputs of other executors", () => {
  for (const [name, plan] of Object.entries(shapes)) {
    test(`gives what one process gives: ${name}`, async () => {
      const seed = Date.now() & 0xffff;
      const way = new TestWay();
      const executors = [1, 2, 3].map(id => new TestExecutor(way, id));
      const [reader] = executors;
      const inputs = new Map<ExchangeId, MapInput[]>();
      const whole = new Map<ExchangeId, MapInput[]>();
      for (const id of [exchange, other]) {
        inputs.set(id, []);
        whole.set(id, []);
        for (let map = 0; map < 6; map++) {
          const random = () => new Random(seed + map + 100 * id);
          const executor = executors[map % 3]!;
          const output = write(executor, map, random(), id);
          inputs.get(id)!.push(executor === reader ? output : executor.status(output));
          whole.get(id)!.push(executor === reader ? output : write(reader!, map, random(), id));
        }
      }
      const expected = await rowsOf(reader!, plan, id => whole.get(id)!);
      const actual = await rowsOf(reader!, plan, id => inputs.get(id)!);
      expect(expected.rows.length).toBeGreaterThan(0);
      expect({ seed, rows: actual.rows }).toEqual({ seed, rows: expected.rows });
      expect(expected.metrics.remoteReadBytes).toBe(0);
      expect(actual.metrics.shuffleReadBytes).toBe(expected.metrics.shuffleReadBytes);
      expect(actual.metrics.remoteReadBytes).toBeGreaterThan(0.6 * actual.metrics.shuffleReadBytes);
      expect(actual.metrics.remoteReadBytes).toBeLessThan(0.7 * actual.metrics.shuffleReadBytes);
      expect(actual.metrics.fetchWaitMs).toBeGreaterThan(0);
    });
  }
});
