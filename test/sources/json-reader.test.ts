import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { Random } from "../../src/base/random.ts";
import type { JsonOptions } from "../../src/sources/options.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { planJson } from "../../src/sources/json-plan.ts";
import { locateJsonProblem } from "../../src/sources/json-locate.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { allRows, failure, placedByByte, temporaryFolder, testEnv } from "./fixture.ts";

async function readJson(
  path: string,
  options: JsonOptions = {},
  minPartitions = 1,
  env = testEnv(),
): Promise<unknown[]> {
  const scan = planJson(resolvePaths(path), minPartitions, options);
  const rows: unknown[] = [];
  for (const split of scan.splits) rows.push(...(await allRows(openSplit(scan.format, split, env))));
  return rows;
}

async function rowsOf(content: string | Uint8Array, options: JsonOptions = {}): Promise<unknown[]> {
  using folder = temporaryFolder();
  return readJson(folder.file("in.json", content), options);
}

async function errorOf(content: string | Uint8Array): Promise<string> {
  using folder = temporaryFolder();
  const path = folder.file("in.json", content);
  const error = await failure(readJson(path));
  expect(error.kind).toBe("data");
  expect(error.hint).toContain('mode: "drop"');
  const packed = folder.file("in.json.gz", gzipSync(content));
  const same = placedByByte(await failure(readJson(packed)), packed, content);
  expect(same).toBe(placedByByte(error, path, content));
  return same;
}

test("JSON Lines: any value a line, blank lines skipped", async () => {
  expect(await rowsOf('\ufeff{"a":1}\r\n\n  \n[1,2]\n"x\\ny"\nnull\n3')).toEqual([{ a: 1 }, [1, 2], "x\ny", null, 3]);
  expect(await rowsOf("[1,2]\n[3]\n")).toEqual([[1, 2], [3]]);
  expect(await rowsOf("")).toEqual([]);
});

test("a file that is one array gives its elements", async () => {
  expect(await rowsOf(' [ {"a":"],[\\""}, [1,[2]] , "é,\\\\" ,null ] \n')).toEqual([
    { a: '],["' },
    [1, [2]],
    "é,\\",
    null,
  ]);
  expect(await rowsOf("\ufeff[\n  1,\n  2\n]\n")).toEqual([1, 2]);
  expect(await rowsOf("[1,2]")).toEqual([1, 2]);
  expect(await rowsOf("[]")).toEqual([]);
  using folder = temporaryFolder();
  const packed = folder.file("in.json.gz", gzipSync("[1,\n{}]"));
  expect(await readJson(packed)).toEqual([1, {}]);
  expect(planJson(resolvePaths(folder.file("big.json", `[${"1,".repeat(1000)}1]`)), 10).splits.length).toBe(1);
});

test("arrays larger than the read buffer, and lines in splits, give every value once", async () => {
  using folder = temporaryFolder();
  const random = new Random(7);
  const rows = Array.from({ length: 9000 }, (_, id) => ({
    id,
    text: 'é"\\],[{'.repeat(random.below(20)),
    nested: [{ a: [id] }],
  }));
  expect(await readJson(folder.file("array.json", JSON.stringify(rows, null, 1)))).toEqual(rows);
  expect(await readJson(folder.file("lines.json", rows.map(row => JSON.stringify(row)).join("\n")), {}, 7)).toEqual(
    rows,
  );
  expect(planJson(resolvePaths(folder.file("lines.json", "1\n".repeat(1000))), 7).splits.length).toBe(7);
});

test("malformed lines fail with file, line and column", async () => {
  expect(await errorOf('{"a":1}\n{"é":1,}\n')).toBe('malformed JSON in FILE at byte 16: unexpected "}"');
  expect(await errorOf("1\n\n  nope\n")).toBe('malformed JSON in FILE at byte 5: unexpected "n"');
  expect(await errorOf('1\n{"a":"b\n')).toBe("malformed JSON in FILE at byte 9: a string is never closed");
  expect(await errorOf('"a\\x"')).toBe("malformed JSON in FILE at byte 2: a bad escape in a string");
  expect(await errorOf('"a\tb"')).toBe('malformed JSON in FILE at byte 2: a control character in a string ("\\t")');
  expect(await errorOf("01")).toBe('malformed JSON in FILE at byte 0: unexpected "0"');
  expect(await errorOf('{"a":[1,2}')).toBe('malformed JSON in FILE at byte 9: unexpected "}"');
  expect(await errorOf("1 2")).toBe('malformed JSON in FILE at byte 2: unexpected "2"');
  expect(await errorOf(`1\n${"[".repeat(3)}`)).toBe("malformed JSON in FILE at byte 5: it ends too early");
});

