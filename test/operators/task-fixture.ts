/**
 * Operators without an engine: one partition of a plan is run in a task whose memory the test controls. It may be small, single
 * requests may be refused, and the task's operators may be asked to spill at any request of another.
 */
import { expect } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zeroMetrics } from "../../src/base/events.ts";
import type { RddId } from "../../src/base/ids.ts";
import { encodeValue } from "../../src/data/value-codec.ts";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { pageBytes } from "../../src/kernel/control-area.ts";
import type { ClaimFrom } from "../../src/kernel/page-pool.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import {
  attachMemory,
  type OperatorMemory,
  type SharedPool,
  type Spillable,
  type TaskMemory,
} from "../../src/kernel/task-memory.ts";
import { chunkToRows } from "../../src/operators/chunk.ts";
import { openPlan } from "../../src/operators/open.ts";
import type { TaskEnv } from "../../src/operators/task-env.ts";
import type { JoinPlan, Plan, PlanFunction } from "../../src/plan/nodes.ts";
import { BlockStore } from "../../src/storage/block-store.ts";
import { ExchangeStore } from "../../src/storage/exchange-store.ts";
import { nameLocalDirs } from "../../src/storage/local-dirs.ts";
import { spillCodec } from "../../src/storage/spill-codec.ts";
import type { SpillFs } from "../../src/storage/spill-file.ts";
import { SpillStore } from "../../src/storage/spill-store.ts";
import { difference } from "../data/same.ts";
import { readLambda } from "../expr/text-lambda.ts";

const MiB = 2 ** 20;
const ampleBytes = 256 * MiB;
const module = compileKernels();

type UserFunction = (...args: never[]) => unknown;
const functions = new Map<string, UserFunction>();
const node = { id: 0 as RddId, at: undefined };

/** A function as plans hold it, with its expression if it has one. */
export function planned(fn: UserFunction): PlanFunction {
  const id = String(functions.size);
  functions.set(id, fn);
  const text = String(fn);
  return { id, bundle: "", captures: new Uint8Array(), text, at: undefined, lambda: readLambda(text) };
}

/** 0, 1, 2, … as a range, which columns are made of only when they are wanted. */
export function rangePlan(rows: number): Plan {
  return { ...node, operator: "range", op: "range", start: 0, step: 1, rows, partitions: 1 };
}

export function rowsPlan(rows: readonly unknown[]): Plan {
  return { ...node, operator: "parallelize", op: "parallelize", slices: [encodeValue(rows)] };
}

export interface FoldFunctions {
  readonly create?: UserFunction;
  readonly zero?: unknown;
  readonly merge: UserFunction;
}

function joinPlan(join: JoinPlan["join"], operator: string) {
  return (left: Plan, right: Plan): Plan => ({ ...node, operator, op: "join", join, left, right });
}

export const plans = {
  reduceByKey(parent: Plan, { create, zero, merge }: FoldFunctions): Plan {
    const combine = {
      create: create && planned(create),
      zero: zero === undefined ? undefined : encodeValue(zero),
      mergeValue: planned(merge),
      mergeCombiners: planned(merge),
    };
    return { ...node, operator: "reduceByKey", op: "aggregate", parent, combine, from: "values" };
  },
  distinct: (parent: Plan): Plan => ({ ...node, operator: "distinct", op: "distinct", parent }),
  groupByKey: (parent: Plan): Plan => ({ ...node, operator: "groupByKey", op: "group", parent }),
  cogroup: (...parents: Plan[]): Plan => ({ ...node, operator: "cogroup", op: "cogroup", parents }),
  sortByKey: (parent: Plan, ascending = true): Plan => ({
    ...node,
    operator: "sortByKey",
    op: "sort",
    parent,
    ascending,
  }),
  join: joinPlan("inner", "join"),
  leftOuterJoin: joinPlan("left", "leftOuterJoin"),
  rightOuterJoin: joinPlan("right", "rightOuterJoin"),
  fullOuterJoin: joinPlan("full", "fullOuterJoin"),
  subtractByKey: (left: Plan, right: Plan): Plan => ({
    ...{ ...node, operator: "subtractByKey", op: "semiJoin", keeps: "unmatched", key: "pair", left },
    right: { ...node, operator: "subtractByKey", op: "keys", parent: right },
  }),
  /** The rows of both, as one partition. */
  concat: (...parents: Plan[]): Plan => ({
    ...{ ...node, operator: "coalesce", op: "coalesce", groups: [parents.map((_, i) => i)] },
    parent: { ...node, operator: "union", op: "union", parents },
  }),
  /** Rows that are on both sides, as often as on the left. */
  common: (left: Plan, right: Plan): Plan => ({
    ...{ ...node, operator: "intersection", op: "semiJoin", keeps: "matched", key: "row", left, right },
  }),
  zip: (left: Plan, right: Plan): Plan => ({ ...node, operator: "zip", op: "zip", left, right }),
  cartesian: (left: Plan, right: Plan): Plan => ({ ...node, operator: "cartesian", op: "cartesian", left, right }),
};

