/** Generated code for numbers against JavaScript, at every edge that doubles and 32 bits have. */
import { describe, expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { wrongMaps } from "./same-as-function.ts";

const numbers = [
  ...[0, -0, 1, -1, 2, 3, -3, 5, -5, 7, 5.5, -5.5, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, 123456.789, 48271, 1e6, 1e21],
  ...[0.49999999999999994, -0.49999999999999994, NaN, Infinity, -Infinity, 5e-324, -5e-324, 1e-310, 1e308, -1e308],
  ...[2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32, 2 ** 32 - 1, 2 ** 32 + 1, -(2 ** 32)],
  ...[2 ** 51, 2 ** 51 - 1, 2 ** 51 + 1, 2 ** 52, 2 ** 52 - 0.5, 4503599627370497.5, 2 ** 53, 2 ** 53 - 1, 2 ** 53 + 2],
  ...[-(2 ** 53) + 1, -(2 ** 53) - 2, 2 ** 63, -(2 ** 63), 2 ** 63 + 2048, 2 ** 64, Number.MAX_VALUE],
];
const wholes = [0, 1, -1, 2, 5, -5, 7, 100, 255, 65536, 1e6, 2 ** 31 - 1, -(2 ** 31)];
const pairs = numbers.flatMap(a => numbers.map(b => [a, b]));
const wholePairs = wholes.flatMap(a => wholes.map(b => [a, b]));
const operators = ["+", "-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>", ">>>"];
const comparisons = ["<", "<=", ">", ">=", "==", "!=", "===", "!=="];
const constants = ["0", "(-0)", "1", "(-1)", "2", "3", "(-3)", "7", "0.5", "1e6", "2147483648", "9007199254740991", "9007199254740992", "NaN", "Infinity"]; // prettier-ignore

describe("operators", () => {
  test.each([...operators, ...comparisons])("%s of any two numbers", operator => {
    expect(wrongMaps([`([a, b]) => a ${operator} b`], pairs)).toEqual([]);
  });

  test.each(operators)("%s with constants", operator => {
    const texts = constants.flatMap(each => [`x ${operator} ${each}`, `${each} ${operator} x`]);
    const legal = texts.filter(text => !text.startsWith("-") && !/^\d.*\*\*/.test(text));
    expect(wrongMaps(legal, numbers)).toEqual([]);
  });

  test("of one number", () => {
    expect(wrongMaps(["-x", "+x", "!x", "~x", "typeof x", "x ? 1 : 2", "x || 7", "x && 8", "x ?? 9"], numbers)).toEqual(
      [],
    );
  });

  test("on numbers known to be whole", () => {
    for (const cast of ["| 0", ">>> 0"]) {
      const texts = [...operators, ...comparisons].map(each => `([a, b]) => (a ${cast}) ${each} (b ${cast})`);
      expect(wrongMaps(texts, wholePairs)).toEqual([]);
    }
  });

  test("on ranges that operations give", () => {
    const texts = ["3", "(-3)", "1000", "65537"].flatMap(by =>
      [
        ...["(a >>> 0) * 48271 + (b | 0)", "(a & 1023) - 5", "Math.floor((a >>> 0) / 7)", "Math.trunc((a | 0) / 7)"],
        ...["Math.floor((a | 0) / 7)", "-(a >>> 0)", "Math.abs(a | 0)", "Math.max(a | 0, 0)", "Math.min(a | 0, b | 0)"],
        ...["Math.sign(a | 0)", "Math.round((a >>> 0) / 3)", "Math.ceil((a | 0) / 3)", "(a | 0) * (b | 0)"],
        ...["a > b ? a | 0 : b >>> 0", "Math.floor(Math.floor((a >>> 0) / 3) / 5)", "Math.floor((a | 0) / (b & 7))"],
      ].map(whole => `([a, b]) => [(${whole}) % ${by}, (${whole}) / ${by}, (${whole}) | 0]`),
    );
    expect(wrongMaps(texts, wholePairs)).toEqual([]);
  });

  test("of booleans, null and undefined", () => {
    const rows = [true, false].flatMap(a => [null, 3].map(b => ({ a, b })));
    const texts = [...operators, ...comparisons].flatMap(each => [
      `({ a, b }) => a ${each} b`,
      `({ a, b }) => b ${each} a`,
    ]);
    expect(wrongMaps(texts, rows)).toEqual([]);
    const absent = [
      { b: undefined, c: 1 },
      { b: 2, c: 2 },
      { b: -0, c: 0 },
    ];
    expect(
      wrongMaps(
        texts.map(text => text.replace("{ a, b }", "{ c: a, b }")),
        absent,
      ),
    ).toEqual([]);
  });

  test("remainders of random whole numbers", () => {
    const seed = 20261121;
    const random = new Random(seed);
    const size = () => Math.floor(2 ** (53 * (random.uint32() / 2 ** 32)) * (random.below(2) === 0 ? 1 : -1));
    const rows = Array.from({ length: 3000 }, () => {
      const by = size() || 1;
      // next to a multiple, where a quotient is nearest to a whole number
      const near = Math.trunc(size() / by) * by + random.below(3) - 1;
      return [random.below(2) === 0 ? near : size(), by];
    });
    expect(wrongMaps(["([a, b]) => a % b", "([a, b]) => a / b"], rows)).toEqual([]);
    const divisors = [3, 7, 10, 16, 48271, 1e6, 999999937, 2 ** 40, 2 ** 40 - 87, 2 ** 51, 2 ** 52 - 1, 2 ** 52];
    const dividends = divisors.flatMap(by =>
      Array.from({ length: 300 }, () => Math.trunc(size() / by) * by + random.below(3) - 1),
    );
    expect(
      wrongMaps(
        divisors.map(by => `x % ${by}`),
        dividends,
      ),
    ).toEqual([]);
  });
});

describe("functions", () => {
  test.each([
    ...[
      "floor",
      "ceil",
      "round",
      "trunc",
      "abs",
      "sqrt",
      "sign",
      "clz32",
      "fround",
      "sin",
      "cos",
      "log",
      "cbrt",
      "exp",
    ],
  ])("Math.%s", name => {
    expect(wrongMaps([`Math.${name}(x)`, `Math.${name}(x > 1)`, `Math.${name}()`], numbers)).toEqual([]);
  });

  test.each(["min", "max", "imul", "atan2", "hypot"])("Math.%s", name => {
    expect(wrongMaps([`([a, b]) => Math.${name}(a, b)`], pairs)).toEqual([]);
  });

  test("of any number of arguments", () => {
    const texts = [
      "Math.min()",
      "Math.max()",
      "Math.min(x)",
      "Math.max(x, 3, -0)",
      "Math.min(0, x, -0)",
      "Math.imul(x)",
    ];
    expect(wrongMaps(texts, numbers)).toEqual([]);
  });

  test("Number's", () => {
    const names = ["Number.isInteger", "Number.isSafeInteger", "Number.isFinite", "Number.isNaN", "isNaN", "isFinite", "Number", "Boolean"]; // prettier-ignore
    expect(
      wrongMaps(
        names.flatMap(name => [`${name}(x)`, `${name}(x > 0)`, `${name}()`]),
        numbers,
      ),
    ).toEqual([]);
  });
});
