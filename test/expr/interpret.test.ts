/** Random lambdas, read and interpreted, do what the plain functions do. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { isLambda } from "../../src/expr/ir.ts";
import { interpret } from "../../src/expr/interpret.ts";
import { difference } from "../data/same.ts";
import { functionOf, type RandomLambda, randomLambda } from "./random-lambdas.ts";
import { randomLoopingLambda } from "./random-loops.ts";
import { numberType, randomRows, randomRowType, type RowType } from "./random-rows.ts";
import { readLambda } from "./text-lambda.ts";

type Outcome = { readonly value: unknown } | { readonly thrown: string };

function outcome(run: () => unknown): Outcome {
  try {
    return { value: run() };
  } catch (thrown) {
    return { thrown: (thrown as Error).constructor.name };
  }
}

function agree(
  seed: number,
  parameters: (random: Random) => RowType[],
  oddEvery: number,
  make: (random: Random, types: readonly RowType[]) => RandomLambda = randomLambda,
): number {
  const random = new Random(seed);
  const types = parameters(random);
  const lambda = make(random, types);
  const read = readLambda(lambda.text, lambda.captures);
  if (!isLambda(read)) {
    // what a captured array has besides its items is not captured
    if (/not part of its data|not its own/.test(read.reason)) return 0;
    throw new Error(`seed ${seed}: ${lambda.text} ${read.reason} at ${read.at}`);
  }
  const plain = functionOf(lambda);
  const columns = types.map(type => randomRows(random, type, 12, oddEvery));
  let values = 0;
  for (let row = 0; row < 12; row++) {
    const args = columns.map(each => each[row]);
    const wanted = outcome(() => plain(...args));
    const got = outcome(() => interpret(read, args));
    const isSame =
      "thrown" in wanted
        ? "thrown" in got && got.thrown === wanted.thrown
        : "value" in got && difference(got.value, wanted.value) === undefined;
    if (!isSame)
      throw new Error(`seed ${seed}: ${lambda.text}\n${Bun.inspect({ args, wanted, got, captures: lambda.captures })}`);
    if ("value" in wanted) values++;
  }
  return values;
}

test("lambdas of one row", () => {
  let values = 0;
  for (let seed = 1; seed <= 1500; seed++)
    values += agree(seed, random => [randomRowType(random)], seed % 3 === 0 ? 4 : 0);
  expect(values).toBeGreaterThan(12_000);
});

test("lambdas of two values", () => {
  let values = 0;
  const two = (random: Random) => {
    const type = random.below(2) === 0 ? numberType : randomRowType(random);
    return [type, type];
  };
  for (let seed = 1; seed <= 700; seed++) values += agree(seed + 10_000, two, seed % 3 === 0 ? 4 : 0);
  expect(values).toBeGreaterThan(5_000);
});

test("lambdas with loops and assignments", () => {
  let values = 0;
  for (let seed = 1; seed <= 600; seed++) {
    const one = (random: Random) => [randomRowType(random)];
    values += agree(seed + 20_000, one, seed % 3 === 0 ? 4 : 0, (random, [type]) => randomLoopingLambda(random, type!));
  }
  expect(values).toBeGreaterThan(5_000);
});
