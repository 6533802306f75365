/** Each with each: any chunks on either side, the right one on disk, and refusals at any moment. */
import { describe, expect, test } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { randomRows, seeds } from "../data/random-values.ts";
import { difference } from "../data/same.ts";
import { chunked } from "./chunked-rows.ts";
import { expectSame, plans, rowsPlan, runPlan } from "./task-fixture.ts";

const product = (a: readonly unknown[], b: readonly unknown[]) => a.flatMap(x => b.map(y => [x, y]));
const pairs = (n: number, valueOf: (i: number) => unknown = i => i) =>
  Array.from({ length: n }, (_, i) => [i, valueOf(i)]);

describe("gives each left row with each right row", () => {
  const sizes: [string, number[], number[]][] = [
    ["of few", [3], [4]],
    ["of nothing", [], [4]],
    ["with nothing", [4], []],
    ["of empty chunks", [0, 3, 0, 2, 0], [0, 1, 0, 0, 2]],
    ["of many chunks", [1, 1, 1, 1], Array.from({ length: 60 }, () => 3)],
    ["with more than a batch", [7], [9000, 8200]],
    ["of more than a batch", [9000, 700], [5]],
    ["with one row", [9000], [1]],
  ];
  for (const [name, left, right] of sizes) {
    for (const asColumns of [false, true]) {
      test(`${name}, ${asColumns ? "columns" : "rows"}`, async () => {
        const [a, b] = [left, right].map(lengths =>
          pairs(
            lengths.reduce((sum, n) => sum + n, 0),
            i => `v${i}`,
          ),
        );
        const plan = plans.cartesian(chunked(a!, left, asColumns), chunked(b!, right, asColumns));
        const actual = await runPlan(plan);
        expect(difference(actual.rows, product(a!, b!))).toBeUndefined();
        expect(actual.heldBytes).toBe(0);
      });
    }
  }
});

test("a right side that does not fit is read from disk for each left row", async () => {
  const right = Array.from({ length: 20_000 }, (_, i) => `${i}${"r".repeat(300)}`);
  const plan = plans.cartesian(rowsPlan(["a", [1], 3]), rowsPlan(right));
  const expected = await runPlan(plan);
  expect(expected.spilledBytes).toBe(0);
  const actual = await runPlan(plan, { memoryBytes: 4 * 2 ** 20 });
  expect(actual.spilledBytes).toBeGreaterThan(0);
  expectSame(actual, expected);
});

test("rows of a megabyte are not repeated all at once", async () => {
  const [big, small] = [
    Array.from({ length: 3 }, (_, i) => String(i).repeat(1 << 20)),
    Array.from({ length: 40 }, (_, i) => i),
  ];
  for (const [a, b] of [
    [big, small],
    [small, big],
  ] as const) {
    const actual = await runPlan(plans.cartesian(rowsPlan(a), rowsPlan(b)), { memoryBytes: 16 * 2 ** 20 });
    expect(difference(actual.rows, product(a, b))).toBeUndefined();
  }
});

test("whenever memory is refused or asked for", async () => {
  let [spilled, failed, runs] = [0, 0, 0];
  const chosen = seeds(6);
  for (const seed of chosen) {
    const random = new Random(seed);
    const some = (n: number) =>
      Array.from({ length: n }, randomRows(random, 1)).map(row => [row, "p".repeat(random.below(3000))]);
    const plan = plans.cartesian(rowsPlan(some(20)), rowsPlan(some(600)));
    const expected = await runPlan(plan);
    const [at, every] = [10 + random.below(expected.requests), 2 + random.below(9)];
    for (const pressure of [
      { refuses: (n: number) => n === at },
      { refuses: (n: number) => n >= at && n < at + 4 },
      { asks: (n: number) => n % every === 0 },
      { refuses: (n: number, bytes: number) => n > 8 && bytes > 200_000 },
    ]) {
      runs++;
      try {
        const actual = await runPlan(plan, pressure);
        if (actual.spilledBytes > 0) spilled++;
        expectSame(actual, expected);
      } catch (error) {
        if (!(error instanceof FiresteelError) || error.kind !== "resource")
          throw new Error(`with FIRESTEEL_SEED=${seed}`, { cause: error });
        failed++;
      }
    }
  }
  if (chosen.length === 1) return;
  expect(spilled).toBeGreaterThan(0);
  expect(failed).toBeLessThan(runs / 2);
});