export type Pair = readonly [unknown, unknown];

/** Every operator that spills, over two inputs of pairs; most use the first. */
export const allOperators: Readonly<Record<string, (a: Plan, b: Plan) => Plan>> = {
  "reduceByKey of numbers": a => plans.reduceByKey(a, { merge: (x: number, y: number) => x * 0.7 + y }),
  "reduceByKey of objects": a =>
    plans.reduceByKey(a, {
      create: (x: unknown) => ({ n: 1, first: x, last: x }),
      merge: (x: { n: number }, y: unknown) => ({ ...x, n: x.n + 1, last: y }),
    }),
  "reduceByKey of tuples": a =>
    plans.reduceByKey(a, {
      create: (x: number) => [x, 1, [x > 3, x]],
      merge: ([sum, n, [any, last]]: [number, number, [boolean, number]], x: number) => [
        sum * 0.9 + x,
        n + 1,
        [any || x > 3, last],
      ],
    }),
  foldByKey: a =>
    plans.reduceByKey(a, {
      zero: [0, ""],
      merge: ([n, text]: [number, string], y: unknown) => [n + 1, `${text}${String(y).length};`.slice(-40)],
    }),
  distinct: a => plans.distinct(a),
  groupByKey: a => plans.groupByKey(a),
  cogroup: (a, b) => plans.cogroup(a, b),
  sortByKey: a => plans.sortByKey(a),
  "sortByKey descending": a => plans.sortByKey(a, false),
  join: (a, b) => plans.join(a, b),
  leftOuterJoin: (a, b) => plans.leftOuterJoin(a, b),
  rightOuterJoin: (a, b) => plans.rightOuterJoin(a, b),
  fullOuterJoin: (a, b) => plans.fullOuterJoin(a, b),
  subtractByKey: (a, b) => plans.subtractByKey(a, b),
  "zip of sorted rows": a => plans.zip(plans.sortByKey(a), plans.sortByKey(a, false)),
  "rows that both have": (a, b) => plans.common(plans.concat(a, b), b),
};

export interface Pressure {
  readonly memoryBytes?: number;
  /** Whether to refuse a request; `n` counts them. */
  readonly refuses?: (n: number, bytes: number) => boolean;
  /** Whether the other operators are asked to spill before a request. */
  readonly asks?: (n: number) => boolean;
  /** The request at which another task begins, and takes all that it can have. */
  readonly crowdedAt?: number;
  /** … or so many others. */
  readonly others?: number;
  /** The request from which on others hold all the rest, once the task has what it may wait for. */
  readonly fullFrom?: number;
  readonly fs?: SpillFs;
  /** Rows from which on code is generated; none. */
  readonly nativeRowsMin?: number;
  /** Folds and row operators as JavaScript only. */
  readonly inJavaScript?: boolean;
}

export interface Outcome {
  readonly rows: unknown[];
  readonly spilledBytes: number;
  readonly kernelRows: number;
  readonly jsRows: number;
  readonly requests: number;
  readonly refusals: number;
  /** Whether another task has begun. */
  readonly crowded: boolean;
  /** Whether others have come to hold all the rest. */
  readonly full: boolean;
  /** Bytes that operators still held when all was closed. */
  readonly heldBytes: number;
  readonly filesLeft: number;
}

/** The same rows in the same order, and nothing left behind. */
export function expectSame(actual: Outcome, expected: Outcome): void {
  expect(difference(actual.rows, expected.rows)).toBeUndefined();
  expect({ held: actual.heldBytes, files: actual.filesLeft }).toEqual({ held: 0, files: 0 });
}

