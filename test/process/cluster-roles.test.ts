/** Masters and workers as processes: how they start, find each other, stop, and what they refuse. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { startMaster, startRole, startWorker } from "./cluster-roles.ts";
import { expectGolden, type Outcome, run, testTimeoutMs } from "./harness.ts";
import { quietPort } from "./quiet-port.ts";

setDefaultTimeout(2 * testTimeoutMs);

const secret = (text: string, mode = 0o600) => ({
  setUp(folder: string) {
    writeFileSync(join(folder, "secret"), `${text}\n`);
    chmodSync(join(folder, "secret"), mode);
  },
});
const withSecret = ["--host", "127.0.0.1", "--secret-file", "secret"];

/** Times and ports differ from run to run. */
const plain = (text: string) => text.replace(/:\d{4,5}\b/g, ":<port>");

describe("a master and its workers", () => {
  test("find each other and stop when they are told to", async () => {
    const master = await startMaster();
    const workers = ["1", "2"].map(cores => startWorker(master.url, ["--cores", cores, "--memory", "512m"]));
    for (const [i, worker] of workers.entries()) {
      await worker.says(
        new RegExp(
          `worker at 127\\.0\\.0\\.1:\\d+, pages at http:\\S+:\\d+, offers ${i + 1} cores? and 512 MB to ${master.url}`,
        ),
      );
      await master.says(new RegExp(`worker-\\d+-127\\.0\\.0\\.1-\\d+.*\\(${i + 1} cores?`));
    }
    const [first, second] = workers;
    expect(await first!.stop("SIGTERM")).toMatchObject({ code: 0, signal: null, out: "" });
    expect(await second!.stop("SIGINT")).toMatchObject({ code: 0, signal: null, out: "" });
    expect(await master.stop("SIGINT")).toMatchObject({ code: 0, signal: null, out: "" });
  });

  test("share a secret", async () => {
    const master = await startMaster(withSecret, secret("of the cluster"));
    const worker = startWorker(master.url, withSecret, { ...secret("of the cluster") });
    await worker.says(/worker at /);
    await worker.stop();
    await master.stop();
  });

  test("find each other again when the master was restarted", async () => {
    const port = String(await quietPort());
    const master = await startMaster(["--recovery-dir", "state"], { leaves: ["state"] }, port);
    const worker = startWorker(master.url);
    await worker.says(/worker at /);
    await master.stop("SIGKILL");
    await worker.says(/master .* is lost/);
    const again = startRole(["master", "--port", port, "--webui-port", "0", "--rest-port", "0"]);
    await worker.says(/registered again at master/);
    await worker.stop();
    await again.stop();
  });
});

