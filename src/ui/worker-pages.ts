/**
 * A worker's pages: its executors and drivers, and the ends of what they write, followed while the page is open. `/json` gives the
 * former as Spark's workers do.
 */
import type { Hono } from "hono";
import type { LogTail } from "../deploy/master-access.ts";
import type { WorkerDriver, WorkerExecutor, WorkerProtocol, WorkerSnapshot } from "../deploy/messages.ts";
import type { RestEnv } from "../deploy/rest-authentication.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import { badge, bar, bytes, elapsed, megabytes, moment } from "./format.ts";
import { html, type Html, outsideLink, pathPart } from "./html.ts";
import type { Page } from "./layout.ts";
import { workerStateJson } from "./master-json.ts";
import { PageError } from "./page-error.ts";
import { type PageContext, PagesApp, type PagesOptions } from "./pages-app.ts";
import { facts, folded, section, table } from "./table.ts";

export type LogOwner = WorkerProtocol["asks"]["logTail"]["question"]["of"];
type Stream = "stdout" | "stderr";

export interface WorkerPagesAccess {
  readonly address: RpcAddress;
  snapshot(): WorkerSnapshot | Promise<WorkerSnapshot>;
  logTail(of: LogOwner, stream: Stream, bytesMax: number): Promise<LogTail>;
}

const tailBytesDefault = 64 * 1024;
const tailBytesMax = 256 * 1024;

export function createWorkerPages(access: WorkerPagesAccess, options: PagesOptions): Hono<RestEnv> {
  const pages = new PagesApp({ name: "Firesteel worker", nav: [{ href: "/", text: "Overview" }] }, options);
  const { app, clock } = pages;
  pages.page("/", async () => overview(await access.snapshot(), clock.nowMs()));
  pages.page("/applications/:app/executors/:executor/:stream", async c => {
    const [appId, number] = [c.req.param("app") ?? "", c.req.param("executor") ?? ""];
    const { executors, endedExecutors } = await access.snapshot();
    const found = [...executors, ...endedExecutors].find(
      each => each.appId === appId && String(each.executorId) === number,
    );
    if (found === undefined) throw new PageError(404, "the worker knows no such executor");
    const name = `${found.appName}, executor ${found.executorId}`;
    return logPage(access, { appId, executorId: found.executorId }, { name, state: found.state }, c);
  });
  pages.page("/drivers/:driver/:stream", async c => {
    const driverId = c.req.param("driver") ?? "";
    const { drivers, endedDrivers } = await access.snapshot();
    const found = [...drivers, ...endedDrivers].find(each => each.driverId === driverId);
    if (found === undefined) throw new PageError(404, "the worker knows no such driver");
    return logPage(access, { driverId }, { name: `${found.name}, driver`, state: found.state }, c);
  });
  const json = async () => workerStateJson(await access.snapshot(), access.address);
  app.get("/json", async c => c.json(await json()));
  app.get("/json/", async c => c.json(await json()));
  return app;
}

function overview(state: WorkerSnapshot, nowMs: number): Page {
  const { executors, endedExecutors, drivers, endedDrivers } = state;
  const taken = [...executors, ...drivers];
  const cores = taken.reduce((all, each) => all + each.cores, 0);
  const memoryMb = taken.reduce((all, each) => all + each.memoryMb, 0);
  const body = html`${facts([
    ["Id", html`<span class="id">${state.workerId}</span>`],
    ["Host", state.host],
    [
      "Master",
      state.masterUrl === undefined ? "none has taken it" : outsideLink(state.masterWebUiUrl, state.masterUrl),
    ],
    ["Cores", bar(cores, state.cores, `${cores} of ${state.cores} taken`)],
    ["Memory", bar(memoryMb, state.memoryMb, `${megabytes(memoryMb)} of ${megabytes(state.memoryMb)} taken`)],
  ])}
  ${section("Executors", executorTable(executors, nowMs, "No executor runs here."))}
  ${section("Drivers", driverTable(drivers, nowMs, "No driver runs here."))}
  ${endedExecutors.length > 0 && folded("ended-executors", `Ended executors (${endedExecutors.length})`, executorTable(endedExecutors.toReversed(), nowMs, ""))}
  ${endedDrivers.length > 0 && folded("ended-drivers", `Ended drivers (${endedDrivers.length})`, driverTable(endedDrivers.toReversed(), nowMs, ""))}`;
  return { title: "Overview", body };
}

