/**
 * Functions over the numbers of ranges, which generated code counts on from row to row: what the plain function gives for start +
 * row × step, wherever calls begin and end. FIRESTEEL_SEED runs one seed.
 */
import { expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { readBatch } from "../../src/data/batch-reader.ts";
import { generatePipeline, type Step } from "../../src/expr/pipeline.ts";
import { status, word } from "../../src/expr/parameters.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { instantiate, ParameterBlock } from "../../src/operators/native-code.ts";
import { NativeOutput } from "../../src/operators/native-output.ts";
import { rangeType } from "../../src/operators/native-steps.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { difference } from "../data/same.ts";
import { testKernels as kernels } from "../data/test-kernels.ts";
import { property } from "../kernel/fixture.ts";
import { functionOf, type RandomLambda, randomLambda } from "./random-lambdas.ts";
import { randomLoopingLambda } from "./random-loops.ts";
import { numberType } from "./random-rows.ts";
import { mustRead } from "./text-lambda.ts";

interface Range {
  readonly start: number;
  readonly step: number;
  readonly rows: number;
}

type RowFunction = (row: number) => unknown;

/** Ends of the numbers that a range may have, and of those that are counted exactly. */
const starts = [
  0,
  -0,
  1,
  -1,
  7,
  -20,
  0.5,
  -1e3,
  2 ** 31 - 5,
  2 ** 51 - 9,
  2 ** 52,
  2 ** 53 - 40,
  -(2 ** 53) + 1,
  1e300,
];
const steps = [1, -1, 1, 2, -3, 0.1, -0.25, 48271, 2 ** 33, 2 ** 48 + 1, -(2 ** 50) - 3, 2 ** 52 + 1, 0];
const lambdas = [
  ...[
    "i => i",
    "i => -i",
    "i => i * 3",
    "i => i * 0.1 + 3",
    "i => 1 / i",
    "i => i % 8",
    "i => i % 2 ** 40",
    "i => i % 1",
  ],
  ...[
    "i => i % 4503599627370496",
    "i => (i * i) % 16",
    "i => i % -4",
    "i => i % 7",
    "i => i | 0",
    "i => Math.floor(i / 3)",
  ],
];
const filters = ["i => i % 2 === 0", "i => i % 64 < 9", "i => i > 5", "i => i * 3 % 4 !== 1", "i => true"];

const plain = (text: string): RandomLambda => ({ text, captures: {} });

const numbersOf = ({ start, step, rows }: Range) => Array.from({ length: rows }, (_, i) => start + i * step);

/** What code for the range gives: rows in calls of up to `rowsAtOnce`, or their sum. Undefined when it gives up. */
function generated(steps: readonly Step[], range: Range, rowsAtOnce: number, ending?: "sum"): unknown {
  const input = rangeType({ op: "range", ...range } as unknown as Plan);
  const { code, stopped } = generatePipeline(steps, input, true, ending);
  if (code === undefined || stopped !== undefined) return undefined;
  const allocator = new BumpAllocator(1024, kernels.memory.buffer.byteLength);
  const captures = steps.map(each => ("lambda" in each && "captures" in each.lambda ? each.lambda.captures : []));
  const block = new ParameterBlock(kernels, allocator, code, captures);
  const output = new NativeOutput(kernels, allocator, code, block);
  block.setNumber(word.rangeStart, range.start);
  block.setNumber(word.rangeStep, range.step);
  block.setNumber(word.total, 0);
  const run = instantiate(kernels, code.module)!;
  const values: unknown[] = [];
  for (let from = 0; from < range.rows; from += rowsAtOnce) {
    output.begin();
    block.setWord(word.row, from);
    block.setWord(word.rows, Math.min(range.rows, from + rowsAtOnce));
    if (run(block.ptr) !== status.done) return undefined;
    if (ending === undefined)
      values.push(...readBatch(kernels, output.batch(undefined, from, block.word(word.outRows))).toArray());
  }
  return ending === undefined ? values : block.number(word.total);
}

function mapped(lambda: RandomLambda): { readonly step: Step; readonly fn: RowFunction } {
  return { step: { op: "map", lambda: mustRead(lambda.text, lambda.captures) }, fn: functionOf(lambda) as RowFunction };
}

/** Gives how many of the three comparisons there was code for. Rows that a function throws on must be left to it. */
function compare(random: Random, range: Range, lambda: RandomLambda): number {
  const [map, filterText] = [mapped(lambda), filters[random.below(filters.length)]!];
  const passes = functionOf(plain(filterText)) as RowFunction;
  const filter: Step = { op: "filter", lambda: mustRead(filterText, {}) };
  const rowsAtOnce = 1 + random.below(range.rows + 3);
  const kept = () => numbersOf(range).filter(passes).map(map.fn);
  const checks = [
    [generated([map.step], range, rowsAtOnce), () => numbersOf(range).map(map.fn)],
    [generated([filter, map.step], range, rowsAtOnce), kept],
    [
      generated([filter, map.step], range, rowsAtOnce, "sum"),
      () => kept().reduce<number>((sum, each) => sum + (each as number), 0),
    ],
  ] as const;
  const given = checks.filter(([got]) => got !== undefined);
  for (const [got, wanted] of given) {
    const found = difference(got, wanted());
    if (found !== undefined)
      throw new Error(`${lambda.text} with ${filterText} of ${JSON.stringify(range)}, by ${rowsAtOnce}: ${found}`);
  }
  return given.length;
}

test("every start with every step", () => {
  property(3, random => {
    let compared = 0;
    for (const start of starts)
      for (const step of steps) {
        const lambda = lambdas[random.below(lambdas.length)]!;
        compared += compare(random, { start, step, rows: random.below(40) }, plain(lambda));
      }
    expect(compared).toBe(3 * starts.length * steps.length);
  });
});

test("random functions of random ranges", () => {
  let [compared, count] = [0, 0];
  property(80, random => {
    const whole = (bits: number) => Math.floor(2 ** random.below(bits) * (random.float() - 0.5) * 2);
    const range = { start: whole(53), step: whole(49), rows: random.below(30) };
    const lambda = randomLambda(random, [numberType], { wildEvery: 0, depth: 3 }, numberType);
    compared += compare(random, range, lambda);
    compare(random, range, randomLoopingLambda(random, numberType, 0));
    count++;
  });
  if (count > 1) expect(compared).toBeGreaterThan(count * 3 * 0.6);
});