test("malformed arrays fail with file, line and column", async () => {
  expect(await errorOf("[1, nope]")).toBe('malformed JSON in FILE at byte 4: unexpected "n"');
  expect(await errorOf("[1,,2]")).toBe('malformed JSON in FILE at byte 3: unexpected ","');
  expect(await errorOf("[1,2,]")).toBe('malformed JSON in FILE at byte 5: unexpected "]"');
  expect(await errorOf("[,]")).toBe('malformed JSON in FILE at byte 1: unexpected ","');
  expect(await errorOf("[1,2")).toBe("malformed JSON in FILE at byte 4: the array is never closed");
  expect(await errorOf("[1,2\n")).toBe("malformed JSON in FILE at byte 5: the array is never closed");
  expect(await errorOf("[")).toBe("malformed JSON in FILE at byte 1: the array is never closed");
  expect(await errorOf("[1\n] x")).toBe("malformed JSON in FILE at byte 5: there is more after the array's end");
  expect(await errorOf('["a}')).toBe("malformed JSON in FILE at byte 4: a string is never closed");
});

test('mode "drop" leaves malformed values out and counts them', async () => {
  using folder = temporaryFolder();
  const env = testEnv();
  expect(await readJson(folder.file("lines", '1\nx\n{"a":}\n2\n'), { mode: "drop" }, 1, env)).toEqual([1, 2]);
  expect(env.counts).toMatchObject({ rowsDropped: 2, rowsRead: 2 });
  expect(await readJson(folder.file("array", '[1, x, {"a":}, "a,b", 2] y'), { mode: "drop" }, 1, env)).toEqual([
    1,
    "a,b",
    2,
  ]);
  expect(env.counts.rowsDropped).toBe(5);
  expect(() => planJson(resolvePaths(folder.file("x", "1")), 1, { mode: "PERMISSIVE" as "drop" })).toThrow(
    'unknown mode "PERMISSIVE"',
  );
});

test("the locator accepts exactly what JSON.parse accepts", () => {
  const pieces = [
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    '"a"',
    '"',
    "1",
    "-",
    "0",
    ".5",
    "e1",
    "true",
    "nul",
    "null",
    " ",
    "\n",
    "\\",
    "é",
  ];
  for (let seed = 1; seed <= 3000; seed++) {
    const random = new Random(seed);
    const text = Array.from({ length: 1 + random.below(7) }, () => pieces[random.below(pieces.length)]!).join("");
    let valid = true;
    try {
      JSON.parse(text);
    } catch {
      valid = false;
    }
    expect({ seed, text, valid: locateJsonProblem(text) === undefined }).toEqual({ seed, text, valid });
  }
});

const people = `{"name":"Ann","age":41,"since":"2020-01-02","ok":true,"extra":1}
{"age":7,"name":null}
{"name":{"first":"B"},"age":"9"}
[1]
{"name":"C
`;
const schema = { name: "string", age: "number", since: "date", ok: "boolean" } as const;

test("a schema makes rows of its properties, in its order; what is not there is null", async () => {
  expect(await rowsOf(people.split("\n").slice(0, 2).join("\n"), { schema })).toEqual([
    { name: "Ann", age: 41, since: new Date("2020-01-02"), ok: true },
    { name: null, age: 7, since: null, ok: null },
  ]);
  expect(Object.keys((await rowsOf(people, { schema, mode: "drop" }))[1] as object)).toEqual([
    "name",
    "age",
    "since",
    "ok",
  ]);
  expect(await rowsOf('[{"a":[1],"b":{"c":2}}]', { schema: { b: "any", a: "string" } })).toEqual([
    { b: { c: 2 }, a: "[1]" },
  ]);
});

