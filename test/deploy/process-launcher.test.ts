/** Executors and drivers as real processes: their folders, logs, ends, and what they are told. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import type { DriverLaunch, ExecutorLaunch } from "../../src/deploy/contracts.ts";
import type { DriverDescription } from "../../src/deploy/messages.ts";
import { ProcessLauncher, type ProcessLauncherOptions } from "../../src/deploy/process-launcher.ts";
import { processIdentity } from "../../src/platform/process-identity.ts";

setDefaultTimeout(120_000);
const folder = mkdtempSync(join(tmpdir(), "firesteel-launcher-"));
const launchers: ProcessLauncher[] = [];
afterAll(async () => {
  await Promise.all(launchers.map(each => each.close()));
  rmSync(folder, { recursive: true });
});

const source = join(import.meta.dirname, "../../src/platform");
let count = 0;

/** A launcher whose program is a script of ours, which has said all when it has printed `up`. */
function launcher(script: string, options: Partial<ProcessLauncherOptions> = {}) {
  const name = String(count++);
  const program = join(folder, `${name}.ts`);
  writeFileSync(
    program,
    `import { greetingOfParent, endWhenParentDoes } from "${source}/parent-watch.ts";
     const greeting = greetingOfParent();
     await endWhenParentDoes({ userCode: true });
     ${script}`,
  );
  const workDir = join(folder, `work-${name}`);
  const made = new ProcessLauncher({
    ...{ workDir, secret: "s3cret", localDirs: [], listenHost: "127.0.0.1", clock: systemClock, warn: () => {} },
    fetchBlob: () => Promise.reject(new Error("no blobs here")),
    logs: { fileBytesMax: 1 << 20, filesMax: 2 },
    program: [process.execPath, program],
    ...options,
  });
  launchers.push(made);
  return { launcher: made, workDir };
}

function ending() {
  const started = Promise.withResolvers<number | undefined>();
  const ended = Promise.withResolvers<{ exitCode: number | undefined; signal: string | undefined; message: string }>();
  return {
    listener: { started: started.resolve, ended: ended.resolve },
    started: started.promise,
    ended: ended.promise,
  };
}

const executor = (over: Partial<ExecutorLaunch> = {}): ExecutorLaunch => ({
  ...{ appId: "app-20261121000000-0001", executorId: 3, workerId: "worker-1", host: "node-1", cores: 2, memoryMb: 512 },
  description: {
    ...{ name: "demo", user: "me", coresMax: undefined, coresPerExecutor: undefined, memoryPerExecutorMb: 512 },
    ...{ executorsMax: undefined, driver: { host: "::1", port: 4000 }, webUiUrl: undefined },
    executorEnvironment: { GREETING: "hi", FIRESTEEL_INTERNAL_X: "x", FIRESTEEL_SECRET: "x" },
  },
  ...over,
});

const driver = (description: Partial<DriverDescription>, driverId = "driver-20261121000000-0001"): DriverLaunch => ({
  ...{
    driverId,
    workerId: "worker-1",
    launch: 0,
    masters: [
      { host: "a", port: 7077 },
      { host: "b", port: 7078 },
    ],
  },
  description: {
    ...{ name: "demo", job: { kind: "path", path: "/nowhere/job.ts" }, args: [], cores: 1, memoryMb: 512 },
    ...{ supervise: false, conf: {}, environment: {}, files: [] },
    ...description,
  },
});

const turn = () => new Promise(resolve => setImmediate(resolve));
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
const report =
  "console.log(JSON.stringify({ args: process.argv.slice(2), env: process.env, greeting, cwd: process.cwd() }));";

async function saidBy(made: ProcessLauncher, of: Parameters<ProcessLauncher["logTail"]>[0]) {
  const { text } = await made.logTail(of, "stdout", 1e6);
  return JSON.parse(text) as { args: string[]; env: Record<string, string>; greeting: string; cwd: string };
}

