/**
 * Folds in generated code against the same folds in JavaScript: random merges, values, layouts and batches, and values for which
 * the code gives up half-way. FIRESTEEL_SEED runs one seed.
 */
import { describe, expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { readColumn } from "../../src/data/batch-reader.ts";
import { encodeValue } from "../../src/data/value-codec.ts";
import { Arena } from "../../src/kernel/arena.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { attachMemory } from "../../src/kernel/task-memory.ts";
import { type Fold, FoldedValues } from "../../src/operators/folded-values.ts";
import { nativeFold } from "../../src/operators/native-fold.ts";
import type { PlanFunction } from "../../src/plan/nodes.ts";
import { seeds } from "../data/random-values.ts";
import { difference } from "../data/same.ts";
import { functionOf, randomLambda, type RandomLambda } from "../expr/random-lambdas.ts";
import { booleanType, numberType, randomRows, type RowType, randomValue } from "../expr/random-rows.ts";
import { readLambda } from "../expr/text-lambda.ts";

const wasm = createKernelMemory(64 * 2 ** 20);
const kernels = instantiateKernels(wasm, compileKernels());
const account = attachMemory(wasm, { waitMaxMs: 0 }).openTask(1).withOperator("fold");

interface FoldTexts {
  readonly merge: RandomLambda;
  readonly create?: RandomLambda;
  readonly zero?: { readonly value: unknown };
}

interface Outcome {
  /** By group; or what was thrown. */
  readonly values: unknown;
  readonly kernelRows: number;
  readonly jsRows: number;
}

type Row = readonly [group: number, value: unknown];

function planned(lambda: RandomLambda): PlanFunction {
  const { text, captures } = lambda;
  const converted = readLambda(text, captures);
  return { id: "", bundle: "", captures: new Uint8Array(), text, at: undefined, lambda: converted };
}

function foldOf({ merge, create, zero }: FoldTexts): Fold {
  const encoded = zero && encodeValue(zero.value);
  return {
    create: create && functionOf(create),
    zero: encoded,
    merge: functionOf(merge),
    native: nativeFold({ create: create && planned(create), zero: encoded, merge: planned(merge) }, () => true),
  };
}

/** Folds the batches; every way of reading the accumulators must give the same. */
function run(fold: Fold, batches: readonly (readonly Row[])[]): Outcome {
  const counters = { kernelRows: 0, jsRows: 0 };
  const folded = new FoldedValues(kernels, account, fold, counters);
  const writer = makeBatchWriter(kernels, account);
  const arena = new Arena(account);
  let groups = 0;
  try {
    for (const batch of batches) {
      for (const [, value] of batch) writer.push(value);
      const ids = arena.alloc(batch.length * 4);
      batch.forEach(([group], i) => {
        kernels.u32[ids / 4 + i] = group;
        groups = Math.max(groups, group + 1);
      });
      folded.add(ids, writer.finish().root, groups);
      writer.reset();
    }
    const values = Array.from({ length: groups }, (_, group) => folded.get(group));
    expect(folded.groups).toBe(groups);
    const order = arena.alloc(groups * 4);
    for (let i = 0; i < groups; i++) kernels.u32[order / 4 + i] = groups - 1 - i;
    const gathered = folded.gather(order, groups, arena);
    if (gathered !== undefined)
      expect(difference(readColumn(kernels, gathered).toArray().reverse(), values)).toBeUndefined();
    const restored = new FoldedValues(kernels, account, fold, counters);
    const half = groups >> 1;
    restored.restore(folded.column(0, half, writer));
    restored.restore(folded.column(half, groups - half, writer));
    const again = Array.from({ length: groups }, (_, group) => restored.get(group));
    expect(difference(again, values)).toBeUndefined();
    restored.free();
    return { values, ...counters };
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    return { values: String(thrown), ...counters };
  } finally {
    folded.free();
    writer.free();
    arena.close();
  }
}

function batchesOf(random: Random, values: readonly unknown[]): Row[][] {
  const groupsMax = 1 + random.below(12);
  const batches: Row[][] = [];
  let groups = 0;
  for (let at = 0; at < values.length;) {
    const rows = Math.min(values.length - at, 1 + random.below(40));
    batches.push(
      values.slice(at, at + rows).map(value => {
        const group = random.below(Math.min(groups + 1, groupsMax));
        groups = Math.max(groups, group + 1);
        return [group, value];
      }),
    );
    at += rows;
  }
  return batches;
}

function randomAccumulator(random: Random, depth = 2): RowType {
  const kind = random.below(depth === 0 ? 3 : 6);
  if (kind < 3) return kind < 2 ? numberType : booleanType;
  const parts = Array.from({ length: 1 + random.below(3) }, () => randomAccumulator(random, depth - 1));
  if (kind < 5) return { kind: "tuple", items: parts };
  const names = ["n", "sum", "late"];
  return { kind: "record", fields: Object.fromEntries(parts.map((part, i) => [names[i]!, part])) };
}

function check(texts: FoldTexts, batches: readonly (readonly Row[])[]): Outcome {
  const fold = foldOf(texts);
  const expected = run({ ...fold, native: undefined }, batches);
  const actual = run(fold, batches);
  expect(difference(actual.values, expected.values)).toBeUndefined();
  return actual;
}

test("random folds", () => {
  let [native, gaveUp] = [0, 0];
  const chosen = seeds(300);
  for (const seed of chosen) {
    const random = new Random(seed);
    const accumulator = randomAccumulator(random);
    const form = random.below(3);
    const value = form === 0 ? accumulator : randomAccumulator(random);
    const options = { wildEvery: random.below(2) === 0 ? 0 : 30, depth: 3 };
    const texts: FoldTexts = {
      merge: randomLambda(random, [accumulator, value], options, accumulator),
      ...(form === 1 && { create: randomLambda(random, [value], options, accumulator) }),
      ...(form === 2 && { zero: { value: randomValue(random, accumulator) } }),
    };
    const rows = randomRows(random, value, 20 + random.below(200), random.below(3) === 0 ? 60 : 0);
    try {
      const { kernelRows, jsRows } = check(texts, batchesOf(random, rows));
      if (kernelRows > 0) native++;
      if (kernelRows > 0 && jsRows > 0) gaveUp++;
    } catch (error) {
      throw new Error(`with FIRESTEEL_SEED=${seed}: ${JSON.stringify(texts)}`, { cause: error });
    }
  }
  if (chosen.length === 1) return;
  expect(native).toBeGreaterThan(100);
  expect(gaveUp).toBeGreaterThan(10);
});

function text(source: string, captures: RandomLambda["captures"] = {}): RandomLambda {
  return { text: source, captures };
}

/** All in native code, and right. */
function expectNative(texts: FoldTexts, values: readonly unknown[], groups = 3): unknown {
  const rows = values.map((value, i): Row => [i % groups, value]);
  const { jsRows, values: folded } = check(texts, [rows.slice(0, 5), rows.slice(5)]);
  expect(jsRows).toBe(0);
  return folded;
}

describe("in native code throughout", () => {
  const numbers = Array.from({ length: 40 }, (_, i) => (i * 7919) / 64);

  test("sums; a −0 alone stays −0", () => {
    expect(expectNative({ merge: text("(a, b) => a + b") }, [-0, -0, 0, -0, 0, 1])).toEqual([-0, 0, 1]);
    expectNative({ merge: text("(a, b) => a + b") }, [...numbers, NaN, Infinity, -Infinity]);
  });

  test("numbers of other layouts", () => {
    const booleans = numbers.map(number => number > 100);
    expectNative({ merge: text("(a, b) => a !== b") }, booleans);
    expectNative({ merge: text("(n, flag) => n + (flag ? 1 : 0)"), zero: { value: 0 } }, booleans);
    expectNative({ merge: text("(n, word) => n + word.length"), zero: { value: 0 } }, ["a", "", "lorem ipsum", "é😀"]);
  });

  test("tuples and records", () => {
    const pairs = numbers.map(number => [number, 1]);
    expectNative({ merge: text("(a, b) => [a[0] + b[0], a[1] + b[1]]") }, pairs);
    // each part of the result is of the accumulator as it was
    expectNative({ merge: text("([x, y], [z]) => [y, x + z]") }, pairs);
    const flights = numbers.map(late => ({ late, airline: `a${late}`, cancelled: late > 200 }));
    const texts = {
      create: text("f => ({ flights: 1, late: Math.max(0, f.late), any: f.cancelled })"),
      merge: text(
        "(a, f) => ({ flights: a.flights + 1, late: a.late + Math.max(0, f.late), any: a.any || f.cancelled })",
      ),
    };
    expectNative(texts, flights);
  });

  test("points of few numbers and of many", () => {
    const merge = text("(a, b) => [a[0].map((x, i) => x + b[0][i]), a[1] + b[1]]");
    const pointOf = (size: number) => (number: number) => Array.from({ length: size }, (_, i) => number * i - 9);
    expectNative(
      { merge },
      numbers.map(pointOf(3)).map(point => [point, 1]),
    );
    expectNative(
      { merge },
      numbers.map(pointOf(8)).map(point => [point, 1]),
    );
    expectNative(
      { merge },
      numbers.map(pointOf(20)).map(point => [point, 1]),
    );
    expectNative(
      { merge },
      numbers.map(number => [new Float64Array(pointOf(8)(number)), 1]),
    );
    const texts = {
      create: text("point => [point, 1]"),
      merge: text("(a, p) => [a[0].map((x, i) => x + p[i]), a[1] + 1]"),
    };
    expectNative(texts, numbers.map(pointOf(20)));
    const zero = { value: new Float64Array(8) };
    const added = text("(a, p) => a.map((x, i) => x + p[i])");
    expectNative(
      { merge: added, zero },
      numbers.map(number => new Float64Array(pointOf(8)(number))),
    );
  });

  test("captured values, in one and the same module", () => {
    for (const by of [2, -0.5]) expectNative({ merge: text("(a, b) => a * by + b", { by }) }, numbers);
  });
});

describe("in JavaScript from a row on", () => {
  const merge = text("(a, b) => [a[0] + b[0], a[1] + b[1]]");

  test("where a value is missing", () => {
    const pairs = Array.from({ length: 100 }, (_, i): unknown => [i, i === 63 ? undefined : 1]);
    // the first of its group, which would be kept
    const rows = pairs.map((value, i): Row => [i === 63 ? 4 : i % 4, value]);
    const { kernelRows, jsRows } = check({ merge }, [rows.slice(0, 40), rows.slice(40, 90), rows.slice(90)]);
    expect([kernelRows, jsRows]).toEqual([63, 37]);
  });

  test("where a list is of another length", () => {
    const lists = Array.from({ length: 60 }, (_, i) => new Float64Array(i === 41 ? 3 : 4).fill(i));
    const rows = lists.map((value, i): Row => [i === 41 ? 4 : i % 4, value]);
    const outcome = check({ merge: text("(a, b) => a.map((x, i) => x + b[i])") }, [rows]);
    expect([outcome.kernelRows, outcome.jsRows]).toEqual([41, 19]);
  });

  test("where a batch is of another layout", () => {
    const rows = Array.from({ length: 60 }, (_, i): Row => [i % 4, i < 30 ? i : `s${i}`]);
    const outcome = check({ merge: text("(a, b) => a + b") }, [rows.slice(0, 30), rows.slice(30)]);
    expect([outcome.kernelRows, outcome.jsRows]).toEqual([30, 30]);
  });

  test("where the function throws, which it does there", () => {
    const throwing = text("(a, b) => { if (b === 7) throw new TypeError('seven'); return a + b; }");
    const rows = Array.from({ length: 20 }, (_, i): Row => [i % 2, i]);
    const { values } = check({ merge: throwing }, [rows]);
    expect(values).toBe("TypeError: seven");
  });
});
