/** The README's jobs, taken from it and run, do what it says. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, runJob } from "./run-example.ts";

let folder: string;
let jobs: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "firesteel-readme-"));
  const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
  jobs = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code], i) => {
    const file = join(folder, `job-${i}.ts`);
    writeFileSync(file, code!);
    return file;
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

test("there are two", () => expect(jobs.length).toBe(2));

test("the ten-line job counts words as tr, sort and uniq do", () => {
  const file = "test/examples/texts/gettysburg.txt";
  const { out: most } = runCommand("sh", "-c", `tr ' ' '\\n' < ${file} | sort | uniq -c | sort -rn | head`);
  const counts = most
    .trim()
    .split(/ \S*\n\s*/)
    .map(Number.parseFloat);
  const { code, out } = runJob(jobs[0]!, file);
  expect(code).toBe(0);
  const lines = out
    .trimEnd()
    .split("\n")
    .map(line => line.split(" "));
  expect(lines.map(([, n]) => Number(n))).toEqual(counts);
  expect(lines[0]).toEqual(["that", "7"]);
}, 120_000);

test("the script sums", () => {
  expect(runJob(jobs[1]!)).toEqual({ code: 0, out: "2999997\n", err: "" });
}, 120_000);
