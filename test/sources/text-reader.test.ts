import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { Random } from "../../src/base/random.ts";
import { planText } from "../../src/sources/byte-splits.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { allRows, temporaryFolder, testEnv, type TestEnv } from "./fixture.ts";

async function readText(path: string, minPartitions = 1, env = testEnv(), maxLineBytes?: number): Promise<string[][]> {
  const scan = planText(resolvePaths(path), minPartitions, maxLineBytes === undefined ? {} : { maxLineBytes });
  const partitions: string[][] = [];
  for (const split of scan.splits) partitions.push((await allRows(openSplit(scan.format, split, env))) as string[]);
  return partitions;
}

async function linesOf(content: string | Uint8Array, env?: TestEnv): Promise<string[]> {
  using folder = temporaryFolder();
  return (await readText(folder.file("in.txt", content), 1, env)).flat();
}

test("lines end at LF or CRLF, and the last one needs no end", async () => {
  expect(await linesOf("a\nb\n")).toEqual(["a", "b"]);
  expect(await linesOf("a\nb")).toEqual(["a", "b"]);
  expect(await linesOf("a\r\nb\r\n")).toEqual(["a", "b"]);
  expect(await linesOf("a\r\n\r\nb\rc\n\nd\r")).toEqual(["a", "", "b\rc", "", "d\r"]);
  expect(await linesOf("\n")).toEqual([""]);
  expect(await linesOf("")).toEqual([]);
});

test("a byte order mark is dropped at a file's start and nowhere else", async () => {
  expect(await linesOf("\ufeffa\n\ufeffb")).toEqual(["a", "\ufeffb"]);
  expect(await linesOf("\ufeff")).toEqual([]);
  expect(await linesOf("\ufeff\n")).toEqual([""]);
});

test("invalid UTF-8 is replaced and counted", async () => {
  const env = testEnv();
  const bytes = Buffer.concat([Buffer.from("ok \ufffd é\na"), Buffer.from([0xe2, 0x82, 0x0a, 0xff, 0xfe, 0x0a]), Buffer.from("z")]);
  expect(await linesOf(bytes, env)).toEqual(["ok \ufffd é", "a\ufffd", "\ufffd\ufffd", "z"]);
  expect(env.counts.invalidUtf8).toBe(3);
});

test("any text cut into any number of splits gives the same lines in order", async () => {
  using folder = temporaryFolder();
  const alphabet = ["a", "bc", " ", "é", "漢", "😀", "\n", "\n", "\r\n", "\r", "\ufeff"];
  for (let seed = 1; seed <= 150; seed++) {
    const random = new Random(seed);
    const text = Array.from({ length: random.below(120) }, () => alphabet[random.below(alphabet.length)]!).join("");
    const path = folder.file("in.txt", text);
    const expected = text.replace(/^\ufeff/, "").split(/\r?\n/);
    if (expected.at(-1) === "") expected.pop();
    const partitions = 1 + random.below(40);
    const env = testEnv();
    expect({ seed, lines: (await readText(path, partitions, env)).flat() }).toEqual({ seed, lines: expected });
    expect(env.counts.rowsRead).toBe(expected.length);
  }
});
