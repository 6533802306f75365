/**
 * Random jobs give the same rows in the same order, or the same error, with generated code, without it, and with little memory.
 *
 *   FIRESTEEL_FUZZ_SECONDS=600 FIRESTEEL_FUZZ_SEED=1 bun test test/api/native-random.test.ts
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context } from "../../src/api/context.ts";
import { bundleJob, loadBundle, runEntry } from "../../src/closure/bundle.ts";
import { provideEngineModule } from "../../src/exec/engine-module.ts";
import { FiresteelError } from "../../src/index.ts";
import * as publicModule from "../../src/index.ts";
import { difference } from "../data/same.ts";
import { type RandomJobs, randomJobs } from "./random-jobs.ts";
import { startContext, stopContext, type SuiteOptions } from "./suite.ts";

const seconds = Number(process.env["FIRESTEEL_FUZZ_SECONDS"] ?? 0);
const firstSeed = Number(process.env["FIRESTEEL_FUZZ_SEED"] ?? 1);
const jobsAtOnce = 32;
setDefaultTimeout((seconds + 300) * 1000);

type Job = (ctx: Context, rows: readonly unknown[], files: { lines: string; csv: string }) => Promise<unknown>;

const places: readonly SuiteOptions[] = [
  { master: "local[1]", conf: { "firesteel.codegen": false } },
  { master: "local[1]" },
  { master: "local[1]", conf: { "firesteel.executor.memory": "16m", "firesteel.codegen.rowsMin": 100 } },
];
const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly result?: unknown;
  readonly error?: string;
}

async function outcomes(jobs: readonly Job[], { rows }: RandomJobs, place: SuiteOptions): Promise<Outcome[]> {
  const files = { lines: join(folder, "lines.txt"), csv: join(folder, "cells.csv") };
  const ctx = await startContext("native-random", place);
  const all: Outcome[] = [];
  try {
    for (const [i, job] of jobs.entries()) {
      try {
        all.push({ result: await job(ctx, rows[i]!, files) });
      } catch (thrown) {
        all.push({ error: described(thrown) });
      }
    }
  } finally {
    await stopContext(ctx);
  }
  return all;
}

function described(thrown: unknown): string {
  if (!(thrown instanceof FiresteelError)) return String(thrown);
  const { kind, message, hint, at, cause } = thrown;
  return Bun.inspect({ kind, message, hint, at, cause: cause instanceof Error ? cause.stack : cause });
}

async function compare(seed: number): Promise<{ results: number; errors: number }> {
  const made = randomJobs(seed, jobsAtOnce);
  const path = join(folder, `jobs-${seed}.ts`);
  writeFileSync(path, made.text);
  writeFileSync(join(folder, "lines.txt"), made.files.lines);
  writeFileSync(join(folder, "cells.csv"), made.files.csv);
  provideEngineModule(publicModule);
  const jobs = (await runEntry(await loadBundle(await bundleJob(path)))).default as Job[];
  const expected = await outcomes(jobs, made, places[0]!);
  for (const place of places.slice(1)) {
    const actual = await outcomes(jobs, made, place);
    for (const [i, each] of expected.entries()) {
      const found =
        each.error !== undefined || actual[i]!.error !== undefined
          ? difference(actual[i]!.error, each.error)
          : difference(actual[i]!.result, each.result);
      if (found !== undefined) {
        const job = jobTexts(made.text)[i];
        throw new Error(`seed ${seed}, job ${i}, ${JSON.stringify(place)}:\n${job}\n${found}`);
      }
    }
  }
  return {
    results: expected.filter(each => each.error === undefined).length,
    errors: expected.filter(each => each.error !== undefined).length,
  };
}

function jobTexts(text: string): string[] {
  return text.split("async (ctx, rows, files) =>").slice(1);
}

test("random jobs are the same whoever runs them", async () => {
  const endsMs = performance.now() + seconds * 1000;
  let [seed, results, errors] = [firstSeed, 0, 0];
  do {
    const counts = await compare(seed++);
    results += counts.results;
    errors += counts.errors;
  } while (performance.now() < endsMs);
  if (seconds > 0) console.log(`${results} jobs with results, ${errors} with errors`);
  expect(results).toBeGreaterThan(0);
  if (firstSeed === 1) expect(errors).toBeGreaterThan(0);
});
