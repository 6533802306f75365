/** What actions make of columns of every layout of numbers, of ranges and of rows, in any mix: the same as of the rows alone. */
import { expect, test } from "bun:test";
import type { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { readColumn } from "../../src/data/batch-reader.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import type { BytesColumn, Column } from "../../src/data/column.ts";
import { compareValues } from "../../src/data/compare.ts";
import { encodeValue } from "../../src/data/value-codec.ts";
import { Arena } from "../../src/kernel/arena.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { attachMemory } from "../../src/kernel/task-memory.ts";
import { type Chunk, chunkToRows } from "../../src/operators/chunk.ts";
import { FoldSink } from "../../src/operators/fold-sink.ts";
import { nativeFold } from "../../src/operators/native-fold.ts";
import type { RowSink } from "../../src/operators/sink.ts";
import { StatsSink } from "../../src/operators/stats.ts";
import type { TaskEnv } from "../../src/operators/task-env.ts";
import { TopRows } from "../../src/operators/top-rows.ts";
import { TopSink } from "../../src/operators/top-sink.ts";
import { seeds } from "../data/random-values.ts";
import { difference } from "../data/same.ts";
import { awkwardNumbers, pick } from "../expr/random-rows.ts";
import { mustRead } from "../expr/text-lambda.ts";

const wasm = createKernelMemory(64 * 2 ** 20);
const kernels = instantiateKernels(wasm, compileKernels());
const memory = attachMemory(wasm, { waitMaxMs: 0 }).openTask(1);
const metrics = { kernelRows: 0, jsRows: 0 };
const env = { kernels, memory, metrics, taken: { rows: 0 } } as unknown as TaskEnv;

/** Numbers in a layout that only sources make, or one that a writer chooses. */
function numberColumn(random: Random, arena: Arena, rows: number): Column {
  const kind = pick(random, ["f64", "i32", "f32", "u8", "optional", "mixed"] as const);
  const { buffer } = kernels.memory;
  const at = arena.alloc(Math.max(8, rows * 8));
  const number = () => (random.below(4) === 0 ? pick(random, awkwardNumbers) : random.below(2000) / 16 - 30);
  switch (kind) {
    case "f64":
    case "optional": {
      for (let i = 0; i < rows; i++) kernels.f64[at / 8 + i] = number();
      const item: Column = { kind: "f64", rows, values: at };
      if (kind === "f64") return item;
      const validity = arena.alloc(Math.max(8, rows));
      kernels.u8.fill(1, validity, validity + rows);
      return { kind, rows, absent: null, validity, item };
    }
    case "i32":
      new Int32Array(buffer, at, rows).set(Array.from({ length: rows }, () => random.below(2 ** 32) | 0));
      return { kind, rows, values: at };
    case "f32":
      new Float32Array(buffer, at, rows).set(Array.from({ length: rows }, number));
      return { kind, rows, values: at };
    case "u8":
      new Uint8Array(buffer, at, rows).set(Array.from({ length: rows }, () => random.below(256)));
      return { kind, rows, values: at };
    case "mixed": {
      const writer = makeBatchWriter(kernels, arena);
      writer.push("a string makes them any value");
      for (let i = 0; i < rows; i++) writer.push(number());
      const all = writer.finish().root as BytesColumn;
      return { ...all, rows, offsets: (all.offsets + 4) as typeof all.offsets };
    }
  }
}

function randomChunks(random: Random, arena: Arena): Chunk[] {
  const onlyColumns = random.below(2) === 0;
  return Array.from({ length: 1 + random.below(5) }, (): Chunk => {
    const rows = 1 + random.below(200);
    const kind = random.below(onlyColumns ? 4 : 5);
    if (kind === 4) return { kind: "rows", rows: readColumn(kernels, numberColumn(random, arena, rows)).toArray() };
    if (kind === 3)
      return { kind: "range", start: random.below(100) / 7, step: random.below(9) / 3 - 1, count: rows * 60 };
    return { kind: "batch", batch: { rows, root: numberColumn(random, arena, rows) } };
  });
}

function feed(sink: RowSink, chunks: readonly Chunk[]): void {
  for (const chunk of chunks) sink.takeChunk!(chunk);
}

test("sums, statistics, folds and first rows", () => {
  for (const seed of seeds(60)) {
    const random = new Random(seed);
    const arena = new Arena(memory.withOperator("test"));
    const chunks = randomChunks(random, arena);
    const rows = chunks.flatMap(chunk => chunkToRows(kernels, chunk)) as number[];
    const same = (actual: unknown, expected: unknown) =>
      expect([seed, difference(actual, expected)]).toEqual([seed, undefined]);

    const [stats, byRows] = [new StatsSink(env), new StatsSink(env)];
    feed(stats, chunks);
    for (const row of rows) byRows.push(row);
    same(stats.finish(), byRows.finish());
    stats.free();
    byRows.free();

    for (const [text, zero] of [
      ["(a, b) => a * 0.5 + b", undefined],
      ["(a, b) => [a[0] + b, Math.max(a[1], b)]", [0, -Infinity]],
      ["(a, b) => (b === 1e21 ? `${a}` : a + b)", undefined],
    ] as const) {
      const merge = new Function(`return ${text}`)() as (a: unknown, b: unknown) => unknown;
      const planned = { id: "", bundle: "", captures: new Uint8Array(), text, at: undefined, lambda: mustRead(text) };
      const encoded = zero && encodeValue(zero);
      const native = nativeFold({ create: undefined, zero: encoded, merge: planned }, () => true);
      const sink = new FoldSink(env, "reduce", { create: undefined, zero: encoded, merge, native });
      feed(sink, chunks);
      const expected = zero === undefined ? rows.reduce(merge as never) : rows.reduce(merge as never, zero as never);
      same(sink.finish(), [expected]);
      sink.free();
    }

    const limit = 1 + random.below(20);
    for (const descending of [false, true]) {
      const compare = descending ? (a: unknown, b: unknown) => compareValues(b, a) : compareValues;
      const top = new TopRows(limit, compare);
      const sink = new TopSink(env, top, descending);
      feed(sink, chunks);
      same(top.finish(), rows.toSorted(compare).slice(0, limit));
      sink.free();
    }
    arena.close();
  }
});

test("columns and ranges of numbers are not made rows of", () => {
  const arena = new Arena(memory.withOperator("test"));
  const values = arena.alloc(8000);
  for (let i = 0; i < 1000; i++) kernels.i32[values / 4 + i] = i;
  const text = "(a, b) => a + b";
  const planned = { id: "", bundle: "", captures: new Uint8Array(), text, at: undefined, lambda: mustRead(text) };
  const native = nativeFold({ create: undefined, zero: undefined, merge: planned }, () => true);
  const merge = () => expect.unreachable();
  const sink = new FoldSink(env, "reduce", { create: undefined, zero: undefined, merge, native });
  const before = { ...metrics };
  feed(sink, [
    { kind: "batch", batch: { rows: 1000, root: { kind: "i32", rows: 1000, values } } },
    { kind: "range", start: 0.5, step: 2, count: 20_000 },
  ]);
  expect(sink.finish()).toEqual([499_500 + 20_000 * 0.5 + 20_000 * 19_999]);
  expect({ ...metrics }).toEqual({ kernelRows: before.kernelRows + 21_000, jsRows: before.jsRows });
  sink.free();
  arena.close();
});

test("a row that is no number is named", () => {
  const arena = new Arena(memory.withOperator("test"));
  const writer = makeBatchWriter(kernels, arena);
  for (const row of [1, 2, null]) writer.push(row);
  const stats = new StatsSink(env);
  let thrown: FiresteelError | undefined;
  try {
    stats.takeChunk({ kind: "batch", batch: writer.finish() });
  } catch (error) {
    thrown = error as FiresteelError;
  }
  expect(thrown?.message).toBe("numeric actions need numbers, but a row is null");
  stats.free();
  arena.close();
});
