import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { planText, planTextSplits } from "../../src/sources/byte-splits.ts";
import { expandBraces, splitCommaList } from "../../src/sources/glob.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { planWholeFiles } from "../../src/sources/whole-files.ts";
import { temporaryFolder, type TemporaryFolder } from "./fixture.ts";

function sampleTree(): TemporaryFolder {
  const folder = temporaryFolder();
  for (const name of ["logs", "logs/2024", "logs/2025", "logs/2025/deep"]) mkdirSync(join(folder.path, name));
  for (const name of ["b.txt", "a.txt", "c1.txt", "c2.txt", "c-.txt", "x[1].txt", "p,q.txt", "_hidden", ".crc", "z.gz"])
    folder.file(name, name);
  for (const name of ["logs/2024/one", "logs/2025/two", "logs/2025/deep/three", "logs/2025/_SUCCESS"])
    folder.file(name, name);
  return folder;
}

const names = (folder: TemporaryFolder, spec: string | string[]) =>
  resolvePaths(spec).map(file => file.path.slice(folder.path.length + 1));

test("a path, a comma list and an array", () => {
  using folder = sampleTree();
  const at = (name: string) => join(folder.path, name);
  expect(names(folder, at("b.txt"))).toEqual(["b.txt"]);
  expect(names(folder, `${at("b.txt")}, ${at("a.txt")}`)).toEqual(["b.txt", "a.txt"]);
  expect(names(folder, [at("b.txt"), at("p,q.txt")])).toEqual(["b.txt", "p,q.txt"]);
  expect(names(folder, at("p\\,q.txt"))).toEqual(["p,q.txt"]);
  expect(names(folder, `file://${at("a.txt")}`)).toEqual(["a.txt"]);
  expect(resolvePaths(at("z.gz"))).toEqual([{ path: at("z.gz"), bytes: 4, compression: "gzip" }]);
});

test("directories give their own visible files, sorted", () => {
  using folder = sampleTree();
  expect(names(folder, folder.path)).toEqual([
    "a.txt",
    "b.txt",
    "c-.txt",
    "c1.txt",
    "c2.txt",
    "p,q.txt",
    "x[1].txt",
    "z.gz",
  ]);
  expect(names(folder, join(folder.path, "logs/2025"))).toEqual(["logs/2025/two"]);
  expect(names(folder, join(folder.path, "_hidden"))).toEqual(["_hidden"]);
  mkdirSync(join(folder.path, "empty"));
  expect(names(folder, join(folder.path, "empty"))).toEqual([]);
});

test("patterns", () => {
  using folder = sampleTree();
  const matches = (pattern: string) => names(folder, [join(folder.path, pattern)]);
  expect(matches("*.txt")).toEqual(["a.txt", "b.txt", "c-.txt", "c1.txt", "c2.txt", "p,q.txt", "x[1].txt"]);
  expect(matches("?.txt")).toEqual(["a.txt", "b.txt"]);
  expect(matches("[a-b].txt")).toEqual(["a.txt", "b.txt"]);
  expect(matches("c[^1-].txt")).toEqual(["c2.txt"]);
  expect(matches("c[!1-].txt")).toEqual(["c2.txt"]);
  expect(matches("{a,c{1,2}}.txt")).toEqual(["a.txt", "c1.txt", "c2.txt"]);
  expect(matches("{b,a,nothere}.txt")).toEqual(["a.txt", "b.txt"]);
  expect(matches("x\\[1\\].txt")).toEqual(["x[1].txt"]);
  expect(matches("logs/*/t*")).toEqual(["logs/2025/two"]);
  expect(matches("logs/*")).toEqual(["logs/2024/one", "logs/2025/two"]);
  expect(matches("logs/*/deep")).toEqual(["logs/2025/deep/three"]);
  expect(matches("{logs/2024,logs/2025/deep}/*")).toEqual(["logs/2024/one", "logs/2025/deep/three"]);
  expect(matches("_*")).toEqual(["_hidden"]);
  expect(splitCommaList("a{b,c},d\\,e")).toEqual(["a{b,c}", "d\\,e"]);
  expect(expandBraces("a{b,c{d,e}}f{,g}")).toEqual(["abf", "abfg", "acdf", "acdfg", "acef", "acefg"]);
});

