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
import type { Chunk, ChunkSource } from "./chunk.ts";
import { openCoalesce } from "./coalesce.ts";
import { openCogroup } from "./cogroup.ts";
import { openDistinct } from "./distinct.ts";
import type { Ending } from "./ending.ts";
import { openExchange } from "./exchange-read.ts";
import { openFiles } from "./files-source.ts";
import { openGlom } from "./glom.ts";
import { openGroup } from "./group.ts";
import { openJoin } from "./join.ts";
import { openMapAsync } from "./map-async.ts";
import { openMapPartitions } from "./map-partitions.ts";
import { type FeedJavaScript, NativeSource } from "./native-source.ts";
import { rangeType, stepOf, wordSeparator } from "./native-steps.ts";
import { openParallelize } from "./parallelize.ts";
import { compilePipeline, isRowOperator, type Pipeline, type RowOperator } from "./pipeline.ts";
import { givesColumns, isProjection, openProjection } from "./project.ts";
import { openRange } from "./range.ts";
import { openSort } from "./sort.ts";
import type { TaskEnv } from "./task-env.ts";
import { naming } from "./task-failure.ts";
import { openZipWithIndex } from "./zip-with-index.ts";

export interface OpenPipeline {
  readonly source: ChunkSource;
  /** The fused JavaScript operators that push into `push`; none when the source's chunks are the rows already. */
  readonly pipeline: Pipeline | undefined;
  /** The source counts the rows that are read. */
  readonly countsRows: boolean;
}

/**
 * A partition's rows: what is below, operators that have native code, and those that have none. With an ending, only the rows that
 * native code has not added to it.
 */
export function openPipeline(
  plan: Plan,
  partition: number,
  env: TaskEnv,
  push: (row: unknown) => void,
  ending?: Ending,
): OpenPipeline {
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
  const native = nativeOperators(base, operators, env, ending);
  const isNative = native !== undefined;
  let source = openBase(base, at, env, isNative || operators.length === 0);
  if (isNative) source = openNative(operators.splice(0, native), source, base, operators.length > 0, env, ending);
  for (
    let first = operators[0];
    givesColumns(base) && first !== undefined && isProjection(first);
    first = operators[0]
  ) {
    source = openProjection(first, source, env);
    operators.shift();
  }
  const pipeline = operators.length === 0 ? undefined : inJavaScript(operators, env, push);
  return { source, pipeline, countsRows: isNative };
}

function inJavaScript(operators: readonly RowOperator[], env: TaskEnv, push: (row: unknown) => void): Pipeline {
  const functions = operators.map(operator => functionOf(operator, env));
  return compilePipeline(env.kernels, operators, functions, push);
}

/** How many operators, from the first on, may have native code, going by their functions alone; undefined: there is no code. */
function nativeOperators(
  base: Plan,
  operators: readonly RowOperator[],
  env: TaskEnv,
  ending: Ending | undefined,
): number | undefined {
  if (!mayGiveColumns(base) || !env.mayRunNative) return undefined;
  const first = operators.findIndex(operator => stepOf(operator) === undefined);
  const count = first < 0 ? operators.length : first;
  if (ending?.kind === "sum" && count === operators.length) return count;
  // projections alone need no code
  return operators.slice(0, count).every(isProjection) ? undefined : count;
}

function openNative(
  operators: readonly RowOperator[],
  source: ChunkSource,
  base: Plan,
  toJavaScript: boolean,
  env: TaskEnv,
  ending: Ending | undefined,
): ChunkSource {
  const last = operators.at(-1) ?? base;
  const pipelines: Pipeline[] = [];
  let take: (row: unknown) => void;
  const feed: FeedJavaScript = (chunk, first, push) => {
    take = push;
    pipelines[first] ??= inJavaScript(operators.slice(done + first), env, row => take(row));
    pipelines[first].feed(chunk);
  };
  const steps = operators.map(operator => stepOf(operator)!);
  // words of lines come from the source
  const separator = source.giveWords && wordSeparator(steps[0]);
  const done = separator === undefined ? 0 : 1;
  if (separator !== undefined) source.giveWords!(separator);
  else if (steps.length > 0) source.giveSpans?.("rows");
  return new NativeSource(
    source,
    steps.slice(done),
    rangeType(base),
    toJavaScript,
    feed,
    last,
    env,
    toJavaScript ? undefined : ending,
  );
}

/** Whether a plan's chunks may be columns, or a range: what code can be generated for. */
function mayGiveColumns(plan: Plan): boolean {
  if (isPersisted(plan)) return true;
  switch (plan.op) {
    case "mapPartitions":
    case "mapPartitionsWithIndex":
    case "mapAsync":
    case "glom":
    case "zipWithIndex":
      return false;
    default:
      return true;
  }
}

/** A plan's partition as a source of chunks, row operators included. */
export function openPlan(plan: Plan, partition: number, env: TaskEnv): ChunkSource {
  let out: unknown[] = [];
  const { source, pipeline } = openPipeline(plan, partition, env, row => {
    out.push(row);
  });
  if (pipeline === undefined) return source;
  // rows before a failure are given first, as a fused pipeline would
  let failure: { readonly thrown: unknown } | undefined;
  const feed = (chunk: Chunk | undefined): Chunk | undefined => {
    if (chunk === undefined) return undefined;
    out = [];
    try {
      pipeline.feed(chunk);
    } catch (thrown) {
      if (out.length === 0) throw thrown;
      failure = { thrown };
    }
    env.metrics.jsRows += out.length;
    env.checkpoint(plan);
    return { kind: "rows", rows: out };
  };
  return {
    next() {
      if (failure !== undefined) throw failure.thrown;
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

function openBase(plan: Plan, partition: number, env: TaskEnv, columns: boolean): ChunkSource {
  return naming(plan, () => openSource(plan, partition, env, columns));
}

/** `columns`: batches are wanted where rows can come as either. */
function openSource(plan: Plan, partition: number, env: TaskEnv, columns: boolean): ChunkSource {
  if (isPersisted(plan)) {
    const { storage: _, ...unpersisted } = plan;
    return env.cached(plan.id, partition, plan, () => openPlan(unpersisted as Plan, partition, env));
  }
  switch (plan.op) {
    case "parallelize":
      return openParallelize(plan, partition, env);
    case "range":
      return openRange(plan, partition);
    case "files":
      return openFiles(plan, partition, env, { columns });
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
