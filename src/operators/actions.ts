/** The last operator of a job: what each action does with a partition, as one encoded result for the driver. */
import { assertNever } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import { compareValues } from "../data/compare.ts";
import { decodeValue, encodeValue } from "../data/value-codec.ts";
import type { Action } from "../plan/action.ts";
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import { chunksOf } from "./chunk.ts";
import { CollectSink } from "./collect.ts";
import { CountSink, SumSink } from "./ending.ts";
import { FoldSink } from "./fold-sink.ts";
import { isWorthCode } from "./native-source.ts";
import { nativeFold } from "./native-fold.ts";
import { openPlan } from "./open.ts";
import { isThenable, preview, promised } from "./row-errors.ts";
import { rowsOf, whenSynchronous } from "./rows.ts";
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
    case "sum": {
      const sink = new SumSink(env);
      try {
        await drive(plan, partition, env, sink);
        return encodeValue(sink.ending.total);
      } finally {
        sink.free();
      }
    }
    case "reduce":
      // `[]` of an empty partition, else the one value
      return encodeValue(await folded(action, undefined, plan, partition, env));
    case "aggregate": {
      const [value = decodeValue(action.zero)] = await folded(action, action.zero, plan, partition, env);
      return encodeValue(value);
    }
    case "takeOrdered": {
      const compare = action.comparator === undefined ? compareValues : comparator(action.comparator, env);
      const top = new TopRows(action.rows, action.descending ? (a, b) => compare(b, a) : compare);
      if (action.rows > 0) await fillTop(top, action, plan, partition, env);
      return encodeValue(top.finish());
    }
    case "stats": {
      const sink = new StatsSink(env);
      try {
        await drive(plan, partition, env, sink);
        return encodeValue(sink.finish());
      } finally {
        sink.free();
      }
    }
    case "foreach": {
      const fn = env.instantiate(action.fn);
      const check = (result: unknown) => {
        if (isThenable(result)) throw promised("foreach");
      };
      await drive(plan, partition, env, { push: row => check(fn(row)) });
      return nothing;
    }
    case "foreachPartition":
      await overPartition(action.fn, plan, partition, env, "foreachPartition");
      return nothing;
    case "runPartition":
      return encodeValue(await overPartition(action.fn, plan, partition, env, "runJob"));
    case "saveText":
      return encodeValue(await runSaveText(action, plan, partition, env));
    default:
      return assertNever(action);
  }
}

const nothing = encodeValue(undefined);

/** The partition's rows as one value; none of an empty one. */
async function folded(
  { kind, fn }: Extract<Action, { kind: "reduce" | "aggregate" }>,
  zero: Uint8Array | undefined,
  plan: Plan,
  partition: number,
  env: TaskEnv,
): Promise<unknown[]> {
  const native = env.mayRunNative
    ? nativeFold({ create: undefined, zero, merge: fn }, () => isWorthCode(env))
    : undefined;
  const sink = new FoldSink(env, kind, { create: undefined, zero, merge: env.instantiate(fn), native });
  try {
    await drive(plan, partition, env, sink);
    return sink.finish();
  } finally {
    sink.free();
  }
}

async function fillTop(
  top: TopRows,
  { comparator: by, descending }: Extract<Action, { kind: "takeOrdered" }>,
  plan: Plan,
  partition: number,
  env: TaskEnv,
): Promise<void> {
  if (by !== undefined) {
    await drive(plan, partition, env, { push: row => top.push(row) });
    return;
  }
  const sink = new TopSink(env, top, descending);
  try {
    await drive(plan, partition, env, sink);
  } finally {
    sink.free();
  }
}

/** A user's comparator, checked: what is not a number would sort into nonsense silently. */
export function comparator(planFunction: PlanFunction, env: TaskEnv): (a: unknown, b: unknown) => number {
  const fn = env.instantiate(planFunction);
  return (a, b) => {
    const order = fn(a, b);
    if (typeof order === "number" && order === order) return order;
    throw new FiresteelError("user", `the comparator returned ${preview(order)} for ${preview(a)} and ${preview(b)}`, {
      hint: "return a negative number, 0 or a positive number",
    });
  };
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
    result = env.instantiate(fn)(rowsOf(rows, env));
    return chunksOf([]);
  });
  try {
    await source.next();
  } finally {
    source.close();
  }
  if (isThenable(result)) throw promised(operator);
  return result;
}
