/** Every method of strings that has native code, against JavaScript's own, on random strings. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import type { Expr } from "../../src/expr/ir.ts";
import {
  compareStrings,
  constantText,
  equalStrings,
  lowerStringMethod,
  lowerStringProperty,
  stringElement,
} from "../../src/expr/lower-string.ts";
import { NotNative } from "../../src/expr/not-native.ts";
import type { Frame } from "../../src/expr/lowering.ts";
import type { Value } from "../../src/expr/value.ts";
import { property } from "../kernel/fixture.ts";
import { asciiParts, compile, type Compiled, givenUp, otherParts, randomString } from "./string-code.ts";

const expr: Expr = { op: "constant", value: undefined, at: "1:1" };
const undefinedValue: Value = { kind: "constant", value: undefined };
const constants = [
  "",
  "a",
  ",",
  "ab",
  "word",
  "7wordab",
  "é",
  "日本",
  "🔥",
  "a".repeat(16),
  `${"x".repeat(17)}a`,
  "b".repeat(40),
];

function method(name: string, text: Value, args: readonly Value[], frame: Frame): Value {
  if (text.kind !== "string") throw new Error("a string is wanted");
  return lowerStringMethod(text, name, args, expr, frame);
}

const positions = [0, 1, 2, 3, -1, -2, 15, 16, 17, -16, 0.5, -0.5, -0, NaN, Infinity, -Infinity, 1e10, -1e10, 2 ** 53];

function position(random: Random, text: string): number {
  if (random.below(3) === 0) return positions[random.below(positions.length)]!;
  return random.below(2 * text.length + 3) - text.length;
}

/** A string, or a part of another. */
function needle(random: Random, text: string, parts: readonly string[]): string {
  const from = random.below(text.length + 1);
  const part = text.slice(from, from + random.below(20));
  return random.below(3) > 0 && part.isWellFormed() ? part : randomString(random, parts, 4);
}

interface Outcome {
  natives: number;
  all: number;
}

/** Compares one call; what is given up is counted. */
function check(compiled: Compiled, wanted: () => unknown, input: readonly unknown[], outcome: Outcome, atEnd: boolean) {
  const texts = input.filter(each => typeof each === "string");
  const numbers = input.filter(each => typeof each === "number");
  const found = compiled.run(texts, numbers, atEnd);
  outcome.all++;
  if (found === givenUp) return;
  outcome.natives++;
  expect([...input, found]).toEqual([...input, wanted()]);
}

/** `atLeast`: the part of calls that are computed natively. */
function runs(atLeast: number, body: (random: Random, outcome: Outcome) => void): void {
  const outcome: Outcome = { natives: 0, all: 0 };
  property(250, random => body(random, outcome));
  expect(outcome.natives / outcome.all).toBeGreaterThanOrEqual(atLeast);
}

const noArguments = [
  "trim",
  "trimStart",
  "trimEnd",
  "toLowerCase",
  "toUpperCase",
  "toString",
  "charAt",
  "charCodeAt",
] as const;
const withText = ["startsWith", "endsWith", "includes", "indexOf", "lastIndexOf", "concat"] as const;
const withIndex = ["at", "charAt", "charCodeAt", "codePointAt", "slice", "substring", "substr"] as const;
const withIndexes = ["slice", "substring", "substr"] as const;

