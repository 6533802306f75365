/** Limits: what exceeds one is named with figure, measurement and limit, and fails the command. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeExcess, exceeds, heldFigures, type Limits, readLimits } from "../../bench/guard.ts";
import { sampleResults } from "./sample-results.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const commandMaxMs = 120_000;

const generous: Limits = {
  kernels: { "hash f64 1M": 0.1 },
  jobs: { join: { script: 0.5, c: 3 }, "tera-sort": { sort: 0.7 } },
  generated: { filter: 1.2 },
  compiling: { "compiling a pipeline": 0.003 },
};

describe("figures", () => {
  test("ratios of what has a limit, and all of them hold", () => {
    const held = heldFigures(sampleResults, generous);
    expect(held.map(({ figure, measured, limit }) => [figure, Number(measured.toFixed(4)), limit])).toEqual([
      ['kernel "hash f64 1M" ÷ JavaScript loop', 0.02, 0.1],
      ["job join ÷ script", 0.4, 0.5],
      ["job join ÷ c", 2, 3],
      ["job tera-sort ÷ sort", 0.5, 0.7],
      ['generated "filter" ÷ C', 1, 1.2],
      ["compiling a pipeline, seconds", 0.0005, 0.003],
    ]);
    expect(held.filter(exceeds)).toEqual([]);
  });

  test("a limit that is too small, and a kernel without one, are told", () => {
    const strict = { ...generous, kernels: {}, jobs: { join: { script: 0.0001 } } };
    expect(heldFigures(sampleResults, strict).filter(exceeds).map(describeExcess)).toEqual([
      'kernel "hash f64 1M" ÷ JavaScript loop: measured 0.020, and the limits name none for it',
      "job join ÷ script: measured 0.400, the limit is 0.0001",
    ]);
  });
});

describe("files of limits", () => {
  test("replace what they name", () => {
    const file = join(folder, "limits.json");
    writeFileSync(file, '{ "jobs": {} }');
    expect(readLimits(file)).toEqual({ ...readLimits(""), jobs: {} });
  });

  test("that are missing or no JSON are refused", () => {
    expect(() => readLimits(join(folder, "none.json"))).toThrow("the file of limits");
    const file = join(folder, "broken.json");
    writeFileSync(file, "{");
    expect(() => readLimits(file)).toThrow("is not JSON");
  });
});

function guard(limit: number): { code: number; out: string; err: string } {
  const file = join(folder, `limits-${limit}.json`);
  writeFileSync(file, JSON.stringify({ jobs: { join: { script: limit } } }));
  const options = ["--only", "join", "--rows", "5000", "--runs", "1", "--limits", file];
  const child = Bun.spawnSync([process.execPath, "src/main.ts", "bench", "jobs", "--guard", ...options], { cwd: root });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

describe("the command", () => {
  test(
    "fails when a limit is exceeded each time",
    () => {
      const { code, out, err } = guard(0.0001);
      expect(code).toBe(1);
      expect(err).toMatch(/^too slow: job join ÷ script: measured [\d.]+, the limit is 0\.0001\n$/);
      expect(out.match(/1 of 1 ratios exceed their limits; measuring those once more/g)).toHaveLength(2);
    },
    commandMaxMs,
  );

  test(
    "succeeds when all hold",
    () => {
      const { code, out, err } = guard(1e6);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain("1 ratios hold their limits");
    },
    commandMaxMs,
  );
});
