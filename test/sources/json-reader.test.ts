import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { Random } from "../../src/base/random.ts";
import type { JsonOptions } from "../../src/sources/options.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { planJson } from "../../src/sources/json-plan.ts";
import { locateJsonProblem } from "../../src/sources/json-locate.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { allRows, failure, temporaryFolder, testEnv } from "./fixture.ts";

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
  return error.message.replace(path, "FILE");
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

test("malformed lines fail with file and byte offset", async () => {
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

test("malformed arrays fail with file and byte offset", async () => {
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
  expect(() => planJson(resolvePaths(folder.file("x", "1")), 1, { mode: "permissive" as "drop" })).toThrow(
    'unknown mode "permissive"',
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
