/**
 * What a cluster costs, with real processes on this machine: how soon its first task has run, what an executor at rest takes, how many
 * empty tasks run in a second, what 100,000 tasks in one stage take of the driver, and a shuffled job undisturbed, with an
 * executor killed half-way, and with one stopped.
 *
 *   bun bench/cluster/local-cluster.ts [--runs N] [--rows N] [--only start,rest,tasks,stage,group,killed,stopped]
 */
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "../..");
const binary = join(root, "dist/firesteel");
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    rows: { type: "string", default: "10000000" },
    only: { type: "string", default: "start,rest,tasks,stage,group,killed,stopped" },
  },
});
const runs = Number(values.runs);
const only = new Set(values.only.split(","));

interface Run {
  readonly startedMs: number;
  /** Lines that the job printed: a word and its numbers. */
  readonly said: ReadonlyMap<string, readonly number[]>;
  readonly seconds: number;
  readonly driverPeakBytes: number;
}

/** Runs a job of jobs.ts; `during` may look at its processes and harm them. */
async function run(
  master: string,
  args: readonly string[],
  during?: (pid: number, line: string) => void,
): Promise<Run> {
  const startedMs = Date.now();
  const job = join(import.meta.dirname, "jobs.ts");
  const child = spawn(binary, ["run", "--quiet", "--master", master, job, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = new Map<string, readonly number[]>();
  let rest = "";
  let errors = "";
  let driverPeakBytes = 0;
  const look = setInterval(() => (driverPeakBytes = Math.max(driverPeakBytes, statusBytes(child.pid!, "VmHWM"))), 20);
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  child.stdout.on("data", (data: Buffer) => {
    rest += data.toString();
    const lines = rest.split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const [word, ...numbers] = line.split(" ");
      said.set(word!, numbers.map(Number));
      during?.(child.pid!, word!);
    }
  });
  const code = await new Promise<number | null>(resolve => child.on("close", resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`the job failed (${code}): ${errors}`);
  return { startedMs, said, seconds: (Date.now() - startedMs) / 1000, driverPeakBytes };
}

function statusBytes(pid: number, field: string): number {
  try {
    const match = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? 0 : Number(match[1]) * 1024;
  } catch {
    return 0;
  }
}

/** Executor processes of a driver. */
function executorsOf(driver: number): number[] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      try {
        const parent = /\) \S+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
        return (
          Number(parent) === driver && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes("executor")
        );
      } catch {
        return false;
      }
    });
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
}

async function times(label: string, unit: string, once: () => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < runs; i++) all.push(await once());
  const text = all.map(each => each.toFixed(each < 10 ? 2 : 0)).join(" ");
  console.log(`${label}: ${median(all).toFixed(median(all) < 10 ? 2 : 0)} ${unit} (${text})`);
  return median(all);
}

const small = "local-cluster[2,1,1g]";
if (only.has("start"))
  await times("start to first task done", "ms (limit 250)", async () => {
    const { startedMs, said } = await run(small, ["first"]);
    return said.get("first")![0]! - startedMs;
  });
if (only.has("rest"))
  await times("an executor at rest", "MB (limit 100)", async () => {
    let bytes = 0;
    await run(small, ["rest"], (pid, word) => {
      if (word === "rested") bytes = Math.max(...executorsOf(pid).map(each => statusBytes(each, "VmRSS")));
    });
    return bytes / 1e6;
  });
if (only.has("tasks"))
  await times("5,000 empty tasks, 2 executors", "tasks/s (limit 8000)", async () => {
    const { said } = await run(small, ["tasks", "5000"]);
    return 5000 / (said.get("tasks")![0]! / 1000);
  });
if (only.has("stage"))
  await times("driver with 100,000 tasks in a stage, peak", "MB (limit 300)", async () => {
    const { driverPeakBytes } = await run(small, ["tasks", "100000"]);
    return driverPeakBytes / 1e6;
  });
const big = "local-cluster[2,1,2g]";
let undisturbed = 0;
const rows = values.rows;
function check(said: Run["said"]): number {
  const [ms, counted] = said.get("group")!;
  if (counted !== Number(rows)) throw new Error(`${counted} rows came out of ${rows}`);
  return ms! / 1000;
}
if (only.has("group") || only.has("killed") || only.has("stopped"))
  undisturbed = await times(`groupByKey of ${rows}`, "s (Spark 5.9 s: limit 2.07)", async () =>
    check((await run(big, ["group", rows])).said),
  );
for (const [name, signal] of [
  ["killed", "SIGKILL"],
  ["stopped", "SIGSTOP"],
] as const) {
  if (!only.has(name)) continue;
  const limit = name === "killed" ? 1.6 * undisturbed + 1 : undisturbed + 15;
  await times(`the same, one executor ${name} half-way`, `s (limit ${limit.toFixed(2)})`, async () => {
    let harmed = 0;
    const { said } = await run(big, ["group", rows], (pid, word) => {
      if (word === "grouping")
        setTimeout(() => {
          harmed = executorsOf(pid)[0] ?? 0;
          if (harmed > 0) process.kill(harmed, signal);
        }, undisturbed * 500);
    });
    if (harmed === 0) throw new Error("no executor was harmed");
    return check(said);
  });
}
