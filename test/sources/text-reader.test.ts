import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { Random } from "../../src/base/random.ts";
import { planText } from "../../src/sources/byte-splits.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { allBatchedLines, allRows, allSpans, failure, temporaryFolder, testEnv, type TestEnv } from "./fixture.ts";

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
  const bytes = Buffer.concat([
    Buffer.from("ok \ufffd é\na"),
    Buffer.from([0xe2, 0x82, 0x0a, 0xff, 0xfe, 0x0a]),
    Buffer.from("z"),
  ]);
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
    const batched: string[] = [];
    for (const split of planText(resolvePaths(path), partitions).splits) {
      const batchEnv = testEnv();
      batched.push(
        ...(await allBatchedLines(openSplit({ format: "text", maxLineBytes: 1 << 20 }, split, batchEnv), batchEnv)),
      );
    }
    expect({ seed, batched }).toEqual({ seed, batched: expected });
    for (const separator of [undefined, " ", "a"]) {
      const spans: unknown[] = [];
      let lines = 0;
      const spanEnv = testEnv();
      for (const split of planText(resolvePaths(path), partitions).splits) {
        const part = await allSpans(
          openSplit({ format: "text", maxLineBytes: 1 << 20 }, split, spanEnv),
          spanEnv,
          separator,
        );
        spans.push(...part.rows);
        lines += part.lines;
      }
      const wanted = separator === undefined ? expected : expected.flatMap(line => line.split(separator));
      expect({ seed, separator, spans }).toEqual({ seed, separator, spans: wanted });
      expect([lines, spanEnv.counts.rowsRead]).toEqual([expected.length, expected.length]);
    }
  }
});

test("lines and words of long texts stay where they were read", async () => {
  using folder = temporaryFolder();
  const lines = Array.from({ length: 30_000 }, (_, i) => `${i} ${"word ".repeat(i % 9)}${"x".repeat(i % 40)}é `);
  const texts = {
    LF: lines.join("\n"),
    CRLF: `${lines.join("\r\n")}\r\n`,
    "a long line": `${"long ".repeat(200_000)}\n${lines.slice(0, 5000).join("\n")}\n`,
  };
  for (const [name, text] of Object.entries(texts)) {
    const expected = text.split(/\r?\n/);
    if (expected.at(-1) === "") expected.pop();
    for (const path of [folder.file("in.txt", text), folder.file("in.gz", gzipSync(text))]) {
      const { format, splits } = planText(resolvePaths(path), 3);
      const [env, wordEnv] = [testEnv(), testEnv()];
      const [found, words] = [[] as unknown[], [] as unknown[]];
      for (const split of splits) {
        found.push(...(await allSpans(openSplit(format, split, env), env)).rows);
        words.push(...(await allSpans(openSplit(format, split, wordEnv), wordEnv, " ")).rows);
      }
      expect({ name, same: Bun.deepEquals(found, expected) }).toEqual({ name, same: true });
      const wanted = expected.flatMap(line => line.split(" "));
      expect({ name, same: Bun.deepEquals(words, wanted) }).toEqual({ name, same: true });
      expect([env.counts.rowsRead, wordEnv.counts.rowsRead]).toEqual([expected.length, expected.length]);
    }
  }
});

test("words of invalid UTF-8 are those of the repaired lines", async () => {
  using folder = temporaryFolder();
  const path = folder.file("in.txt", Buffer.from([0x61, 0x20, 0xff, 0x20, 0xe2, 0x82, 0x0a, 0x62, 0x20]));
  const { format, splits } = planText(resolvePaths(path), 1);
  const env = testEnv();
  const { rows, lines } = await allSpans(openSplit(format, splits[0]!, env), env, " ");
  expect([rows, lines, env.counts.invalidUtf8]).toEqual([["a", "\ufffd", "\ufffd", "b", ""], 2, 2]);
});

test("batches repair invalid UTF-8 and hold at most 8,192 rows", async () => {
  using folder = temporaryFolder();
  const path = folder.file(
    "in.txt",
    Buffer.concat([Buffer.from("é\r\n\n".repeat(9000)), Buffer.from([0xff, 0x0a, 0x61])]),
  );
  const env = testEnv();
  const { format, splits } = planText(resolvePaths(path), 1);
  const lines = await allBatchedLines(openSplit(format, splits[0]!, env), env);
  expect(lines.length).toBe(18002);
  expect([lines[0], lines[17998], lines[17999], lines[18000], lines[18001]]).toEqual(["é", "é", "", "\ufffd", "a"]);
  expect(env.counts.invalidUtf8).toBe(1);
});