describe("an executor", () => {
  test("is told who it is on the command line, and the secret through its pipe alone", async () => {
    const { launcher: made, workDir } = launcher(report, { localDirs: ["/a", "/b"] });
    const { listener, ended } = ending();
    made.launchExecutor(executor(), listener);
    expect(await ended).toEqual({ exitCode: 0, signal: undefined, message: "ended" });
    const said = await saidBy(made, { appId: "app-20261121000000-0001", executorId: 3 });
    expect(said.args.join(" ")).toBe(
      "executor --driver [::1]:4000 --app-id app-20261121000000-0001 --executor-id 3 --worker-id worker-1 --listen-host 127.0.0.1 --host node-1 --cores 2 --memory 512m --local-dirs /a,/b",
    );
    expect(said.greeting).toBe('{"secret":"s3cret"}');
    expect(JSON.stringify({ ...said, greeting: "" })).not.toContain("s3cret");
    expect([said.env.GREETING, said.env.FIRESTEEL_INTERNAL_X, said.env.FIRESTEEL_SECRET]).toEqual([
      "hi",
      undefined,
      undefined,
    ]);
    expect(said.env.BUN_JSC_gcMaxHeapSize).toBeString();
    const at = join(workDir, "app-20261121000000-0001", "3");
    expect(said.cwd).toBe(join(at, "files"));
    expect(readdirSync(at).sort()).toEqual(["files", "stderr", "stdout"]);
    expect(statSync(workDir).mode & 0o077).toBe(0);
  });

  test("that fails is told of with its last words", async () => {
    const { launcher: made } = launcher("console.error('error: no such driver\\n  fix: look'); process.exit(7);");
    const { listener, started, ended } = ending();
    made.launchExecutor(executor(), listener);
    expect(await started).toBeNumber();
    expect(await ended).toEqual({ exitCode: 7, signal: undefined, message: "exit code 7: error: no such driver" });
  });

  test("is killed gently, then not", async () => {
    const up = "process.stdout.write('up'); setInterval(() => {}, 1000);";
    const gentle = launcher(`process.on("SIGTERM", () => process.exit(5)); ${up}`);
    const stubborn = launcher(`process.on("SIGTERM", () => {}); ${up}`, { killGraceMs: 50 });
    for (const [{ launcher: made }, end] of [
      [gentle, { exitCode: 5, signal: undefined, message: "killed" }],
      [stubborn, { exitCode: undefined, signal: "SIGKILL", message: "killed" }],
    ] as const) {
      const { listener, ended } = ending();
      const launched = made.launchExecutor(executor(), listener);
      while ((await made.logTail(executor(), "stdout", 10)).text !== "up") await turn();
      launched.kill();
      launched.kill();
      expect(await ended).toMatchObject(end);
    }
  });

  test("killed from outside says so", async () => {
    const { launcher: made } = launcher("setInterval(() => {}, 1000);");
    const { listener, started, ended } = ending();
    made.launchExecutor(executor(), listener);
    process.kill((await started)!, "SIGKILL");
    expect((await ended).message).toBe("ended by SIGKILL (by hand, or by the system when memory ran out)");
  });

  test("is not started with names that are paths, nor twice", async () => {
    const { launcher: made, workDir } = launcher("setInterval(() => {}, 1000);");
    for (const over of [{ appId: "../../etc" }, { executorId: -1 }, { appId: "" }]) {
      const { listener, ended } = ending();
      made.launchExecutor(executor(over), listener);
      expect((await ended).message).toMatch(/^could not be started: .* is no (application|executor) id$/);
    }
    const [first, second] = [ending(), ending()];
    made.launchExecutor(executor(), first.listener);
    made.launchExecutor(executor(), second.listener);
    expect((await second.ended).message).toBe("could not be started: it is running already");
    await first.started;
    expect(readdirSync(workDir)).toEqual(["app-20261121000000-0001"]);
  });

  test("killed before it has started never does", async () => {
    const { launcher: made } = launcher("setInterval(() => {}, 1000);");
    const { listener, ended } = ending();
    made.launchExecutor(executor(), listener).kill();
    expect((await ended).message).toBe("could not be started: it was killed before it had started");
  });

  test("floods its log within bounds", async () => {
    const { launcher: made, workDir } = launcher(
      "for (let i = 0; i < 300; i++) await Bun.write(Bun.stdout, 'x'.repeat(9_999) + '\\n'); await Bun.write(Bun.stdout, 'last');",
      { logs: { fileBytesMax: 100_000, filesMax: 3 } },
    );
    const { listener, ended } = ending();
    made.launchExecutor(executor(), listener);
    await ended;
    const at = join(workDir, "app-20261121000000-0001", "3");
    const logs = readdirSync(at).filter(name => name.startsWith("stdout"));
    expect(logs).toHaveLength(3);
    expect(Math.max(...logs.map(name => statSync(join(at, name)).size))).toBe(100_000);
    expect(await made.logTail(executor(), "stdout", 6)).toEqual({ text: "x\nlast", totalBytes: 3_000_004 });
  });
});

