/** Input that is missing, broken or malformed, and output that is in the way. */
import { describe, expect, test, setDefaultTimeout } from "bun:test";
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expectGolden, run, type Run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

const gzip = gzipSync(Buffer.from(Array.from({ length: 5000 }, (_, i) => `line ${(i * 48271) % 7919}\n`).join("")));
const flipped = Buffer.from(gzip);
flipped[flipped.length >> 1]! ^= 0x55;
const invalid = Buffer.concat([
  Buffer.from("good\nb"),
  Buffer.from([0xff]),
  Buffer.from("d\n"),
  Buffer.from([0xc3]),
  Buffer.from("( \nfine\n"),
  Buffer.from([0xe2, 0x82]),
]);

const cases: Readonly<Record<string, Run>> = {
  "input-missing": { job: "read-text.ts", args: ["missing.txt"] },
  "input-argument-missing": { job: "read-text.ts" },
  "input-below-a-file": { job: "read-text.ts", args: ["rows.txt/rows.txt"], setUp: file("rows.txt", "a\n") },
  "input-glob-empty": { job: "read-text.ts", args: ["rows-*.txt"] },
  "input-link-loop": {
    job: "read-text.ts",
    args: ["loop"],
    setUp: folder => symlinkSync("loop", join(folder, "loop")),
  },
  "input-link-dangling": {
    job: "read-text.ts",
    args: ["link"],
    setUp: folder => symlinkSync("nowhere", join(folder, "link")),
  },
  "input-unknown-compression": { job: "read-text.ts", args: ["rows.txt.xz"], setUp: file("rows.txt.xz", "BZh9") },
  "gzip-cut-short": {
    job: "read-text.ts",
    args: ["rows.txt.gz"],
    setUp: file("rows.txt.gz", gzip.subarray(0, gzip.length >> 1)),
  },
  "gzip-damaged": { job: "read-text.ts", args: ["rows.txt.gz"], setUp: file("rows.txt.gz", flipped) },
  "gzip-not-at-all": { job: "read-text.ts", args: ["rows.txt.gz"], setUp: file("rows.txt.gz", "plain text\n") },
  "utf8-invalid": { job: "read-text.ts", args: ["rows.txt"], setUp: file("rows.txt", invalid), options: ["--quiet"] },
  "line-too-long": {
    job: "read-text.ts",
    args: ["rows.txt"],
    setUp: longLine(2),
    conf: { "firesteel.text.maxLineBytes": "1m" },
  },
  "csv-malformed": { job: "read-csv.ts", args: ["rows.csv"], setUp: file("rows.csv", "id,name\n1,a\n2\n3,c\n") },
  "csv-malformed-dropped": {
    job: "read-csv.ts",
    args: ["rows.csv", "drop"],
    setUp: file("rows.csv", "id,name\n1,a\n2\n3,c\n"),
    options: ["--quiet"],
  },
  "csv-not-a-number": {
    job: "read-csv.ts",
    args: ["rows.csv"],
    setUp: file("rows.csv", `id\n${"1\n".repeat(1200)}x\n`),
  },
  "csv-unknown-mode": { job: "read-csv.ts", args: ["rows.csv", "dorp"], setUp: file("rows.csv", "id\n1\n") },
  "json-malformed": { job: "read-json.ts", args: ["rows.json"], setUp: file("rows.json", '{"a":1}\n{"a":\n{"a":3}\n') },
  "json-malformed-dropped": {
    job: "read-json.ts",
    args: ["rows.json", "drop"],
    setUp: file("rows.json", '{"a":1}\n{"a":\n{"a":3}\n'),
    options: ["--quiet"],
  },
  "output-exists": { job: "saves.ts", args: ["out"], setUp: folder => mkdirSync(join(folder, "out")) },
  "output-below-a-file": { job: "saves.ts", args: ["rows.txt/out"], setUp: file("rows.txt", "a\n") },
  "output-argument-missing": { job: "saves.ts" },
  "output-of-a-failed-job": { job: "saves.ts", args: ["made/out", "9"] },
};

function file(name: string, content: string | Uint8Array): (folder: string) => void {
  return folder => writeFileSync(join(folder, name), content);
}

function longLine(megabytes: number): (folder: string) => void {
  return folder => {
    const fd = openSync(join(folder, "rows.txt"), "w");
    const part = Buffer.alloc(1 << 20, "0123456789abcdef");
    writeSync(fd, "short\n");
    for (let i = 0; i < megabytes; i++) writeSync(fd, part);
    writeSync(fd, "\nlast");
    closeSync(fd);
  };
}

describe("bad input", () => {
  for (const [name, each] of Object.entries(cases)) test(name, async () => expectGolden(name, await run(each)));
});

test("one line of 200 MB is a row", async () => {
  const { code, out, err } = await run({
    job: "read-text.ts",
    args: ["rows.txt"],
    setUp: longLine(200),
    options: ["--quiet"],
  });
  expect({ code, out, err }).toEqual({ code: 0, out: `3 ${5 + 4 + (200 << 20)}\n`, err: "" });
});

const isRoot = process.getuid?.() === 0;

test.skipIf(isRoot)(
  `a folder without permission${isRoot ? " (not as root, who may read everything)" : ""}`,
  async () => {
    const setUp = (folder: string) => {
      mkdirSync(join(folder, "rows"));
      chmodSync(join(folder, "rows"), 0);
    };
    expectGolden("input-not-permitted", await run({ job: "read-text.ts", args: ["rows"], setUp }));
  },
);

test("an output is whole when it has _SUCCESS", async () => {
  let files: string[] = [];
  const look = (folder: string) => (files = readdirSync(join(folder, "out")).sort());
  const { code, err } = await run({ job: "saves.ts", args: ["out"], leaves: ["out"], options: ["--quiet"], look });
  expect([code, err, files]).toEqual([0, "", ["_SUCCESS", "part-00000", "part-00001"]]);
});
