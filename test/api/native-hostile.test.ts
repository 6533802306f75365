/** Lambdas and rows that break what generated code assumes: the answer is JavaScript's. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { difference } from "../data/same.ts";
import { loadSuite, startContext, stopContext } from "./suite.ts";
import type suite from "./suites/native-hostile.ts";
import { cells, texts, wideColumns, wideRows } from "./suites/native-hostile.ts";

const cases = await loadSuite<typeof suite>("native-hostile");
const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
const files = { lines: join(folder, "lines.txt"), csv: join(folder, "cells.csv"), wide: join(folder, "wide.csv") };
writeFileSync(files.lines, `${texts.join("\n")}\n`);
writeFileSync(files.csv, ["n,s,maybe", ...cells.map(({ n, s, maybe }) => `${n},${s},${maybe ?? ""}`)].join("\n"));
const numbers = (from: number) => Array.from({ length: wideColumns }, (_, i) => i + from);
writeFileSync(
  files.wide,
  [numbers(0).map(i => `c${i}`), ...Array.from({ length: wideRows }, (_, i) => numbers(i))].map(String).join("\n"),
);
const ctx = await startContext("native-hostile");
afterAll(async () => {
  await stopContext(ctx);
  rmSync(folder, { recursive: true });
});

for (const [name, run] of Object.entries(cases)) {
  test(name, async () => {
    const [actual, expected] = await run(ctx, files);
    expect(difference(actual, expected)).toBeUndefined();
  });
}