test("paths that name nothing readable are the user's errors", () => {
  using folder = sampleTree();
  const at = (name: string) => join(folder.path, name);
  const refused = (spec: string | string[]) => {
    try {
      resolvePaths(spec);
    } catch (thrown) {
      return thrown as { kind: string; message: string; hint?: string };
    }
    throw new Error("not refused");
  };
  expect(refused(at("nope.txt"))).toMatchObject({
    kind: "user",
    message: `no such file or directory: ${at("nope.txt")}`,
  });
  expect(refused(at("a.txt/inner")).message).toBe(`no such file or directory: ${at("a.txt/inner")}`);
  expect(refused(at("*.csv")).message).toBe(`no file matches ${at("*.csv")}`);
  expect(refused(at("logs/*/nope")).message).toBe(`no file matches ${at("logs/*/nope")}`);
  expect(refused("").message).toBe("an input path is empty");
  expect(refused([]).message).toBe("an input path is empty");
  expect(refused("s4://bucket/x")).toMatchObject({
    message: "cannot read s4://bucket/x: s4: is no scheme that Firesteel knows",
    hint: "did you mean s3:?",
  });
  expect(refused("abfss://user:key@host/x")).toMatchObject({
    message: "cannot read abfss://host/x: abfss: is no scheme that Firesteel knows",
    hint: "give a local path, or one that begins with file:, http:, https:, s3: or hdfs:",
  });
  expect(refused("/dev/null").message).toBe("cannot read /dev/null: not a file or directory of files");
  expect(refused(at("p,q.txt")).hint).toContain("a comma separates paths");
  expect(refused(at("[a.txt")).message).toContain("a [ is never closed");
  expect(refused(at("{a.txt")).message).toContain("a { is never closed");
  symlinkSync("loop", at("loop"));
  expect(refused(at("loop")).message).toBe(`cannot read ${at("loop")}: too many symbolic links`);
  expect(() => planText(resolvePaths(folder.file("x.xz", "")), 1)).toThrow("text compressed with xz is not supported");
});

test("splits are Hadoop's", () => {
  const mebibyte = 1 << 20;
  const cuts = (bytes: number[], minPartitions: number) =>
    planTextSplits(
      bytes.map((size, i) => ({ path: `/f${i}`, bytes: size })),
      minPartitions,
    ).map(split => split.end - split.start);
  expect(cuts([100], 2)).toEqual([50, 50]);
  expect(cuts([101], 2)).toEqual([50, 51]);
  expect(cuts([109], 10)).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 9]);
  expect(cuts([0], 2)).toEqual([0]);
  expect(cuts([3], 10)).toEqual([1, 1, 1]);
  expect(cuts([100, 10, 0], 2)).toEqual([55, 45, 10, 0]);
  expect(cuts([100 * mebibyte], 2)).toEqual([32, 32, 32, 4].map(n => n * mebibyte));
  expect(cuts([99 * mebibyte], 2)).toEqual([32, 32, 35].map(n => n * mebibyte));
  expect(planTextSplits([{ path: "/f.gz", bytes: 100, compression: "gzip" }], 4).length).toBe(1);
});

test("a partition reads no more of a file than a block of it", () => {
  const file = { path: "/x", bytes: 1 << 20, blockBytes: 1 << 18 };
  expect(planText([file], 1).splits.length).toBe(4);
  expect(planText([file], 8).splits.length).toBe(8);
});

test("whole files are packed until a partition has its share; empty ones make none of their own", () => {
  const packs = (sizes: readonly number[], minPartitions: number) =>
    planWholeFiles(
      sizes.map((bytes, i) => ({ path: `/f${i}`, bytes })),
      minPartitions,
      "bytes",
      1000,
    ).splits.map(split => (split.kind === "files" ? split.files.map(file => file.fileBytes) : []));
  expect(packs([10, 10, 10], 2)).toEqual([[10, 10], [10]]);
  expect(packs([10, 10, 10], 3)).toEqual([[10], [10], [10]]);
  expect(packs([1, 1, 1, 100], 2)).toEqual([[1, 1, 1, 100]]);
  expect(packs([100, 1, 1, 1, 0, 0], 2)).toEqual([[100], [1, 1, 1, 0, 0]]);
  expect(packs([0, 0], 4)).toEqual([[0, 0]]);
  expect(packs([], 4)).toEqual([]);
});

test("a directory whose job has not committed is refused; its files are read by name", () => {
  using folder = temporaryFolder();
  const out = join(folder.path, "out");
  mkdirSync(join(out, "_temporary"), { recursive: true });
  folder.file("out/part-00000", "half of it");
  expect(() => resolvePaths(out)).toThrow(
    `cannot read ${out}: it is the output of a job that has not ended well: _temporary is there, _SUCCESS is not`,
  );
  expect(resolvePaths(`${out}/part-*`).map(file => file.path)).toEqual([join(out, "part-00000")]);
  folder.file("out/_SUCCESS", "");
  expect(resolvePaths(out).length).toBe(1);
});
