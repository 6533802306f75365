/** Strings in kernel memory against JavaScript's own, wherever in memory they lie. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { noPart, noUtf8, numberOf, pieceOf, searchGivenUp, type Text } from "../../src/kernel/strings.ts";
import { beyondTwoGiB, fixture, type Fixture, property, putBytes } from "./fixture.ts";

const memoryBytes = 1 << 20;
const marks = [
  "é",
  "ß",
  "İ",
  "日本",
  "🔥",
  "a\u0301",
  "\u00a0",
  "\ufeff",
  "\u2028",
  "\ue000",
  "\uffff",
  "\u{10000}",
  "\0",
];
const letters = ["a", "b", "ab", "Z", " ", ",", "\t", "\n", "word", "x".repeat(17)];

function randomString(random: Random, parts: readonly string[], most = 30): string {
  return Array.from({ length: random.below(most) }, () => parts[random.below(parts.length)]!).join("");
}

/** Anywhere, or so that its last byte is the last of memory. */
function put(to: Fixture, text: string, atEnd: boolean): Text {
  const bytes = Buffer.from(text);
  if (!atEnd) return { start: putBytes(to, bytes), bytes: bytes.length };
  const start = to.kernels.u8.length - bytes.length;
  to.kernels.u8.set(bytes, start);
  return { start: start as Ptr, bytes: bytes.length };
}

function read({ kernels }: Fixture, { start, bytes }: Text): string {
  return Buffer.from(kernels.u8.slice(start, start + bytes)).toString();
}

/** The string that a kernel's span stands for. */
function part(to: Fixture, text: Text, span: bigint): string | bigint {
  if (span < 0n) return span;
  return read(to, { start: (text.start + Number(span >> 32n)) as Ptr, bytes: Number(span & 0xffffffffn) });
}

/** What a kernel gives for this string of JavaScript's. */
function wanted(text: string | undefined): string | bigint {
  if (text === undefined) return noPart;
  return text.isWellFormed() ? text : noUtf8;
}

const positions = [0, 1, 2, 3, -1, -2, 15, 16, 17, -16, 0.5, -0.5, -0, NaN, Infinity, -Infinity, 1e10, -1e10];

function position(random: Random, text: string): number {
  return random.below(2) === 0
    ? positions[random.below(positions.length)]!
    : random.below(2 * text.length + 3) - text.length;
}

