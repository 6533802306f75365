/** What a cluster of processes does about drivers and masters that die and executors that stop, each proven to have done so. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, type Logged, Processes, statOf, waitFor } from "../chaos/processes.ts";
import { program } from "./harness.ts";

setDefaultTimeout(120_000);

/** Against what never comes: far above what it takes, for machines with other work. */
const boundMs = 50_000;
const jobs = join(import.meta.dirname, "jobs");
const freePorts = ["--webui-port", "0", "--rest-port", "0"];
const small = ["--conf", "firesteel.executor.memory=64m"];
/** What slow.ts prints. */
const answer = "before\n[[0,4],[1,4]]\nafter\n";

let opened: { processes: Processes; folder: string }[] = [];
afterEach(async () => {
  const all = opened;
  opened = [];
  for (const { processes, folder } of all) {
    processes.killAll();
    await waitFor("all are gone", boundMs, () => processes.seen().length === 0);
    rmSync(folder, { recursive: true });
  }
});

class Cluster {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "firesteel-faults-")));
  readonly processes = new Processes(program, this.folder, this.folder);
  url = "";

  constructor() {
    mkdirSync(join(this.folder, "tmp"));
    opened.push(this);
  }

  async startMaster(options: readonly string[] = [], port = "0"): Promise<Logged> {
    const master = this.processes.start("master", ["master", "--port", port, ...freePorts, ...options]);
    [, this.url] = (await this.says(master, /master at (firesteel:\/\/\S+:\d+)/)) as unknown as [string, string];
    return master;
  }

  async startWorker(options: readonly string[] = []): Promise<Logged> {
    const worker = this.processes.start("worker", ["worker", "--webui-port", "0", ...options, this.url]);
    await this.says(worker, /worker at /);
    return worker;
  }

  run(job: string, args: readonly string[], master = this.url, options: readonly string[] = small): Logged {
    return this.processes.start("driver", ["run", "--quiet", "--master", master, ...options, join(jobs, job), ...args]);
  }

  says({ name, err, out }: Logged, pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(`${name} says ${pattern}`, () => pattern.exec(`${out()}\n${err()}`) ?? undefined);
  }

  until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    return waitFor(what, boundMs, look).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${this.processes.tails()}`);
    });
  }

  /** The executors, once there are so many. */
  executors(count: number) {
    return this.until(`${count} executors`, () => {
      const seen = this.processes.seen("executor");
      return seen.length === count && seen;
    });
  }
}

describe.skipIf(process.platform !== "linux")("a cluster", () => {
  test("ends the executors of a driver that is killed, and gives their cores to the next", async () => {
    const cluster = new Cluster();
    const master = await cluster.startMaster(["--conf", "firesteel.deploy.applicationGrace=300ms"]);
    await cluster.startWorker(["--cores", "1", "--memory", "256m"]);
    const driver = cluster.run("slow.ts", ["5000"]);
    await cluster.says(driver, /before/);
    const [executor] = await cluster.executors(1);
    driver.child.kill("SIGKILL");
    await cluster.until("the driver is dead", driver.hasEnded);
    expect(driver.child.signalCode).toBe("SIGKILL");
    await cluster.until("its executor has ended", () => !isAlive(executor!));
    await cluster.says(master, /application \S+ \(slow\) failed/);
    const next = cluster.run("slow.ts", ["1"]);
    await cluster.until("the next job ends", next.hasEnded);
    expect([next.child.exitCode, next.out()]).toEqual([0, answer]);
  });

  test("starts a driver again that was killed under --supervise", async () => {
    const cluster = new Cluster();
    await cluster.startMaster();
    const worker = await cluster.startWorker(["--cores", "2", "--memory", "1g"]);
    const starts = join(cluster.folder, "starts");
    const options = [
      "--deploy-mode",
      "cluster",
      "--supervise",
      "--driver-memory",
      "64m",
      "--total-executor-cores",
      "1",
    ];
    const submit = cluster.processes.start("submit", [
      ...["submit", "--master", cluster.url, ...options, ...small],
      ...[join(jobs, "supervised.ts"), starts],
    ]);
    const first = Number(
      await cluster.until("the driver runs", () => existsSync(starts) && readFileSync(starts, "utf8")),
    );
    const seen = cluster.processes.seen().find(({ pid }) => pid === first)!;
    process.kill(first, "SIGKILL");
    await cluster.until("the driver is dead", () => !isAlive(seen));
    await cluster.says(worker, /driver \S+ failed, launched again in \d+ ms: ended by SIGKILL/);
    await cluster.until("the submission ends", submit.hasEnded);
    expect(submit.child.exitCode).toBe(0);
    expect(submit.out()).toContain("is FINISHED");
    const pids = readFileSync(starts, "utf8").trim().split("\n").map(Number);
    expect(pids).toEqual([first, expect.any(Number)]);
    expect(pids[1]).not.toBe(first);
  });

  test("goes on while its master is killed, and is known to the next of the same recovery directory", async () => {
    const cluster = new Cluster();
    const kept = ["--recovery-dir", join(cluster.folder, "state")];
    const master = await cluster.startMaster(kept);
    const worker = await cluster.startWorker(["--cores", "2", "--memory", "256m"]);
    const driver = cluster.run("slow.ts", ["400"]);
    await cluster.says(driver, /before/);
    const before = await cluster.executors(1);
    const app = (await cluster.says(master, /application (app-\S+) \(slow\) registered/))[1]!;
    master.child.kill("SIGKILL");
    await cluster.until("the master is dead", master.hasEnded);
    await cluster.says(driver, /the master cannot be reached/);
    const next = await cluster.startMaster(kept, cluster.url.split(":").at(-1));
    await cluster.says(worker, /registered again/);
    await cluster.says(driver, /the master is reached again/);
    await cluster.says(next, new RegExp(`${app} .*came back`));
    expect(cluster.processes.seen("executor")).toEqual(before);
    await cluster.until("the job ends", driver.hasEnded);
    expect([driver.child.exitCode, driver.out()]).toEqual([0, answer]);
    expect(driver.err()).not.toMatch(/executor \d|runs again/);
    await cluster.says(next, new RegExp(`${app} .*finished`));
  });

  test("goes on under the master that stood by when the one that led is killed", async () => {
    const cluster = new Cluster();
    const kept = ["--recovery-dir", join(cluster.folder, "state")];
    const master = await cluster.startMaster(kept);
    const first = cluster.url;
    const standby = cluster.processes.start("standby", [
      ...["master", "--port", "0", ...freePorts],
      ...[...kept, "--standby"],
    ]);
    const [, second, pages] = await cluster.says(standby, /standing by at firesteel:\/\/(\S+) .* pages at (\S+)/);
    const unavailable = await fetch(`${pages}/`);
    expect([unavailable.status, await unavailable.text()]).toEqual([503, "this master stands by: another one leads\n"]);
    cluster.url = `firesteel://${second},${first.slice("firesteel://".length)}`;
    const worker = await cluster.startWorker(["--cores", "2", "--memory", "256m"]);
    const driver = cluster.run("slow.ts", ["400"]);
    await cluster.says(driver, /before/);
    const before = await cluster.executors(1);
    const app = (await cluster.says(master, /application (app-\S+) \(slow\) registered/))[1]!;
    master.child.kill("SIGKILL");
    await cluster.until("the master is dead", master.hasEnded);
    await cluster.says(standby, /the master that led is gone: this one leads now/);
    await cluster.says(worker, new RegExp(`registered again at master ${second}`));
    await cluster.says(standby, new RegExp(`${app} .*came back`));
    expect(cluster.processes.seen("executor")).toEqual(before);
    await cluster.until("the job ends", driver.hasEnded);
    expect([driver.child.exitCode, driver.out()]).toEqual([0, answer]);
    expect(driver.err()).not.toMatch(/executor \d|runs again/);
    await cluster.says(standby, new RegExp(`${app} .*finished`));
    expect((await fetch(`${pages}/`)).status).toBe(200);
    const next = cluster.run("slow.ts", ["1"]);
    await cluster.until("the next job ends", next.hasEnded);
    expect([next.child.exitCode, next.out()]).toEqual([0, answer]);
  });

  test("loses some ten seconds to a stopped executor", async () => {
    const cluster = new Cluster();
    const started = join(cluster.folder, "started");
    const on = "local-cluster[2,1,64m]";
    const timed = async (during?: (driver: Logged) => Promise<void>) => {
      const startedMs = performance.now();
      const driver = cluster.run("slow-marked.ts", ["200", started], on, []);
      await during?.(driver);
      await cluster.until("the job ends", driver.hasEnded);
      expect([driver.child.exitCode, driver.out()]).toEqual([0, answer]);
      return { tookMs: performance.now() - startedMs, said: driver.err() };
    };
    const undisturbed = await timed();
    rmSync(started);
    let stopped = 0;
    const disturbed = await timed(async driver => {
      // in the midst of its first task
      await cluster.until("a task runs", () => driver.hasEnded() || existsSync(started));
      stopped = Number(readFileSync(started, "utf8"));
      process.kill(stopped, "SIGSTOP");
      await cluster.until("it is stopped", () => statOf(stopped)?.state === "T");
    });
    expect(disturbed.said).toContain(`(process ${stopped}) is lost: it has said nothing for 10 s`);
    // ten until it is given up, and what other work on the machine adds; what waits for anything else waits half a minute and more
    expect(disturbed.tookMs - undisturbed.tookMs).toBeLessThan(25_000);
    expect(statOf(stopped)).toBeUndefined();
  });
});
