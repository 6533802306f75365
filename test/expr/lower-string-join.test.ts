/** `+` of strings and templates, and strings as numbers, against JavaScript. */
import { describe, expect, test } from "bun:test";
import { f64, i32 } from "../../src/codegen/operations.ts";
import { concatenate, constantText, stringToNumber } from "../../src/expr/lower-string.ts";
import { NotNative } from "../../src/expr/not-native.ts";
import type { Value } from "../../src/expr/value.ts";
import { property } from "../kernel/fixture.ts";
import { asciiParts, compile, givenUp, otherParts, randomString } from "./string-code.ts";

const parts = [...asciiParts, ...otherParts];

describe("joining", () => {
  test("strings with constants between", () => {
    const compiled = compile({ texts: 3 }, ({ texts: [a, b, c] }, frame) => {
      const constant = (text: string) => constantText(text, frame);
      return concatenate(
        [
          constant("<"),
          a!,
          constant(", "),
          constant("é"),
          b!,
          constant(""),
          c!,
          constant("0123456789 to the end of it"),
        ],
        frame,
        undefined,
      );
    });
    property(300, (random, seed) => {
      const [a, b, c] = [randomString(random, parts), randomString(random, parts), randomString(random, parts, 3)];
      expect(compiled.run([a, b, c], [], seed % 2 === 0)).toBe(`<${a}, é${b}${c}0123456789 to the end of it`);
    });
  });

  test.each([1, 7, 8, 9, 16, 23, 24, 25, 60])("a constant of %p bytes", bytes => {
    const text = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".slice(0, bytes);
    const compiled = compile({ texts: 1 }, ({ texts: [a] }, frame) =>
      concatenate([constantText(text, frame), a!, constantText(text, frame)], frame, undefined),
    );
    expect(compiled.run(["-"])).toBe(`${text}-${text}`);
    expect(compiled.run([""])).toBe(text + text);
  });

  test("numbers that are whole", () => {
    const compiled = compile({ texts: 1, numbers: 2 }, ({ texts: [a], numbers: [x, y] }, frame) =>
      concatenate([x!, a!, y!], frame, undefined),
    );
    const numbers = [0, -0, 1, -1, 9, 10, 123456789, -(2 ** 31), 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1];
    for (const x of numbers) for (const y of numbers) expect(compiled.run(["é"], [x, y])).toBe(`${x}é${y}`);
    for (const x of [0.5, NaN, Infinity, -Infinity, 2 ** 53, 1e21, 5e-324])
      expect(compiled.run([""], [1, x])).toBe(givenUp);
    expect(compiled.reason).toBe("turns a number into a string that is not whole");
  });

  test("booleans, null, undefined and what may be missing", () => {
    const compiled = compile({ texts: 2, numbers: 2 }, ({ texts: [a, b], numbers: [x, y] }, frame) => {
      const flag: Value = { kind: "boolean", code: f64.gt(x!.code, f64.const(0)) };
      const present = i32.eqz(f64.gt(y!.code, f64.const(0)));
      const missing = (item: Value, absent: null | undefined): Value => ({ kind: "optional", absent, present, item });
      return concatenate(
        [
          flag,
          missing(a!, undefined),
          missing(x!, null),
          b!,
          { kind: "constant", value: null },
          missing(flag, undefined),
        ],
        frame,
        undefined,
      );
    });
    property(100, random => {
      const [a, b] = [randomString(random, parts), randomString(random, parts)];
      const [x, y] = [random.below(3) - 1, random.below(2)];
      const wanted = y > 0 ? `${x > 0}undefinednull${b}nullundefined` : `${x > 0}${a}${x}${b}null${x > 0}`;
      expect(compiled.run([a, b], [x, y])).toBe(wanted);
    });
  });

  test("constants alone, one string alone, nothing", () => {
    const constant: Value = { kind: "number", code: f64.const(1.5) };
    const cases: [(text: Value) => Value[], string][] = [
      [() => [], ""],
      [() => [constant, { kind: "constant", value: undefined }], "1.5undefined"],
      [text => [text], "it"],
    ];
    for (const [of, wanted] of cases) {
      const compiled = compile({ texts: 1 }, ({ texts }, frame) => concatenate(of(texts[0]!), frame, undefined));
      expect(compiled.run(["it"])).toBe(wanted);
    }
  });

  test("one string many times, until it is too long", () => {
    const compiled = compile({ texts: 1 }, ({ texts: [a] }, frame) =>
      concatenate(
        Array.from({ length: 20 }, () => a!),
        frame,
        undefined,
      ),
    );
    expect(compiled.run(["abc"])).toBe("abc".repeat(20));
    expect(compiled.run(["a".repeat(40_000)])).toBe(givenUp);
  });

  test("objects are not joined", () => {
    const date: Value = { kind: "date", code: f64.const(0) };
    const join = () => compile({ texts: 1 }, ({ texts }, frame) => concatenate([texts[0]!, date], frame, "3:4"));
    expect(join).toThrow(new NotNative("turns a date into a string", "3:4"));
  });
});

describe("numbers", () => {
  const readers = { Number, parseFloat, parseInt: (text: string) => parseInt(text) };

  test.each(["Number", "parseFloat", "parseInt"] as const)("%s", reader => {
    const compiled = compile({ texts: 1 }, ({ texts }, frame) => stringToNumber(texts[0]!, frame, undefined, reader));
    let natives = 0;
    property(400, random => {
      const pieces = [
        "",
        "0",
        "12",
        "-7",
        "+3",
        ".5",
        "3.",
        "1e3",
        "e",
        " ",
        "\u00a0",
        "x",
        "Infinity",
        "1234567890123",
        "é",
      ];
      const plain = String(Math.round((random.float() - 0.5) * 10 ** random.below(15)) / 10 ** random.below(5));
      const text = random.below(3) === 0 ? plain : randomString(random, pieces, 4);
      const found = compiled.run([text], [], random.below(2) === 0);
      if (found === givenUp) return;
      natives++;
      expect([text, found]).toEqual([text, readers[reader](text)]);
    });
    if (process.env["FIRESTEEL_SEED"] === undefined) expect(natives).toBeGreaterThan(370);
    expect(compiled.run(["0x1f"])).toBe(reader === "parseFloat" ? 0 : givenUp);
  });

  test("of a constant", () => {
    const compiled = compile({ texts: 1 }, (_, frame) =>
      stringToNumber(constantText(" 0x1f ", frame), frame, undefined),
    );
    expect(compiled.run([""])).toBe(31);
  });
});
