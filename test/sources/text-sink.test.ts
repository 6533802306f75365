import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatRow } from "../../src/sources/format-row.ts";
import { abortOutput, commitOutput, createOutput, openPart } from "../../src/sources/text-sink.ts";
import { temporaryFolder, testEnv } from "./fixture.ts";

test("a committed job leaves its parts and _SUCCESS, and nothing else", () => {
  using folder = temporaryFolder();
  const env = testEnv();
  const output = createOutput(join(folder.path, "a/b/out"));
  for (const partition of [1, 0]) {
    const part = openPart(output, partition, 10 + partition, env.metrics);
    part.write([`p${partition}`, "é"]);
    part.write([]);
    if (partition === 1) part.write([["w", 1], { n: 2n }, 3]);
    expect(existsSync(join(output.path, `part-0000${partition}`))).toBe(false);
    expect(part.commit()).toBe(true);
  }
  openPart(output, 2, 12, env.metrics).commit();
  commitOutput(output);
  expect(readdirSync(output.path).sort()).toEqual(["_SUCCESS", "part-00000", "part-00001", "part-00002"]);
  expect(readFileSync(join(output.path, "part-00000"), "utf8")).toBe("p0\né\n");
  expect(readFileSync(join(output.path, "part-00001"), "utf8")).toBe('p1\né\n["w",1]\n{"n":2}\n3\n');
  expect(readFileSync(join(output.path, "part-00002"), "utf8")).toBe("");
  expect(readFileSync(join(output.path, "_SUCCESS"), "utf8")).toBe("");
  expect(env.counts).toMatchObject({ rowsWritten: 7, bytesWritten: 30 });
});

test("the first attempt of a partition to commit wins, and others leave nothing", () => {
  using folder = temporaryFolder();
  const { metrics } = testEnv();
  const output = createOutput(join(folder.path, "out"));
  const first = openPart(output, 0, 1, metrics);
  const second = openPart(output, 0, 2, metrics);
  const third = openPart(output, 0, 3, metrics);
  first.write(["first"]);
  second.write(["second"]);
  third.abort();
  expect(second.commit()).toBe(true);
  expect(first.commit()).toBe(false);
  expect(readdirSync(join(output.path, "_temporary"))).toEqual(["task-00000"]);
  commitOutput(output);
  expect(readFileSync(join(output.path, "part-00000"), "utf8")).toBe("second\n");
});

test("what an unfinished attempt wrote is not in the output", () => {
  using folder = temporaryFolder();
  const output = createOutput(join(folder.path, "out"));
  openPart(output, 0, 1, testEnv().metrics).write(Array.from({ length: 100_000 }, (_, i) => `lost ${i}`));
  const part = openPart(output, 0, 2, testEnv().metrics);
  part.write(["kept"]);
  part.commit();
  commitOutput(output);
  expect(readdirSync(output.path).sort()).toEqual(["_SUCCESS", "part-00000"]);
  expect(readFileSync(join(output.path, "part-00000"), "utf8")).toBe("kept\n");
});

test("an aborted job leaves nothing, and its late tasks cannot write", () => {
  using folder = temporaryFolder();
  const output = createOutput(join(folder.path, "new/parents/out"));
  const part = openPart(output, 0, 1, testEnv().metrics);
  part.write(["x"]);
  abortOutput(output);
  expect(readdirSync(folder.path)).toEqual([]);
  expect(() => part.commit()).toThrow("the directory was removed while the job ran");
  expect(() => openPart(output, 1, 2, testEnv().metrics)).toThrow("the directory was removed while the job ran");
  expect(readdirSync(folder.path)).toEqual([]);
});

test("an existing output is refused", () => {
  using folder = temporaryFolder();
  const taken = join(folder.path, "out");
  mkdirSync(taken);
  expect(() => createOutput(taken)).toThrow(`cannot create the output directory ${taken}: it already exists`);
  expect(() => createOutput(folder.file("file", ""))).toThrow("it already exists");
  expect(() => createOutput(join(folder.path, "file/out"))).toThrow("a part of the path is a file");
});

test("rows that are not strings", () => {
  const rows = [
    1.5,
    -0,
    NaN,
    12n,
    true,
    null,
    undefined,
    new Date(0),
    new Date(NaN),
    [1, "a", [2n]],
    { a: undefined, b: NaN },
    new Map([[1, { x: 1 }]]),
    new Set([1]),
    new Float64Array([0.5]),
    /a/g,
  ];
  expect(rows.map(formatRow)).toEqual([
    "1.5",
    "0",
    "NaN",
    "12",
    "true",
    "null",
    "undefined",
    "1970-01-01T00:00:00.000Z",
    "Invalid Date",
    '[1,"a",[2]]',
    '{"b":null}',
    '[[1,{"x":1}]]',
    "[1]",
    "[0.5]",
    "/a/g",
  ]);
});
