/** Values as messages show them. */
import { expect, test } from "bun:test";
import { isThenable, notIterable, preview } from "../../src/operators/row-errors.ts";

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

test("values are shown as JSON where JSON has them, and as themselves where it has not", () => {
  const shown: [unknown, string][] = [
    [undefined, "undefined"],
    [null, "null"],
    [NaN, "NaN"],
    [-0, "-0"],
    [5n, "5n"],
    ["a\n", '"a\\n"'],
    [() => 1, "a function"],
    [Symbol("s"), "Symbol(s)"],
    [[1, undefined, [NaN]], "[1,undefined,[NaN]]"],
    [{ a: 1, b: { "c d": null } }, '{"a":1,"b":{"c d":null}}'],
    [new Point(1, 2), 'Point {"x":1,"y":2}'],
    [new Map([["k", [1]]]), 'Map {"k"=>[1]}'],
    [new Set(["k"]), 'Set {"k"}'],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new Date(NaN), "Invalid Date"],
    [/a/g, "/a/g"],
    [new RangeError("far"), "RangeError: far"],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  ];
  for (const [value, text] of shown) expect(preview(value)).toBe(text);
});

test("long, deep, circular and hostile values are cut short", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  expect(preview("x".repeat(1e6))).toHaveLength(61);
  expect(preview(Array.from({ length: 1e6 }, (_, i) => i))).toStartWith("[0,1,2,");
  expect(preview(circular)).toBe('{"self":{"self":{"self":{"self":{"self":{"self":…}}}}}}');
  expect(preview(new Proxy({}, { ownKeys: () => { throw new Error("no"); } }))).toBe("[object Object]"); // prettier-ignore
});

test("what is no iterable is told from text and promises", () => {
  expect(notIterable("abc", "flatMap").message).toContain("returned the string");
  expect(notIterable(Promise.resolve([]), "flatMap").message).toContain("returned a Promise");
  expect(notIterable(5, "flatMap").message).toContain("must return an iterable, but returned 5");
  expect([
    isThenable(Promise.resolve()),
    isThenable({ then: () => {} }),
    isThenable({ then: 1 }),
    isThenable(null),
    isThenable("x"),
  ]).toEqual([true, true, false, false, false]);
});
