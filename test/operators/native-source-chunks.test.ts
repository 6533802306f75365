/** Generated operators over chunks of every kind: layouts that take turns, sources that promise, and ends at any time. */
import { expect, test } from "bun:test";
import { zeroMetrics } from "../../src/base/events.ts";
import type { RddId } from "../../src/base/ids.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import type { Batch, SpanColumn, SpanRows } from "../../src/data/column.ts";
import { sliceColumn } from "../../src/data/slice.ts";
import { Arena } from "../../src/kernel/arena.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { attachMemory, type OperatorMemory } from "../../src/kernel/task-memory.ts";
import { type Chunk, type ChunkSource, chunkToRows } from "../../src/operators/chunk.ts";
import { NativeSource } from "../../src/operators/native-source.ts";
import { compilePipeline, type RowOperator } from "../../src/operators/pipeline.ts";
import type { TaskEnv } from "../../src/operators/task-env.ts";
import type { Step } from "../../src/expr/pipeline.ts";
import { mustRead } from "../expr/text-lambda.ts";

const kernels = instantiateKernels(createKernelMemory(64 * 2 ** 20), compileKernels());
const pool = attachMemory(kernels.memory, { waitMaxMs: 0 });
const plan = { id: 0 as RddId, at: undefined, operator: "map", op: "range", start: 0, step: 1, rows: 0, partitions: 1 } as const; // prettier-ignore

type Operator = readonly [op: "map" | "filter" | "flatMap", text: string];

interface Opened {
  readonly native: NativeSource;
  readonly metrics: { kernelRows: number; jsRows: number };
  readonly taken: { rows: number };
  /** Times that the source was closed, and chunks it gave. */
  readonly source: { closed: number; given: number };
  /** Closes, and says what is still held. */
  close(): number;
  heldBytes(): number;
}

let tasks = 1;

/** NativeSource over chunks, which come as promises or not, in a task of its own. */
function open(
  operators: readonly Operator[],
  chunks: readonly Chunk[],
  options: { promises?: boolean; stopAt?: number } = {},
): Opened {
  // prettier-ignore
  const memory = pool.openTask(++tasks);
  const heldBytes = () =>
    (memory as unknown as { accounts: OperatorMemory[] }).accounts.reduce((sum, account) => sum + account.usedBytes, 0);
  const [metrics, taken] = [{ ...zeroMetrics }, { rows: 0 }];
  let checks = 0;
  const checkpoint = () => {
    if (++checks === options.stopAt) throw new Error("cancelled");
  };
  const env = {
    kernels,
    memory,
    metrics,
    taken,
    mayRunNative: true,
    nativeRowsMin: 0,
    checkpoint,
  } as unknown as TaskEnv;
  const seen = { closed: 0, given: 0 };
  const source: ChunkSource = {
    next() {
      const chunk = chunks[seen.given++];
      return options.promises === true ? Promise.resolve(chunk) : chunk;
    },
    close: () => void seen.closed++,
  };
  const feed = (chunk: Chunk, first: number, push: (row: unknown) => void) => {
    const left = operators.slice(first).map(([op]) => ({ op, operator: op }) as unknown as RowOperator);
    const functions = operators.slice(first).map(([, text]) => new Function(`return ${text}`)() as never);
    compilePipeline(kernels, left, functions, push).feed(chunk, () => {});
  };
  const steps = operators.map(([op, text]): Step => ({ op, lambda: mustRead(text) }) as Step);
  const native = new NativeSource(source, steps, undefined, false, feed, plan, env);
  const close = () => {
    native.close();
    const held = heldBytes();
    memory.releaseAll();
    return held;
  };
  return { native, metrics, taken, source: seen, close, heldBytes };
}

async function rowsOf({ native }: Opened): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (let chunk = await native.next(); chunk !== undefined; chunk = await native.next())
    rows.push(...chunkToRows(kernels, chunk));
  return rows;
}

const inputs = new Arena(pool.openTask(1));

function batchOf(rows: readonly unknown[]): Chunk {
  const writer = makeBatchWriter(kernels, inputs);
  for (const row of rows) writer.push(row);
  return { kind: "batch", batch: writer.finish() };
}

/** The strings of a column, as spans of it. */
function spansOf(rows: readonly string[]): Chunk {
  const { batch } = batchOf(rows) as Chunk & { kind: "batch" };
  const { offsets, bytes } = batch.root as Batch["root"] & { kind: "utf8" };
  const root: SpanColumn = { kind: "spans", rows: rows.length, starts: offsets, ends: (offsets + 4) as never, bytes };
  return { kind: "batch", batch: { rows: rows.length, root } };
}

const numbers = Array.from({ length: 3000 }, (_, i) => i / 4);
const texts = Array.from({ length: 3000 }, (_, i) => ` ${i} é `.repeat(i % 5));
const mixed: readonly Chunk[] = [
  batchOf(numbers),
  batchOf(texts),
  { kind: "rows", rows: [1, "two", " 3 "] },
  spansOf(texts),
  batchOf(numbers.slice(5)),
  batchOf([]),
  { kind: "batch", batch: { rows: 700, root: sliceColumn((mixedColumn(texts) as never), 100, 800) } }, // prettier-ignore
  batchOf(numbers.map(n => [n, String(n)])),
  batchOf(texts),
];
const mixedRows = [...numbers, ...texts, 1, "two", " 3 ", ...texts, ...numbers.slice(5), ...texts.slice(100, 800), ...numbers.map(n => [n, String(n)]), ...texts]; // prettier-ignore