describe("what is refused", () => {
  test.each<[string, Outcome["code"], Parameters<typeof run>[0]]>([
    ["role-host-without-secret", 2, { args: ["master", "--host", "0.0.0.0"] }],
    ["role-secret-file-missing", 2, { args: ["worker", ...withSecret, "firesteel://127.0.0.1"] }],
    ["role-secret-file-open", 2, { args: ["master", ...withSecret], ...secret("x", 0o644) }],
    ["role-worker-without-master", 2, { args: ["worker"] }],
    ["role-worker-without-scheme", 2, { args: ["worker", "127.0.0.1:7077"] }],
    ["role-state-nowhere", 2, { args: ["master", "--recovery-dir", "/proc/state", "--port", "0"] }],
    ["submit-status-without-master", 2, { args: ["submit", "--status", "driver-1"] }],
    ["role-worker-of-local", 2, { args: ["worker", "local[2]"] }],
    ["role-cores-malformed", 2, { args: ["worker", "--cores", "two", "firesteel://127.0.0.1"] }],
    ["role-memory-malformed", 2, { args: ["worker", "--memory", "lots", "firesteel://127.0.0.1"] }],
    ["role-port-malformed", 2, { args: ["master", "--port", "99999"] }],
    ["role-conf-unknown", 2, { args: ["master", "--conf", "firesteel.deploy.spreadout=true"] }],
    [
      "role-work-dir-is-file",
      2,
      {
        args: ["worker", "--work-dir", "file/x", "firesteel://127.0.0.1:1"],
        setUp: folder => writeFileSync(join(folder, "file"), ""),
      },
    ],
    ["role-standby-of-nothing", 2, { args: ["master", "--standby"] }],
    ["role-one-port-and-another", 2, { args: ["master", "--one-port", "--rest-port", "0"] }],
    ["submit-nothing", 2, { args: ["submit"] }],
    ["submit-kill-and-status", 2, { args: ["submit", "--kill", "a", "--status", "b"] }],
    ["submit-kill-with-job", 2, { args: ["submit", "--kill", "driver-1", "job.ts"] }],
    ["submit-queue", 2, { args: ["submit", "--queue", "fast", "job.ts"] }],
    ["submit-supervise-here", 2, { args: ["submit", "--supervise", "job.ts"] }],
    ["submit-mode-unknown", 2, { args: ["submit", "--deploy-mode", "remote", "job.ts"] }],
    ["submit-to-local", 2, { args: ["submit", "--deploy-mode", "cluster", "--master", "local[2]", "job.ts"] }],
    [
      "submit-job-missing",
      2,
      { args: ["submit", "--deploy-mode", "cluster", "--master", "firesteel://127.0.0.1:1", "jbo.ts"] },
    ],
    [
      "submit-file-missing",
      2,
      {
        args: ["submit", "--deploy-mode", "cluster", "--master", "firesteel://127.0.0.1:1", "--files", "a", "job.ts"],
        setUp: folder => writeFileSync(join(folder, "job.ts"), ""),
      },
    ],
    [
      "submit-master-unreachable",
      1,
      {
        args: ["submit", "--deploy-mode", "cluster", "--master", "firesteel://127.0.0.1:1", "job.ts"],
        setUp: folder => writeFileSync(join(folder, "job.ts"), "export default () => 1;\n"),
      },
    ],
    [
      "run-master-unreachable",
      1,
      {
        args: ["run", "--quiet", "--master", "firesteel://127.0.0.1:1,127.0.0.1:2", "job.ts"],
        setUp: folder => writeFileSync(join(folder, "job.ts"), "export default () => 1;\n"),
      },
    ],
    ["executor-by-hand", 2, { args: ["executor"] }],
  ])("%s", async (name, code, run_) => {
    const outcome = await run(run_);
    expectGolden(name, outcome);
    expect(outcome.code).toBe(code);
  });

  test("a port in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise(resolve => other.on("listening", resolve));
    const { port } = other.address() as AddressInfo;
    const { code, err } = await run({ args: ["master", "--port", String(port)] });
    expect(code).toBe(2);
    expect(err).toBe(`error: 127.0.0.1:${port} is in use\n  fix: choose another with --port, or 0 for any\n`);
    other.close();
  });

  test("the port of a master's pages", async () => {
    const master = await startMaster();
    const pages = (await master.says(/pages at http:\/\/(\S+?),/))[1]!;
    const said = (text: string) => text.replaceAll(pages, "<pages>");
    const run_ = await run({
      args: ["submit", "--deploy-mode", "cluster", "--master", `firesteel://${pages}`, "job.ts"],
      setUp: folder => writeFileSync(join(folder, "job.ts"), "export default () => 1;\n"),
    });
    expectGolden("submit-to-pages", { ...run_, command: said(run_.command), err: said(run_.err) });
    await master.stop();
  });

  test("a master that is not there, after a while", async () => {
    const outcome = await run({ args: ["worker", "firesteel://127.0.0.1:1,127.0.0.1:2"], leaves: ["work"] });
    expect(outcome.code).toBe(1);
    expectGolden("role-master-unreachable", outcome);
  });

  test("another secret, or none, at once", async () => {
    const master = await startMaster(withSecret, secret("of the cluster"));
    for (const [name, worker] of [
      ["role-secret-wrong", startWorker(master.url, withSecret, secret("of another"))],
      ["role-secret-missing", startWorker(master.url)],
    ] as const) {
      const outcome = await worker.outcome;
      expect(outcome.code).toBe(1);
      expectGolden(name, { ...outcome, command: plain(outcome.command) }, plain);
    }
    await master.stop();
  });
});
