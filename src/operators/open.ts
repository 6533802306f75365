/**
 * From a plan to running operators, for one partition: the row operators on top are fused into a pipeline, what is below
 * them opens as a source. Unions vanish here, since a partition of a union is a partition of one parent.
 */
import { assertNever, invariant } from "../base/assert.ts";
import { equalValues } from "../data/equal.ts";
import { decodeValue } from "../data/value-codec.ts";
import type { Plan, WidePlan } from "../plan/nodes.ts";
import { keeps } from "../plan/storage-level.ts";
import { partitionCount } from "../plan/partition-count.ts";
import { makesRows } from "../plan/row-makers.ts";
import { openAggregate } from "./aggregate.ts";
import { openBarrier } from "./barrier.ts";
import { openCartesian } from "./cartesian.ts";
import { lostCheckpoint } from "./checkpoint-lost.ts";
import { type Chunk, type ChunkPart, chunkParts, type ChunkSource } from "./chunk.ts";
import { openCoalesce } from "./coalesce.ts";
import { openCogroup } from "./cogroup.ts";
import { openDistinct } from "./distinct.ts";
import type { Ending } from "./ending.ts";
import { openExchange } from "./exchange-read.ts";
import { openFiles } from "./files-source.ts";
import { openFilterByRange } from "./filter-by-range.ts";
import { openFoldPartition } from "./fold-partition.ts";
import { openGlom } from "./glom.ts";
import { openGroup } from "./group.ts";
import { openJoin } from "./join.ts";
import { openMapAsync } from "./map-async.ts";
import { openMapPartitions } from "./map-partitions.ts";
import { type FeedJavaScript, NativeSource } from "./native-source.ts";
import { rangeType, stepOf, wordSeparator } from "./native-steps.ts";
import { openZipWithIndex, openZipWithUniqueId } from "./numbered-rows.ts";
import { openParallelize } from "./parallelize.ts";
import { openPipe } from "./pipe.ts";
import { compilePipeline, isRowOperator, type Pipeline, type RowOperator } from "./pipeline.ts";
import { givesColumns, isProjection, openProjection } from "./project.ts";
import { openRange } from "./range.ts";
import { openRegisters } from "./registers.ts";
import { openSample } from "./sample.ts";
import { openSemiJoin } from "./semi-join.ts";
import { openSort } from "./sort.ts";
import type { TaskEnv } from "./task-env.ts";
import { naming } from "./task-failure.ts";
import { openZip } from "./zip.ts";
import { openZipPartitions } from "./zip-partitions.ts";

export interface OpenPipeline {
  readonly source: ChunkSource;
  /** The fused JavaScript operators that push into `push`; none when the source's chunks are the rows already. */
  readonly pipeline: Pipeline | undefined;
  /** The source counts the rows that it takes up. */
  readonly takesRows: boolean;
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
  return { source, pipeline, takesRows: isNative };
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
  if (!mayGiveColumns(base)) return undefined;
  const first = operators.findIndex(operator => stepOf(operator) === undefined);
  const count = first < 0 ? operators.length : first;
  const isSummed = ending?.kind === "sum" && count === operators.length;
  // projections alone need no code
  if (!isSummed && operators.slice(0, count).every(isProjection)) return undefined;
  return env.mayRunNative ? count : undefined;
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
    pipelines[first].feed(chunk, bytes => env.checkpoint(last, bytes));
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
  return isPersisted(plan) || !makesRows(plan);
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
  const feed = (chunk: Chunk, bytes: number): Chunk => {
    out = [];
    try {
      pipeline.feed(chunk, () => {});
    } catch (thrown) {
      if (out.length === 0) throw thrown;
      failure = { thrown };
    }
    env.metrics.jsRows += out.length;
    env.checkpoint(plan, bytes);
    return { kind: "rows", rows: out };
  };
  let parts: Iterator<ChunkPart, void, undefined> | undefined;
  const begin = (chunk: Chunk | undefined): Chunk | undefined | Promise<Chunk | undefined> => {
    if (chunk === undefined) return undefined;
    parts = chunkParts(env.kernels, chunk);
    return next();
  };
  const next = (): Chunk | undefined | Promise<Chunk | undefined> => {
    if (failure !== undefined) throw failure.thrown;
    const part = parts?.next().value;
    if (part !== undefined) return feed(part.chunk, part.bytes);
    const chunk = source.next();
    return chunk instanceof Promise ? chunk.then(begin) : begin(chunk);
  };
  return {
    next,
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
  return keeps(plan.storage);
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
      return openRange(plan, partition, env);
    case "kept":
      throw lostCheckpoint(plan, partition, env.isHeldElsewhere?.(plan.id, partition) === true);
    case "files":
      return openFiles(plan, partition, env, { columns });
    case "mapPartitions":
    case "mapPartitionsWithIndex":
      return openMapPartitions(plan, partition, env);
    case "mapAsync":
      return openMapAsync(plan, partition, env);
    case "barrier":
      return openBarrier(plan, partition, env);
    case "glom":
      return openGlom(plan, partition, env);
    case "zipWithIndex":
      return openZipWithIndex(plan, partition, env);
    case "sample":
      return openSample(plan, partition, env);
    case "zipWithUniqueId":
      return openZipWithUniqueId(plan, partition, env);
    case "zip":
      return openZip(plan, partition, env);
    case "zipPartitions":
      return openZipPartitions(plan, partition, env);
    case "cartesian":
      return openCartesian(plan, partition, env);
    case "filterByRange":
      return openFilterByRange(plan, partition, env);
    case "registers":
      return openRegisters(plan, partition, env);
    case "foldPartition":
      return openFoldPartition(plan, partition, env);
    case "pipe":
      return openPipe(plan, partition, env);
    case "coalesce":
      return openCoalesce(plan, partition, env);
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
      return openWide(plan, partition, env);
  }
}

function openWide(plan: WidePlan, partition: number, env: TaskEnv): ChunkSource {
  switch (plan.op) {
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
    case "semiJoin":
      return openSemiJoin(plan, partition, env);
    case "cogroup":
      return openCogroup(plan, partition, env);
    case "probe":
      invariant(false, "a probe is not a source of rows");
      break;
    default:
      return assertNever(plan);
  }
}
