/**
 * A user's comparator, which must be an order: what is none would sort into nonsense silently, and into other nonsense with other
 * partitions. Every result must be a number. The first rows, and rows spread over a sorted result, are compared with themselves
 * and both ways, and any three of them must agree; so must neighbours in the result. That is a thousand calls a partition at most,
 * however many rows it has: a comparator that errs for few rows only may pass.
 */
import { FiresteelError } from "../base/errors.ts";
import { preview } from "./row-errors.ts";

export type Compare = (a: unknown, b: unknown) => number;

const firstRowsMax = 8;
const spreadRowsMax = 16;
const neighboursMax = 64;

const plainOrder = "(a, b) => a < b ? -1 : a > b ? 1 : 0";
const numberHint = `return a negative number, 0 or a positive number: ${plainOrder}`;
const equalHint = `return 0 for rows that are equal: ${plainOrder}`;
const swapHint = `return the opposite when the two are swapped: ${plainOrder}`;
const agreeHint = "compare all rows by the same key, and give NaN and missing values a place of their own";

/** The function, whose results are checked to be numbers. */
export function numbersOnly(fn: (a: unknown, b: unknown) => unknown): Compare {
  return (a, b) => {
    const order = fn(a, b);
    if (typeof order === "number" && order === order) return order;
    throw new FiresteelError("user", `the comparator returned ${preview(order)} for ${preview(a)} and ${preview(b)}`, {
      hint: numberHint,
      isPermanent: true,
    });
  };
}

/** Checks the comparator with the first rows that come, which are kept only until then. */
export class FirstRows {
  private rows: unknown[] | undefined = [];

  constructor(private readonly compare: Compare) {}

  push(row: unknown): void {
    if (this.rows === undefined) return;
    this.rows.push(row);
    if (this.rows.length === firstRowsMax) this.finish();
  }

  finish(): void {
    if (this.rows !== undefined) checkOrder(this.rows, this.compare);
    this.rows = undefined;
  }
}

/** Checks the comparator with rows that were sorted by it. */
export function checkSorted(rows: readonly unknown[], compare: Compare): void {
  checkOrder(
    spread(rows.length, spreadRowsMax).map(i => rows[i]),
    compare,
  );
  for (const i of spread(rows.length - 1, neighboursMax)) {
    checkOrder(rows.slice(i, i + 3), compare);
    const order = compare(rows[i], rows[i + 1]);
    if (order > 0) throw noOrder(`${placed(rows[i], rows[i + 1], order)}, but not beside other rows`, agreeHint);
  }
}

/** Up to `max` positions of so many, evenly, with the first and the last. */
function spread(count: number, max: number): number[] {
  if (count <= max) return Array.from({ length: Math.max(0, count) }, (_, i) => i);
  return Array.from({ length: max }, (_, i) => Math.floor((i * (count - 1)) / (max - 1)));
}

function checkOrder(rows: readonly unknown[], compare: Compare): void {
  const results = rows.map(a => rows.map(b => compare(a, b)));
  const result = (i: number, j: number) => results[i]![j]!;
  rows.forEach((a, i) => {
    if (result(i, i) !== 0) throw noOrder(`it returned ${result(i, i)} for ${preview(a)} and itself`, equalHint);
    for (let j = 0; j < i; j++) checkBothWays(rows[j], a, result(j, i), result(i, j));
  });
  rows.forEach((a, i) =>
    rows.forEach((b, j) => {
      if (result(i, j) > 0) return;
      rows.forEach((c, k) => {
        if (result(j, k) > 0) return;
        const [first, second, both] = [result(i, j), result(j, k), result(i, k)];
        if (Math.sign(both) === Math.min(Math.sign(first), Math.sign(second))) return;
        throw noOrder(
          `${placed(a, b, first)} and ${placed(b, c, second, "")}, but ${placed(a, c, both, "")}`,
          agreeHint,
        );
      });
    }),
  );
}

function checkBothWays(a: unknown, b: unknown, before: number, after: number): void {
  if (Math.sign(before) + Math.sign(after) === 0) return;
  const [one, other] = [preview(a), preview(b)];
  throw noOrder(`it returned ${before} for ${one} and ${other}, and ${after} for ${other} and ${one}`, swapHint);
}

/** Where a result puts two rows, in words. */
function placed(a: unknown, b: unknown, result: number, begin = "it puts "): string {
  const [one, other] = [preview(a), preview(b)];
  if (result === 0) return `${begin}${one} level with ${other}`;
  return result < 0 ? `${begin}${one} before ${other}` : `${begin}${other} before ${one}`;
}

function noOrder(why: string, hint: string): FiresteelError {
  return new FiresteelError("user", `the comparator is not an order: ${why}`, { hint, isPermanent: true });
}