function mixedColumn(rows: readonly string[]) {
  return (spansOf(rows) as Chunk & { kind: "batch" }).batch.root;
}

const identity: readonly Operator[] = [["map", "x => [x, 1]"]];

for (const promises of [false, true]) {
  test(`layouts that take turns, ${promises ? "promised" : "at once"}`, async () => {
    const opened = open(identity, mixed, { promises });
    expect(await rowsOf(opened)).toEqual(mixedRows.map(row => [row, 1]));
    const held = opened.close();
    expect([opened.taken.rows, opened.metrics.jsRows]).toEqual([mixedRows.length, 3]);
    expect(opened.metrics.kernelRows).toBe(mixedRows.length - 3);
    expect([opened.source.closed, held]).toEqual([1, 0]);
  });
}

test("a layout without code is JavaScript's, those around it are not", async () => {
  const opened = open([["map", "x => x.trim()"]], [batchOf(texts), batchOf(numbers.map(String)), spansOf(texts)]);
  expect(await rowsOf(opened)).toEqual([...texts, ...numbers.map(String), ...texts].map(text => text.trim()));
  opened.close();
  expect(opened.metrics.jsRows).toBe(0);
  const wrong = open([["map", "x => x.trim()"]], [batchOf(texts), batchOf(numbers)]);
  expect(await rowsOf(wrong).catch((thrown: Error) => thrown.constructor.name)).not.toBeArray();
  expect([wrong.close(), wrong.metrics.kernelRows]).toEqual([0, texts.length]);
});

test("a task that is stopped at any check leaves nothing behind", async () => {
  const flat: readonly Operator[] = [["flatMap", "x => [x + 1, `${x} and more`.repeat(9)]"]];
  let stopped = 0;
  for (let stopAt = 1; stopAt < 40; stopAt++) {
    const opened = open(flat, [batchOf(numbers), batchOf(texts), spansOf(texts), batchOf(numbers)], { stopAt });
    const ended = await rowsOf(opened).then(
      () => "done",
      (thrown: Error) => thrown.message,
    );
    if (ended === "cancelled") stopped++;
    else expect(ended).toBe("done");
    expect([opened.close(), opened.source.closed]).toEqual([0, 1]);
    if (ended === "done") break;
  }
  expect(stopped).toBeGreaterThan(3);
});

test("closed half-way, also while a chunk is promised", async () => {
  for (const promises of [false, true]) {
    for (let chunks = 0; chunks < 5; chunks++) {
      const opened = open(identity, mixed, { promises });
      for (let i = 0; i < chunks; i++) await opened.native.next();
      const pending = promises ? opened.native.next() : undefined;
      expect(chunks === 0 || opened.heldBytes() > 0).toBe(true);
      await pending;
      expect([opened.close(), opened.source.closed]).toEqual([0, 1]);
    }
  }
});

/** The kind of the column of keys, or of rows, as it leaves. */
async function kindOfStrings(operators: readonly Operator[], chunk: Chunk, of?: SpanRows): Promise<string> {
  const opened = open(operators, [chunk]);
  if (of !== undefined) opened.native.giveSpans(of);
  const out = (await opened.native.next()) as Chunk & { kind: "batch" };
  const { root } = out.batch;
  const rows = chunkToRows(kernels, out);
  opened.close();
  const expected = operators.reduce<unknown[]>(
    (all, [op, text]) => (all[op] as (fn: unknown) => unknown[])(new Function(`return ${text}`)()),
    [...chunkToRows(kernels, chunk)],
  );
  expect(rows).toEqual(expected.slice(0, rows.length));
  return root.kind === "struct" ? root.fields.map(field => field.kind).join(" ") : root.kind;
}

test("strings leave in place where they are taken so, and stay where they are", async () => {
  const few = spansOf(texts.slice(0, 50));
  const words: readonly Operator[] = [["flatMap", 'x => x.split(" ")']];
  const counted: readonly Operator[] = [...words, ["map", "word => [word, 1]"]];
  expect(await kindOfStrings(identity, few, "keys")).toBe("spans f64");
  expect(await kindOfStrings(identity, few)).toBe("utf8 f64");
  expect(await kindOfStrings(counted, few, "keys")).toBe("spans f64");
  expect(await kindOfStrings(counted, batchOf(texts.slice(0, 50)), "keys")).toBe("spans f64");
  expect(await kindOfStrings(counted, few)).toBe("utf8 f64");
  expect(await kindOfStrings(words, few, "rows")).toBe("spans");
  expect(await kindOfStrings([["filter", "x => x.length > 3"]], few, "rows")).toBe("spans");
  expect(await kindOfStrings([["filter", "x => x.length > 3"]], few)).toBe("utf8");
  expect(await kindOfStrings([["map", 'x => [x.length > 9 ? x.slice(2) : "short", x]']], few, "keys")).toBe(
    "spans utf8",
  );
  // made in memory that the next row uses again
  expect(await kindOfStrings([["map", "x => [`${x}!`, x]"]], few, "keys")).toBe("utf8 utf8");
  expect(await kindOfStrings([["map", "x => [x.length > 9 ? x : `${x}!`, 1]"]], few, "keys")).toBe("utf8 f64");
});
