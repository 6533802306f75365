/** Spark as a contender, played by a script: what it prints is read, and compared. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { jobSpecs } from "../../bench/jobs/specs.ts";
import { openScratch } from "../../bench/scratch.ts";
import { addSpark, runSpark } from "../../bench/spark.ts";
import { sampleResults } from "./sample-results.ts";

const scratch = openScratch();
afterAll(() => scratch.remove());

const specs = jobSpecs.filter(spec => spec.name === "join");
const options = { sizes: { rows: 1000, textBytes: 1000, sortBytes: 1000 }, threads: 2, runs: 2 };
const job = sampleResults.jobs[0]!;

function fakeSpark(name: string, script: string): string {
  const home = scratch.path(`${name}/home`);
  mkdirSync(`${home}/bin`, { recursive: true });
  writeFileSync(`${home}/bin/spark-shell`, `#!/bin/sh\n${script}\n`);
  chmodSync(`${home}/bin/spark-shell`, 0o755);
  return home;
}

test("its runs become a contender, when its answers are ours", () => {
  const home = fakeSpark(
    "good",
    `echo "welcome; $*; $JOBS $RUNS" >&2
echo "RESULT join 2.5 999997"; echo "scala> RESULT join 1.5 999997.0"
echo "RESULT version 4.3.0 17.0.1"; echo "RESULT peak 0 1024"`,
  );
  const spark = runSpark(scratch, home, specs, options);
  expect(spark).toMatchObject({ version: "Spark 4.3.0 (Java 17.0.1)", peakBytes: 1024 * 1024 });
  const { contenders } = addSpark({ ...job, contenders: job.contenders.slice(0, 1) }, spark);
  expect(contenders[1]).toMatchObject({ label: "spark", timing: { seconds: 2, min: 1.5, max: 2.5, runs: 2 } });
});

test("another answer is refused", () => {
  const home = fakeSpark("wrong", 'echo "RESULT join 2.5 999998"');
  const spark = runSpark(scratch, home, specs, options);
  expect(() => addSpark(job, spark)).toThrow("join: firesteel answers 999997, spark answers 999998");
});

test("what it says when it fails is shown", () => {
  const home = fakeSpark("failing", "echo no Java here >&2; exit 3");
  expect(() => runSpark(scratch, home, specs, options)).toThrow(/no result for join:\n[^]*no Java here/);
});

test("a folder without Spark is refused", () => {
  expect(() => runSpark(scratch, "/nowhere", specs, options)).toThrow("/nowhere is not the home of a Spark");
});
