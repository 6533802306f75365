/** Jobs that are submitted to a cluster of processes: over HTTP and from the command line, on one port and on several. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startMaster, startRole, startWorker } from "./cluster-roles.ts";
import { run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(2 * testTimeoutMs);

const job = join(import.meta.dirname, "jobs/returns-count.ts");
const small = { "firesteel.executor.memory": "64m" };
const smallConf = Object.entries(small).map(([key, value]) => `${key}=${value}`);

interface Detail {
  readonly state: string;
  readonly error?: string;
  readonly stdout?: { readonly text?: string };
  readonly result?: { readonly value?: unknown };
  readonly progress?: { readonly tasks: { readonly done: number } };
}

async function ended(url: string): Promise<Detail> {
  for (;;) {
    const detail = (await (await fetch(url)).json()) as Detail;
    if (["FINISHED", "FAILED", "KILLED", "ERROR"].includes(detail.state)) return detail;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

test("over HTTP, on the one port of a master, with its result", async () => {
  const master = startRole(["master", "--port", "0", "--one-port"]);
  const [, url, pages] = await master.says(/master at (firesteel:\S+), pages at (http:\S+), /);
  expect(pages).toBe(url!.replace("firesteel:", "http:"));
  const worker = startWorker(url!, ["--cores", "4", "--memory", "4g"]);
  await worker.says(/worker at /);
  const form = new FormData();
  form.append("job", new Blob([readFileSync(job)]), "returns-count.ts");
  form.append("files", new Blob(["1,2\n"]), "rows.csv");
  for (const arg of ["a", "--b c"]) form.append("args", arg);
  for (const setting of smallConf) form.append("conf", setting);
  form.append("memory", "64m");
  const answer = await fetch(`${pages}/v1/applications`, { method: "POST", body: form });
  expect(answer.status).toBe(201);
  const { id } = (await answer.json()) as { id: string };
  const detail = await ended(`${pages}/v1/applications/${id}`);
  expect([detail.state, detail.error]).toEqual(["FINISHED", undefined]);
  expect(detail.result).toEqual({ value: { even: 50, args: ["a", "--b c"], file: "1,2\n" } });
  expect(detail.stdout?.text).toBe("said a --b c\n");
  expect(detail.progress?.tasks.done).toBeGreaterThan(0);
  expect(await (await fetch(`${pages}/`)).text()).toContain(id);
  const unknown = await fetch(`${pages}/v1/applications/driver-0`);
  expect([unknown.status, unknown.headers.get("content-type")]).toEqual([404, "application/json"]);
  await worker.stop();
  await master.stop();
});

test("pages and submissions have ports of their own, and ask for the secret", async () => {
  const setUp = (folder: string) => writeFileSync(join(folder, "secret"), "of the cluster", { mode: 0o600 });
  const secret = ["--host", "127.0.0.1", "--secret-file", "secret"];
  const [open, closed] = [await startMaster(), await startMaster(secret, { setUp })];
  const workers = [startWorker(open.url), startWorker(closed.url, secret, { setUp })];
  for (const [i, master] of [open, closed].entries()) {
    const [, pages, rest] = await master.says(/pages at (http:\S+), submissions by HTTP at (http:\S+)/);
    const [, workerPages] = await workers[i]!.says(/pages at (http:\S+),/);
    const statuses = [];
    for (const url of [`${pages}/`, `${pages}/json`, `${rest}/v1/applications`, `${workerPages}/`])
      statuses.push((await fetch(url)).status);
    expect(statuses).toEqual(master === open ? [200, 200, 200, 200] : [401, 401, 401, 401]);
    const rpc = await fetch(master.url.replace("firesteel:", "http:"));
    expect(rpc.status).toBe(404);
    await workers[i]!.stop();
    await master.stop();
  }
});

test("from the command line, with files and an entry of its own; status and kill by id", async () => {
  const master = await startMaster();
  const worker = startWorker(master.url, ["--cores", "4", "--memory", "4g"]);
  await worker.says(/worker at /);
  const to = ["submit", "--master", master.url];
  const cluster = [
    "--deploy-mode",
    "cluster",
    "--driver-memory",
    "64m",
    ...smallConf.flatMap(each => ["--conf", each]),
  ];
  const setUp = (folder: string) => writeFileSync(join(folder, "rows.csv"), "1,2\n");
  const submitted = await run({ args: [...to, ...cluster, "--files", "rows.csv", job, "x"], setUp });
  expect([submitted.code, submitted.err]).toEqual([0, ""]);
  const id = /driver-\d+-\d+/.exec(submitted.out)![0];
  expect(submitted.out).toContain(`${id} is FINISHED`);
  const status = await run({ args: [...to, "--status", id] });
  expect([status.code, status.err]).toEqual([0, ""]);
  expect(status.out).toContain("FINISHED");
  expect((await run({ args: [...to, "--kill", id] })).code).toBe(1);
  const entry = await run({ args: [...to, ...cluster, "--entry", "other", job] });
  expect([entry.code, entry.err]).toEqual([0, ""]);
  const wrong = await run({ args: [...to, ...cluster, "--entry", "nobody", job] });
  expect(wrong.code).toBe(1);
  expect(wrong.out).toContain('returns-count.js is not a job: it has no export "nobody"');
  const here = await run({ args: [...to, "--executor-memory", "64m", "--total-executor-cores", "1", job, "here"] });
  expect([here.code, here.out]).toEqual([0, "said here\n"]);
  await worker.stop();
  await master.stop();
});