function executorTable(executors: readonly WorkerExecutor[], nowMs: number, empty: string): Html {
  const columns = [
    ...[{ title: "Executor", number: true }, { title: "Application" }, { title: "Id" }, { title: "State" }],
    ...["Cores", "Memory", "Process"].map(title => ({ title, number: true })),
    ...["Started", "Logs"].map(title => ({ title })),
  ];
  const rows = executors.map(executor => [
    executor.executorId,
    executor.appName,
    html`<span class="id">${executor.appId}</span>`,
    badge(executor.state),
    executor.cores,
    megabytes(executor.memoryMb),
    executor.pid ?? "–",
    started(executor.startedMs, nowMs),
    logs(`/applications/${pathPart(executor.appId)}/executors/${executor.executorId}`),
  ]);
  return table(columns, rows, { empty });
}

function driverTable(drivers: readonly WorkerDriver[], nowMs: number, empty: string): Html {
  const columns = [
    ...["Name", "Id", "State"].map(title => ({ title })),
    ...["Cores", "Memory", "Launches", "Process"].map(title => ({ title, number: true })),
    ...["Started", "Logs"].map(title => ({ title })),
  ];
  const rows = drivers.map(driver => [
    driver.name,
    html`<span class="id">${driver.driverId}</span>`,
    badge(driver.state),
    driver.cores,
    megabytes(driver.memoryMb),
    driver.launches,
    driver.pid ?? "–",
    started(driver.startedMs, nowMs),
    logs(`/drivers/${pathPart(driver.driverId)}`),
  ]);
  return table(columns, rows, { empty });
}

function started(ms: number, nowMs: number): Html {
  return html`${moment(ms)} <span class="soft keep">${elapsed(ms, undefined, nowMs)} ago</span>`;
}

function logs(path: string): Html {
  return html`<span class="keep"><a href="${path}/stdout">stdout</a> <a href="${path}/stderr">stderr</a></span>`;
}

async function logPage(
  access: WorkerPagesAccess,
  of: LogOwner,
  owner: { readonly name: string; readonly state: string },
  c: PageContext,
): Promise<Page> {
  const stream = c.req.param("stream");
  if (stream !== "stdout" && stream !== "stderr") throw new PageError(404, "a log is stdout or stderr");
  const bytesMax = tailBytes(c.req.query("bytes"));
  const { text, totalBytes } = await access.logTail(of, stream, bytesMax);
  const other = stream === "stdout" ? "stderr" : "stdout";
  const size = (amount: number, name: string) =>
    html`<a href="?bytes=${amount}" ${amount === bytesMax && html` aria-current="true"`}>${name}</a>`;
  const all = totalBytes <= bytesMax;
  const body = html`<p class="pages">
      <span>${badge(owner.state)}</span>
      <span>${all ? `all ${bytes(totalBytes)}` : `the last ${bytes(bytesMax)} of ${bytes(totalBytes)}`}</span>
      <span
        >show ${size(16 * 1024, "16 KiB")} ${size(tailBytesDefault, "64 KiB")} ${size(tailBytesMax, "256 KiB")}</span
      >
      <a href="${other}">${other}</a> <a href="/">overview</a>
    </p>
    <pre class="log" data-scroll="log" tabindex="0">${withoutColours(text)}</pre>`;
  return { title: `${stream} of ${owner.name}`, body };
}

function tailBytes(text: string | undefined): number {
  if (text === undefined) return tailBytesDefault;
  const amount = /^\d{1,9}$/.test(text) ? Number(text) : Infinity;
  if (amount >= 1 && amount <= tailBytesMax) return amount;
  throw new PageError(400, `bytes is a number from 1 to ${tailBytesMax}`);
}

/** What terminals take for colours and moves. */
function withoutColours(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g, "");
}
