import { describe, expect, test } from "bun:test";
import { createApplicationPages } from "../../src/ui/application-pages.ts";
import type { ApplicationView } from "../../src/ui/application-view.ts";
import { openEnginePages } from "../../src/ui/engine-pages.ts";
import { ManualClock } from "../deploy/manual-clock.ts";
import { nowMs } from "./cluster-states.ts";
import { EventReader, hostile, markup, textAt } from "./reading.ts";
import { executorSummary, pageRank, SampleEngine, viewOf } from "./sample-application.ts";

const clock = new ManualClock();
const options = { guard: undefined, clock };

function open(engine: SampleEngine = pageRank(), view: ApplicationView = viewOf()) {
  return createApplicationPages(engine.status, view, options);
}

describe("an application's pages", () => {
  test("show jobs and how far they are", async () => {
    const app = open();
    const text = await textAt(app, "/jobs");
    for (const shown of ["611/960", "9 running, 10 failed", "A look at the links", "collect at page-rank.ts:25:1"])
      expect(text).toContain(shown);
    const job = await textAt(app, "/jobs/2");
    expect(job).toContain("<svg");
    expect(job).toContain("reduceByKey at page-rank.ts:34:8");
    expect(await textAt(app, "/jobs/1")).toContain("undefined is not an object");
    expect((await app.request("/")).headers.get("location")).toBe("/jobs");
  });

  test("show a stage with its quantiles and tasks", async () => {
    const text = await textAt(open(), "/stages/4/0");
    for (const shown of [
      "131/240",
      "9 running, 2 failed",
      "Median",
      "Rows by kernels",
      "93 %",
      "page 1 of 2",
      "NODE_LOCAL",
    ])
      expect(text).toContain(shown);
    expect((await textAt(open(), "/stages/4/0?sort=state&order=down")).indexOf("executor 2 is lost")).toBeGreaterThan(
      0,
    );
  });

  test("say what stages read and wrote, and leave out columns that have nothing", async () => {
    const engine = new SampleEngine();
    engine.job(0, [{ name: "count", partitions: 2 }]);
    const files = engine.stage(0, "saveAsTextFile", 2, nowMs);
    const output = { outputRows: 3000, outputBytes: 3 * 2 ** 20 };
    engine.task(files, 0, 0, nowMs).succeed(5, { inputRows: 5000, inputBytes: 2 ** 20, ...output });
    engine.task(files, 1, 0, nowMs).succeed(5, { inputRows: 1, ...output });
    const shuffle = engine.stage(0, "collect", 1, nowMs);
    const read = { shuffleReadRows: 70, shuffleReadBytes: 2048, remoteReadBytes: 1024, fetchWaitMs: 12 };
    engine.task(shuffle, 0, 0, nowMs).succeed(5, { ...read, resultRows: 7 });
    const app = open(engine);
    const plain = async (path: string) => (await textAt(app, path)).replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    const stages = await plain("/stages");
    for (const shown of ["1.0 MiB 5,001 rows", "6.0 MiB 6,000 rows", "2.0 KiB 70 rows", "7 rows"])
      expect(stages).toContain(shown);
    expect(stages).not.toContain("Shuffle write");
    const saved = await plain("/stages/0/0");
    for (const shown of [
      "Input 1.0 MiB, 5,001 rows",
      "Written to files 6.0 MiB, 6,000 rows",
      "Rows of input 1 1 5,000 5,000 5,000",
      "1 row ",
    ])
      expect(saved).toContain(shown);
    expect(saved).not.toContain("Shuffle");
    const collected = await plain("/stages/1/0");
    for (const shown of ["2.0 KiB, 70 rows, 1.0 KiB from other executors", "Given to the driver 7 rows", "12 ms"])
      expect(collected).toContain(shown);
    expect(collected).not.toContain("Written");
  });

  test("say which stages were skipped", async () => {
    const engine = new SampleEngine();
    engine.job(0, [
      { name: "reduceByKey at job.ts:3", partitions: 40 },
      { name: "collect at job.ts:4", partitions: 2 },
    ]);
    engine.skipStage(0, "reduceByKey at job.ts:3", 40);
    engine.endStage(engine.stage(0, "collect at job.ts:4", 2, nowMs).stage, nowMs + 1);
    const app = open(engine);
    const row =
      /reduceByKey at job.ts:3<\/td>\s*<td class="number"><a href="\/jobs\/0">0<\/a><\/td>\s*<td class="number">40</;
    for (const path of ["/stages", "/jobs/0"]) expect(await textAt(app, path)).toMatch(row);
    for (const path of ["/jobs", "/jobs/0"]) {
      expect(await textAt(app, path)).toContain("40 skipped");
      expect(await textAt(app, path)).toContain("1 skipped");
    }
  });

  test("sort and page the tasks by what the address says", async () => {
    const engine = new SampleEngine();
    engine.job(0, [{ name: "count", partitions: 250 }]);
    const stage = engine.stage(0, "count", 250, nowMs);
    for (let i = 0; i < 250; i++) engine.task(stage, i, 0, nowMs).succeed(i, { inputRows: 1000 + i });
    const app = open(engine);
    const partitions = async (query: string) =>
      [...(await textAt(app, `/stages/0/0?${query}`)).matchAll(/<tr>\s*<td class="number">(\d+)</g)].map(match =>
        Number(match[1]),
      );
    const down = await partitions("sort=inputRows&order=down");
    expect([down.length, down[0], down[99]]).toEqual([100, 249, 150]);
    const last = await partitions("sort=runMs&order=up&page=3");
    expect([last.length, last[0], last[49]]).toEqual([50, 200, 249]);
    expect(await partitions("page=9")).toEqual([]);
    for (const query of ["sort=secret", "sort=__proto__", "order=sideways", "page=0", "page=-1", "page=1e9", "page=x"])
      await textAt(app, `/stages/0/0?${query}`, 400);
  });

  test("say what they no longer keep", async () => {
    const engine = new SampleEngine({ jobsMax: 2, stagesMax: 2, stageTasksMax: 20 });
    for (let i = 0; i < 4; i++) {
      engine.job(i, [{ name: "count", partitions: 30 }]);
      const stage = engine.stage(i, "count", 30, nowMs);
      for (let task = 0; task < 30; task++) engine.task(stage, task, 0, nowMs).succeed(1);
      engine.endStage(stage.stage, nowMs);
      engine.endJob(i, nowMs);
    }
    const app = open(engine);
    expect(await textAt(app, "/jobs")).toContain("2 older jobs are no longer kept.");
    expect(await textAt(app, "/stages")).toContain("2 older stages are no longer kept.");
    const text = await textAt(app, "/stages/3/0");
    expect(text).toContain("The latest 20 tasks; 10 older ones are no longer kept.");
    expect(text).toContain("Of the latest 20 tasks.");
    for (const path of ["/jobs/0", "/stages/0/0", "/stages/3/1", "/jobs/x", "/jobs/99999999999999999999"])
      await textAt(app, path, 404);
  });

  test("show executors by what they do and what they hold, and why some are gone", async () => {
    const text = await textAt(open(), "/executors");
    for (const shown of ["3.7 GiB of 16.0 GiB", "10.0.0.1:40100", "4.4 GiB", "the process was killed"])
      expect(text).toContain(shown);
  });

  test("show threads in local mode", async () => {
    const engine = new SampleEngine();
    engine.executor(0, undefined);
    const { application } = viewOf();
    const text = await textAt(
      open(engine, viewOf({ executors: () => [], application: { ...application, id: "local-1795248305000" } })),
      "/executors",
    );
    expect(text).toContain("Thread");
    expect(text).not.toContain("Processes");
  });

  test("show what is kept in memory", async () => {
    const text = await textAt(open(), "/storage");
    expect(text).toMatch(
      /links<\/td>\s*<td>MEMORY_ONLY<\/td>\s*<td class="number">32<\/td>\s*<td class="number">32<\/td>\s*<td class="number">4.2 GiB/,
    );
    expect(await textAt(open(pageRank(), viewOf({ cached: () => [] })), "/storage")).toContain("Nothing is kept.");
  });

  test("show settings without secrets", async () => {
    const settings = {
      "firesteel.app.name": "x",
      "firesteel.some.password": "open-sesame",
      "firesteel.authentication.key": "open-sesame",
      "firesteel.store.url": "s3://ada:open-sesame@host/bucket",
      "firesteel.extra": "a=1,api_key=open-sesame,b=2",
      "firesteel.rpc.maxTokens": 12,
      "firesteel.executor.memory": 8 * 2 ** 30,
    };
    const text = await textAt(open(pageRank(), viewOf({ settings })), "/environment");
    expect(text).not.toContain("open-sesame");
    expect(text).toContain("s3://••••••@host/bucket");
    expect(text).toContain("<td>12</td>");
    expect(text).toContain("<td>8g</td>");
  });

  test("escape whatever jobs and executors call themselves", async () => {
    const engine = new SampleEngine();
    const wrong = { kind: "user", name: hostile, message: hostile, hint: hostile } as const;
    engine.executor(0, hostile);
    engine.executor(1, hostile);
    engine.job(
      0,
      [
        { name: hostile, partitions: 1 },
        { name: hostile, partitions: 2 },
      ],
      {
        ...{ properties: { "firesteel.job.description": hostile }, group: hostile, persisted: hostile },
      },
    );
    for (const attempt of [0, 1]) {
      const stage = engine.stage(0, hostile, 2, nowMs + attempt, { stage: 0, attempt });
      engine.task(stage, 0, 0, nowMs).fail(1, wrong);
      engine.endStage(0, nowMs + 2, wrong);
    }
    engine.endJob(0, nowMs + 3, wrong);
    engine.status.executorLost(engine.status.executors[1]!.executor, hostile, nowMs);
    const { application } = viewOf();
    const summary = executorSummary(0, hostile, { logUrl: `javascript:${hostile}` });
    const view = viewOf({
      application: { ...application, name: hostile, user: hostile, id: hostile },
      executors: () => [summary],
      settings: { [hostile]: hostile },
    });
    const app = open(engine, view);
    for (const path of ["/jobs", "/jobs/0", "/stages", "/stages/0/1", "/executors", "/storage", "/environment"]) {
      const text = await textAt(app, path);
      expect(text).toContain("&lt;script&gt;");
      expect(text).not.toContain(markup);
      expect(text).not.toContain("javascript:");
    }
  });

  test("are live", async () => {
    const engine = new SampleEngine();
    engine.job(0, [{ name: "count", partitions: 2 }]);
    const stage = engine.stage(0, "count", 2, nowMs);
    const answer = await open(engine).request("/stages/0/0", { headers: { accept: "text/event-stream" } });
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    const events = new EventReader(answer);
    await clock.advance(0);
    expect((await events.next())?.data).toContain("0/2");
    engine.task(stage, 0, 0, nowMs).succeed(5);
    await clock.advance(1000);
    const event = await events.next();
    expect(event?.type).toBe("page");
    expect(event?.data).toStartWith("<h1>");
    expect(event?.data).toContain("1/2");
    await events.leave();
  });
});

test("an engine's pages are for who knows the secret, or for this machine", async () => {
  const { createServer } = await import("node:http");
  const ask = async (secret: string | undefined) => {
    const pages = openEnginePages({ appName: "page-rank", secret, clock });
    const server = createServer(pages.listener({ executors: () => [], settings: {} }));
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { readonly port: number };
    const named = (host: string) =>
      fetch(`http://127.0.0.1:${port}/jobs`, { headers: { host } }).then(answer => answer.status);
    const statuses = [await named(`127.0.0.1:${port}`), await named("elsewhere.example")];
    await new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return statuses;
  };
  expect(await ask(undefined)).toEqual([200, 403]);
  expect(await ask("a secret of many letters")).toEqual([401, 401]);
});
