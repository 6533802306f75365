/** Every job of the benchmarks, tiny: its script, its C program and itself give one answer, and it is the one it was. */
import { afterAll, describe, expect, test } from "bun:test";
import { runJob } from "../../bench/jobs/run-jobs.ts";
import { jobSpecs } from "../../bench/jobs/specs.ts";
import { findCompiler, openScratch } from "../../bench/scratch.ts";

const scratch = openScratch();
afterAll(() => scratch.remove());

const runMaxMs = 120_000;
const sizes = { rows: 3000, textBytes: 1e5, sortBytes: 1e5 };
const answers: Readonly<Record<string, string>> = {
  "word-count": "11397 5367",
  "map-filter-sum": "6745500",
  "filter-sum": "1866027",
  "reduce-by-key": "3000",
  "group-by-key": "3000",
  "sort-by-key": "0,69069,138138",
  join: "28",
  "page-rank": "88.90821525",
  "k-means": "31676.35128897437",
  "tera-sort": "93af9b0ffff857118495c4a5d0a5d7873f310933",
  "empty-tasks": "0",
};

describe("jobs", () => {
  test.concurrent.each(jobSpecs.map(spec => [spec.name, spec] as const))(
    "%s",
    async (name, spec) => {
      const { answer, contenders } = await runJob(scratch, spec, { sizes, threads: 2, runs: 1 });
      expect(answer).toBe(answers[name]!);
      const labels = contenders.map(each => each.label);
      expect(labels.slice(0, 2)).toEqual(["firesteel", "script"]);
      if (spec.hasC && findCompiler() !== undefined) expect(labels).toContain("c");
      for (const { timing, peakBytes } of contenders) {
        expect(timing.seconds).toBeGreaterThan(0);
        expect(peakBytes).toBeGreaterThan(0);
      }
    },
    runMaxMs,
  );
});
