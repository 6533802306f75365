import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { wtf8 } from "../../src/data/key-bytes.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { formatRow } from "../../src/sources/format-row.ts";
import type { SourceMetrics } from "../../src/sources/contracts.ts";
import { localOutput } from "../../src/sources/local-output.ts";
import { committerOf, type OutputDirectory, partName } from "../../src/sources/output-committer.ts";
import { packed } from "../../src/sources/packed-file.ts";
import { TextPart } from "../../src/sources/text-part.ts";
import { temporaryFolder, testEnv } from "./fixture.ts";
import { testSettings } from "./http-server.ts";

const { createOutput, abortOutput } = localOutput;

/** A part of text, as tasks write it. */
function openPart(
  output: OutputDirectory,
  partition: number,
  attempt: number,
  metrics: SourceMetrics,
  memory?: ConstructorParameters<typeof TextPart>[2],
) {
  const file = localOutput.openPart(output, partName(partition), attempt, metrics);
  const text = new TextPart(file, metrics, memory);
  return Object.assign(text, {
    commit: () => {
      text.flush();
      text.close();
      file.commit();
    },
    abort: () => file.abort(),
  });
}

function commitOutput(output: OutputDirectory, attempts: readonly number[]): void {
  localOutput.commitOutput(
    output,
    attempts.map((attempt, partition) => ({ file: partName(partition), attempt })),
  );
}

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

test("compressed parts are the same bytes however their rows come, a member for each mebibyte, and one of nothing", () => {
  using folder = temporaryFolder();
  const { metrics, counts } = testEnv();
  let written = 0;
  const output = createOutput(`file:${join(folder.path, "out")}`);
  const text = Buffer.from(Array.from({ length: 200_000 }, (_, i) => `line ${(i * 7919) % 10007}\n`).join(""));
  for (const codec of ["gzip", "zstd"] as const) {
    const files = [text.length, 1000, 1 << 20, 0].map((pieceBytes, i) => {
      const part = packed(localOutput.openPart(output, `${codec}-${i}`, i, metrics), codec);
      for (let at = 0; pieceBytes > 0 && at < text.length; at += pieceBytes)
        part.write(text.subarray(at, at + pieceBytes));
      void part.commit();
      return readFileSync(join(output.path, "_temporary", `done-${i}`, `${codec}-${i}`));
    });
    written += files.reduce((sum, file) => sum + file.length, 0);
    expect(counts.bytesWritten).toBe(written);
    const unpack = codec === "gzip" ? gunzipSync : zstdDecompressSync;
    expect(files.map(file => unpack(file).equals(text))).toEqual([true, true, true, false]);
    expect(files[1]!.equals(files[0]!) && files[2]!.equals(files[0]!)).toBe(true);
    expect([files[3]!.length > 0, unpack(files[3]!).length]).toEqual([true, 0]);
    rmSync(join(output.path, "_temporary"), { recursive: true });
    mkdirSync(join(output.path, "_temporary"));
  }
});

test("which place it is follows from the path; what cannot be written to is refused", () => {
  const settings = () => testSettings();
  expect(committerOf("/out", settings)).toBe(localOutput);
  expect(committerOf("file:///out", settings)).toBe(localOutput);
  expect(committerOf("s3://bucket/out", settings)).not.toBe(localOutput);
  expect(() => committerOf("s4://bucket/out", settings)).toThrow(
    "cannot write to s4://bucket/out: s4: is no scheme that Firesteel knows",
  );
  expect(() => committerOf("https://me:secret@host/out?sig=x", settings)).toThrow(
    "cannot write to https://host/out?…: files of web servers are only read",
  );
  expect(() => committerOf("ftp://host/x", settings)).toThrow(
    expect.objectContaining({ hint: "give a local path, or one that begins with file:, s3: or hdfs:" }),
  );
});

test("a driver that is killed while it commits leaves no output that looks whole, and no half of a part", async () => {
  using folder = temporaryFolder();
  const count = 3000;
  let killedHalfWay = 0;
  for (let round = 0; round < 10 && killedHalfWay === 0; round++) {
    const path = join(folder.path, `out-${round}`);
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "commit-output.ts"), path, String(count)], {
      stdout: "pipe",
    });
    await child.stdout.getReader().read();
    // the first part that has moved says that the commit is on its way
    while (!existsSync(join(path, partName(0))) && child.exitCode === null) await Promise.resolve();
    child.kill("SIGKILL");
    await child.exited;
    const names = readdirSync(path);
    const moved = names.filter(name => name.startsWith("part-"));
    for (const name of moved) expect(readFileSync(join(path, name), "utf8")).toBe(`${name}\n`);
    // between the removal of _temporary and the mark all is there, and is not said to be
    if (names.includes("_SUCCESS")) expect([moved.length, names.includes("_temporary")]).toEqual([count, false]);
    if (moved.length < count) killedHalfWay++;
    expect(() => createOutput(path)).toThrow("it already exists");
  }
  expect(killedHalfWay).toBe(1);
});

test("an aborted job leaves nothing, while its tasks still write", async () => {
  using folder = temporaryFolder();
  const paths = Array.from({ length: 6 }, (_, i) => join(folder.path, `out-${i}`));
  const threads = [1, 2].map(
    thread => new Worker(join(import.meta.dirname, "write-parts.ts"), { workerData: { paths, thread } }),
  );
  try {
    for (const path of paths) {
      const output = createOutput(path);
      const staging = join(path, "_temporary");
      // both threads are at it
      while (!["done-1", "done-2"].every(name => readdirSync(staging).some(each => each.startsWith(name)))) continue;
      abortOutput(output);
      expect(existsSync(path) ? readdirSync(path) : []).toEqual([]);
    }
  } finally {
    for (const thread of threads) await thread.terminate();
  }
}, 60_000);
