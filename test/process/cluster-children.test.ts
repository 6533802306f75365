/** What a worker starts ends with it, whatever the worker dies of, and nobody can read the secret in passing. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tryKill } from "../chaos/processes.ts";
import { startMaster } from "./cluster-roles.ts";
import { fileAppears, prepare, program, run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(2 * testTimeoutMs);

const secret = "not-for-others-to-read";
const withSecret = ["--host", "127.0.0.1", "--secret-file", "secret"];
const setUp = (folder: string) => writeFileSync(join(folder, "secret"), secret, { mode: 0o600 });

const workers: { child: ChildProcess; folder: string; mark: string }[] = [];
afterEach(async () => {
  for (const { child, folder, mark } of workers.splice(0)) {
    child.kill("SIGKILL");
    for (const each of processesOf(mark)) tryKill(each.pid, "SIGKILL");
    await allGone(mark);
    rmSync(folder, { recursive: true });
  }
});

/** Not by the harness's `start`, which would look for what is left at once. */
function startWorker(url: string, workDir?: string) {
  const { folder, environment } = prepare({ setUp });
  const work = workDir ?? join(folder, "work");
  const args = [
    "worker",
    "--cores",
    "4",
    "--memory",
    "4g",
    "--webui-port",
    "0",
    ...withSecret,
    "--work-dir",
    work,
    url,
  ];
  const child = spawn(program[0]!, [...program.slice(1), ...args], {
    ...{ cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] },
  });
  let text = "";
  child.stderr!.on("data", (bytes: Buffer) => (text += bytes.toString()));
  const worker = { child, folder, work, mark: environment.FIRESTEEL_TEST_MARK!, said: () => text };
  workers.push(worker);
  return worker;
}

interface Seen {
  readonly pid: number;
  readonly command: string;
  readonly environment: string;
}

function processesOf(mark: string): Seen[] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, "utf8");
        if (!environment.includes(mark)) return [];
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8"), environment }];
      } catch {
        return []; // it has ended
      }
    });
}

const turn = () => new Promise(resolve => setTimeout(resolve, 1));

async function allGone(mark: string): Promise<void> {
  while (processesOf(mark).length > 0) await turn();
}

/** Runs the job's driver on the worker, until its executor has run a task and its main thread is blocked. */
async function submitBlockedDriver(url: string, folder: string): Promise<void> {
  const job = join(import.meta.dirname, "jobs/loops-on-driver.ts");
  const options = ["--master", url, "--secret-file", "secret", "--deploy-mode", "cluster", "--no-wait"];
  const sizes = ["--driver-memory", "64m", "--conf", "firesteel.executor.memory=64m", "--total-executor-cores", "1"];
  const started = join(folder, "started");
  const { code, err } = await run({ args: ["submit", ...options, ...sizes, job, started], setUp });
  expect([code, err]).toEqual([0, ""]);
  await fileAppears(started);
}

describe.skipIf(process.platform !== "linux")("a worker that is killed", () => {
  test("takes executors and drivers along, a blocked one too; the secret is in no command line and no environment", async () => {
    const master = await startMaster(withSecret, { setUp });
    const worker = startWorker(master.url);
    await master.says(/worker-\S+ .*registered/);
    await submitBlockedDriver(master.url, worker.folder);
    const all = processesOf(worker.mark);
    const roles = all.map(({ command }) => /\0(worker|executor|run)\0/.exec(command)?.[1]).sort();
    expect(roles).toEqual(["executor", "run", "worker"]);
    for (const { command, environment } of all) {
      expect(command).not.toContain(secret);
      expect(environment).not.toContain(secret);
    }
    worker.child.kill("SIGKILL");
    await allGone(worker.mark);
    await master.stop();
  });

  test("leaves a stopped executor to the next worker of its folder, which ends it", async () => {
    const master = await startMaster(withSecret, { setUp });
    const worker = startWorker(master.url);
    await master.says(/worker-\S+ .*registered/);
    await submitBlockedDriver(master.url, worker.folder);
    const executor = processesOf(worker.mark).find(({ command }) => command.includes("\0executor\0"))!;
    process.kill(executor.pid, "SIGSTOP");
    worker.child.kill("SIGKILL");
    const others = () => processesOf(worker.mark).filter(({ pid }) => pid !== executor.pid);
    while (others().length > 0) await turn();
    expect(processesOf(worker.mark).map(({ pid }) => pid)).toEqual([executor.pid]);
    const next = startWorker(master.url, worker.work);
    await allGone(worker.mark);
    while (!next.said().includes("worker at ")) await turn();
    expect(next.said()).toContain(`ended processes that an earlier worker left in ${worker.work}: ${executor.pid}`);
    next.child.kill("SIGTERM");
    await allGone(next.mark);
    await master.stop();
  });
});
