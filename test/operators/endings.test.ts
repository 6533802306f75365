/**
 * Sums and counts at the end of operators, in generated code and in JavaScript, over chunks of every kind: those of a plain loop over
 * the same rows, bit for bit. FIRESTEEL_SEED runs one seed.
 */
import { expect, test } from "bun:test";
import type { FiresteelError } from "../../src/base/errors.ts";
import { zeroMetrics } from "../../src/base/events.ts";
import type { RddId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { sliceColumn } from "../../src/data/slice.ts";
import type { Column } from "../../src/data/column.ts";
import { decodeValue } from "../../src/data/value-codec.ts";
import { printModule } from "../../src/codegen/print.ts";
import { generatePipeline } from "../../src/expr/pipeline.ts";
import { Arena } from "../../src/kernel/arena.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { attachMemory } from "../../src/kernel/task-memory.ts";
import { runAction } from "../../src/operators/actions.ts";
import { type Chunk, chunksOf, chunkToRows } from "../../src/operators/chunk.ts";
import type { TaskEnv } from "../../src/operators/task-env.ts";
import type { Plan, PlanFunction } from "../../src/plan/nodes.ts";
import { seeds } from "../data/random-values.ts";
import { awkwardNumbers, pick } from "../expr/random-rows.ts";
import { mustRead, readLambda } from "../expr/text-lambda.ts";

const wasm = createKernelMemory(64 * 2 ** 20);
const kernels = instantiateKernels(wasm, compileKernels());
const memory = attachMemory(wasm, { waitMaxMs: 0 }).openTask(1);

type RowFunction = (row: never) => unknown;
type Operator = readonly [op: "map" | "filter" | "flatMap", text: string];

const functionOf = (text: string) => new Function(`return ${text}`)() as RowFunction;

const common = { id: 0 as RddId, at: undefined };
/** Rows that `TaskEnv.cached` gives. */
const base = {
  ...common,
  ...{ operator: "parallelize", op: "parallelize", slices: [new Uint8Array()] },
  storage: { memory: true, disk: false },
} as unknown as Plan;

function planOf(operators: readonly Operator[]): Plan {
  const planned = (text: string): PlanFunction => ({
    ...{ id: text, bundle: "", captures: new Uint8Array(), text, at: undefined },
    lambda: readLambda(text),
  });
  return operators.reduce<Plan>(
    (parent, [op, text]) => ({ ...common, operator: op, op, parent, fn: planned(text) }),
    base,
  );
}

interface Outcome {
  readonly value: unknown;
  readonly kernelRows: number;
  readonly jsRows: number;
}

async function run(
  kind: "sum" | "count",
  operators: readonly Operator[],
  chunks: readonly Chunk[],
  mayRunNative = true,
): Promise<Outcome> {
  const metrics = { ...zeroMetrics };
  const env = {
    ...{ kernels, memory, metrics, taken: { rows: 0 }, mayRunNative, nativeRowsMin: 0, checkpoint: () => {} },
    instantiate: (fn: PlanFunction) => functionOf(fn.text),
    cached: () => chunksOf(chunks),
  } as unknown as TaskEnv;
  const value = decodeValue(await runAction({ kind }, planOf(operators), 0, env));
  return { value, kernelRows: metrics.kernelRows, jsRows: metrics.jsRows };
}

/** What leaves the operators, as one would write it. */
function leaving(operators: readonly Operator[], rows: readonly unknown[]): unknown[] {
  return operators.reduce<unknown[]>(
    (all, [op, text]) => {
      const fn = functionOf(text) as (row: unknown) => unknown;
      return op === "map"
        ? all.map(row => fn(row))
        : op === "filter"
          ? all.filter(row => fn(row))
          : all.flatMap(fn as never);
    },
    [...rows],
  );
}

function plainSum(rows: readonly unknown[]): number {
  let total = 0;
  for (const row of rows) total += row as number;
  return total;
}

async function expectPlain(
  operators: readonly Operator[],
  chunks: readonly Chunk[],
  what: unknown,
): Promise<Outcome[]> {
  const rows = leaving(
    operators,
    chunks.flatMap(chunk => chunkToRows(kernels, chunk)),
  );
  const outcomes: Outcome[] = [];
  for (const native of [true, false]) {
    const [sum, count] = [await run("sum", operators, chunks, native), await run("count", operators, chunks, native)];
    const isSame = Object.is(sum.value, plainSum(rows)) && count.value === rows.length;
    const found = isSame ? "the same" : [sum.value, plainSum(rows), count.value, rows.length];
    expect([what, native, found]).toEqual([what, native, "the same"]);
    outcomes.push(sum, count);
  }
  return outcomes;
}

const column = (arena: Arena, kind: "f64" | "f32" | "i32" | "u8", values: readonly number[]): Column => {
  const at = arena.alloc(Math.max(8, values.length * 8));
  const arrays = { f64: Float64Array, f32: Float32Array, i32: Int32Array, u8: Uint8Array };
  new arrays[kind](kernels.memory.buffer, at, values.length).set(values);
  return { kind, rows: values.length, values: at };
};

const batch = (root: Column): Chunk => ({ kind: "batch", batch: { rows: root.rows, root } });

const operatorsThereAre: readonly Operator[] = [
  ["map", "x => x * 0.1 + 3"],
  ["map", "x => -x"],
  ["map", "x => Math.sqrt(x)"],
  ["map", "x => x % 8"],
  ["map", "x => (x > 5 ? x : 1 / x)"],
  ["filter", "x => x > 3"],
  ["filter", "x => x % 2 === 0"],
  ["filter", "x => x > 1 && x < 1e6 && x !== 7"],
  ["flatMap", "x => [x, x / 3]"],
  ["flatMap", "x => (x > 4 ? [x] : [])"],
  // needs JavaScript where the number is not whole
  ["map", "x => `${x}`.length + x"],
  ["filter", "x => `${x}`.length > 1"],
  // has no native code at all
  ["map", "x => { try { return x + 1; } finally { } }"],
];

function randomChunks(random: Random, arena: Arena): Chunk[] {
  const isWhole = random.below(2) === 0;
  const number = () => {
    if (isWhole) return random.below(1000);
    return random.below(4) === 0 ? pick(random, awkwardNumbers) : random.below(2000) / 16 - 30;
  };
  const kinds = random.below(2) === 0 ? (["f64"] as const) : (["f64", "i32", "f32", "u8", "range", "rows"] as const);
  return Array.from({ length: random.below(6) }, (): Chunk => {
    const values = Array.from({ length: random.below(2) * random.below(70) + random.below(4) }, number);
    const kind = pick(random, kinds as readonly ("f64" | "i32" | "f32" | "u8" | "range" | "rows")[]);
    if (kind === "rows") return { kind, rows: values };
    if (kind === "range") return { kind, start: number(), step: isWhole ? 3 : 0.3, count: values.length };
    return batch(column(arena, kind, values));
  });
}

test("random operators over random chunks", async () => {
  let native = 0;
  for (const seed of seeds(150)) {
    const random = new Random(seed);
    const arena = new Arena(memory.withOperator("test"));
    const operators = Array.from({ length: random.below(4) }, () => pick(random, operatorsThereAre));
    const outcomes = await expectPlain(operators, randomChunks(random, arena), [seed, operators]);
    native += outcomes[0]!.kernelRows;
    expect([seed, outcomes[2]!.kernelRows > 0 && operators.length > 0]).toEqual([seed, false]);
    arena.close();
  }
  expect(native).toBeGreaterThan(0);
});

test("infinities, NaN and -0, wherever the rows are cut", async () => {
  const arena = new Arena(memory.withOperator("test"));
  for (const numbers of [
    [-0, -0, -0],
    [Infinity, 1, -Infinity, 2],
    [NaN, 1, 2, 3, 4],
    [1e308, 1e308, -1e308, -1e308, 1],
    [0.1, 0.2, 0.3, 1e16, -1e16, 0.7, 0.1],
  ]) {
    const all = column(arena, "f64", numbers);
    for (let cut = 0; cut <= numbers.length; cut++) {
      const chunks = [batch(sliceColumn(all, 0, cut)), batch(sliceColumn(all, cut, numbers.length))];
      for (const operators of [[], [["filter", "x => x < 1e300"]], [["map", "x => -x"]]] as const)
        await expectPlain(operators, chunks, [numbers, cut, operators]);
    }
  }
  arena.close();
});

test("a row that needs JavaScript, at any place of any chunk", async () => {
  const arena = new Arena(memory.withOperator("test"));
  const operators: Operator[] = [
    ["map", "x => `${x}`.length * 0.1"],
    ["filter", "x => x > 0"],
  ];
  for (let odd = 0; odd < 21; odd++) {
    const numbers = Array.from({ length: 21 }, (_, i) => (i === odd ? i + 0.5 : i * 3));
    const all = column(arena, "f64", numbers);
    const chunks = [0, 7, 14].map(from => batch(sliceColumn(all, from, from + 7)));
    const [sum, count] = await expectPlain(operators, chunks, odd);
    expect([odd, sum!.kernelRows, count!.kernelRows]).toEqual([odd, 14, 14]);
  }
  arena.close();
});

test("columns and ranges end in code alone", async () => {
  const arena = new Arena(memory.withOperator("test"));
  const writer = makeBatchWriter(kernels, arena);
  for (let i = 0; i < 1001; i++) writer.push([i, i % 7, i * 0.1]);
  const pairs = batch(writer.finish().root);
  const filtered: Operator[] = [
    ["filter", "r => r[1] > 2 && r[0] < 900"],
    ["map", "r => r[2]"],
  ];
  const numbers = batch(column(arena, "i32", [1, 2, 3]));
  const range: Chunk = { kind: "range", start: 1, step: 2, count: 1001 };
  for (const [operators, chunk, rows] of [
    [filtered, pairs, 1001],
    [[], range, 1001],
    [[], numbers, 3],
    [[["map", "i => i * 3"]], range, 1001],
  ] as const) {
    const [sum] = await expectPlain(operators, [chunk], operators);
    expect(sum).toMatchObject({ kernelRows: rows, jsRows: 0 });
  }
  arena.close();
});

test("rows that are no numbers are refused, whoever meets them", async () => {
  const arena = new Arena(memory.withOperator("test"));
  const chunk = batch(column(arena, "f64", [1, 2, 3]));
  for (const [operators, preview] of [
    [[["map", "x => `${x}`"]], '"1"'],
    [[["map", "x => x > 1"]], "false"],
    [[["map", "x => (x > 1 ? undefined : x)"]], "undefined"],
    [[["map", "x => new Date(x)"]], ""],
  ] as const) {
    for (const native of [true, false]) {
      const error = await run("sum", operators, [chunk], native).then(
        ({ value }) => ({ message: `gave ${String(value)}` }) as FiresteelError,
        (thrown: FiresteelError) => thrown,
      );
      expect([operators, error.message]).toEqual([operators, expect.stringContaining("numeric actions need numbers")]);
      expect(error.message).toContain(preview);
    }
  }
  arena.close();
});

test("rows are added up two at a time", () => {
  const steps = [{ op: "filter", lambda: mustRead("x => x > 3") } as const];
  const { code } = generatePipeline(steps, { kind: "f64" }, false, "sum");
  expect(printModule(code!.module)).toInclude("total += f64x2.extract_lane(1, added)");
});
