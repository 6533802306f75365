/**
 * From a plan to running operators, for one partition: the row operators on top are fused into a pipeline, what is below
 * them opens as a source. Unions vanish here, since a partition of a union is a partition of one parent.
 */
import { assertNever, invariant } from "../base/assert.ts";
import { equalValues } from "../data/equal.ts";
import { decodeValue } from "../data/value-codec.ts";
import type { Plan } from "../plan/nodes.ts";
import { partitionCount } from "../plan/partition-count.ts";
import { openAggregate } from "./aggregate.ts";
import type { ChunkSource } from "./chunk.ts";
import { openCoalesce } from "./coalesce.ts";
import { openCogroup } from "./cogroup.ts";
import { openDistinct } from "./distinct.ts";
import { openExchange } from "./exchange-read.ts";
import { openFiles } from "./files-source.ts";
import { openGlom } from "./glom.ts";
import { openGroup } from "./group.ts";
import { openJoin } from "./join.ts";
import { openMapAsync } from "./map-async.ts";
import { openMapPartitions } from "./map-partitions.ts";
import { openParallelize } from "./parallelize.ts";
import { compilePipeline, isRowOperator, type Pipeline, type RowOperator } from "./pipeline.ts";
import { givesColumns, isProjection, openProjection } from "./project.ts";
import { openRange } from "./range.ts";
import { openSort } from "./sort.ts";
import type { TaskEnv } from "./task-env.ts";
import { naming } from "./task-failure.ts";
import { openZipWithIndex } from "./zip-with-index.ts";

/** The source below, and the fused operators that push into `push`; no pipeline when there are none. */
export function openPipeline(
  plan: Plan,
  partition: number,
  env: TaskEnv,
  push: (row: unknown) => void,
): { readonly source: ChunkSource; readonly pipeline: Pipeline | undefined } {
  const operators: RowOperator[] = [];
  let base = plan;
  let at = partition;
  for (;;) {
    if (isPersisted(base)) break;
    if (base.op === "union") [base, at] = unionParent(base.parents, at);
    else if (isRowOperator(base)) {
      operators.unshift(base);
      base = base.parent;
    } else break;
  }
  let source = openBase(base, at, env);
  for (
    let first = operators[0];
    givesColumns(base) && first !== undefined && isProjection(first);
    first = operators[0]
  ) {
    source = openProjection(first, source, env);
    operators.shift();
  }
  if (operators.length === 0) return { source, pipeline: undefined };
  const functions = operators.map(operator => functionOf(operator, env));
  return { source, pipeline: compilePipeline(env.kernels, operators, functions, push) };
}

/** A plan's partition as a source of chunks, row operators included. */
export function openPlan(plan: Plan, partition: number, env: TaskEnv): ChunkSource {
  let out: unknown[] = [];
  const { source, pipeline } = openPipeline(plan, partition, env, row => {
    out.push(row);
  });
  if (pipeline === undefined) return source;
  const feed = (chunk: Awaited<ReturnType<ChunkSource["next"]>>) => {
    if (chunk === undefined) return undefined;
    out = [];
    pipeline.feed(chunk);
    env.metrics.jsRows += out.length;
    env.checkpoint(plan);
    return { kind: "rows", rows: out } as const;
  };
  return {
    next() {
      const chunk = source.next();
      return chunk instanceof Promise ? chunk.then(feed) : feed(chunk);
    },
    close: () => source.close(),
  };
}

function functionOf(operator: RowOperator, env: TaskEnv): (...args: unknown[]) => unknown {
  switch (operator.op) {
    case "keys":
    case "values":
      return () => invariant(false, `${operator.op} has no function`);
    case "lookup": {
      const wanted = decodeValue(operator.key);
      return key => equalValues(key, wanted);
    }
    default:
      return env.instantiate(operator.fn);
  }
}

function isPersisted(plan: Plan): boolean {
  return plan.storage !== undefined && (plan.storage.memory || plan.storage.disk);
}

function unionParent(parents: readonly Plan[], partition: number): [Plan, number] {
  let at = partition;
  for (const parent of parents) {
    const count = partitionCount(parent);
    if (at < count) return [parent, at];
    at -= count;
  }
  invariant(false, `a union has no partition ${partition}`);
}

function openBase(plan: Plan, partition: number, env: TaskEnv): ChunkSource {
  return naming(plan, () => openSource(plan, partition, env));
}

function openSource(plan: Plan, partition: number, env: TaskEnv): ChunkSource {
  if (isPersisted(plan)) {
    const { storage: _, ...unpersisted } = plan;
    return env.cached(plan.id, partition, plan, () => openPlan(unpersisted as Plan, partition, env));
  }
  switch (plan.op) {
    case "parallelize":
      return openParallelize(plan, partition);
    case "range":
      return openRange(plan, partition);
    case "files":
      return openFiles(plan, partition, env);
    case "mapPartitions":
    case "mapPartitionsWithIndex":
      return openMapPartitions(plan, partition, env);
    case "mapAsync":
      return openMapAsync(plan, partition, env);
    case "glom":
      return openGlom(plan, partition, env);
    case "zipWithIndex":
      return openZipWithIndex(plan, partition, env);
    case "coalesce":
      return openCoalesce(plan, partition, env);
    case "exchange":
      return openExchange(plan, partition, env);
    case "aggregate":
      return openAggregate(plan, partition, env);
    case "group":
      return openGroup(plan, partition, env);
    case "distinct":
      return openDistinct(plan, partition, env);
    case "sort":
      return openSort(plan, partition, env);
    case "join":
      return openJoin(plan, partition, env);
    case "cogroup":
      return openCogroup(plan, partition, env);
    case "probe":
      invariant(false, "a probe is not a source of rows");
      break;
    case "union":
    case "map":
    case "filter":
    case "flatMap":
    case "keyBy":
    case "mapValues":
    case "flatMapValues":
    case "keys":
    case "values":
    case "lookup":
      return openPlan(plan, partition, env);
    default:
      return assertNever(plan);
  }
}
