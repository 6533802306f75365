/** What `split` gives, taken piece by piece, against JavaScript's array. */
import { describe, expect, test } from "bun:test";
import { pieceAt, piecesEach, piecesLength } from "../../src/expr/lower-pieces.ts";
import { constantText, lowerStringMethod } from "../../src/expr/lower-string.ts";
import type { Frame } from "../../src/expr/lowering.ts";
import type { Value, ValueOf } from "../../src/expr/value.ts";
import { property } from "../kernel/fixture.ts";
import { asciiParts, compile, otherParts, randomString } from "./string-code.ts";

const separators = [" ", ",", "\n", "\0", ", ", "ab", "aa", "aab", "é", "🔥", "0123456789abcdef"];

function split(text: ValueOf<"string">, separator: string, frame: Frame): ValueOf<"pieces"> {
  const pieces = lowerStringMethod(
    text,
    "split",
    [constantText(separator, frame)],
    { op: "constant", value: 0 },
    frame,
  );
  if (pieces.kind !== "pieces") throw new Error("split gives pieces");
  return pieces;
}

describe.each(separators)("at %p", separator => {
  const each = compile({ texts: 1 }, ({ texts }, frame, emit) => {
    piecesEach(split(texts[0]!, separator, frame), frame, emit);
    return undefined;
  });
  const one = compile({ texts: 1, numbers: 1 }, ({ texts, numbers }, frame) =>
    pieceAt(split(texts[0]!, separator, frame), numbers[0]!, frame),
  );
  const count = compile({ texts: 1 }, ({ texts }, frame) => piecesLength(split(texts[0]!, separator, frame), frame));
  const parts = [separator, separator, ...separator, ...asciiParts, ...otherParts].filter(part => part.isWellFormed());

  test("all pieces", () => {
    property(300, random => {
      const text = randomString(random, parts, random.below(60) + 1);
      for (const atEnd of [false, true]) {
        expect(each.run([text], [], atEnd)).toEqual(text.split(separator));
        expect(count.run([text], [], atEnd)).toBe(text.split(separator).length);
      }
    });
  });

  test("one piece", () => {
    property(200, random => {
      const text = randomString(random, parts, random.below(60) + 1);
      const pieces = text.split(separator);
      for (const index of [
        0,
        -0,
        1,
        random.below(pieces.length + 3),
        pieces.length - 1,
        -1,
        0.5,
        NaN,
        1e10,
        Infinity,
      ]) {
        expect([text, index, one.run([text], [index], random.below(2) === 0)]).toEqual([text, index, pieces[index]]);
      }
    });
  });

  test("strings that begin and end anywhere in a block", () => {
    const line = "a, aab é🔥\n0123456789abcdefaa,,  \0ab, ".repeat(2);
    for (let from = 0; from < 34; from++) {
      for (let to = from; to < from + 34; to++) {
        const text = line.slice(from, to);
        if (text.isWellFormed()) expect(each.run([text], [], true)).toEqual(text.split(separator));
      }
    }
  });
});

test("separators are not sought beyond the ends", () => {
  const each = compile({ texts: 2 }, ({ texts: [, text] }, frame, emit) => {
    piecesEach(split(text!, ",", frame), frame, emit);
    return undefined;
  });
  // the first string lies in front of the second, in one block with it
  for (let bytes = 0; bytes < 20; bytes++) expect(each.run([",".repeat(bytes), "a,b"])).toEqual(["a", "b"]);
});

test("a loop in a loop", () => {
  const words = compile({ texts: 1 }, ({ texts }, frame, emit) => {
    piecesEach(split(texts[0]!, "\n", frame), frame, line => piecesEach(split(line, " ", frame), frame, emit));
    return undefined;
  });
  const text = "one two\n\nthree  four\n five";
  expect(words.run([text])).toEqual(text.split("\n").flatMap(line => line.split(" ")));
});

test("an index that is known to be one needs no look", () => {
  const index: Value = {
    kind: "number",
    code: { kind: "constant", type: "f64", value: 2 },
    integer: { min: 2, max: 2 },
  };
  const third = compile({ texts: 1 }, ({ texts }, frame) => pieceAt(split(texts[0]!, ",", frame), index, frame));
  expect([third.run(["a,b,c,d"]), third.run(["a,b"]), third.run(["a,b,"])]).toEqual(["c", undefined, ""]);
});