test("lines cross the pieces that a file is read in", async () => {
  const lines = Array.from({ length: 40_000 }, (_, i) => `${i} ${"漢字".repeat(i % 7)}${"x".repeat(i % 23)}`);
  expect(await linesOf(lines.join("\r\n"))).toEqual(lines);
});

test("a line of many megabytes is one row, and splits that begin inside it have none", async () => {
  using folder = temporaryFolder();
  const long = "x".repeat(5_000_000);
  const partitions = await readText(folder.file("in.txt", `a\n${long}\nb\n`), 6);
  expect(partitions.map(lines => lines.map(line => line.length))).toEqual([[1, 5_000_000], [], [], [], [], [1]]);
});

test("a line above the limit is an error that names file, offset and key", async () => {
  using folder = temporaryFolder();
  const path = folder.file("in.txt", `short\n${"x".repeat(3000)}\n`);
  const error = await failure(readText(path, 1, testEnv(), 1000));
  expect(error.kind).toBe("resource");
  expect(error.message).toBe(`a line of ${path} is longer than 1000 bytes; it begins at byte 6`);
  expect(error.hint).toContain("firesteel.text.maxLineBytes");
});

test("a line that engine memory cannot hold is a resource error that names the file", async () => {
  using folder = temporaryFolder();
  const path = folder.file("in.txt", "x".repeat(2_000_000));
  const error = await failure(readText(path, 1, testEnv(600_000)));
  expect(error.kind).toBe("resource");
  expect(error.message).toContain(`a line of ${path} that begins at byte 0`);
});

test("a file that shrank or vanished after planning is a data error; what was added is not read", async () => {
  using folder = temporaryFolder();
  const path = folder.file("in.txt", "a\nb\n");
  const { format, splits } = planText(resolvePaths(path), 1);
  folder.file("in.txt", "a\nb\nc\n");
  expect(await allRows(openSplit(format, splits[0]!, testEnv()))).toEqual(["a", "b"]);
  folder.file("in.txt", "a\n");
  expect(() => openSplit(format, splits[0]!, testEnv())).toThrow(
    `${path} has become shorter since the job was planned: 4 bytes then, 2 now`,
  );
  rmSync(path);
  expect(() => openSplit(format, splits[0]!, testEnv())).toThrow(
    `cannot read ${path}: the file is gone since the job was planned`,
  );
});

test("gzip files are one split each, of any number of members", async () => {
  using folder = temporaryFolder();
  const lines = Array.from({ length: 60_000 }, (_, i) => `línea ${i}`);
  const text = Buffer.from(lines.join("\n"));
  const members = Buffer.concat([
    gzipSync(text.subarray(0, 100_001)),
    gzipSync(Buffer.alloc(0)),
    gzipSync(text.subarray(100_001)),
  ]);
  const env = testEnv();
  expect(await readText(folder.file("in.gz", members), 8, env)).toEqual([lines]);
  expect(env.counts.bytesRead).toBe(members.length);
  const { format, splits } = planText(resolvePaths(folder.file("in.gz", members)), 1);
  expect(await allBatchedLines(openSplit(format, splits[0]!, env), env)).toEqual(lines);
  expect(await readText(folder.file("empty.gz", ""))).toEqual([[]]);
});

test("broken gzip files are data errors that name file and offset", async () => {
  using folder = temporaryFolder();
  const whole = gzipSync(Array.from({ length: 50_000 }, (_, i) => `line ${(i * 7919) % 1009}`).join("\n"));
  const cut = folder.file("cut.gz", whole.subarray(0, whole.length >> 1));
  const cutError = await failure(readText(cut));
  expect(cutError.kind).toBe("data");
  expect(cutError.message).toBe(
    `broken gzip file ${cut}: it ends at byte ${whole.length >> 1}, in the middle of its data`,
  );

  const damaged = Buffer.from(whole);
  damaged.fill(0xff, whole.length >> 1, (whole.length >> 1) + 50);
  const damagedPath = folder.file("damaged.gz", damaged);
  expect((await failure(readText(damagedPath))).message).toMatch(
    /^broken gzip file \/.*damaged\.gz: .+ near byte \d+$/,
  );

  const plain = folder.file("plain.gz", "not compressed at all");
  expect((await failure(readText(plain))).message).toBe(
    `broken gzip file ${plain}: it does not begin as gzip data does`,
  );
});

test("a gzip source may be closed at any time", async () => {
  using folder = temporaryFolder();
  const path = folder.file("in.gz", gzipSync("some line\n".repeat(500_000)));
  const { format, splits } = planText(resolvePaths(path), 1);
  const source = openSplit(format, splits[0]!, testEnv());
  await source.nextChunk();
  const pending = source.nextChunk();
  source.close();
  source.close();
  await pending;
  expect(await source.nextChunk()).toBeUndefined();
});