/** Runs partition 0 of a plan to its end, or throws what it throws; either way nothing stays behind. */
export async function runPlan(plan: Plan, pressure: Pressure = {}): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
  try {
    return await runIn(folder, plan, pressure);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Something done in a task of its own. */
export async function inTask<T>(
  changes: Partial<TaskEnv>,
  run: (env: TaskEnv) => Promise<T>,
  pressure: Pressure = {},
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-operators-"));
  try {
    return await run({ ...openTask(folder, pressure).env, ...changes });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runIn(folder: string, plan: Plan, pressure: Pressure): Promise<Outcome> {
  const { env, dirs, counts } = openTask(folder, pressure);
  const { kernels, metrics } = env;
  const rows: unknown[] = [];
  const source = openPlan(plan, 0, env);
  try {
    for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
      for (const row of chunkToRows(kernels, chunk)) rows.push(row);
    }
  } finally {
    source.close();
  }
  const { spilledBytes, kernelRows, jsRows } = metrics;
  const filesLeft = filesBelow(dirs.paths[0]!);
  return { rows, spilledBytes, kernelRows, jsRows, ...counts(), heldBytes: heldBytes(env), filesLeft };
}

/** On the accounts of a task's operators. */
export function heldBytes({ memory }: TaskEnv): number {
  return accountsOf(memory).reduce((sum, account) => sum + account.usedBytes, 0);
}

function openTask(folder: string, pressure: Pressure) {
  const wasm = createKernelMemory(pressure.memoryBytes ?? ampleBytes);
  const kernels = instantiateKernels(wasm, module);
  const pool = attachMemory(wasm, { waitMaxMs: 0 });
  const memory = pool.openTask(1);
  const counts = interfere(memory, pressure);
  const dirs = nameLocalDirs([join(folder, "dirs")]);
  const files = { dirs, openCodec: spillCodec(kernels, "lz4"), fs: pressure.fs };
  const metrics = { ...zeroMetrics };
  const env: TaskEnv = {
    nativeRowsMin: pressure.nativeRowsMin ?? 0,
    mayRunNative: pressure.inJavaScript !== true,
    partition: 0,
    stageId: 0,
    attemptNumber: 0,
    taskAttemptId: 1,
    kernels,
    memory,
    metrics,
    taken: { rows: 0 },
    exchanges: new ExchangeStore(pool, files),
    blocks: new BlockStore(pool, files),
    spills: new SpillStore(wasm, files),
    instantiate: fn => functions.get(fn.id) as (...args: unknown[]) => unknown,
    mayCommit: () => Promise.resolve(true),
    mapOutputs: () => [],
    probeValue: () => undefined,
    checkpoint: () => {},
    count: () => {},
    setting: () => 0,
    fetchBlob: () => Promise.reject(new Error("there is nothing to fetch")),
    cached: (_id, _partition, _plan, compute) => compute(),
  };
  return { env, dirs, counts };
}

/** Stands between operators and their memory. */
function interfere(memory: TaskMemory, { refuses, asks, crowdedAt, others = 1, fullFrom }: Pressure) {
  let [requests, refusals] = [0, 0];
  let crowded = false;
  let asking = false;
  const before = (account: OperatorMemory, bytes: number) => {
    const n = requests++;
    if (n === crowdedAt) {
      crowd(memory.pool as SharedPool, others);
      crowded = true;
    }
    if (!asking && asks?.(n) === true) {
      asking = true;
      for (const { spillable, account: its } of spillablesOf(memory)) if (its !== account) spillable.spill();
      asking = false;
    }
    if (refuses?.(n, bytes) !== true) return;
    refusals++;
    throw new MemoryRefused(bytes);
  };
  for (const name of ["allocFor", "allocRunFor"] as const) {
    const original = memory[name].bind(memory);
    let inside = false;
    memory[name] = (account: OperatorMemory, bytes: number, isApart?: boolean) => {
      // large requests pass from one to the other
      if (!inside && name === "allocFor") before(account, bytes);
      inside = true;
      try {
        return original(account, bytes, isApart === true);
      } finally {
        inside = false;
      }
    };
  }
  const own = memory as unknown as { claimOrEvict(pages: number, from?: ClaimFrom): number; usedPages(): number };
  const claim = own.claimOrEvict.bind(memory);
  let limit = Number.POSITIVE_INFINITY;
  own.claimOrEvict = (pages, from) => {
    const used = own.usedPages();
    const isFull = fullFrom !== undefined && requests > fullFrom && used >= memory.pool.shares.now().taskMinPages;
    if (isFull && limit === Number.POSITIVE_INFINITY) limit = used;
    return used + pages > limit ? 0 : claim(pages, from);
  };
  return () => ({ requests, refusals, crowded, full: limit < Number.POSITIVE_INFINITY });
}

/** Other tasks, which keep working memory as operators do. */
function crowd(pool: SharedPool, others: number): void {
  const accounts = Array.from({ length: others }, (_, i) => pool.openTask(2 + i).withOperator("another task"));
  for (const other of accounts) {
    other.forWork();
    // from now on it counts
    other.tryAlloc(pageBytes);
  }
  for (const other of accounts) while (other.tryAlloc(pageBytes) !== undefined);
}

function spillablesOf(memory: TaskMemory): readonly { spillable: Spillable; account: OperatorMemory | undefined }[] {
  return [
    ...(memory as unknown as { spillables: { spillable: Spillable; account: OperatorMemory | undefined }[] })
      .spillables,
  ];
}

function accountsOf(memory: TaskMemory): readonly OperatorMemory[] {
  return (memory as unknown as { accounts: OperatorMemory[] }).accounts;
}

function filesBelow(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    entry => entry.isFile() && entry.name.startsWith("spill-"),
  ).length;
}
