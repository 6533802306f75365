/** The CSV kernels against a plain reading of records made here; what they leave to their callers is known. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { type CsvBytes, type CsvColumnType, CsvColumns, CsvEnds } from "../../src/kernel/csv.ts";
import { beyondTwoGiB, fixture, type Fixture, property, putBytes } from "./fixture.ts";

const comma = 44;
const quote = 34;
const syntax = { separator: comma, quote };
const escaping = { ...syntax, escape: 92, comment: 35 };
const types: readonly CsvColumnType[] = ["number", "string", "boolean", "date"];

const plainNumbers = ["0", "-0", "12", "-3.25", ".5", "7.", "1e3", "2.5E-2", "9007199254740992", "1e22"];
const oddNumbers = ["9007199254740993", "1e23", "x", "+1", " 1", "0x1", "12345678901234567890", "-", "1e"];
const texts = [
  "#",
  "back\\slash",
  '\\"',
  "a",
  "é",
  "two words",
  "x".repeat(20),
  'with "quotes"',
  "a,b",
  "line\nfeed",
  "",
  " ",
];

interface Field {
  readonly text: string;
  /** Undefined where the kernel leaves the cell. */
  readonly value: unknown;
}

function randomField(random: Random, type: CsvColumnType, escapes: boolean): Field {
  if (random.below(6) === 0) return { text: "", value: null };
  const quoted = random.below(3) === 0;
  const inside = (text: string) =>
    escapes
      ? text.replace(/["\\]/g, c => (c === '"' && random.below(2) === 0 ? '""' : `\\${c}`))
      : text.replaceAll('"', '""');
  const wrap = (text: string) => (quoted || /[,"\n#]/.test(text) || text === "" ? `"${inside(text)}"` : text);
  switch (type) {
    case "number": {
      const odd = random.below(5) === 0;
      const text = odd
        ? oddNumbers[random.below(oddNumbers.length)]!
        : plainNumbers[random.below(plainNumbers.length)]!;
      return { text: wrap(text), value: odd ? undefined : Number(text) };
    }
    case "string": {
      const text = texts[random.below(texts.length)]!;
      return { text: wrap(text), value: text };
    }
    case "boolean": {
      const text = ["true", "FALSE", "True", "yes", "truth"][random.below(5)]!;
      return {
        text: wrap(text),
        value: text.length === 4 || text === "FALSE" ? text.toLowerCase() === "true" : undefined,
      };
    }
    case "date":
      return { text: wrap("2024-01-02"), value: undefined };
  }
}

function valueOf(to: Fixture, columns: CsvColumns, column: number, row: number): unknown {
  const { u8, u32, f64 } = to.kernels;
  const { type, values, validity } = columns.columns[column]!;
  if (u8[validity + row] === 0) return null;
  if (type === "boolean") return u8[values + row] === 1;
  if (type !== "string") return f64[values / 8 + row];
  const [from, end] = [u32[values / 4 + row]!, u32[values / 4 + row + 1]!];
  const bytes = columns.bytesOf(column);
  return Buffer.from(u8.slice(bytes + from, bytes + end)).toString();
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("records of all types, odd cells told apart", () => {
    property(80, random => {
      const to = fixture({ start });
      const chosen = Array.from({ length: 1 + random.below(5) }, () => types[random.below(4)]!);
      const escapes = random.below(2) === 0;
      const rows = Array.from({ length: random.below(60) }, () =>
        chosen.map(type => randomField(random, type, escapes)),
      );
      const ends = rows.map(() => (random.below(2) === 0 ? "\n" : "\r\n"));
      // a record of one empty field is a blank line
      const isBlank = (row: readonly Field[]) => row.length === 1 && row[0]!.text === "";
      const lines = rows.map((row, i) => row.map(field => field.text).join(",") + ends[i]!);
      if (escapes)
        for (let i = lines.length - 1; i >= 0; i--)
          if (random.below(5) === 0) lines.splice(i, 0, '# "not, a record\\\r\n');
      const bytes = Buffer.from(lines.join(""));
      const kept = rows.filter(row => !isBlank(row));
      const columns = new CsvColumns(to.kernels, to.allocator, chosen, escapes ? escaping : syntax, 1000);
      const src = putBytes(to, bytes);
      columns.startRun(bytes.length);
      const cells: string[] = [];
      while (columns.at < bytes.length) {
        expect(columns.read(src, 1 + random.below(20))).toBe("done");
        for (const { row, column, start: from, end } of columns.takeCells())
          cells.push(`${row} ${column} ${bytes.toString("utf8", from, end)}`);
      }
      expect(columns.rows).toBe(kept.length);
      const expectedCells = kept.flatMap((row, i) =>
        row.flatMap((field, c) => (field.value === undefined ? [`${i} ${c} ${field.text.replaceAll('"', "")}`] : [])),
      );
      expect(cells).toEqual(expectedCells);
      kept.forEach((row, i) =>
        row.forEach((field, c) => {
          if (field.value !== undefined) expect(valueOf(to, columns, c, i)).toBe(field.value);
        }),
      );
      columns.free();
      expect(to.allocator.outstandingBytes).toBe(0);
    });
  });

  test("where records end, in pieces of any length", () => {
    property(100, random => {
      const to = fixture({ start });
      const pieces = ["a", ",", '"', '""', "\n", "é", "\\", "#"];
      const given = random.below(2) === 0 ? syntax : escaping;
      const text = Array.from({ length: random.below(200) }, () => pieces[random.below(pieces.length)]!).join("");
      const bytes = Buffer.from(text);
      const src = putBytes(to, bytes);
      const ends = new CsvEnds(to.kernels, to.allocator, given);
      const found: number[] = [];
      for (let at = 0; at < bytes.length;) {
        const next = Math.min(bytes.length, at + 1 + random.below(40));
        found.push(ends.last(src, at, next));
        at = next;
      }
      const expected = plainEnds(bytes, given);
      expect(Math.max(-1, ...found)).toBe(expected.at(-1) ?? -1);
      ends.restart();
      const all: number[] = [];
      for (let at = 0; at < bytes.length;) {
        const end = ends.first(src, at, bytes.length);
        if (end < 0) break;
        all.push(end);
        at = end;
      }
      expect(all).toEqual(expected);
      ends.free();
    });
  });
});

/** The twin: one byte at a time. */
function plainEnds(bytes: Uint8Array, { escape, comment }: CsvBytes): number[] {
  const ends: number[] = [];
  let state: "record" | "field" | "unquoted" | "quoted" | "behind" | "escaped" | "comment" = "record";
  bytes.forEach((byte, i) => {
    if (state === "escaped") state = "quoted";
    else if (state === "quoted") state = byte === quote ? "behind" : byte === escape ? "escaped" : "quoted";
    else if (byte === 10) {
      state = "record";
      ends.push(i + 1);
    } else if (state === "comment" || (state === "record" && byte === comment)) state = "comment";
    else if (byte === comma) state = "field";
    else state = byte === quote && state !== "unquoted" ? "quoted" : "unquoted";
  });
  return ends;
}

test("records that are none are left where they begin", () => {
  const to = fixture();
  for (const [text, at] of [
    ["1,a\n2\n", 4],
    ["1,a\n2,b,c\n", 4],
    ['1,a\n"2"x,b\n', 4],
    ['1,a\n2,"b\n', 4],
    ["1,a\n\n\r\n2\n", 7],
  ] as const) {
    const bytes = Buffer.from(text);
    const columns = new CsvColumns(to.kernels, to.allocator, ["number", "string"], syntax, 100);
    columns.startRun(bytes.length);
    expect([columns.read(putBytes(to, bytes)), columns.at, columns.rows]).toEqual(["strange", at, 1]);
    columns.free();
  }
});

test("rows of the caller's own, texts that need room, and rows taken back", () => {
  const to = fixture();
  const columns = new CsvColumns(to.kernels, to.allocator, ["string", "number", "boolean"], syntax, 100);
  const long = "é".repeat(50_000);
  const bytes = Buffer.from(`${long},1,true\n${long},2,false\n${long},3,true\n`);
  columns.push(["mine", -1, true]);
  columns.push([null, null, null]);
  columns.startRun(bytes.length);
  expect(columns.read(putBytes(to, bytes))).toBe("done");
  expect(columns.rows).toBe(5);
  expect(columns.textBytes).toBe(4 + 300_000);
  expect(columns.startOf(3)).toBe(Buffer.byteLength(`${long},1,true\n`));
  columns.truncate(3);
  columns.push(["again", 9, false]);
  const rows = Array.from({ length: 4 }, (_, row) => [0, 1, 2].map(c => valueOf(to, columns, c, row)));
  expect(rows).toEqual([
    ["mine", -1, true],
    [null, null, null],
    [long, 1, true],
    ["again", 9, false],
  ]);
  columns.free();
  expect(to.allocator.outstandingBytes).toBe(0);
});

test("more odd cells than are kept for the caller", () => {
  const to = fixture();
  const bytes = Buffer.from("x\n".repeat(10_000));
  const columns = new CsvColumns(to.kernels, to.allocator, ["number"], syntax, 10_000);
  columns.startRun(bytes.length);
  const src = putBytes(to, bytes);
  let cells = 0;
  const stops: string[] = [];
  while (columns.at < bytes.length) {
    stops.push(columns.read(src));
    cells += columns.takeCells().length;
  }
  expect([stops, cells, columns.rows]).toEqual([["cells", "cells", "done"], 10_000, 10_000]);
  columns.free();
});
