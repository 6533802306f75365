/**
 * Runs one seed: its cluster, its job, its faults at their moments; holds the answer, the proofs and what is left behind. Every wait has
 * a bound. What goes wrong is an error with all that the processes said.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { answerOf, wordsOf } from "./answer.ts";
import { Cluster, jobFile } from "./cluster.ts";
import { type Expected, momentOf } from "./expected.ts";
import { type Done, inflict, type Scene } from "./faults.ts";
import type { Fault, Plan } from "./plan.ts";
import { Processes, statOf, tryKill, waitFor } from "./processes.ts";

export interface SeedRun {
  readonly program: readonly string[];
  /** Made and removed. */
  readonly folder: string;
  readonly input: string;
  readonly expected: Expected;
}

/** Against what never comes: far above what it takes, for machines with other work. */
const jobMaxMs = 180_000;
const goneMaxMs = 60_000;
const executorTimeoutMs = 10_000;
/** A fault that comes after its job's end is tried again, sooner. */
const sooner = [1, 0.6, 0.3, 0.1];

/** Tells what was done to whom. */
export async function runSeed(plan: Plan, run: SeedRun): Promise<string[]> {
  for (const scale of sooner) {
    const faults = plan.faults.map(fault => ({ ...fault, moment: fault.moment * scale }));
    const done = await runOnce({ ...plan, faults }, run);
    if (done !== undefined) return done;
  }
  throw new Error("the job ended before its faults, however soon they came");
}

async function runOnce(plan: Plan, run: SeedRun): Promise<string[] | undefined> {
  const { folder } = run;
  mkdirSync(join(folder, "tmp"), { recursive: true });
  const processes = new Processes(run.program, folder, `seed-${plan.seed}-${process.pid}`);
  const cluster = new Cluster(processes, plan.cluster);
  try {
    await cluster.start();
    const done = await disturb(plan, run, processes, cluster);
    await cluster.stop();
    await nothingLeft(processes, cluster, run);
    return done.every(each => each !== undefined) ? done.map(each => each.what) : undefined;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${processes.tails()}`, { cause: error });
  } finally {
    processes.killAll();
    await cluster.relay?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function disturb(plan: Plan, run: SeedRun, processes: Processes, cluster: Cluster) {
  const driver = cluster.runJob(plan, run.input);
  const timeoutMs = "firesteel.executor.timeout" in plan.settings ? 2000 : executorTimeoutMs;
  const scene: Scene = { processes, cluster, driver, executorTimeoutMs: timeoutMs };
  const faults = Promise.all(plan.faults.map(fault => atItsMoment(fault, run.expected, scene)));
  // awaited below; a wait before it may fail first
  faults.catch(() => {});
  await waitFor("the job ends", jobMaxMs, driver.hasEnded);
  const done = await faults;
  if (driver.child.exitCode !== 0) throw new Error(`the job failed, after ${list(done)}`);
  // all jobs are deterministic: what is computed again has the rows that it had
  if (driver.err().includes("gave other rows")) throw new Error(`rows changed, after ${list(done)}`);
  const answer = answerOf(driver.out(), run.folder);
  if (answer !== run.expected.answer) throw new Error(`the answer is wrong, after ${list(done)}`);
  for (const each of done) await each?.proof();
  return done;
}

function list(done: readonly (Done | undefined)[]): string {
  return done.map(each => each?.what ?? "nothing").join(", ");
}

async function atItsMoment(fault: Fault, expected: Expected, scene: Scene): Promise<Done | undefined> {
  const { word, afterMs } = momentOf(expected, fault.moment);
  const { driver } = scene;
  await waitFor(`the job says ${word}`, jobMaxMs, () => driver.hasEnded() || wordsOf(driver.out()).includes(word));
  await new Promise(resolve => setTimeout(resolve, afterMs));
  return inflict(fault, scene);
}

/** No process, no port, and no file in the temporary folder that the next start does not clean. */
async function nothingLeft(processes: Processes, cluster: Cluster, { folder }: SeedRun): Promise<void> {
  await waitFor("all processes have ended", goneMaxMs, () => {
    const left = processes.seen();
    // stopped when their worker was killed: they end as soon as they go on
    for (const { pid } of left) if (statOf(pid)?.state === "T" && cluster.hasLost(pid)) tryKill(pid, "SIGCONT");
    return left.length === 0;
  }).catch((error: unknown) => {
    const left = processes.seen().map(({ pid, args }) => `${pid} ${statOf(pid)?.state} ${args.slice(1, 4).join(" ")}`);
    throw new Error(`${(error as Error).message}: ${left.join("; ")}`);
  });
  if (cluster.port !== undefined) await isFree(cluster.port);
  const left = () => readdirSync(join(folder, "tmp"), { recursive: true }).map(String);
  if (left().length === 0) return;
  const next = processes.start("next start", ["run", "--quiet", "--master", "local[1]", jobFile("tidy")]);
  await waitFor("the next start", goneMaxMs, next.hasEnded);
  if (left().length > 0) throw new Error(`left in the temporary folder: ${left().join(", ")}`);
}

function isFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}