describe.each([
  { name: "ASCII", parts: asciiParts, atLeast: 0.95, atEnd: false },
  { name: "any characters", parts: [...asciiParts, ...otherParts], atLeast: 0.2, atEnd: false },
  { name: "at the end of memory", parts: [...asciiParts, ...otherParts.slice(0, 4)], atLeast: 0.2, atEnd: true },
])("$name", ({ parts, atLeast, atEnd }) => {
  test.each(noArguments)("%s()", name => {
    const compiled = compile({ texts: 1 }, ({ texts }, frame) => method(name, texts[0]!, [], frame));
    runs(atLeast > 0.5 ? atLeast : 0.05, (random, outcome) => {
      const text = randomString(random, parts);
      check(compiled, () => (text[name] as () => unknown)(), [text], outcome, atEnd);
    });
  });

  test("length", () => {
    const compiled = compile({ texts: 1 }, ({ texts }, frame) =>
      lowerStringProperty(texts[0]!, "length", frame, "1:1"),
    );
    runs(1, (random, outcome) => {
      const text = randomString(random, parts);
      check(compiled, () => text.length, [text], outcome, atEnd);
    });
  });

  test.each(withText)("%s(string)", name => {
    const compiled = compile({ texts: 2 }, ({ texts }, frame) => method(name, texts[0]!, [texts[1]!], frame));
    runs(1, (random, outcome) => {
      const text = randomString(random, parts);
      const other = needle(random, text, parts);
      check(compiled, () => text[name](other), [text, other], outcome, atEnd);
    });
  });

  test.each(withText)("%s(constant)", name => {
    const made = constants.map(constant =>
      compile({ texts: 1 }, ({ texts }, frame) => method(name, texts[0]!, [constantText(constant, frame)], frame)),
    );
    runs(1, (random, outcome) => {
      constants.forEach((constant, i) => {
        const [before, behind] = [randomString(random, parts, 4), randomString(random, parts, 4)];
        const text = random.below(2) === 0 ? before : [before, behind].join(constant);
        check(made[i]!, () => text[name](constant), [text], outcome, atEnd);
      });
    });
  });

  test.each(withIndex)("%s(number)", name => {
    const compiled = compile({ texts: 1, numbers: 1 }, ({ texts, numbers }, frame) =>
      method(name, texts[0]!, numbers, frame),
    );
    runs(atLeast, (random, outcome) => {
      const text = randomString(random, parts);
      const index = position(random, text);
      check(compiled, () => text[name](index), [text, index], outcome, atEnd);
    });
  });

  test.each(withIndexes)("%s(number, number)", name => {
    const compiled = compile({ texts: 1, numbers: 2 }, ({ texts, numbers }, frame) =>
      method(name, texts[0]!, numbers, frame),
    );
    runs(atLeast, (random, outcome) => {
      const text = randomString(random, parts);
      const [i, j] = [position(random, text), position(random, text)];
      check(compiled, () => text[name](i, j), [text, i, j], outcome, atEnd);
    });
  });

  test("text[index]", () => {
    const compiled = compile({ texts: 1, numbers: 1 }, ({ texts, numbers }, frame) =>
      stringElement(texts[0]!, numbers[0]!, frame, "1:1"),
    );
    runs(atLeast, (random, outcome) => {
      const text = randomString(random, parts);
      const index = position(random, text);
      check(compiled, () => text[index], [text, index], outcome, atEnd);
    });
  });

  test("order and equality", () => {
    const operators = ["<", "<=", ">", ">=", "===", "!=="] as const;
    const made = operators.map(operator =>
      compile({ texts: 2 }, ({ texts: [a, b] }, frame) => {
        return { kind: "boolean", code: compareStrings(operator, a!, b!, frame) };
      }),
    );
    const js = [
      (a: string, b: string) => a < b,
      (a: string, b: string) => a <= b,
      (a: string, b: string) => a > b,
      (a: string, b: string) => a >= b,
      (a: string, b: string) => a === b,
      (a: string, b: string) => a !== b,
    ];
    runs(1, (random, outcome) => {
      const common = randomString(random, parts);
      const text = common + randomString(random, parts, 3);
      const other = common + randomString(random, parts, 3);
      made.forEach((each, i) => check(each, () => js[i]!(text, other), [text, other], outcome, atEnd));
    });
  });

  test("equality with a constant", () => {
    const made = constants.map(constant =>
      compile({ texts: 1 }, ({ texts }, frame) => {
        return { kind: "boolean", code: equalStrings(texts[0]!, constantText(constant, frame), frame) };
      }),
    );
    runs(1, (random, outcome) => {
      constants.forEach((constant, i) => {
        const tail = constant.isWellFormed() ? [...constant].slice(0, -1).join("") : "";
        const text = [constant, `${tail}c`, `${constant}a`, tail, randomString(random, parts, 3)][random.below(5)]!;
        check(made[i]!, () => text === constant, [text], outcome, atEnd);
      });
    });
  });

  test("padStart, padEnd and repeat", () => {
    const make = (name: string) =>
      compile({ texts: 2, numbers: 1 }, ({ texts, numbers }, frame) =>
        method(name, texts[0]!, name === "repeat" ? numbers : [numbers[0]!, texts[1]!], frame),
      );
    const [start, end, again] = [make("padStart"), make("padEnd"), make("repeat")];
    const spaces = compile({ texts: 1, numbers: 1 }, ({ texts, numbers }, frame) =>
      method("padEnd", texts[0]!, [numbers[0]!, undefinedValue], frame),
    );
    runs(atLeast > 0.5 ? atLeast : 0.2, (random, outcome) => {
      const text = randomString(random, parts);
      const fill = randomString(random, parts, 3);
      const length = [random.below(60), random.below(60), 7.9, -3, NaN][random.below(5)]!;
      check(start, () => text.padStart(length, fill), [text, fill, length], outcome, atEnd);
      check(end, () => text.padEnd(length, fill), [text, fill, length], outcome, atEnd);
      check(spaces, () => text.padEnd(length), [text, length], outcome, atEnd);
      const times = [random.below(5), random.below(5), 2.9, -0.5][random.below(4)]!;
      check(again, () => text.repeat(times), [text, "", times], outcome, atEnd);
    });
  });

  test("replace and replaceAll", () => {
    const make = (name: string) =>
      compile({ texts: 3 }, ({ texts: [text, ...args] }, frame) => method(name, text!, args, frame));
    const [once, all] = [make("replace"), make("replaceAll")];
    const constant = compile({ texts: 1 }, ({ texts }, frame) =>
      method("replaceAll", texts[0]!, [constantText(",", frame), constantText("é; ", frame)], frame),
    );
    runs(Math.min(atLeast, 0.8), (random, outcome) => {
      const text = randomString(random, parts);
      const part = needle(random, text, parts);
      const by = randomString(random, [...parts, random.below(20) === 0 ? "$&" : "-"], 5);
      check(once, () => text.replace(part, by), [text, part, by], outcome, atEnd);
      check(all, () => text.replaceAll(part, by), [text, part, by], outcome, atEnd);
      check(constant, () => text.replaceAll(",", "é; "), [text], outcome, atEnd);
    });
  });
});

