/** Kernel benchmarks and generated loops, run once each where they are small: kernel and loop give the same checksum. */
import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loops, openLoop } from "../../bench/generated/loops.ts";
import { runCompiling } from "../../bench/generated/run-generated.ts";
import { families } from "../../bench/kernels/families.ts";
import { openScratch } from "../../bench/scratch.ts";
import limits from "../../bench/limits.json" with { type: "json" };

const scratch = openScratch();
afterAll(() => scratch.remove());

const folder = join(import.meta.dirname, "../../bench/kernels");
const smallRows = 5000;

test("every family is listed", () => {
  const files = readdirSync(folder).filter(name => name.endsWith(".bench.ts"));
  expect(Object.keys(families).sort()).toEqual(files.map(name => name.replace(".bench.ts", "")).sort());
});

test("every case and loop has a limit, and every limit something that it is for", async () => {
  const names: string[] = [];
  for (const load of Object.values(families)) names.push(...(await load()).cases.map(each => each.name));
  expect(Object.keys(limits.kernels).sort()).toEqual(names.sort());
  expect(Object.keys(limits.generated).sort()).toEqual(loops.map(loop => loop.name).sort());
});

describe("kernel and loop agree", () => {
  test.each(["bitmap", "normalize", "hash-order", "text"])("%s", async family => {
    const [first] = (await families[family]!()).cases;
    const runs = first!.prepare();
    const checksum = runs.kernel();
    expect(checksum).toBe(runs.jsLoop());
    expect(runs.kernel()).toBe(checksum);
  });
});

describe("generated loops", () => {
  test.each(loops.map(loop => [loop.form, loop] as const))("%s", async (_, loop) => {
    const open = await openLoop({ ...loop, rows: smallRows }, scratch.path("local"));
    const expected = open.jsLoop();
    expect(expected).toBeGreaterThan(0);
    expect(await open.run("native")).toBe(expected);
    expect(await open.run("javascript")).toBe(expected);
  });

  test("compiling is measured, and its limits are of what is measured", async () => {
    const names = (await runCompiling({ runs: 1, scratch })).map(each => each.name);
    expect(names).toHaveLength(3);
    expect(Object.keys(limits.compiling).filter(name => !names.includes(name))).toEqual([]);
  });
});
