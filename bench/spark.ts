/**
 * Spark, where one is given: all jobs in one `spark-shell`, in Scala, timed inside its application, so that the seconds that it
 * takes to start do not count. Its answers must be ours.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import { FiresteelError } from "../src/base/errors.ts";
import { UsageError } from "../src/base/usage-error.ts";
import { inputFile, type JobRunOptions } from "./jobs/contenders.ts";
import { sameAnswer } from "./jobs/run-jobs.ts";
import type { JobSpec } from "./jobs/specs.ts";
import { plainEnvironment, timing } from "./measure.ts";
import type { JobResult } from "./results.ts";
import type { Scratch } from "./scratch.ts";

export interface SparkResults {
  readonly version: string;
  readonly runs: ReadonlyMap<string, readonly { readonly seconds: number; readonly answer: string }[]>;
  /** Of the application with all its jobs. */
  readonly peakBytes: number;
}

const errorTextMax = 4000;
const outputMax = 1 << 28;

export function runSpark(
  scratch: Scratch,
  home: string,
  specs: readonly JobSpec[],
  options: JobRunOptions & { readonly runs: number },
): SparkResults {
  const shell = sparkShell(home);
  const jobs = specs.map(spec => {
    const count = spec.input === undefined ? spec.count(options.sizes) : inputFile(scratch, spec, options.sizes);
    return `${spec.name}:${count}`;
  });
  const memoryGb = Math.max(1, Math.min(8, Math.floor(totalmem() / 2 ** 31)));
  const settings = [
    "--master",
    `local[${options.threads}]`,
    "--driver-memory",
    `${memoryGb}g`,
    "--conf",
    "spark.ui.showConsoleProgress=false",
  ];
  const env = {
    ...plainEnvironment(),
    ...{ JOBS: jobs.join(" "), PARTITIONS: String(options.threads), RUNS: String(options.runs) },
    ...{ SCRATCH: scratch.folder, SPARK_LOCAL_DIRS: scratch.path("spark-local"), SPARK_HOME: resolve(home) },
  };
  const ended = spawnSync(shell, [...settings, "-i", scratch.source("spark/jobs.scala")], {
    ...{ cwd: scratch.folder, env, encoding: "utf8", maxBuffer: outputMax },
    // the end of its input ends the shell, should the program not
    input: "",
  });
  const said = `${ended.stdout ?? ""}${ended.stderr ?? ""}`.slice(-errorTextMax);
  return readResults(ended.stdout ?? "", `exited with ${ended.signal ?? ended.status}\n${said}`, specs);
}

function sparkShell(home: string): string {
  const shell = join(resolve(home), "bin/spark-shell");
  try {
    accessSync(shell, constants.X_OK);
    return shell;
  } catch {
    throw new UsageError(`${home} is not the home of a Spark`, {
      hint: `there should be ${shell}; \`pip install pyspark\` brings one, in site-packages/pyspark`,
    });
  }
}

function readResults(output: string, tail: string, specs: readonly JobSpec[]): SparkResults {
  const runs = new Map<string, { seconds: number; answer: string }[]>();
  let version = "Spark";
  let peakBytes = 0;
  for (const [, name, second, rest] of output.matchAll(/^.*?RESULT (\S+) (\S+) (.*)$/gm)) {
    if (name === "version") version = `Spark ${second} (Java ${rest!.trim()})`;
    else if (name === "peak") peakBytes = Number(rest) * 1024;
    else runs.set(name!, [...(runs.get(name!) ?? []), { seconds: Number(second), answer: rest!.trim() }]);
  }
  const missing = specs.filter(spec => !runs.has(spec.name)).map(spec => spec.name);
  if (missing.length === 0) return { version, runs, peakBytes };
  throw new FiresteelError("user", `Spark gave no result for ${missing.join(", ")}:\n${tail}`);
}

/** The job's result with Spark among the contenders. */
export function addSpark(job: JobResult, spark: SparkResults | undefined): JobResult {
  const runs = spark?.runs.get(job.name);
  if (runs === undefined) return job;
  for (const run of runs) {
    if (!sameAnswer(run.answer, job.answer))
      throw new Error(`${job.name}: firesteel answers ${job.answer}, spark answers ${run.answer}`);
  }
  const seconds = runs.map(run => run.seconds);
  return { ...job, contenders: [...job.contenders, { label: "spark", timing: timing(seconds), peakBytes: undefined }] };
}