test("a process whose log cannot be written goes on, and its end says so", async () => {
  const script =
    "const told = new Promise(r => process.once('SIGUSR2', r)); process.stdout.write('up'); setInterval(() => {}, 1000); await told;";
  const { launcher: made, workDir } = launcher(`${script} console.log("x".repeat(4_095)); process.exit(3);`, {
    logs: { fileBytesMax: 2, filesMax: 2 },
  });
  const { listener, started, ended } = ending();
  made.launchExecutor(executor(), listener);
  const at = join(workDir, "app-20261121000000-0001", "3");
  while ((await made.logTail(executor(), "stdout", 10)).totalBytes < 2) await turn();
  // where the next part would go
  mkdirSync(join(at, "stdout-0", "in-the-way"), { recursive: true });
  process.kill((await started)!, "SIGUSR2");
  expect(await ended).toMatchObject({
    exitCode: 3,
    message: "exit code 3; 4.0 KiB of its output could not be written",
  });
});

describe("a driver", () => {
  const job = "export default () => 1;\n";
  const blobs: Record<string, string> = { [hashOf(job)]: job, [hashOf("1,2\n")]: "1,2\n" };
  const fetchBlob = async (hash: string) => new TextEncoder().encode(blobs[hash] ?? "something else");
  const ofBlob = { kind: "blob", hash: hashOf(job), fileName: "job.js" } as const;

  test("finds its job, files and settings in its folder", async () => {
    const { launcher: made, workDir } = launcher(report, { fetchBlob, driverHost: "10.0.0.7" });
    const launch = driver({
      ...{ job: ofBlob, args: ["a b", "--master", "x"], environment: { TOKEN: "t" } },
      files: [{ name: "rows.csv", hash: hashOf("1,2\n") }],
      conf: { "firesteel.executor.memory": "64m", "firesteel.master": "local", "fs.key": "hidden" },
    });
    const { listener, ended } = ending();
    made.launchDriver(launch, listener);
    expect(await ended).toMatchObject({ exitCode: 0 });
    const said = await saidBy(made, { driverId: launch.driverId });
    const at = join(workDir, launch.driverId);
    expect(said.args).toEqual([
      ...["run", "--master", "firesteel://a:7077,b:7078", "--properties-file", join(at, "driver.conf"), "--"],
      ...[join(at, "files", "job.js"), "a b", "--master", "x"],
    ]);
    expect([said.cwd, said.env.TOKEN, said.env.FIRESTEEL_INTERNAL_REPORT]).toEqual([join(at, "files"), "t", at]);
    expect(readFileSync(join(at, "driver.conf"), "utf8").split("\n")).toEqual([
      ...["firesteel.app.name = demo", "firesteel.executor.memory = 64m", "fs.key = hidden"],
      ...[`firesteel.files = ${join(at, "files", "rows.csv")}`, "firesteel.driver.host = 10.0.0.7", ""],
    ]);
    expect(statSync(join(at, "driver.conf")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(at, "files", "job.js"), "utf8")).toBe(job);
    expect(readFileSync(join(at, "files", "rows.csv"), "utf8")).toBe("1,2\n");
  });

  test.each<[string, Partial<DriverDescription>, RegExp]>([
    [
      "a job of another hash",
      { job: { ...ofBlob, hash: hashOf("x") } },
      /job\.js is not what was submitted: its sha256 is/,
    ],
    ["no hash", { job: { ...ofBlob, hash: "../x" } }, /job\.js has no sha256 hash/],
    ["a job with a path as name", { job: { ...ofBlob, fileName: "../job.js" } }, /"\.\.\/job\.js" is no file name/],
    [
      "a file with a path as name",
      { job: ofBlob, files: [{ name: "/etc/cron", hash: hashOf(job) }] },
      /is no file name/,
    ],
    ["a job that is not there", {}, /the job file \/nowhere\/job\.ts does not exist on this worker/],
    ["a job by relative path", { job: { kind: "path", path: "job.ts" } }, /the job's path job\.ts is not absolute/],
    ["a setting of two lines", { job: ofBlob, conf: { a: "b\nc = d" } }, /the value of a holds a line break/],
    ["a key of two words", { job: ofBlob, conf: { "a = b\nc": "d" } }, /is no configuration key/],
    ["a variable that is none", { job: ofBlob, environment: { "A=B": "c" } }, /cannot be an environment variable/],
  ])("is refused %s", async (_, description, message) => {
    const { launcher: made } = launcher(report, { fetchBlob });
    const { listener, ended } = ending();
    made.launchDriver(driver(description), listener);
    expect(await ended).toEqual({ exitCode: undefined, signal: undefined, message: expect.stringMatching(message) });
  });

  test("is downloaded where it is a URL, and refused where that has nothing", async () => {
    const server = Bun.serve({
      port: 0,
      fetch: request => (request.url.endsWith("/job.js") ? new Response(job) : new Response("no", { status: 404 })),
    });
    const { launcher: made, workDir } = launcher("console.log(1)");
    const [good, bad] = [ending(), ending()];
    made.launchDriver(driver({ job: { kind: "path", path: `${server.url.href}job.js` } }), good.listener);
    made.launchDriver(driver({ job: { kind: "path", path: `${server.url.href}x.js` } }, "driver-2"), bad.listener);
    expect(await good.ended).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(workDir, "driver-20261121000000-0001/files/job.js"), "utf8")).toBe(job);
    expect((await bad.ended).message).toContain("x.js cannot be downloaded: the server answered 404 Not Found");
    await server.stop(true);
  });

  test("started again finds its files anew and goes on with its log", async () => {
    const { launcher: made, workDir } = launcher("console.log('again'); await Bun.write('mess', 'x');", { fetchBlob });
    for (let launch = 0; launch < 2; launch++) {
      const { listener, ended } = ending();
      made.launchDriver({ ...driver({ job: ofBlob }), launch }, listener);
      await ended;
      expect(readdirSync(join(workDir, "driver-20261121000000-0001/files")).sort()).toEqual(["job.js", "mess"]);
    }
    const { text } = await made.logTail({ driverId: "driver-20261121000000-0001" }, "stdout", 100);
    expect(text).toBe("again\nagain\n");
  });
});