describe("what is left to JavaScript", () => {
  const reasonOf = (write: (text: Value, frame: Frame) => Value): string => {
    try {
      compile({ texts: 1, numbers: 1 }, ({ texts }, frame) => write(texts[0]!, frame));
    } catch (error) {
      if (error instanceof NotNative) return `${error.reason} ${error.at}`;
      throw error;
    }
    return "native";
  };
  const number: Value = { kind: "number", code: { kind: "constant", type: "f64", value: 1 } };

  test("is said", () => {
    const text = (of: string) => (frame: Frame) => constantText(of, frame);
    const cases: [string, ...((frame: Frame) => Value)[]][] = [
      ["split", text(","), () => number],
      ["split", text("")],
      ["split"],
      ["startsWith", text("a"), () => number],
      ["includes", () => number],
      ["localeCompare", text("a")],
      ["normalize"],
      ["padStart", () => number, text("é")],
      ["replace", text("a"), text("$&")],
      ["replaceAll", text(""), text("b")],
    ];
    const said = cases.map(([name, ...args]) =>
      reasonOf((target, frame) =>
        method(
          name,
          target,
          args.map(arg => arg(frame)),
          frame,
        ),
      ),
    );
    expect(said).toEqual([
      "splits with a limit 1:1",
      "splits into characters 1:1",
      "splits without a separator 1:1",
      "gives startsWith a position 1:1",
      "gives includes a number 1:1",
      "calls localeCompare of a string 1:1",
      "calls normalize of a string 1:1",
      "pads with what is not ASCII 1:1",
      "replaces by a pattern with $ 1:1",
      "replaces between characters 1:1",
    ]);
  });

  test("is given up where a pair would be cut, and where a string would be very long", () => {
    const cut = compile({ texts: 1, numbers: 2 }, ({ texts, numbers }, frame) =>
      method("slice", texts[0]!, numbers, frame),
    );
    expect(cut.run(["a🔥b"], [0, 2])).toBe(givenUp);
    expect(cut.reason).toBe("cuts a pair of surrogates");
    expect(cut.run(["a🔥b"], [1, 3])).toBe("🔥");
    const again = compile({ texts: 1, numbers: 1 }, ({ texts, numbers }, frame) =>
      method("repeat", texts[0]!, numbers, frame),
    );
    for (const times of [-1, Infinity, 1e9, 2 ** 31]) expect(again.run(["abc"], [times])).toBe(givenUp);
    expect(again.run([""], [1e9])).toBe("");
  });
});
