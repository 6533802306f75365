/** Random lambdas over columns: generated code gives what the plain function gives, or leaves the row to it. */
import { expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { difference } from "../data/same.ts";
import { property } from "../kernel/fixture.ts";
import { runMap } from "./lowering-harness.ts";
import { functionOf, type RandomLambda, randomLambda } from "./random-lambdas.ts";
import { randomLoopingLambda } from "./random-loops.ts";
import { randomRows, randomRowType } from "./random-rows.ts";

interface Tally {
  lambdas: number;
  native: number;
  rows: number;
  left: number;
}

/** Every fourth lambda is now and then ill typed, every fifth meets odd rows. */
function check(random: Random, seed: number, tally: Tally): void {
  const type = randomRowType(random);
  const lambda = randomLambda(random, [type], { wildEvery: seed % 4 === 0 ? 12 : 0, depth: 2 + (seed % 3) });
  agree(lambda, randomRows(random, type, 8, seed % 5 === 0 ? 6 : 0), tally);
}

function agree(lambda: RandomLambda, rows: readonly unknown[], tally: Tally): void {
  const plain = functionOf(lambda);
  tally.lambdas++;
  const outcome = runMap(lambda.text, rows, lambda.captures);
  if (!outcome.native) return;
  tally.native++;
  outcome.rows.forEach((each, i) => {
    tally.rows++;
    if ("gaveUp" in each) {
      tally.left++;
      return;
    }
    const context = `${lambda.text} with ${Bun.inspect(lambda.captures)} of ${Bun.inspect(rows[i])}`;
    let wanted: unknown;
    try {
      wanted = plain(structuredClone(rows[i]));
    } catch (thrown) {
      throw new Error(`${context} gives ${Bun.inspect(each.value)}, but throws ${String(thrown)}`);
    }
    const found = difference(each.value, wanted);
    if (found !== undefined) throw new Error(`${context}: ${found}`);
  });
}

test("generated code is the function", () => {
  const tally: Tally = { lambdas: 0, native: 0, rows: 0, left: 0 };
  property(500, (random, seed) => check(random, seed, tally));
  if (tally.lambdas === 1) return;
  // the test is of native code, so much of it must be
  expect(tally.native).toBeGreaterThan(tally.lambdas * 0.5);
  expect(tally.left).toBeLessThan(tally.rows * 0.2);
});

test("with loops and assignments too", () => {
  const tally: Tally = { lambdas: 0, native: 0, rows: 0, left: 0 };
  property(600, (random, seed) => {
    const type = randomRowType(random);
    const lambda = randomLoopingLambda(random, type, seed % 4 === 0 ? 12 : 0);
    agree(lambda, randomRows(random, type, 8, seed % 5 === 0 ? 6 : 0), tally);
  });
  if (tally.lambdas === 1) return;
  expect(tally.native).toBeGreaterThan(tally.lambdas * 0.4);
  expect(tally.left).toBeLessThan(tally.rows * 0.3);
});
