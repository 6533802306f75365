/** A task on this thread, without an engine: plans over rows that are already columns, run by the action that jobs end with. */
import { zeroMetrics } from "../../src/base/events.ts";
import type { RddId } from "../../src/base/ids.ts";
import { child, list, type Node } from "../../src/closure/ast.ts";
import { lambdaOf } from "../../src/closure/lambda.ts";
import { Env } from "../../src/closure/lambda-names.ts";
import { parse } from "../../src/closure/parse.ts";
import type { Batch } from "../../src/data/column.ts";
import { isLambda, type Lambda } from "../../src/expr/ir.ts";
import { instantiateKernels, type Kernels } from "../../src/kernel/kernels.ts";
import { attachMemory, type TaskMemory } from "../../src/kernel/task-memory.ts";
import { chunksOf } from "../../src/operators/chunk.ts";
import type { TaskEnv } from "../../src/operators/task-env.ts";
import type { Plan, PlanFunction } from "../../src/plan/nodes.ts";
import { BlockStore } from "../../src/storage/block-store.ts";
import { ExchangeStore } from "../../src/storage/exchange-store.ts";
import { nameLocalDirs } from "../../src/storage/local-dirs.ts";
import { spillCodec } from "../../src/storage/spill-codec.ts";
import { SpillStore } from "../../src/storage/spill-store.ts";

type UserFunction = (...args: unknown[]) => unknown;

const node = { id: 0 as RddId, at: undefined };
const functions = new Map<string, UserFunction>();

/** A function as plans hold it, by its text: what a bundler makes of the benchmarks does not change it. */
export function planned(text: string): PlanFunction {
  functions.set(text, new Function(`return ${text}`)() as UserFunction);
  return { id: text, bundle: "", captures: new Uint8Array(), text, at: undefined, lambda: readLambda(text) };
}

export function readLambda(text: string): Lambda {
  const home = {
    file: "bench.ts",
    isTransformed: false,
    place: () => undefined,
    outside: () => undefined,
    captured: () => ({ kind: "refused", reason: "captures something" }) as const,
  };
  const [statement] = list(parse(`(${text})`, "ts"), "body");
  const expression = child(statement!, "expression")!;
  const fn = expression.type === "ParenthesizedExpression" ? (expression["expression"] as Node) : expression;
  const lambda = lambdaOf({ node: fn, env: new Env(home, undefined), identity: fn });
  if (!isLambda(lambda)) throw new Error(`${text} ${lambda.reason}`);
  return lambda;
}

export function rangePlan(rows: number): Plan {
  return { ...node, operator: "range", op: "range", start: 0, step: 1, rows, partitions: 1 };
}

/** Rows that `TaskEnv.cached` gives. */
export function cachedPlan(rows: number): Plan {
  return { ...rangePlan(rows), storage: { memory: true, disk: false } as NonNullable<Plan["storage"]> };
}

export function narrow(op: "map" | "filter", parent: Plan, text: string): Plan {
  return { ...node, operator: op, op, parent, fn: planned(text) };
}

export interface BenchTask {
  readonly kernels: Kernels;
  readonly memory: TaskMemory;
  env(options: { readonly native: boolean; readonly batches: readonly Batch[] }): TaskEnv;
}

/** `folder` is for spills, of which there are none. */
export function openTask(memory: WebAssembly.Memory, module: WebAssembly.Module, folder: string): BenchTask {
  const kernels = instantiateKernels(memory, module);
  const pool = attachMemory(memory, { waitMaxMs: 0 });
  const own = pool.openTask(1);
  const files = { dirs: nameLocalDirs([folder]), openCodec: spillCodec(kernels, "lz4"), fs: undefined };
  const stores = {
    exchanges: new ExchangeStore(pool, files),
    blocks: new BlockStore(pool),
    spills: new SpillStore(memory, files),
  };
  return {
    kernels,
    memory: own,
    env: ({ native, batches }) => ({
      ...stores,
      ...{ partition: 0, stageId: 0, attemptNumber: 0, taskAttemptId: 1, kernels, memory: own },
      nativeRowsMin: 0,
      mayRunNative: native,
      metrics: { ...zeroMetrics },
      taken: { rows: 0 },
      instantiate: fn => functions.get(fn.id)!,
      mapOutputs: () => [],
      probeValue: () => undefined,
      checkpoint: () => {},
      count: () => {},
      setting: () => 0,
      fetchBlob: () => Promise.reject(new Error("there is nothing to fetch")),
      mayCommit: () => Promise.resolve(true),
      cached: () => chunksOf(batches.map(batch => ({ kind: "batch", batch }))),
    }),
  };
}