describe.each([
  { name: "ASCII", parts: letters, atEnd: false, start: 64 },
  { name: "any characters", parts: [...letters, ...marks], atEnd: false, start: 64 },
  { name: "at the end of memory", parts: [...letters, ...marks], atEnd: true, start: 64 },
  { name: "beyond 2 GiB", parts: [...letters, ...marks], atEnd: false, start: beyondTwoGiB },
])("$name", ({ parts, atEnd, start }) => {
  const make = () => fixture({ start, bytes: start + memoryBytes });

  test("lengths, parts and codes", () => {
    const to = make();
    const { run } = to.kernels;
    property(400, random => {
      const js = randomString(random, parts);
      const text = put(to, js, atEnd);
      const isAscii = Number(text.bytes === js.length && random.below(2) === 0) as unknown as boolean;
      const [i, j] = [position(random, js), position(random, js)];
      const of = [text.start, text.bytes, isAscii] as const;
      const no = 0 as unknown as boolean;
      const yes = 1 as unknown as boolean;
      expect(run.textLength(text.start, text.bytes)).toBe(js.length);
      // where a part would be cut, a kernel may give up even if nothing is between
      const found = [
        [run.textSlice(...of, i, j), js.slice(i, j)],
        [run.textSubstring(...of, i, j), js.substring(i, j)],
        [run.textSubstr(...of, i, j), js.substr(i, j)],
      ] as const;
      for (const [span, text_] of found) {
        if (span !== noUtf8 || text_ !== "") expect([i, j, part(to, text, span)]).toEqual([i, j, wanted(text_)]);
      }
      expect(part(to, text, run.textChar(...of, i, no))).toBe(wanted(js.charAt(i) === "" ? undefined : js.charAt(i)));
      expect(part(to, text, run.textChar(...of, i, yes))).toBe(wanted(js.at(i)));
      expect(run.textCode(...of, i, no)).toBe(Number.isNaN(js.charCodeAt(i)) ? -1 : js.charCodeAt(i));
      expect(run.textCode(...of, i, yes)).toBe(js.codePointAt(i) ?? -1);
      expect(part(to, text, run.textTrim(text.start, text.bytes, yes, yes))).toBe(js.trim());
      expect(part(to, text, run.textTrim(text.start, text.bytes, yes, no))).toBe(js.trimStart());
      expect(part(to, text, run.textTrim(text.start, text.bytes, no, yes))).toBe(js.trimEnd());
    });
  });

  test("order, equality and search", () => {
    const to = make();
    const { run } = to.kernels;
    property(400, random => {
      const js = randomString(random, parts);
      const from = random.below(js.length + 1);
      const piece = js.slice(from, from + random.below(20));
      const other = random.below(3) > 0 && piece.isWellFormed() ? piece : randomString(random, parts, 4);
      const [needle, text] = [put(to, other, false), put(to, js, atEnd)];
      const both = [text.start, text.bytes, needle.start, needle.bytes] as const;
      expect(Math.sign(run.textOrder(...both))).toBe(js < other ? -1 : js > other ? 1 : 0);
      const position = (bytes: number) => (bytes < 0 ? bytes : read(to, { ...text, bytes }).length);
      expect(position(run.textFind(...both))).toBe(js.indexOf(other));
      expect(position(run.textFindLast(...both))).toBe(js.lastIndexOf(other));
      if (other === "") return;
      const pieces = js.split(other);
      expect(run.textCount(...both)).toBe(pieces.length - 1);
      const index = random.below(pieces.length + 2);
      const found = pieceOf(to.kernels, text, needle, index);
      expect(found === undefined ? undefined : read(to, found)).toBe(pieces[index]);
    });
  });
});

test("every two characters in the order of code units", () => {
  const to = fixture();
  const all = [
    "",
    "a",
    "\x7f",
    "\x80",
    "é",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\uf000",
    "\uffff",
    "\u{10000}",
    "\u{10ffff}",
  ];
  const texts = all.map(text => put(to, `x${text}`, false));
  all.forEach((a, i) =>
    all.forEach((b, j) => {
      const [x, y] = [texts[i]!, texts[j]!];
      const order = to.kernels.run.textOrder(x.start, x.bytes, y.start, y.bytes);
      expect([a, b, Math.sign(order)]).toEqual([a, b, a < b ? -1 : a > b ? 1 : 0]);
    }),
  );
});

test("a search that would take too long is given up", () => {
  const to = fixture();
  const text = put(to, "a".repeat(100_000), false);
  const needle = put(to, `${"a".repeat(20_000)}b${"a".repeat(20_000)}`, false);
  const both = [text.start, text.bytes, needle.start, needle.bytes] as const;
  expect(to.kernels.run.textFind(...both)).toBe(searchGivenUp);
  expect(to.kernels.run.textFindLast(...both)).toBe(searchGivenUp);
  expect(to.kernels.run.textCount(...both)).toBe(searchGivenUp);
});

