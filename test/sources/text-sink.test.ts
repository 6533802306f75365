import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { wtf8 } from "../../src/data/key-bytes.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
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
    part.commit();
  }
  openPart(output, 2, 12, env.metrics).commit();
  commitOutput(output, [10, 11, 12]);
  expect(readdirSync(output.path).sort()).toEqual(["_SUCCESS", "part-00000", "part-00001", "part-00002"]);
  expect(readFileSync(join(output.path, "part-00000"), "utf8")).toBe("p0\né\n");
  expect(readFileSync(join(output.path, "part-00001"), "utf8")).toBe('p1\né\n["w",1]\n{"n":2}\n3\n');
  expect(readFileSync(join(output.path, "part-00002"), "utf8")).toBe("");
  expect(readFileSync(join(output.path, "_SUCCESS"), "utf8")).toBe("");
  expect(env.counts).toMatchObject({ rowsWritten: 7, bytesWritten: 30 });
});

test("of attempts that committed the one whose success counts is taken, and others leave nothing", () => {
  using folder = temporaryFolder();
  const { metrics } = testEnv();
  const output = createOutput(join(folder.path, "out"));
  const first = openPart(output, 0, 1, metrics);
  const second = openPart(output, 0, 2, metrics);
  const third = openPart(output, 0, 3, metrics);
  first.write(["first"]);
  second.write(["second"]);
  third.abort();
  second.commit();
  first.commit();
  first.abort();
  expect(readdirSync(join(output.path, "_temporary")).sort()).toEqual(["done-1", "done-2"]);
  commitOutput(output, [1]);
  expect(readdirSync(output.path).sort()).toEqual(["_SUCCESS", "part-00000"]);
  expect(readFileSync(join(output.path, "part-00000"), "utf8")).toBe("first\n");
});

test("an output whose part is not there is not committed", () => {
  using folder = temporaryFolder();
  const output = createOutput(join(folder.path, "out"));
  openPart(output, 0, 1, testEnv().metrics).commit();
  expect(() => commitOutput(output, [1, 2])).toThrow("the directory was removed while the job ran");
  expect(existsSync(join(output.path, "_SUCCESS"))).toBe(false);
});

test("what an unfinished attempt wrote is not in the output", () => {
  using folder = temporaryFolder();
  const output = createOutput(join(folder.path, "out"));
  openPart(output, 0, 1, testEnv().metrics).write(Array.from({ length: 100_000 }, (_, i) => `lost ${i}`));
  const part = openPart(output, 0, 2, testEnv().metrics);
  part.write(["kept"]);
  part.commit();
  commitOutput(output, [2]);
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

test("columns of strings give the lines that their values do, rows between them in their place", () => {
  using folder = temporaryFolder();
  const memory = createKernelMemory(8 << 20);
  const kernels = instantiateKernels(memory, compileKernels());
  const allocator = new BumpAllocator(64, 8 << 20);
  const env = testEnv();
  const output = createOutput(join(folder.path, "out"));
  const expected = openPart(output, 0, 1, env.metrics);
  const part = openPart(output, 1, 2, env.metrics, { kernels, allocator });
  const long = "x".repeat(300 * 1024);
  for (const strings of [
    ["a", "", "é\n"],
    ["\ud800", "퟿\udc00", "😀"],
    Array(9000).fill("word ".repeat(20)),
    [long, "b"],
  ]) {
    const cells = strings.map(text => wtf8(text));
    const offsets = allocator.alloc(strings.length * 4 + 4);
    const bytes = allocator.alloc(Buffer.concat(cells).length + 16);
    kernels.u8.set(Buffer.concat(cells), bytes);
    let end = 0;
    kernels.u32.set([0, ...cells.map(cell => (end += cell.length))], offsets / 4);
    const done = part.writeColumn({ kind: "utf8", rows: strings.length, offsets, bytes });
    expect(done).toBe(strings[0] === long ? 0 : strings.length);
    part.write([...strings.slice(done), 1]);
    expected.write([...strings, 1]);
    if (strings.length === 3) part.spill();
  }
  for (const each of [part, expected]) each.commit();
  commitOutput(output, [1, 2]);
  const [wanted, actual] = [0, 1].map(partition => readFileSync(join(output.path, `part-0000${partition}`)));
  expect(actual!.equals(wanted!)).toBe(true);
  expect(env.counts["rowsWritten"]).toBe(2 * (3 + 3 + 9000 + 2 + 4));
  expect(env.counts["bytesWritten"]).toBe(2 * wanted!.length);
});
