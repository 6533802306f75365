/** What a cluster of processes does about drivers and masters that die and executors that stop, each proven to have done so. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, type Logged, Processes, statOf, waitFor } from "../chaos/processes.ts";
import { program } from "./harness.ts";
import { quietPort } from "./quiet-port.ts";

setDefaultTimeout(240_000);

/** Against what never comes: far above what it takes, for machines with other work. */
const boundMs = 50_000;
const jobs = join(import.meta.dirname, "jobs");
const freePorts = ["--webui-port", "0", "--rest-port", "0"];
const small = ["--conf", "firesteel.executor.memory=64m"];
/** What slow.ts, waits.ts and stops-itself.ts print. */
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

  /** A job whose tasks run until `goOn` is called, however long that takes. */
  async runWaiting(): Promise<{ readonly driver: Logged; readonly goOn: () => void }> {
    const file = join(this.folder, "waits");
    const driver = this.run("waits.ts", [file]);
    await this.until("a task runs", () => existsSync(`${file}.begun`));
    return { driver, goOn: () => writeFileSync(`${file}.go`, "") };
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
    const noted = () => (existsSync(starts) ? /^\d+(?=\n)/.exec(readFileSync(starts, "utf8"))?.[0] : undefined);
    const first = Number(await cluster.until("the driver runs", noted));
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
    const port = String(await quietPort());
    const master = await cluster.startMaster(kept, port);
    const worker = await cluster.startWorker(["--cores", "2", "--memory", "256m"]);
    const { driver, goOn } = await cluster.runWaiting();
    const before = await cluster.executors(1);
    const app = (await cluster.says(master, /application (app-\S+) \(waits\) registered/))[1]!;
    master.child.kill("SIGKILL");
    await cluster.until("the master is dead", master.hasEnded);
    await cluster.says(driver, /the master cannot be reached/);
    const next = await cluster.startMaster(kept, port);
    await cluster.says(worker, /registered again/);
    await cluster.says(driver, /the master is reached again/);
    await cluster.says(next, new RegExp(`${app} .*came back`));
    expect(cluster.processes.seen("executor")).toEqual(before);
    goOn();
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
    const { driver, goOn } = await cluster.runWaiting();
    const before = await cluster.executors(1);
    const app = (await cluster.says(master, /application (app-\S+) \(waits\) registered/))[1]!;
    master.child.kill("SIGKILL");
    await cluster.until("the master is dead", master.hasEnded);
    await cluster.says(standby, /the master that led is gone: this one leads now/);
    await cluster.says(worker, new RegExp(`registered again at master ${second}`));
    await cluster.says(standby, new RegExp(`${app} .*came back`));
    expect(cluster.processes.seen("executor")).toEqual(before);
    goOn();
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
    const timed = async (...stopped: string[]) => {
      const startedMs = performance.now();
      const driver = cluster.run("stops-itself.ts", ["200", ...stopped], "local-cluster[2,1,64m]", []);
      await cluster.until("the job ends", driver.hasEnded);
      expect([driver.child.exitCode, driver.out()]).toEqual([0, answer]);
      return { tookMs: performance.now() - startedMs, said: driver.err() };
    };
    const undisturbed = await timed();
    // ten until it is given up; what waits for anything else waits half a minute and more. Other work on the machine may take as long,
    // but not each time
    let lostMs = Infinity;
    for (let round = 0; round < 3 && lostMs >= 25_000; round++) {
      const file = join(cluster.folder, `stopped-${round}`);
      const disturbed = await timed(file);
      const stopped = Number(readFileSync(file, "utf8"));
      expect(disturbed.said).toMatch(new RegExp(`\\(process ${stopped}\\) is lost: it has said nothing for \\d+ s`));
      await cluster.until("it has ended", () => ["Z", undefined].includes(statOf(stopped)?.state));
      lostMs = Math.min(lostMs, disturbed.tookMs - undisturbed.tookMs);
    }
    expect(lostMs).toBeLessThan(25_000);
  });
});