describe("made strings", () => {
  test("case, repetition and replacement, with what they write behind", () => {
    property(200, random => {
      const to = fixture({ bytes: memoryBytes });
      const { run } = to.kernels;
      const js = randomString(random, letters);
      const text = put(to, js, random.below(2) === 0);
      const out = to.allocator.alloc(4096);
      const made = (bytes: number) => read(to, { start: out, bytes });
      expect(Boolean(run.textLower(text.start, text.bytes, out))).toBe(true);
      expect(made(text.bytes)).toBe(js.toLowerCase());
      run.textUpper(text.start, text.bytes, out);
      expect(made(text.bytes)).toBe(js.toUpperCase());
      if (text.bytes > 0) {
        run.textRepeat(text.start, text.bytes, text.bytes * 3 - 1, out);
        expect(made(text.bytes * 3 - 1)).toBe(js.repeat(3).slice(0, -1));
      }
      const [needle, by] = [put(to, "a", false), put(to, "--é", false)];
      const bytes = run.textReplaceAll(text.start, text.bytes, needle.start, 1, by.start, by.bytes, out);
      expect(made(bytes)).toBe(js.replaceAll("a", "--é"));
    });
  });

  test("what is not ASCII has no simple case", () => {
    property(100, random => {
      const to = fixture({ bytes: memoryBytes });
      const at = random.below(40);
      const text = put(to, `${"a".repeat(at)}é${"b".repeat(random.below(20))}`, random.below(2) === 0);
      const out = to.allocator.alloc(4096);
      expect(Boolean(to.kernels.run.textLower(text.start, text.bytes, out))).toBe(false);
      expect(Boolean(to.kernels.run.textUpper(text.start, text.bytes, out))).toBe(false);
    });
  });

  test("whole numbers as digits", () => {
    const to = fixture();
    const out = to.allocator.alloc(64);
    const numbers = [0, -0, 9, 10, 99, 100, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
    for (let power = 1; power < 2 ** 53; power *= 10) numbers.push(power - 1, power, power + 1);
    for (const number of numbers.flatMap(each => [each, -each])) {
      expect(read(to, { start: out, bytes: to.kernels.run.writeWhole(number, out) })).toBe(String(number));
    }
  });
});

describe("numbers", () => {
  const certain = [
    "",
    " ",
    "0",
    "-0",
    "+5",
    "12",
    "-12.5",
    "1e3",
    "1E-2",
    ".5",
    "5.",
    "-.5e1",
    " 7\n",
    "\u00a08\ufeff",
  ].concat(
    ["Infinity", "-Infinity", "abc", "-", ".", "e5", "1e", "1_0", "1 2", "9007199254740992", "0.1", "123456789012345"],
    ["1.50000000000000000", "00000000000000000000001", "0e999", "1.2.3", "Infinityx", "12px", "1e+", "- 1", "é", "1é"],
  );

  test.each(certain)("%p", js => {
    const to = fixture();
    const found = ["x", ""].map(behind => {
      const text = put(to, js + behind, true);
      return numberOf(to.kernels, { start: text.start, bytes: text.bytes - behind.length });
    });
    expect(found).toEqual([Number(js), Number(js)]);
    const as = (mode: number) => {
      const text = put(to, js, true);
      return new Float64Array(BigInt64Array.of(to.kernels.run.readNumber(text.start, text.bytes, mode)).buffer)[0];
    };
    expect([as(1), as(2)]).toEqual([parseFloat(js), parseInt(js)]);
  });

  test.each([
    "0x10",
    "0b1",
    "0O7",
    "9007199254740993",
    "1e23",
    "1e-23",
    "1.7976931348623157e308",
    "0.12345678901234567891",
  ])("%p is left to JavaScript", js => {
    const to = fixture();
    expect(numberOf(to.kernels, put(to, js, false))).toBeUndefined();
  });

  test("random decimals", () => {
    const to = fixture();
    let sure = 0;
    property(500, random => {
      const js = String((random.float() - 0.5) * 10 ** random.below(12)).slice(0, 1 + random.below(20));
      const found = numberOf(to.kernels, put(to, js, false));
      if (found === undefined) return;
      sure++;
      expect([js, found]).toEqual([js, Number(js)]);
    });
    if (process.env["FIRESTEEL_SEED"] === undefined) expect(sure).toBeGreaterThan(400);
  });
});
