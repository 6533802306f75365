/** TeraSort's steps on disk: its sort equals `sort` of coreutils, and its validation notices disorder and loss. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, runExample } from "./run-example.ts";

const records = 20_000;
let folder: string;
let generated: string;
let sorted: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "firesteel-tera-sort-"));
  [generated, sorted] = [join(folder, "generated"), join(folder, "sorted")];
  expect(runExample("tera-sort", "generate", String(records), generated)).toEqual({ code: 0, out: "", err: "" });
  expect(runExample("tera-sort", "sort", generated, sorted)).toEqual({ code: 0, out: "", err: "" });
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

function text(directory: string): string {
  const parts = readdirSync(directory).filter(name => name.startsWith("part-"));
  return parts
    .sort()
    .map(name => readFileSync(join(directory, name), "utf8"))
    .join("");
}

test("records have 100 bytes and keys of their own", () => {
  const lines = text(generated).split("\n").slice(0, -1);
  expect(lines.length).toBe(records);
  expect(lines.every(line => Buffer.byteLength(line) === 99)).toBe(true);
  expect(new Set(lines.map(line => line.slice(0, 10))).size).toBe(records);
});

test("sorts as coreutils does", () => {
  const { out } = runCommand("sh", "-c", `cat "$1"/part-* | LC_ALL=C sort`, "sh", generated);
  expect(text(sorted)).toBe(out);
});

test("finds sorted records valid", () => {
  expect(runExample("tera-sort", "validate", sorted)).toEqual({
    code: 0,
    out: `${records} records in order, none missing\n`,
    err: "",
  });
}, 120_000);

test("finds records out of order", () => {
  const { code, err } = runExample("tera-sort", "validate", generated);
  expect(code).toBe(1);
  expect(err).toMatch(/out of order: .{10} before .{10}\n  at .*examples\/tera-sort\.ts:\d+:\d+/);
}, 120_000);

test("finds a record missing", () => {
  const file = join(folder, "short.txt");
  writeFileSync(file, text(sorted).split("\n").toSpliced(1000, 1).join("\n"));
  const { code, err } = runExample("tera-sort", "validate", file);
  expect(code).toBe(1);
  expect(err).toStartWith(
    "error: Error: some records are missing or there twice\n  at validate (examples/tera-sort.ts:",
  );
}, 120_000);
