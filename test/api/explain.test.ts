/**
 * Plans as people read them: golden files beside this test hold Rdds' lineage and explanation, and what `firesteel explain`
 * prints. UPDATE_GOLDENS=1 writes them anew.
 */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSuite, startContext, stopContext } from "./suite.ts";
import type { Plans } from "./suites/plans.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-explain-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function expectGolden(name: string, text: string): void {
  const path = join(import.meta.dirname, "golden", `${name}.txt`);
  if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(path, text);
  expect(text).toBe(existsSync(path) ? readFileSync(path, "utf8") : "");
}

const plans = await loadSuite<Plans>("plans");

test("lineage and explanation of plans", async () => {
  const ctx = await startContext("plans");
  try {
    for (const [name, make] of Object.entries(plans)) {
      const rdd = make(ctx);
      // ids count on from plan to plan: what matters is that they differ within one
      const first = Math.min(...[...rdd.toDebugString().matchAll(/\[(\d+)\]/g)].map(match => Number(match[1])));
      const tree = rdd.toDebugString().replace(/\[(\d+)\]/g, (_, id: string) => `[${Number(id) - first}]`);
      expectGolden(name, `${tree}\n\n${rdd.explain()}\n`);
    }
  } finally {
    await stopContext(ctx);
  }
});

test("the generated code of a plan, as text", async () => {
  const ctx = await startContext("plans");
  try {
    const text = plans["aggregates"]!(ctx).explain("codegen");
    const titles = text.split("\n").filter(line => line.startsWith("// "));
    expect(titles.map(title => title.replace(/ at .*/, ""))).toEqual([
      "// map",
      "// aggregateByKey",
      "// aggregateByKey",
      "// filter",
    ]);
    expect(text.match(/^run\(block: i32\): i32 \{$/gm)?.length).toBe(4);
    // words come from the kernel that finds lines, and a pair is a column of them and one of ones
    const words = plans["words-of-a-file"]!(ctx).explain("codegen").split("\n");
    expect(words.filter(line => line.startsWith("// ")).map(title => title.replace(/ at .*/, ""))).toEqual([
      "// reduceByKey",
      "// reduceByKey",
    ]);
    expect(ctx.parallelize([1]).explain("codegen")).toBe(
      "// no operator has generated code whose layout is known before the job runs",
    );
  } finally {
    await stopContext(ctx);
  }
});

const root = join(import.meta.dirname, "../..");

function explain(...args: string[]): { readonly stdout: string; readonly stderr: string; readonly exitCode: number } {
  const job = "test/api/suites/explained.ts";
  const { stdout, stderr, exitCode } = Bun.spawnSync(
    [process.execPath, "src/main.ts", "explain", "--master", "local[2]", job, ...args],
    { cwd: root },
  );
  return { stdout: stdout.toString().replaceAll(folder, "FOLDER"), stderr: stderr.toString(), exitCode };
}

test("firesteel explain prints each action's plan and does nothing else", () => {
  const { stdout, stderr, exitCode } = explain(folder);
  expectGolden("explained-job", stdout);
  expect(stderr).toStartWith("note: what follows depends on results, which explain does not compute: ");
  expect([exitCode, existsSync(join(folder, "out"))]).toEqual([0, false]);
});

test("firesteel explain says when there is nothing to explain, and when there is no end", () => {
  expect(explain(folder, "nothing")).toEqual({
    stdout: "",
    stderr: "note: the job calls no action, nothing would run\n",
    exitCode: 0,
  });
  const endless = explain(folder, "for ever");
  expect(endless.stdout.match(/^count at /gm)?.length).toBe(1);
  const growing = explain(folder, "growing");
  expect(growing.stdout.match(/^count at /gm)?.length).toBe(100);
  expect([endless.stderr, growing.stderr]).toEqual(
    [1000, 100].map(n => `note: these are the plans of the first ${n} actions, explain stops here\n`),
  );
  expect([endless.exitCode, growing.exitCode]).toEqual([0, 0]);
});
