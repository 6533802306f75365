/** Splitting against String.split, UTF-8 checks against TextDecoder. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { ColumnTokenizer, isAscii, TextCursor, utf8Replacements, utf8Valid } from "../../src/kernel/text.ts";
import { beyondTwoGiB, fixture, type Fixture, getU32, property, putBytes, putStrings } from "./fixture.ts";

const space = 32;

function pieces(to: Fixture, capacity: number) {
  return { starts: to.allocator.alloc(capacity * 4), ends: to.allocator.alloc(capacity * 4), capacity };
}

/** Text of short and long lines, CRs in odd places, non-ASCII words. */
function randomText(random: Random): string {
  const parts = ["a", "word", " ", "  ", "\n", "\r\n", "\r", "é", "日本", "\n\n", "x".repeat(random.below(200)), "\0"];
  return Array.from({ length: random.below(120) }, () => parts[random.below(parts.length)]!).join("");
}

/** What ends at a separator: all but the last piece. */
function ended(pieces: string[]): string[] {
  return pieces.slice(0, -1);
}

function linesOf(text: string): string[] {
  return ended(text.split("\n")).map(line => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test.each(["lines", "tokens", "lineTokens"] as const)("%s, in chunks and batches of any size", kind => {
    property(60, random => {
      const to = fixture({ start });
      const text = randomText(random);
      const bytes = Buffer.from(text);
      const base = putBytes(to, bytes);
      const out = pieces(to, 1 + random.below(random.below(2) === 0 ? 70 : 2000));
      const cursor = new TextCursor(to.kernels, to.allocator);
      const found: string[] = [];
      for (let to_ = 0; to_ < bytes.length;) {
        to_ = Math.min(bytes.length, to_ + 1 + random.below(bytes.length));
        let n: number;
        do {
          n = kind === "lines" ? cursor.lines(base, to_, out) : cursor[kind](base, to_, space, out);
          const ends = getU32(to, out.ends, n);
          getU32(to, out.starts, n).forEach((from, i) => found.push(bytes.subarray(from, ends[i]).toString()));
        } while (n === out.capacity);
        expect(cursor.searched).toBe(to_);
      }
      const wanted = {
        lines: () => linesOf(text),
        tokens: () => ended(text.split(" ")),
        lineTokens: () => ended([...linesOf(text), text.split("\n").at(-1)!].flatMap(line => line.split(" "))),
      };
      expect(found).toEqual(wanted[kind]());
      if (kind === "lineTokens") expect(cursor.lineEnds).toBe(text.split("\n").length - 1);
      expect(bytes.subarray(cursor.start).toString()).toBe(
        text.split({ lines: "\n", tokens: " ", lineTokens: /[ \n]/ }[kind]).at(-1)!,
      );
      cursor.free();
    });
  });

  test("a long line is searched once", () => {
    const to = fixture({ start });
    const base = putBytes(to, Buffer.from(`${"y".repeat(1000)}\nrest`));
    const cursor = new TextCursor(to.kernels, to.allocator);
    const out = pieces(to, 4);
    expect(cursor.lines(base, 900, out)).toBe(0);
    expect([cursor.start, cursor.searched]).toEqual([0, 900]);
    to.kernels.u8.fill(10, base, base + 900); // would be found if anything looked there again
    expect(cursor.lines(base, 1005, out)).toBe(1);
    expect([getU32(to, out.starts, 1), getU32(to, out.ends, 1)]).toEqual([[0], [1000]]);
  });

  test("tokens of a column, with their rows", () => {
    property(60, random => {
      const to = fixture({ start });
      const words = [
        "",
        "a",
        "two words",
        " ",
        "   ",
        "é b",
        "x".repeat(40),
        "y".repeat(17) + " z",
        "p q r s t u v w x y z",
      ];
      const texts = Array.from(
        { length: random.below(60) },
        () => words[random.below(words.length)]! + words[random.below(words.length)]!,
      );
      const { offsets, bytes } = putStrings(to, texts, random.below(5));
      const capacity = 1 + random.below(30);
      const out = { ...pieces(to, capacity), rows: to.allocator.alloc(capacity * 4) };
      const tokenizer = new ColumnTokenizer(to.kernels, to.allocator, offsets, bytes, texts.length);
      const found: [number, string][] = [];
      for (let n = tokenizer.next(space, out); n > 0; n = tokenizer.next(space, out)) {
        const [starts, ends, rows] = [out.starts, out.ends, out.rows].map(ptr => getU32(to, ptr, n));
        rows!.forEach((row, i) =>
          found.push([row, Buffer.from(to.kernels.u8.slice(bytes + starts![i]!, bytes + ends![i]!)).toString()]),
        );
      }
      tokenizer.free();
      expect(found).toEqual(
        texts.flatMap((text, row) => text.split(" ").map((token): [number, string] => [row, token])),
      );
    });
  });

  test("UTF-8: ASCII, validity and replacements", () => {
    property(200, random => {
      const to = fixture({ start });
      const good = ["ascii", "é", "日本語", "🔥", "\u{10ffff}", "\0", "z".repeat(random.below(100))];
      const bad = [
        [0x80],
        [0xc0, 0x80],
        [0xc2],
        [0xe0, 0x80, 0x80],
        [0xe0, 0xa0],
        [0xed, 0xa0, 0x80],
        [0xef, 0xbf],
        [0xf0, 0x9f, 0x94],
        [0xf4, 0x90, 0x80, 0x80],
        [0xf5],
        [0xff],
        [0xf0, 0x80],
      ];
      const badShare = [0, 0.1, 0.7][random.below(3)]!;
      const parts = Array.from({ length: random.below(30) }, () =>
        random.float() < badShare
          ? Buffer.from(bad[random.below(bad.length)]!)
          : Buffer.from(good[random.below(good.length)]!),
      );
      const bytes = Buffer.concat(parts);
      const at = putBytes(to, bytes);
      const decoded = new TextDecoder().decode(bytes);
      const decodedBom = bytes.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf));
      expect(decodedBom).toBe(false);
      expect(utf8Replacements(to.kernels, to.allocator, at, bytes.length)).toBe(
        [...decoded].filter(c => c === "\ufffd").length,
      );
      expect(isAscii(to.kernels, at, bytes.length)).toBe(bytes.every(byte => byte < 0x80));
      const position = utf8Valid(to.kernels, at, bytes.length);
      const isWellFormed = (length: number) =>
        Buffer.from(bytes.subarray(0, length).toString()).equals(bytes.subarray(0, length));
      if (position === -1) expect(isWellFormed(bytes.length)).toBe(true);
      else expect([isWellFormed(position), isWellFormed(bytes.length)]).toEqual([true, false]);
    });
  });
});

test("text beyond one call's share", () => {
  const to = fixture();
  const n = 9 << 20;
  const base = to.allocator.alloc(n);
  to.kernels.u8.fill(97, base, base + n);
  to.kernels.u8[base + n - 2] = 10;
  const cursor = new TextCursor(to.kernels, to.allocator);
  const out = pieces(to, 2);
  expect(cursor.lines(base, n, out)).toBe(1);
  expect([getU32(to, out.ends, 1), cursor.start, cursor.searched]).toEqual([[n - 2], n - 1, n]);
  expect(isAscii(to.kernels, base, n)).toBe(true);
  to.kernels.u8[base + n - 1] = 0xff;
  expect(isAscii(to.kernels, base, n)).toBe(false);
  expect(utf8Valid(to.kernels, base, n)).toBe(n - 1);
  expect(utf8Replacements(to.kernels, to.allocator, base, n)).toBe(1);
});