test("what is not of the schema is malformed, with its place", async () => {
  using folder = temporaryFolder();
  const path = folder.file("in.json", people);
  const error = await failure(readJson(path, { schema }));
  expect(error.message).toBe(
    `malformed JSON in ${path} at line 3, column 1 (byte ${people.indexOf('{"name":{')}): property "age" is "9", not a number`,
  );
  expect(await rowsOf(people, { schema, mode: "drop" })).toHaveLength(2);
  const inArray = folder.file("array.json", '[{"name":"a"},\n  {"name":"b"}, 5]');
  expect((await failure(readJson(inArray, { schema }))).message).toBe(
    `malformed JSON in ${inArray} at line 2, column 17 (byte 31): 5 where an object is needed`,
  );
});

test('mode "permissive" keeps what can be read, and the text of what is malformed where asked for', async () => {
  const nothing = { name: null, age: null, since: null, ok: null };
  const kept = [
    { name: "Ann", age: 41, since: new Date("2020-01-02"), ok: true },
    { ...nothing, age: 7 },
    { ...nothing, name: '{"first":"B"}' },
    nothing,
    nothing,
  ];
  expect(await rowsOf(people, { schema, mode: "permissive" })).toEqual(kept);
  const texts = [null, null, '{"name":{"first":"B"},"age":"9"}', "[1]", '{"name":"C'];
  expect(await rowsOf(people, { schema, mode: "permissive", corruptRecord: "_text" })).toEqual(
    kept.map((row, i) => ({ ...row, _text: texts[i] })),
  );
  expect(await rowsOf("1\nx\n", { mode: "permissive" })).toEqual([1, null]);
  expect(await rowsOf("1\nx\n", { mode: "permissive", corruptRecord: "bad" })).toEqual([1, { bad: "x" }]);
  expect(await rowsOf("[1, x, 2]", { mode: "permissive", corruptRecord: "bad" })).toEqual([1, { bad: "x" }, 2]);
});

test("multiLine: each file is one value, or an array of rows", async () => {
  const value = '\ufeff{\n  "a": [1,\n 2]\n}\n';
  expect(await rowsOf(value, { multiLine: true })).toEqual([{ a: [1, 2] }]);
  expect(await rowsOf("[1,\n[2]]", { multiLine: true })).toEqual([1, [2]]);
  expect(await rowsOf("[1]\n[2]\n", { multiLine: false })).toEqual([[1], [2]]);
  expect(await rowsOf("[1,\n", { multiLine: false, mode: "drop" })).toEqual([]);
  expect(await rowsOf(" \n", { multiLine: true })).toEqual([]);
  using folder = temporaryFolder();
  const path = folder.file("in.json", '{\n"a": 1,\n}');
  expect((await failure(readJson(path, { multiLine: true }))).message).toBe(
    `malformed JSON in ${path} at line 3, column 1 (byte 10): unexpected "}"`,
  );
  expect((await failure(readJson(path, { multiLine: true, maxLineBytes: 8 }))).message).toContain("a JSON value of ");
});

test("JSON options that make no sense are refused when planned", () => {
  const refused = (options: object) => {
    try {
      planJson([], 1, options);
    } catch (error) {
      return `${(error as Error).message} (${(error as { hint?: string }).hint})`;
    }
    return "fine";
  };
  expect(refused({ schema: { a: "int" } })).toBe(
    'property "a" has the unknown type "int" (types are string, number, boolean, date and any)',
  );
  expect(refused({ mode: "DROPMALFORMED" })).toBe('unknown mode "DROPMALFORMED" (did you mean "drop"?)');
  expect(refused({ mode: "skip" })).toBe('unknown mode "skip" (modes are "fail", "drop", "permissive")');
  expect(refused({ corruptRecord: "x" })).toBe(
    'corruptRecord is for mode "permissive"; with "fail" no such record is a row (add mode: "permissive", or leave corruptRecord out)',
  );
  expect(refused({ corruptRecord: "a", mode: "permissive", schema: { a: "any" } })).toBe(
    'the column "a" for malformed records is there already (undefined)',
  );
});
