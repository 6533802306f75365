/** Comparators that are no order are told from those that are, in a bounded number of calls. */
import { expect, test } from "bun:test";
import type { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { CheckedTop } from "../../src/operators/checked-top.ts";
import { compareValues } from "../../src/data/compare.ts";

type Compare = (a: never, b: never) => unknown;

function top(rows: readonly unknown[], compare: Compare, limit = 3, descending = false): unknown[] {
  const checked = new CheckedTop(limit, compare as (a: unknown, b: unknown) => unknown, descending);
  for (const row of rows) checked.push(row);
  return checked.finish();
}

function refusal(rows: readonly unknown[], compare: Compare, limit?: number, descending?: boolean): readonly unknown[] {
  try {
    return ["gave", top(rows, compare, limit, descending)];
  } catch (error) {
    const { kind, message, hint } = error as FiresteelError;
    return [kind, message, hint];
  }
}

const plain = "(a, b) => a < b ? -1 : a > b ? 1 : 0";
const numbers = [3, 1, 2, 5, 4];

test("what is not a number is refused, with the two rows", () => {
  const hint = `return a negative number, 0 or a positive number: ${plain}`;
  expect(refusal(numbers, (a, b) => a > b)).toEqual(["user", "the comparator returned true for 3 and 1", hint]);
  expect(refusal(["b", "a"], (a, b) => a - b)).toEqual(["user", 'the comparator returned NaN for "b" and "a"', hint]);
  expect(refusal([2n, 1n], (a, b) => a - b)).toEqual(["user", "the comparator returned 1n for 2n and 1n", hint]);
  expect(refusal([2, 1], () => undefined)[1]).toBe("the comparator returned undefined for 2 and 1");
});

test("a row is equal to itself", () => {
  const hint = `return 0 for rows that are equal: ${plain}`;
  expect(refusal(numbers, () => 1)).toEqual([
    "user",
    "the comparator is not an order: it returned 1 for 3 and itself",
    hint,
  ]);
  expect(refusal([7], (a, b) => (a > b ? 1 : -1))).toEqual([
    "user",
    "the comparator is not an order: it returned -1 for 7 and itself",
    hint,
  ]);
  const random = new Random(5);
  expect(refusal(numbers, () => random.below(2000) - 1000.5)[1]).toMatch(
    /^the comparator is not an order: it returned \S+ for 3 and itself$/,
  );
});

test("two rows that are swapped are the other way round", () => {
  expect(refusal(numbers, (a, b) => (a === b ? 0 : 1))).toEqual([
    "user",
    "the comparator is not an order: it returned 1 for 3 and 1, and 1 for 1 and 3",
    `return the opposite when the two are swapped: ${plain}`,
  ]);
  // as when only one side is looked at
  expect(
    refusal([{ n: 1 }, {}], (a: { n?: number }, b: { n?: number }) => (a.n === undefined ? 1 : a.n - (b.n ?? 0)))[1],
  ).toBe("the comparator is not an order: it returned 1 for {} and itself");
});

test("three rows agree", () => {
  const beats = (a: string, b: string) =>
    a === b ? 0 : ["rock paper", "paper scissors", "scissors rock"].includes(`${a} ${b}`) ? -1 : 1;
  const hint = "compare all rows by the same key, and give NaN and missing values a place of their own";
  expect(refusal(["rock", "paper", "scissors"], beats)).toEqual([
    "user",
    'the comparator is not an order: it puts "rock" before "paper" and "paper" before "scissors", but "scissors" before "rock"',
    hint,
  ]);
  expect(refusal([2, NaN, 1], (a, b) => (a < b ? -1 : a > b ? 1 : 0))).toEqual([
    "user",
    "the comparator is not an order: it puts 2 level with NaN and NaN level with 1, but 1 before 2",
    hint,
  ]);
});

test("what the first rows do not show, the result may", () => {
  // NaN comes late, and stays in the result
  const rows = [...Array.from({ length: 40 }, (_, i) => i), NaN, ...Array.from({ length: 40 }, (_, i) => -i)];
  const compare: Compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  for (const descending of [false, true])
    expect(refusal(rows, compare, 81, descending)[1]).toMatch(/^the comparator is not an order: it puts /);
});

test("orders are let pass, and cost a bounded number of calls", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed);
    const any = () => [random.below(5), `${random.below(5)}`, null, -0, NaN, [random.below(3)]][random.below(6)];
    const rows = Array.from({ length: random.below(200) }, any);
    const limit = 1 + random.below(200);
    const descending = random.below(2) === 0;
    const order = (a: unknown, b: unknown) => (descending ? compareValues(b, a) : compareValues(a, b));
    const expected = rows.map(row => ({ row })).toSorted((a, b) => order(a.row, b.row));
    expect({ seed, rows: top(rows, compareValues as Compare, limit, descending) }).toEqual({
      seed,
      rows: expected.slice(0, limit).map(each => each.row),
    });
  }
  let calls = 0;
  const count: Compare = (a, b) => {
    calls++;
    return a - b;
  };
  top(
    Array.from({ length: 100_000 }, (_, i) => i),
    count,
    1,
  );
  expect(calls - 100_000).toBeLessThan(100);
});
