/** The last operator of a job: what each action does with a partition, as one encoded result for the driver. */
import { assertNever } from "../base/assert.ts";
import { compareValues } from "../data/compare.ts";
import { decodeValue, encodeValue } from "../data/value-codec.ts";
import type { Action } from "../plan/action.ts";
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import { CheckedTop } from "./checked-top.ts";
import { chunksOf } from "./chunk.ts";
import { CollectSink } from "./collect.ts";
import { CountSink, SumSink } from "./ending.ts";
import { runKeep } from "./checkpoint-keep.ts";
import { foldRows } from "./fold-rows.ts";
import { HistogramSink } from "./histogram.ts";
import { openPlan } from "./open.ts";
import { isThenable, promised } from "./row-errors.ts";
import { rowsOf, whenSynchronous } from "./rows.ts";
import { runSaveObjects } from "./save-objects.ts";
import { runSaveText } from "./save-text.ts";
import { drive, type RowSink } from "./sink.ts";
import { StatsSink } from "./stats.ts";
import type { TaskEnv } from "./task-env.ts";
import { TopRows } from "./top-rows.ts";
import { TopSink } from "./top-sink.ts";

export async function runAction(action: Action, plan: Plan, partition: number, env: TaskEnv): Promise<Uint8Array> {
  switch (action.kind) {
    case "collect": {
      const sink = new CollectSink(env, action.limit);
      await drive(plan, partition, env, sink);
      return sink.finish();
    }
    case "count": {
      const sink = new CountSink();
      await drive(plan, partition, env, sink);
      return encodeValue(sink.ending.rows);
    }
    case "sum":
      return encodeValue(await driven(new SumSink(env), plan, partition, env, sink => sink.ending.total));
    case "reduce":
      // `[]` of an empty partition, else the one value
      return encodeValue(await foldRows({ operator: "reduce", zero: undefined, fn: action.fn }, plan, partition, env));
    case "aggregate": {
      const { zero, fn } = action;
      const [value = decodeValue(zero)] = await foldRows({ operator: "aggregate", zero, fn }, plan, partition, env);
      return encodeValue(value);
    }
    case "takeOrdered": {
      const rows = action.rows > 0 ? await topRows(action, plan, partition, env) : [];
      env.metrics.resultRows += rows.length;
      return encodeValue(rows);
    }
    case "stats":
      return encodeValue(await driven(new StatsSink(env), plan, partition, env, sink => sink.finish()));
    case "histogram":
      return encodeValue(await driven(new HistogramSink(env, action.edges), plan, partition, env, sink => sink.counts));
    case "foreach": {
      const fn = env.instantiate(action.fn);
      const check = (result: unknown) => {
        if (isThenable(result)) throw promised("foreach", result);
      };
      await drive(plan, partition, env, { push: row => check(fn(row)) });
      return nothing;
    }
    case "foreachPartition":
      await overPartition(action.fn, plan, partition, env, "foreachPartition");
      return nothing;
    case "runPartition":
      return encodeValue(await overPartition(action.fn, plan, partition, env, "runJob"));
    case "keep":
      return encodeValue(await runKeep(plan, partition, env));
    case "saveObjects":
      return encodeValue(await runSaveObjects(action, plan, partition, env));
    case "saveText":
      return encodeValue(await runSaveText(action, plan, partition, env));
    default:
      return assertNever(action);
  }
}

const nothing = encodeValue(undefined);

/** What a sink that holds memory makes of the partition's rows. */
async function driven<Sink extends RowSink & { free(): void }, R>(
  sink: Sink,
  plan: Plan,
  partition: number,
  env: TaskEnv,
  result: (sink: Sink) => R,
): Promise<R> {
  try {
    await drive(plan, partition, env, sink);
    return result(sink);
  } finally {
    sink.free();
  }
}

async function topRows(
  { rows: limit, comparator: by, descending }: Extract<Action, { kind: "takeOrdered" }>,
  plan: Plan,
  partition: number,
  env: TaskEnv,
): Promise<unknown[]> {
  if (by !== undefined) {
    const top = new CheckedTop(limit, env.instantiate(by), descending);
    await drive(plan, partition, env, { push: row => top.push(row) });
    return top.finish();
  }
  const top = new TopRows(limit, descending ? (a, b) => compareValues(b, a) : compareValues);
  const sink = new TopSink(env, top, descending);
  try {
    await drive(plan, partition, env, sink);
    return top.finish();
  } finally {
    sink.free();
  }
}

/** Calls the function with the partition's rows; what it leaves unread is not computed. */
async function overPartition(
  fn: PlanFunction,
  plan: Plan,
  partition: number,
  env: TaskEnv,
  operator: string,
): Promise<unknown> {
  let result: unknown;
  const source = whenSynchronous(openPlan(plan, partition, env), plan, { ...plan, operator }, env, rows => {
    result = env.instantiate(fn)(rowsOf(rows, { ...plan, operator }, env));
    return chunksOf([]);
  });
  try {
    await source.next();
  } finally {
    source.close();
  }
  if (isThenable(result)) throw promised(operator, result);
  return result;
}
