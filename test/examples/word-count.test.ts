/**
 * Word count against coreutils: byte for byte, it prints what `tr ' ' '\n' | sort | uniq -c` does over the lines of a directory's
 * files. `awk` gives tr the lines as text files have them: the last one of each file ended, CRLF as an end of line.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { property } from "../kernel/fixture.ts";
import { runCommand, runExample } from "./run-example.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "firesteel-words-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

function coreutils(directory: string): string {
  const { out } = runCommand(
    "sh",
    "-c",
    `LC_ALL=C awk '{ sub(/\\r$/, ""); print }' "$1"/* | LC_ALL=C tr ' ' '\\n' | LC_ALL=C sort | uniq -c`,
    "sh",
    directory,
  );
  // GNU pads counts to 7, other systems to less
  return out.replace(/^ *\d+/gm, count => count.trim().padStart(7));
}

function sameWords(directory: string): void {
  const expected = coreutils(directory);
  expect(expected).not.toBe("");
  expect(runExample("word-count", directory)).toEqual({ code: 0, out: expected, err: "" });
}

test("texts", () => sameWords("test/examples/texts"), 120_000);

test("empty lines, runs of spaces, CRLF, no last line end, an empty file, many scripts", () => {
  writeFileSync(join(folder, "a"), "\n\n  two  spaces \nlast line without end");
  writeFileSync(join(folder, "b"), "dos line\r\nlast\r\n");
  writeFileSync(join(folder, "c"), "");
  writeFileSync(join(folder, "d"), "größer größer 漢字 漢字 𝒳 \uffee e\u0301 é\ttab tab\n");
  sameWords(folder);
}, 120_000);

test("random texts over several partitions", () => {
  property(2, random => {
    for (const name of "abcdefg") {
      const words = Array.from({ length: 20_000 }, () => "x".repeat(random.below(4)) + random.below(50));
      writeFileSync(join(folder, name), words.map(word => word + " \n"[random.below(2)]).join(""));
    }
    sameWords(folder);
  });
}, 120_000);