describe("a launcher", () => {
  test("ends its processes when it is closed, and starts no more", async () => {
    const { launcher: made } = launcher("setInterval(() => {}, 1000);");
    const [first, late] = [ending(), ending()];
    made.launchExecutor(executor(), first.listener);
    const pid = await first.started;
    await made.close();
    expect(processIdentity(pid!)).toBeUndefined();
    made.launchExecutor(executor(), late.listener);
    expect((await late.ended).message).toBe("could not be started: the worker is stopping");
  });

  test("keeps an ended application's logs, not its files, and later nothing", async () => {
    const { launcher: made, workDir } = launcher("await Bun.write('big', 'x'); console.log('said');");
    const { listener, ended } = ending();
    made.launchExecutor(executor(), listener);
    await ended;
    const at = join(workDir, "app-20261121000000-0001");
    expect(existsSync(join(at, "3/files/big"))).toBe(true);
    made.applicationEnded("app-20261121000000-0001");
    while (existsSync(join(at, "3/files"))) await turn();
    expect((await made.logTail(executor(), "stdout", 100)).text).toBe("said\n");
    expect(made.removeOld(60_000)).toEqual([]);
    expect(made.removeOld(-60_000)).toEqual([at]);
  });

  test("gives no log of anything but its processes", async () => {
    const { launcher: made } = launcher("");
    for (const of of [{ driverId: "../../etc" }, { appId: "..", executorId: 0 }, { appId: "app-1", executorId: 0.5 }])
      await expect(made.logTail(of, "stdout", 10)).rejects.toThrow("is no");
    await expect(made.logTail({ driverId: "driver-1" }, "../x" as "stdout", 10)).rejects.toThrow(
      "a log is stdout or stderr",
    );
    await expect(made.logTail({ driverId: "driver-1" }, "stdout", NaN)).resolves.toEqual({ text: "", totalBytes: 0 });
  });
});
