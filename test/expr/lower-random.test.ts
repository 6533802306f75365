/** Lambdas over numbers, flags and lists, as users write them: interpreted and generated they are the function, and most have native code. */
import { expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { interpret } from "../../src/expr/interpret.ts";
import { difference } from "../data/same.ts";
import { property } from "../kernel/fixture.ts";
import { runMap } from "./lowering-harness.ts";
import { functionOf, randomLambda } from "./random-lambdas.ts";
import { booleanType, numberType, randomRows, type RowType } from "./random-rows.ts";
import { mustRead } from "./text-lambda.ts";

const rowType: RowType = {
  kind: "record",
  fields: {
    a: numberType,
    b: numberType,
    f: booleanType,
    t: { kind: "tuple", items: [numberType, booleanType] },
    l: { kind: "list", item: numberType },
  },
};

interface Tally {
  lambdas: number;
  native: number;
  rows: number;
  left: number;
}

function valueOf(run: () => unknown): { readonly value: unknown } | undefined {
  try {
    return { value: run() };
  } catch {
    return undefined;
  }
}

function check(random: Random, result: RowType, tally: Tally): void {
  const lambda = randomLambda(random, [rowType], { wildEvery: 0, depth: 3 }, result);
  const rows = randomRows(random, rowType, 8);
  const read = mustRead(lambda.text, lambda.captures);
  const outcome = runMap(read, rows);
  tally.lambdas++;
  if (!outcome.native) return;
  tally.native++;
  const plain = functionOf(lambda);
  outcome.rows.forEach((each, i) => {
    tally.rows++;
    if ("gaveUp" in each) {
      tally.left++;
      return;
    }
    for (const [how, run] of [
      ["function", plain],
      ["interpreter", (row: unknown) => interpret(read, [row])],
    ] as const) {
      const wanted = valueOf(() => run(structuredClone(rows[i])));
      const found = wanted === undefined ? "it throws" : difference(each.value, wanted.value);
      if (found !== undefined)
        throw new Error(`${lambda.text} of ${Bun.inspect(rows[i])} is not as the ${how} says: ${found}`);
    }
  });
}

test.each([
  ["numbers", numberType],
  ["flags", booleanType],
  ["tuples", { kind: "tuple", items: [numberType, numberType] }],
] as [string, RowType][])("%s", (_, result) => {
  const tally: Tally = { lambdas: 0, native: 0, rows: 0, left: 0 };
  property(150, random => check(random, result, tally));
  if (tally.lambdas === 1) return;
  expect(tally.native).toBeGreaterThan(tally.lambdas * 0.85);
  expect(tally.left).toBeLessThan(tally.rows * 0.15);
});
